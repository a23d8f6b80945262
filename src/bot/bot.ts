import { join } from 'node:path';
import { Events, RESTEvents, Status } from 'discord.js';
import type { Client, Interaction } from 'discord.js';
import type { Intake } from '../intake/intake.ts';
import type { WaitingLimit } from '../intake/waiting-limit.ts';
import { parseCustomId } from '../commands/support/definition.ts';
import type { Origins, Services } from '../commands/support/services.ts';
import type { BotConfig } from '../config/environment.ts';
import { errorFields } from '../error-fields.ts';
import type { Logger } from '../log.ts';
import { BotMetrics } from '../observability/bot-metrics.ts';
import { watchGpus } from '../observability/rented-gpu-metrics.ts';
import { Health } from '../observability/health.ts';
import { serveHealth } from '../observability/server.ts';
import type { HealthServer } from '../observability/server.ts';
import type { Moderation } from '../queue/moderation/moderation.ts';
import type { Gpus } from '../queue/rented-gpus.ts';
import type { People } from '../queue/people/people.ts';
import { printsOf } from './input-fingerprints.ts';
import type { ArtifactStore } from '../storage/store.ts';
import type { GenerationQueue } from '../queue/interfaces.ts';
import type { SpeechDesk } from '../queue/jobs/speech.ts';
import { AuditPoster } from './audit-poster.ts';
import { DiscordChannels } from './channels.ts';
import { createClient, isOwn } from './client.ts';
import type { Clock } from './clock.ts';
import { Delivery } from './discord-delivery.ts';
import { ProvenDirectMessages } from './direct-messages.ts';
import {
  dispatch,
  dispatchChannelRemoval,
  dispatchReaction,
  dispatchRemoval,
  withoutVariation,
} from './dispatch.ts';
import { loadHandlers } from './load-handlers.ts';
import type { Handlers } from './load-handlers.ts';
import { followGuilds } from './left-guilds.ts';
import { FileIntakeJournal } from './intake-journal.ts';
import { removeInputsEarly } from './input-retention.ts';
import { tellInterrupted } from './interrupted.ts';
import { Messages } from './messages.ts';
import { readPreview } from './previews.ts';
import { ProgressReporter } from './progress.ts';
import { readReaction, readRemovals, readRemovedChannel } from './gateway-events.ts';
import { declarations, registerCommands } from './register-commands.ts';
import { noticeDone } from './done-notification.ts';
import { removeLeftovers } from './leftovers.ts';
import { Signatures } from './signatures.ts';
import { MessageSpeaker } from './speaker.ts';
import { DiscordStandingResults } from './expired-results.ts';
import { MemoryBudget } from '../media/memory.ts';
import { createErasure } from '../queue/people/personal-data.ts';
import { PersonErasure } from '../erasure/erase-person.ts';
import { OwnForgetting } from './self-erasure.ts';
import { StoredResults } from './stored-results.ts';
import type { VideoFiles } from './video-files.ts';
import { mebibyte } from '../units.ts';

/** Uploads at a time: each holds a video in memory, and waits a little for its status message. */
const deliveriesAtOnce = 8;
/** For the videos of them: many small ones, or one of the largest that a boosted server takes (100 MiB). */
const videoMemoryBytes = 256 * mebibyte;

/** A status message points to its result within seconds; what was delivered shortly before a crash is pointed to again. */
const pointedWithin = 60_000;
/** Of those whose work ended within this: most deliveries take seconds, and some wait until Discord is back. */
const pointedEndedWithin = 60 * 60_000;

