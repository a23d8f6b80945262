import { ApplicationIntegrationType, MessageFlags, MessageType } from 'discord-api-types/v10';
import { refuse } from '../errors.ts';
import { isAlive } from '../interactions.ts';
import { limits } from '../limits.ts';
import { createMessage, deleteMessage, editMessage } from '../messaging.ts';
import type { InteractionRecord, MessageRecord } from '../model.ts';
import { messagePayload } from '../payloads.ts';
import { objectBody } from './body.ts';
import { channelOf } from './interactions.ts';
import { readMessageDraft } from './message-schema.ts';
import type { RestAnswer, RestRequest, Route } from './router.ts';

const path = '/webhooks/{webhook_id}/{webhook_token}';
const rateLimit = { name: 'webhook', major: 'webhook_token' } as const;

/** What a bot does with an interaction's token after its first answer. Ordinary webhooks are not part of the sandbox. */
export const webhookRoutes: readonly Route[] = [
  { method: 'POST', path, authenticated: false, rateLimit, handle: followUp },
  ...['@original', '{message_id}'].flatMap((which): Route[] => {
    const common = { path: `${path}/messages/${which}`, authenticated: false, rateLimit };
    return [
      { ...common, method: 'GET', handle: read },
      { ...common, method: 'PATCH', handle: edit },
      { ...common, method: 'DELETE', handle: remove },
    ];
  }),
];

function read(request: RestRequest): RestAnswer {
  const { message } = target(request);
  return { status: 200, body: messagePayload(request.world, message) };
}

async function edit(request: RestRequest): Promise<RestAnswer> {
  const { world, body } = request;
  const { interaction, message } = target(request);
  const draft = readMessageDraft(objectBody(body), body.files, {
    existing: message,
    uploadLimit: interaction.attachmentSizeLimit,
  });
  if (message.id === interaction.originalMessageId) interaction.loading = false;
  await editMessage(world, message, draft);
  return { status: 200, body: messagePayload(world, message) };
}

function remove(request: RestRequest): RestAnswer {
  deleteMessage(request.world, target(request).message);
  return { status: 204 };
}

async function followUp(request: RestRequest): Promise<RestAnswer> {
  const { world, body } = request;
  const interaction = answered(request);
  const original = originalMessage(request, interaction);
  // An application without membership gets five: https://discord.com/developers/docs/interactions/receiving-and-responding
  const userInstalled = interaction.owners[ApplicationIntegrationType.GuildInstall] === undefined;
  const existing = interaction.loading ? original : undefined;
  if (existing === undefined && userInstalled && interaction.followUps >= limits.followUpsOfUserInstall) {
    throw refuse.tooManyFollowUps();
  }
  const draft = readMessageDraft(objectBody(body), body.files, {
    existing,
    uploadLimit: interaction.attachmentSizeLimit,
  });
  if (existing !== undefined) {
    // The first follow-up to a deferred answer becomes that answer, and keeps its visibility.
    interaction.loading = false;
    await editMessage(world, existing, draft);
    return { status: 200, body: messagePayload(world, existing) };
  }
  interaction.followUps += 1;
  const message = await createMessage(world, {
    channel: channelOf(world, interaction),
    authorId: world.application.botId,
    draft: {
      ...draft,
      flags: interaction.forcedEphemeral ? draft.flags | MessageFlags.Ephemeral : draft.flags,
    },
    type: MessageType.Reply,
    interaction,
    referencedMessageId: original?.id,
  });
  return { status: 200, body: messagePayload(world, message) };
}

/** @throws DiscordError 10015 for another application, 50027 for a dead token, 10015 before the first answer */
function answered({ world, param }: RestRequest): InteractionRecord {
  if (param('webhook_id') !== world.application.id) throw refuse.unknownWebhook();
  const interaction = world.state.interactionsByToken.get(param('webhook_token'));
  if (interaction === undefined || !isAlive(world, interaction)) throw refuse.deadToken();
  if (!interaction.acknowledged) throw refuse.unknownWebhook();
  return interaction;
}

function originalMessage({ world }: RestRequest, interaction: InteractionRecord): MessageRecord | undefined {
  return world.state.findMessage(interaction.channelId, interaction.originalMessageId ?? '');
}

function target(request: RestRequest): { interaction: InteractionRecord; message: MessageRecord } {
  const interaction = answered(request);
  const messageId = request.params['message_id'] ?? interaction.originalMessageId ?? '';
  const own = messageId === interaction.originalMessageId || interaction.messageIds.includes(messageId);
  const message = request.world.state.findMessage(interaction.channelId, messageId);
  if (!own || message === undefined) throw refuse.unknownMessage();
  return { interaction, message };
}
