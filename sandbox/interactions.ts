import { randomBytes } from 'node:crypto';
import { ApplicationIntegrationType, ChannelType, InteractionType } from 'discord-api-types/v10';
import { dispatchInteraction } from './dispatch.ts';
import { limits, uploadLimitOfTier } from './limits.ts';
import type {
  ChannelRecord,
  FirstResponse,
  InteractionKind,
  InteractionRecord,
  JsonObject,
  MessageRecord,
  UserRecord,
} from './model.ts';
import { interactionChannelPayload, memberPayload, messagePayload, userPayload } from './payloads.ts';
import { channelPermissions, may, permissionBits } from './permissions.ts';
import { contextOf } from './state.ts';
import type { World } from './world.ts';

export interface NewInteraction {
  readonly kind: InteractionKind;
  readonly user: UserRecord;
  readonly channel: ChannelRecord;
  /** the `data` of the payload */
  readonly data: JsonObject;
  /** the message that the used component stands on */
  readonly sourceMessage?: MessageRecord | undefined;
  /** the interaction whose modal is submitted */
  readonly trigger?: InteractionRecord | undefined;
  /** how the command may be installed: ApplicationIntegrationType; both unless given */
  readonly integrationTypes?: readonly number[];
  /** the owners of the interaction that this one goes back to */
  readonly inheritedOwners?: InteractionRecord['owners'] | undefined;
  /** further metadata that the answer's message carries, such as the target of a context menu */
  readonly target?: JsonObject;
}

const types: Readonly<Record<InteractionKind, InteractionType>> = {
  command: InteractionType.ApplicationCommand,
  contextMenu: InteractionType.ApplicationCommand,
  component: InteractionType.MessageComponent,
  autocomplete: InteractionType.ApplicationCommandAutocomplete,
  modal: InteractionType.ModalSubmit,
};

/** What an application without membership may do: no more than its user, and of that only this. */
const withoutMembership = permissionBits([
  'AttachFiles',
  'EmbedLinks',
  'MentionEveryone',
  'UseExternalEmojis',
]);

/** Makes an interaction, sends it to the bot and starts its three seconds and fifteen minutes. */
export function openInteraction(world: World, request: NewInteraction): InteractionRecord {
  const { state, clock, ids } = world;
  const { user, channel, kind, sourceMessage } = request;
  const guild = channel.guildId === undefined ? undefined : state.guilds.get(channel.guildId);
  const id = ids.next();
  const owners = findOwners(world, request);
  const permissions = channelPermissions(state, channel, user.id);
  const record: InteractionRecord = {
    id,
    token: `aW50ZXJhY3Rpb246${id}${randomBytes(48).toString('base64url')}`,
    kind,
    createdAt: clock.now(),
    userId: user.id,
    channelId: channel.id,
    guildId: channel.guildId,
    owners,
    attachmentSizeLimit: Math.max(
      user.uploadLimit,
      uploadLimitOfTier(guild?.boostTier ?? 0, world.uploadLimit),
    ),
    sourceMessageId: sourceMessage?.id,
    metadata: {
      id,
      type: types[kind],
      user: userPayload(user),
      authorizing_integration_owners: owners,
      ...(sourceMessage === undefined || kind !== 'component'
        ? {}
        : { interacted_message_id: sourceMessage.id }),
      ...(request.trigger === undefined ? {} : { triggering_interaction_metadata: request.trigger.metadata }),
      ...request.target,
    },
    forcedEphemeral:
      guild !== undefined &&
      owners[ApplicationIntegrationType.GuildInstall] === undefined &&
      !may(permissions, 'UseExternalApps'),
    acknowledged: false,
    firstResponse: undefined,
    originalMessageId: undefined,
    loading: false,
    messageIds: [],
    followUps: 0,
  };
  state.interactions.set(id, record);
  state.interactionsByToken.set(record.token, record);
  clock.schedule(world.firstResponse, () => {
    if (!record.acknowledged) state.events.emit('unanswered', record);
  });
  clock.schedule(limits.tokenLifetime, () => {
    state.interactions.delete(id);
    state.interactionsByToken.delete(record.token);
  });
  dispatchInteraction(world, channel.guildId, payloadOf(world, request, record, permissions));
  return record;
}

/** Whether the first answer may still come. */
export function isAnswerable(world: World, interaction: InteractionRecord): boolean {
  return world.clock.now() - interaction.createdAt <= world.firstResponse;
}

/** Whether follow-ups and edits through the token still work. */
export function isAlive(world: World, interaction: InteractionRecord): boolean {
  return world.clock.now() - interaction.createdAt <= limits.tokenLifetime;
}

export function settleFirstResponse(
  world: World,
  interaction: InteractionRecord,
  response: FirstResponse,
): void {
  interaction.firstResponse = response;
  world.state.events.emit('firstResponse', interaction, response);
}

function payloadOf(
  world: World,
  request: NewInteraction,
  record: InteractionRecord,
  permissions: bigint,
): JsonObject {
  const { state, application } = world;
  const { user, channel, sourceMessage } = request;
  const guild = channel.guildId === undefined ? undefined : state.guilds.get(channel.guildId);
  const member = guild?.members.get(user.id);
  return {
    id: record.id,
    application_id: application.id,
    type: types[record.kind],
    token: record.token,
    version: 1,
    data: request.data,
    channel_id: channel.id,
    channel: interactionChannelPayload(world, channel, user.id),
    locale: user.locale,
    app_permissions: applicationPermissions(world, record, channel, permissions).toString(),
    entitlements: [],
    entitlement_sku_ids: [],
    authorizing_integration_owners: record.owners,
    context: contextOf(channel),
    attachment_size_limit: record.attachmentSizeLimit,
    ...(guild === undefined || member === undefined
      ? { user: userPayload(user) }
      : {
          guild_id: guild.id,
          guild: { id: guild.id, locale: guild.locale, features: [] },
          guild_locale: guild.locale,
          member: {
            ...memberPayload(world, member),
            user: userPayload(user),
            permissions: permissions.toString(),
          },
        }),
    ...(sourceMessage === undefined ? {} : { message: messagePayload(world, sourceMessage) }),
  };
}

function applicationPermissions(
  world: World,
  record: InteractionRecord,
  channel: ChannelRecord,
  userPermissions: bigint,
): bigint {
  const isMember = record.owners[ApplicationIntegrationType.GuildInstall] !== undefined;
  if (isMember) return channelPermissions(world.state, channel, world.application.botId);
  return userPermissions & withoutMembership;
}

/** https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object-authorizing-integration-owners-object */
function findOwners(world: World, request: NewInteraction): InteractionRecord['owners'] {
  // A component or form belongs to the installation that brought its message about, whoever uses it.
  if (request.inheritedOwners !== undefined) return request.inheritedOwners;
  const { channel, user } = request;
  const supported = request.integrationTypes ?? [0, 1];
  const owners: InteractionRecord['owners'] = {};
  const guild = channel.guildId === undefined ? undefined : world.state.guilds.get(channel.guildId);
  if (supported.includes(ApplicationIntegrationType.GuildInstall)) {
    if (guild?.botIsMember === true) owners[ApplicationIntegrationType.GuildInstall] = guild.id;
    if (channel.type === ChannelType.DM) owners[ApplicationIntegrationType.GuildInstall] = '0';
  }
  if (supported.includes(ApplicationIntegrationType.UserInstall) && user.hasInstalledApplication) {
    owners[ApplicationIntegrationType.UserInstall] = user.id;
  }
  return owners;
}
