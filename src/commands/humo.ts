import { randomInt } from 'node:crypto';
import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  InteractionContextType,
  MessageFlags,
} from 'discord.js';
import type {
  APIApplicationCommandBasicOption,
  Attachment,
  ChatInputCommandInteraction,
  Message,
} from 'discord.js';
import { ulid } from 'ulid';
import { shapeSchema } from '../config/generate.ts';
import type { GenerateSettings, Shape } from '../config/generate.ts';
import type { Mode } from '../queue/contract.ts';
import { errorFields } from '../error-fields.ts';
import { textsFor } from '../text/texts.ts';
import type { Texts } from '../text/texts.ts';
import { renderStatus } from './render/status.ts';
import type { SlashCommand } from './support/definition.ts';
import type { GivenFile } from '../intake/intake.ts';
import { videoLimitBytes } from '../intake/limit.ts';
import { localised, localisedChoice } from './support/localise.ts';
import { chosenSeeds, latestAudioStart, promptCharacters } from '../intake/bounds.ts';
import { chooseMode } from '../intake/mode.ts';
import { chooseRoute } from './support/permissions.ts';
import type { Route } from './support/permissions.ts';
import { ownUploadLimit, placeOf } from './support/place.ts';
import { Refusal } from '../refusal.ts';
import { toReply } from './support/reply.ts';
import { reachable, takeOn } from '../intake/take-on.ts';
import type { Accepted } from '../intake/take-on.ts';
import type { Services } from './support/services.ts';

/** https://discord.com/developers/docs/interactions/receiving-and-responding#responding-to-an-interaction */
const tokenLifetime = 15 * 60_000;

const imageOptions = ['image', 'image2', 'image3', 'image4'] as const;

export default {
  kind: 'slash',
  name: 'humo',

  declare(settings: GenerateSettings) {
    return {
      type: ApplicationCommandType.ChatInput,
      ...localised('humo', 'command.humo'),
      integration_types: [ApplicationIntegrationType.GuildInstall, ApplicationIntegrationType.UserInstall],
      contexts: [
        InteractionContextType.Guild,
        InteractionContextType.BotDM,
        InteractionContextType.PrivateChannel,
      ],
      options: options(settings),
    };
  },

  async execute(interaction, services) {
    const chosen = readOptions(interaction, services.settings);
    const place = placeOf(interaction, chosen.private);
    const route = chooseRoute(place);
    // Everything that can be refused without waiting is refused before the public "thinking…", for the person alone.
    if (route.kind === 'impossible') throw missingPermissions(interaction, route);
    const mode = chooseMode({
      images: chosen.images.length,
      hasAudio: chosen.audio !== null,
      hasAudioStart: chosen.audioStart !== null,
    });
    if (chosen.prompt === '') throw new Refusal('refused.prompt_empty');
    if (services.stopping.aborted) throw new Refusal('refused.stopping');

    const ephemeral = chosen.private && place.context !== 'direct';
    const answer = await interaction.deferReply({
      withResponse: true,
      ...(ephemeral ? { flags: MessageFlags.Ephemeral } : {}),
    });
    const statusMessage = answer.resource?.message ?? null;

    const leave = await reachable(services.personLimit.enter(interaction.user.id));
    let accepted: Accepted;
    try {
      const isPrivate = ephemeral || isEphemeral(statusMessage);
      accepted = await accept(interaction, { chosen, mode, route, isPrivate, statusMessage }, services);
    } catch (error) {
      // Whatever broke off because the process stops is no fault of the files.
      throw services.stopping.aborted ? new Refusal('refused.stopping') : error;
    } finally {
      leave();
    }
    await showStatus(interaction, accepted, services);
  },
} satisfies SlashCommand;

interface Plan {
  readonly chosen: ChosenOptions;
  readonly mode: Mode;
  readonly route: Exclude<Route, { kind: 'impossible' }>;
  /** Discord may have made the answer ephemeral by itself, where the person may not use outside apps in public. */
  readonly isPrivate: boolean;
  readonly statusMessage: Message | null;
}

/** Reads the files and hands the request to the queue. Until that has happened, nothing is accepted. */
async function accept(
  interaction: ChatInputCommandInteraction,
  { chosen, mode, route, isPrivate, statusMessage }: Plan,
  services: Services,
): Promise<Accepted> {
  const { journal } = services;
  const id = ulid(services.now());
  const tokenExpiresAt = Math.min(interaction.createdTimestamp, services.now()) + tokenLifetime;
  const { applicationId, token: interactionToken, locale } = interaction;
  await journal.begin({ id, applicationId, interactionToken, tokenExpiresAt, locale });
  try {
    if (route.kind === 'token') await requireDirectMessages(interaction, route, services);
    const given = { images: chosen.images, audio: chosen.audio, audioStart: chosen.audioStart ?? 0 };
    return await takeOn(
      {
        id,
        userId: interaction.user.id,
        guildId: interaction.guildId,
        locale,
        choices: { ...chosen, mode },
        files: given,
        limitBytes: videoLimitBytes(ownUploadLimit(interaction)),
        reply: {
          kind: route.kind === 'channel' ? 'channel' : 'direct',
          channelId: interaction.channelId,
          guildId: interaction.guildId,
          private: isPrivate,
          interactionToken,
          tokenExpiresAt,
          statusMessageId: statusMessage?.id ?? null,
          finalChannelId: null,
          finalMessageId: null,
        },
      },
      services,
    );
  } finally {
    await journal.end(id);
  }
}

