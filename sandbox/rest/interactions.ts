import { InteractionResponseType, MessageFlags, MessageType } from 'discord-api-types/v10';
import { FormErrors, refuse } from '../errors.ts';
import { isAnswerable, settleFirstResponse } from '../interactions.ts';
import { limits } from '../limits.ts';
import { createMessage, editMessage, emptyDraft } from '../messaging.ts';
import type { ChannelRecord, InteractionRecord, JsonObject, MessageRecord } from '../model.ts';
import { isEphemeral, messagePayload } from '../payloads.ts';
import type { World } from '../world.ts';
import { objectBody } from './body.ts';
import type { UploadedFile } from './body.ts';
import { isObject, objects } from '../json.ts';
import { checkModal } from './component-schema.ts';
import { readMessageDraft } from './message-schema.ts';
import type { RestAnswer, Route } from './router.ts';

export const interactionRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/interactions/{interaction_id}/{interaction_token}/callback',
    authenticated: false,
    async handle({ world, body, query, param }) {
      const interaction = world.state.interactions.get(param('interaction_id'));
      if (interaction === undefined || interaction.token !== param('interaction_token')) {
        throw refuse.unknownInteraction();
      }
      if (interaction.acknowledged) throw refuse.alreadyAcknowledged();
      if (!isAnswerable(world, interaction)) throw refuse.unknownInteraction();
      const callback = objectBody(body);
      const type = readType(interaction, callback['type']);
      const data = isObject(callback['data']) ? callback['data'] : {};
      const message = await respond({ world, interaction, type, data, files: body.files });
      if (query.get('with_response') !== 'true') return { status: 204 };
      return withResponse(world, interaction, type, message);
    },
  },
];

interface Callback {
  readonly world: World;
  readonly interaction: InteractionRecord;
  readonly type: InteractionResponseType;
  readonly data: JsonObject;
  readonly files: readonly UploadedFile[];
}

/** Carries an answer out. @returns the message it made or changed, if any */
async function respond(callback: Callback): Promise<MessageRecord | undefined> {
  let message: MessageRecord | undefined;
  switch (callback.type) {
    case InteractionResponseType.ChannelMessageWithSource:
      message = await answerWithMessage(callback);
      break;
    case InteractionResponseType.DeferredChannelMessageWithSource:
      message = await defer(callback);
      break;
    case InteractionResponseType.DeferredMessageUpdate:
      message = deferUpdate(callback);
      break;
    case InteractionResponseType.UpdateMessage:
      message = await update(callback);
      break;
    case InteractionResponseType.ApplicationCommandAutocompleteResult:
      autocomplete(callback);
      break;
    case InteractionResponseType.Modal:
      showModal(callback);
      break;
    case InteractionResponseType.Pong:
    case InteractionResponseType.LaunchActivity:
    case InteractionResponseType.PremiumRequired:
      throw new Error(`response type ${callback.type} passed the check of types`);
  }
  return message;
}

async function answerWithMessage({ world, interaction, data, files }: Callback): Promise<MessageRecord> {
  const draft = readMessageDraft(data, files, {
    existing: undefined,
    uploadLimit: interaction.attachmentSizeLimit,
    prefix: 'data',
  });
  const took = acknowledge(world, interaction);
  const message = await createMessage(world, {
    channel: channelOf(world, interaction),
    authorId: world.application.botId,
    draft: { ...draft, flags: visibility(interaction, draft.flags) },
    type: messageType(interaction),
    interaction,
    referencedMessageId: interaction.sourceMessageId,
  });
  interaction.originalMessageId = message.id;
  const ephemeral = isEphemeral(message.flags);
  settleFirstResponse(world, interaction, { kind: 'message', took, messageId: message.id, ephemeral });
  return message;
}

async function defer({ world, interaction, data }: Callback): Promise<MessageRecord> {
  const took = acknowledge(world, interaction);
  const flags = Number(data['flags'] ?? 0) & MessageFlags.Ephemeral;
  const message = await createMessage(world, {
    channel: channelOf(world, interaction),
    authorId: world.application.botId,
    draft: { ...emptyDraft, flags: visibility(interaction, flags) },
    type: messageType(interaction),
    interaction,
    referencedMessageId: interaction.sourceMessageId,
    loading: true,
  });
  interaction.originalMessageId = message.id;
  interaction.loading = true;
  const ephemeral = isEphemeral(message.flags);
  settleFirstResponse(world, interaction, { kind: 'deferred', took, messageId: message.id, ephemeral });
  return message;
}

function deferUpdate({ world, interaction }: Callback): MessageRecord {
  const message = sourceMessage(world, interaction);
  const took = acknowledge(world, interaction);
  interaction.originalMessageId = message.id;
  settleFirstResponse(world, interaction, { kind: 'deferredUpdate', took, messageId: message.id });
  return message;
}