/** What the bot is made of, besides Discord. */
export interface BotParts {
  readonly config: BotConfig;
  readonly queue: GenerationQueue;
  readonly moderation: Moderation;
  readonly people: People;
  /** rented GPUs; null: none */
  readonly gpus: Gpus | null;
  readonly store: Pick<ArtifactStore, 'delete' | 'list' | 'deletePrefix' | 'get' | 'size' | 'fetchTo'>;
  readonly intake: Intake;
  readonly speech: Pick<SpeechDesk, 'voices'>;
  readonly waitingLimit: WaitingLimit;
  readonly videos: VideoFiles;
  /** where files are worked on */
  readonly scratchRoot: string;
  readonly origins: Origins;
  /** reads a preview; null when it is gone */
  readonly readPreview: (key: string) => Promise<Buffer | null>;
  /** milliseconds that Redis has in all before the first answer to a person; what Discord's three seconds leave, unless given */
  readonly firstAnswerWithin?: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface RunningBot {
  readonly client: Client<true>;
  /** where health checks and metrics are served; null: nowhere */
  readonly healthPort: number | null;
  /** Finishes what it is sending, for some seconds at most, and disconnects. */
  stop(): Promise<void>;
}

/**
 * Connects to Discord and starts everything: commands, progress, deliveries.
 *
 * @throws Error when the token is refused, a command file does not fit or the queue is unreachable
 */
export async function startBot(parts: BotParts): Promise<RunningBot> {
  const { config, queue, clock, logger } = parts;
  const handlers = await loadHandlers();
  const metrics = new BotMetrics(queue, config.dataDirectory);
  if (parts.gpus !== null) watchGpus(metrics.registry, parts.gpus, clock);
  const client = await connect(config, logger);
  const signatures = new Signatures(config.discord.token);
  const messages = new Messages(client.rest, {
    apiUrl: config.discord.apiUrl,
    token: config.discord.token,
    applicationId: client.application.id,
    botUserId: client.user.id,
    signatures,
  });
  let served: HealthServer | undefined;
  const erasure = createErasure(config, logger);
  const videoMemory = new MemoryBudget(videoMemoryBytes);
  const stopping = new AbortController();
  const underWay = new Set<Promise<void>>();
  // People act from the moment of the login on: what they do while the rest starts is answered once it has.
  const started = Promise.withResolvers<Services>();
  const handle = (work: (services: Services) => Promise<void>): void => {
    const handled = started.promise.then(work).finally(() => underWay.delete(handled));
    underWay.add(handled);
  };
  client.on(Events.InteractionCreate, (interaction) => {
    metrics.action(...nameOf(interaction, handlers));
    handle((services) => dispatch(interaction, handlers, services, parts.firstAnswerWithin));
  });
  for (const rest of messages.connections) {
    rest.on(RESTEvents.RateLimited, ({ global }) => metrics.rateLimited(global));
    rest.on(RESTEvents.InvalidRequestWarning, ({ count, remainingTime }) =>
      metrics.invalidRequests(count, remainingTime),
    );
  }
  client.on(Events.Raw, (packet: unknown) => {
    for (const messageId of readRemovals(packet)) {
      handle((services) => dispatchRemoval(messageId, services));
    }
    const removed = readRemovedChannel(packet);
    if (removed !== null) {
      // A channel's threads go with it, and only as far as they are known here is it known whose they were.
      const threads = client.channels.cache.filter(
        (channel) => channel.isThread() && channel.parentId === removed.channelId,
      );
      const channelIds = [removed.channelId, ...threads.keys()];
      handle((services) => dispatchChannelRemoval({ guildId: removed.guildId, channelIds }, services));
    }
    const given = readReaction(packet, client.user.id);
    if (given === null) return;
    const { emoji, reaction } = given;
    const known = handlers.reactions.get(withoutVariation(emoji));
    if (known === undefined) return;
    metrics.action('reaction', known.name);
    handle((services) => dispatchReaction(emoji, reaction, handlers, services));
  });
  try {
    const journal = new FileIntakeJournal(join(config.dataDirectory, 'intake'));
    signatures.know(await queue.keepMessageKey(signatures.key));
    // Before anybody is answered: what people ask for from now on is not left behind.
    const leftBehind = await journal.leftBehind();
    const progress = new ProgressReporter({
      queue,
      moderation: parts.moderation,
      messages,
      readPreview: parts.readPreview,
      isOwn: (guildId) => isOwn(client, guildId),
      settings: config.generate,
      clock,
      logger,
    });
    await progress.start();
    const delivery = new Delivery({
      queue,
      messages,
      videos: parts.videos,
      releaseStatus: (id) => progress.release(id),
      settings: config.generate,
      clock,
      logger,
      stopping: stopping.signal,
    });
    const speaker = new MessageSpeaker(messages);
    const channels = new DiscordChannels(client);
    const auditPoster = new AuditPoster({ moderation: parts.moderation, queue, speaker, channels, logger });
    await auditPoster.start();
    const services: Services = {
      settings: config.generate,
      queue,
      moderation: parts.moderation,
      people: parts.people,
      gpus: parts.gpus,
      channels,
      results: new StoredResults(parts.videos, parts.store),
      forgetting: new OwnForgetting(new PersonErasure({ queue, erasure, store: parts.store }), logger),
      standing: new DiscordStandingResults({
        ...{ messages, signatures, channels, logger },
        attachments: config.attachments,
        scratchRoot: parts.scratchRoot,
      }),
      origins: parts.origins,
      intake: parts.intake,
      speech: parts.speech,
      readSound: (key) => readPreview(parts.store, key),
      prints: (generation, as) => printsOf(generation, parts.store, parts.scratchRoot, as),
      speaker,
      ownerIds: new Set(config.discord.ownerIds),
      directMessages: new ProvenDirectMessages(messages, parts.people),
      journal,
      progress,
      waitingLimit: parts.waitingLimit,
      logger,
      now: () => clock.now(),
      stopping: stopping.signal,
    };
    // Discord waits three seconds for an answer: whatever an earlier process left to do comes after.
    started.resolve(services);

    if (config.discord.registerCommands) {
      const difference = await registerCommands(client.rest, declarations(handlers, config.generate), {
        applicationId: client.application.id,
        guildId: config.discord.guildId,
        apply: true,
      });
      logger.info(difference, 'commands compared');
    }
    await tellInterrupted(journal, leftBehind, queue, parts.intake, messages, clock.now(), logger);
    await followGuilds(client, { queue, moderation: parts.moderation, logger });
    logger.info(await queue.reconcile(), 'records and jobs compared');
    for (const generation of await queue.endedSince(clock.now() - pointedEndedWithin)) {
      const isOurs = isOwn(client, generation.guildId);
      if (isOurs && clock.now() - (generation.deliveredAt ?? 0) < pointedWithin)
        await delivery.pointAgain(generation);
    }
    const deliveries = await queue.consumeDeliveries(
      async (generation, signal, isLast, isAgain) => {
        // A video is held whole, and once more in the request that sends it.
        const held = 2 * (generation.failure === null ? (generation.result?.bytes ?? 0) : 0);
        const sent = await videoMemory.with(
          held,
          () => metrics.delivery(generation, () => delivery.deliver(generation, signal, isLast, isAgain)),
          signal,
        );
        const told = sent.failure === null ? generation : { ...generation, failure: sent.failure };
        await noticeDone(told, sent, { people: parts.people, queue, speaker, logger });
        await removeLeftovers(generation, parts.store, logger);
        return sent;
      },
      { concurrency: deliveriesAtOnce },
    );
    const stopRemoving = removeInputsEarly({
      ...{ queue, clock, logger },
      moderation: parts.moderation,
      store: parts.store,
    });
    if (config.health !== null) {
      const isConnected = () => client.ws.status === Status.Ready;
      metrics.watchGateway(isConnected);
      const health = new Health({
        discord: { look: () => (isConnected() ? null : 'not connected to the gateway') },
        redis: { look: async () => (await queue.health(), null) },
      });
      served = await serveHealth({ ...config.health, health, registry: metrics.registry, log: logger });
    }
    logger.info({ userId: client.user.id, guilds: client.guilds.cache.size }, 'ready');
    return {
      client,
      healthPort: served?.port ?? null,
      async stop() {
        stopping.abort(new Error('the bot stops'));
        await Promise.all([deliveries.close(), Promise.allSettled(underWay)]);
        // After what people had begun: it is posted, too.
        await auditPoster.close();
        await delivery.close();
        await Promise.all([progress.close(), stopRemoving()]);
        await served?.stop();
        await erasure.close();
        await client.destroy();
      },
    };
  } catch (error) {
    await erasure.close();
    await client.destroy();
    throw error;
  }
}

/** Logs in and waits until Discord has said which guilds there are. */
async function connect(config: BotConfig, logger: Logger): Promise<Client<true>> {
  const client = createClient(config.discord.apiUrl, config.discord.shards);
  client.on(Events.Error, (error) =>
    logger.error({ error: errorFields(error) }, 'the connection to Discord had an error'),
  );
  client.on(Events.Warn, (warning) => logger.warn({ warning }, 'discord.js warns'));
  client.on(Events.ShardReconnecting, () => logger.info('the connection to Discord is to be renewed'));
  client.on(Events.ShardResume, () => logger.info('the connection to Discord is back'));
  const ready = new Promise<Client<true>>((resolve) => client.once(Events.ClientReady, resolve));
  try {
    await client.login(config.discord.token);
    return await ready;
  } catch (error) {
    await client.destroy();
    throw error;
  }
}

/** Kind and name for the count. Names come from outside: what we do not have counts as one. */
function nameOf(interaction: Interaction, handlers: Handlers): [kind: string, name: string] {
  if (interaction.isChatInputCommand() || interaction.isAutocomplete()) {
    const kind = interaction.isAutocomplete() ? 'autocomplete' : 'slash';
    return [kind, handlers.slash.has(interaction.commandName) ? interaction.commandName : 'unknown'];
  }
  if (interaction.isMessageContextMenuCommand()) {
    const { commandName } = interaction;
    return ['message', handlers.messages.has(commandName) ? commandName : 'unknown'];
  }
  if (interaction.isButton() || interaction.isModalSubmit()) {
    const kind = interaction.isButton() ? 'button' : 'modal';
    const name = parseCustomId(interaction.customId)?.name ?? '';
    const known = interaction.isButton() ? handlers.buttons : handlers.modals;
    return [kind, known.has(name) ? name : 'unknown'];
  }
  return ['other', 'unknown'];
}