/** From here on the request is accepted: whatever goes wrong is logged, and the final message comes in any case. */
async function showStatus(
  interaction: ChatInputCommandInteraction,
  { generation, advice }: Accepted,
  services: Services,
): Promise<void> {
  try {
    await services.progress.follow(generation, advice, async () => {
      const position = await services.queue.position(generation.id);
      const rendered = renderStatus({ generation, position, advice, settings: services.settings });
      await interaction.editReply(toReply(rendered));
      return rendered;
    });
  } catch (error) {
    services.logger.warn(
      { generationId: generation.id, error: errorFields(error) },
      'the status message could not be written',
    );
  }
}

function options(settings: GenerateSettings): APIApplicationCommandBasicOption[] {
  const {
    String: string,
    Number: number,
    Integer,
    Boolean: boolean,
    Attachment: file,
  } = ApplicationCommandOptionType;
  return [
    {
      type: string,
      ...localised('prompt', 'command.humo.prompt'),
      required: true,
      min_length: 1,
      max_length: promptCharacters,
    },
    ...imageOptions.map((name) => ({ type: file, ...localised(name, `command.humo.${name}`) }) as const),
    { type: file, ...localised('audio', 'command.humo.audio') },
    {
      type: number,
      ...localised('audio_start', 'command.humo.audio_start'),
      min_value: 0,
      max_value: latestAudioStart,
    },
    {
      type: string,
      ...localised('preset', 'command.humo.preset'),
      choices: settings.presetNames.map((name) => {
        const { title, description } = settings.preset(name, settings.defaultShape);
        return { name: `${title}: ${description}`.slice(0, 100), value: name };
      }),
    },
    {
      type: string,
      ...localised('shape', 'command.humo.shape'),
      choices: shapeSchema.options.map((shape) => localisedChoice(shape, `shape.${shape}`)),
    },
    {
      type: Integer,
      ...localised('seed', 'command.humo.seed'),
      min_value: 0,
      max_value: Number.MAX_SAFE_INTEGER,
    },
    { type: boolean, ...localised('private', 'command.humo.private') },
  ];
}

interface ChosenOptions {
  readonly prompt: string;
  readonly images: readonly GivenFile[];
  readonly audio: GivenFile | null;
  readonly audioStart: number | null;
  readonly preset: string;
  readonly shape: Shape;
  readonly seed: number;
  readonly private: boolean;
}

function readOptions(
  { options: given, locale }: ChatInputCommandInteraction,
  settings: GenerateSettings,
): ChosenOptions {
  const audio = given.getAttachment('audio');
  const texts = textsFor(locale);
  return {
    prompt: given.getString('prompt', true).trim(),
    images: imageOptions.flatMap((name) => {
      const attachment = given.getAttachment(name);
      return attachment === null ? [] : [toFile(attachment, name, texts)];
    }),
    audio: audio === null ? null : toFile(audio, 'audio', texts),
    audioStart: given.getNumber('audio_start'),
    preset: given.getString('preset') ?? settings.defaultPreset,
    shape: shapeSchema.parse(given.getString('shape') ?? settings.defaultShape),
    seed: given.getInteger('seed') ?? randomInt(chosenSeeds),
    private: given.getBoolean('private') ?? false,
  };
}

function toFile(
  { url, size }: Attachment,
  option: (typeof imageOptions)[number] | 'audio',
  texts: Texts,
): GivenFile {
  return { url, size, option: texts.say(`command.humo.${option}.name`) };
}

function isEphemeral(statusMessage: Message | null): boolean {
  return statusMessage?.flags.has(MessageFlags.Ephemeral) ?? false;
}

function missingPermissions(
  interaction: ChatInputCommandInteraction,
  { missing }: Extract<Route, { kind: 'impossible' }>,
): Refusal {
  const texts = textsFor(interaction.locale);
  const names = new Intl.ListFormat(texts.language).format(
    missing.map((name) => texts.say(`permission.${name}`)),
  );
  return new Refusal('refused.permissions', { channel: `<#${interaction.channelId}>`, permissions: names });
}

/** A result that the token cannot carry any more comes as a direct message: make sure that it can. */
async function requireDirectMessages(
  interaction: ChatInputCommandInteraction,
  { because }: Extract<Route, { kind: 'token' }>,
  services: Services,
): Promise<void> {
  const notice = textsFor(interaction.locale).say('notice.direct_messages');
  if (await services.directMessages.ensureOpen(interaction.user.id, notice)) return;
  throw new Refusal(
    because === 'private' ? 'refused.direct_messages_closed_private' : 'refused.direct_messages_closed',
  );
}