async function update({ world, interaction, data, files }: Callback): Promise<MessageRecord> {
  const message = sourceMessage(world, interaction);
  const draft = readMessageDraft(data, files, {
    existing: message,
    uploadLimit: interaction.attachmentSizeLimit,
    prefix: 'data',
  });
  const took = acknowledge(world, interaction);
  interaction.originalMessageId = message.id;
  await editMessage(world, message, draft);
  settleFirstResponse(world, interaction, { kind: 'update', took, messageId: message.id });
  return message;
}

function autocomplete({ world, interaction, data }: Callback): void {
  const choices = objects(data['choices']);
  const errors = new FormErrors();
  if (choices.length > limits.autocompleteChoices) {
    errors.add(
      'data.choices',
      'BASE_TYPE_MAX_LENGTH',
      `Must be ${limits.autocompleteChoices} or fewer in length.`,
    );
  }
  for (const [index, choice] of choices.entries()) {
    errors.length(`data.choices.${index}.name`, choice['name'], 1, 100);
    if (typeof choice['value'] === 'string') {
      errors.length(`data.choices.${index}.value`, choice['value'], 1, 100);
    }
  }
  errors.throwIfAny();
  const took = acknowledge(world, interaction);
  settleFirstResponse(world, interaction, { kind: 'autocomplete', took, choices });
}

function showModal({ world, interaction, data }: Callback): void {
  const errors = new FormErrors();
  checkModal(data, errors);
  errors.throwIfAny();
  const took = acknowledge(world, interaction);
  settleFirstResponse(world, interaction, { kind: 'modal', took, modal: data });
}

/** Takes the interaction before anything is stored, so that a second answer at the same moment is refused. */
function acknowledge(world: World, interaction: InteractionRecord): number {
  interaction.acknowledged = true;
  return world.clock.now() - interaction.createdAt;
}

/** @throws DiscordError 50035 for an answer that this kind of interaction does not take */
function readType(interaction: InteractionRecord, type: unknown): InteractionResponseType {
  const messages = [
    InteractionResponseType.ChannelMessageWithSource,
    InteractionResponseType.DeferredChannelMessageWithSource,
  ];
  const updates = [InteractionResponseType.DeferredMessageUpdate, InteractionResponseType.UpdateMessage];
  const { Modal, ApplicationCommandAutocompleteResult } = InteractionResponseType;
  const allowed: Readonly<Record<InteractionRecord['kind'], readonly InteractionResponseType[]>> = {
    command: [...messages, Modal],
    contextMenu: [...messages, Modal],
    component: [...messages, ...updates, Modal],
    autocomplete: [ApplicationCommandAutocompleteResult],
    modal: interaction.sourceMessageId === undefined ? messages : [...messages, ...updates],
  };
  const found = allowed[interaction.kind].find((candidate) => candidate === type);
  if (found !== undefined) return found;
  const errors = new FormErrors();
  errors.add(
    'type',
    'INTERACTION_APPLICATION_COMMAND_INVALID_RESPONSE_TYPE',
    `Value must be one of {${allowed[interaction.kind].join(', ')}}.`,
  );
  throw errors.toError();
}

function visibility(interaction: InteractionRecord, flags: number): number {
  return interaction.forcedEphemeral ? flags | MessageFlags.Ephemeral : flags;
}

function messageType(interaction: InteractionRecord): MessageType {
  if (interaction.kind === 'command') return MessageType.ChatInputCommand;
  return interaction.kind === 'contextMenu' ? MessageType.ContextMenuCommand : MessageType.Reply;
}

/** The channel that an interaction took place in. */
export function channelOf(world: World, interaction: InteractionRecord): ChannelRecord {
  const channel = world.state.channels.get(interaction.channelId);
  if (channel === undefined) throw refuse.unknownChannel();
  return channel;
}

function sourceMessage(world: World, interaction: InteractionRecord): MessageRecord {
  const message = world.state.findMessage(interaction.channelId, interaction.sourceMessageId ?? '');
  if (message === undefined) throw refuse.unknownMessage();
  return message;
}

function withResponse(
  world: World,
  interaction: InteractionRecord,
  type: InteractionResponseType,
  message: MessageRecord | undefined,
): RestAnswer {
  const carriesMessage =
    type === InteractionResponseType.ChannelMessageWithSource ||
    type === InteractionResponseType.UpdateMessage ||
    type === InteractionResponseType.DeferredChannelMessageWithSource;
  return {
    status: 200,
    body: {
      interaction: {
        id: interaction.id,
        type: interaction.metadata['type'],
        channel_id: interaction.channelId,
        ...(interaction.guildId === undefined ? {} : { guild_id: interaction.guildId }),
        ...(message === undefined
          ? {}
          : {
              response_message_id: message.id,
              response_message_loading: interaction.loading,
              response_message_ephemeral: isEphemeral(message.flags),
            }),
      },
      ...(message !== undefined && carriesMessage
        ? { resource: { type, message: messagePayload(world, message) } }
        : {}),
    },
  };
}
