import { DiscordAPIError, MessageFlags, RESTJSONErrorCodes } from 'discord.js';
import type { Interaction, InteractionDeferReplyOptions } from 'discord.js';
import type { Services } from '../commands/support/services.ts';
import { Failure } from '../failure.ts';
import type { GenerationQueue } from '../queue/interfaces.ts';

/**
 * Discord waits three seconds for the first answer to a person, from the press on: half of them are for the queue, the rest is for the
 * way there and back. https://discord.com/developers/docs/interactions/receiving-and-responding#responding-to-an-interaction
 */
export const firstAnswerWithin = 1_500;

/** What is asked in Redis before there is an answer. Everything else takes its time once the person has been answered. */
const asked = ['queue', 'moderation', 'people', 'speech'] as const;

/**
 * The services for one interaction: until it has been answered, whatever is asked of Redis has so long in all, and then says that the
 * queue cannot be reached. What was asked goes on unseen, so only what may as well be done is done before the first answer.
 *
 * @param deadline in the time of `performance.now()`
 */
export function servicesUntilAnswered(
  interaction: Interaction,
  services: Services,
  deadline: number,
): Services {
  const left = () => (isAnswered(interaction) ? null : deadline - performance.now());
  const bounded = Object.fromEntries(asked.map((name) => [name, boundedBy(services[name], left)]));
  return { ...services, ...bounded, now: () => services.now() };
}

function isAnswered(interaction: Interaction): boolean {
  if (interaction.isAutocomplete()) return interaction.responded;
  return interaction.isRepliable() && (interaction.deferred || interaction.replied);
}

/** Its methods reject when there is no answer in the milliseconds that `left` says; null: they take their time. */
function boundedBy<T extends object>(target: T, left: () => number | null): T {
  return new Proxy(target, {
    get(of, name) {
      const member: unknown = Reflect.get(of, name, of);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        const answer: unknown = Reflect.apply(member, of, args);
        const milliseconds = left();
        return answer instanceof Promise && milliseconds !== null ? within(answer, milliseconds) : answer;
      };
    },
  });
}

async function within<T>(answer: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(new Failure('internal', 'queue_unreachable', {}, { cause: new Error('no answer in time') })),
      Math.max(0, milliseconds),
    );
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** As long as the interaction's token lives. */
const answeredFor = 15 * 60_000;

/** Another process answers this interaction: it is not this one's to answer, or to explain. */
export class AnsweredElsewhere extends Error {
  override readonly name = 'AnsweredElsewhere';
}

/**
 * From now on an acknowledgement counts whose own answer was lost on the way back: Discord says "already acknowledged" (40060) when it
 * is sent again, or nothing at all. It is this process's if no other one has tried, too, and Discord knows its message. Where several
 * try, Discord chooses one, and the others are silent.
 */
export function keepAcknowledgement(interaction: Interaction, queue: Pick<GenerationQueue, 'claim'>): void {
  if (interaction.isAutocomplete() || !interaction.isRepliable()) return;
  const claims: Claims = {
    first: () => queue.claim(`answer:${interaction.id}`, answeredFor),
    second: () => queue.claim(`answer-too:${interaction.id}`, answeredFor),
  };
  const deferReply = interaction.deferReply.bind(interaction);
  Object.defineProperty(interaction, 'deferReply', {
    value: (options: InteractionDeferReplyOptions & { withResponse?: boolean } = {}) =>
      acknowledged(
        claims,
        () => deferReply(options),
        async () => {
          const message = await interaction.fetchReply();
          interaction.deferred = true;
          interaction.ephemeral = message.flags.has(MessageFlags.Ephemeral);
          return { resource: { message } };
        },
      ),
  });
  if (!interaction.isMessageComponent()) return;
  const deferUpdate = interaction.deferUpdate.bind(interaction);
  Object.defineProperty(interaction, 'deferUpdate', {
    value: () =>
      acknowledged(
        claims,
        () => deferUpdate(),
        async () => {
          await interaction.fetchReply();
          interaction.deferred = true;
          return null;
        },
      ),
  });
}

/** Each is true for one process only. */
interface Claims {
  readonly first: () => Promise<boolean>;
  /** taken by the next process, or by the first to find out that there was none */
  readonly second: () => Promise<boolean>;
}

async function acknowledged<T, R>(
  { first, second }: Claims,
  acknowledge: () => Promise<T>,
  recover: () => Promise<R>,
): Promise<T | R> {
  // With the queue away nobody knows who else tries: only what Discord says at once counts then.
  const isFirst = await first().catch(() => null);
  if (isFirst === false) await second().catch(() => false);
  try {
    return await acknowledge();
  } catch (error) {
    if (!mayHaveArrived(error)) throw error;
    if (isFirst !== true || !(await second().catch(() => false))) {
      if (isFirst === null) throw error;
      throw new AnsweredElsewhere('another process answers this interaction', { cause: error });
    }
    // Discord knows no answer where none arrived: then what went wrong first is what there is to say.
    return recover().catch(() => {
      throw error;
    });
  }
}

/** What Discord refused for another reason has not arrived; all else may have. */
function mayHaveArrived(error: unknown): boolean {
  return (
    !(error instanceof DiscordAPIError) ||
    error.code === RESTJSONErrorCodes.InteractionHasAlreadyBeenAcknowledged ||
    error.status >= 500
  );
}
