import type { ApplicationIntegrationType, ChannelType, MessageType } from 'discord-api-types/v10';

/** JSON as it stands in a request or a payload. */
export type JsonObject = Record<string, unknown>;

export interface UserRecord {
  readonly id: string;
  readonly username: string;
  readonly globalName: string | null;
  readonly bot: boolean;
  locale: string;
  /** whether the bot may open a conversation with this person */
  acceptsDirectMessages: boolean;
  /** whether this person has installed the application for themselves */
  hasInstalledApplication: boolean;
  /** bytes this person may upload wherever they are (Nitro); 0 without */
  uploadLimit: number;
}

export interface RoleRecord {
  readonly id: string;
  readonly name: string;
  permissions: bigint;
  position: number;
  /** whether it belongs to an integration, as the bot's own role does */
  readonly managed: boolean;
}

export interface MemberRecord {
  readonly userId: string;
  readonly roleIds: Set<string>;
  readonly joinedAt: number;
  nick: string | null;
}

export interface GuildRecord {
  readonly id: string;
  readonly name: string;
  readonly ownerId: string;
  readonly locale: string;
  readonly createdAt: number;
  /** 0 to 3; decides how large an upload may be */
  boostTier: number;
  /** false where the application reaches the guild only through people who installed it for themselves */
  botIsMember: boolean;
  botJoinedAt: number;
  readonly roles: Map<string, RoleRecord>;
  readonly members: Map<string, MemberRecord>;
  /** names of commands that the guild's settings show to everyone, whatever permissions they ask for by default */
  readonly openCommands: Set<string>;
}

export interface OverwriteRecord {
  readonly id: string;
  readonly type: 'role' | 'member';
  allow: bigint;
  deny: bigint;
}

export interface ChannelRecord {
  readonly id: string;
  readonly type: ChannelType;
  readonly guildId: string | undefined;
  readonly name: string;
  /** the category of a channel, the channel of a thread */
  readonly parentId: string | undefined;
  readonly ownerId: string | undefined;
  readonly createdAt: number;
  readonly overwrites: Map<string, OverwriteRecord>;
  /** people in a direct or group message, the bot left out */
  readonly recipientIds: readonly string[];
  /** oldest first, ephemeral ones among them */
  readonly messages: Map<string, MessageRecord>;
  lastMessageId: string | null;
  archived: boolean;
  locked: boolean;
}

export interface AttachmentRecord {
  readonly id: string;
  readonly filename: string;
  readonly size: number;
  readonly contentType: string | undefined;
  readonly description: string | undefined;
  readonly width: number | undefined;
  readonly height: number | undefined;
  readonly durationSeconds: number | undefined;
  readonly waveform: string | undefined;
  /** path below the CDN's host, without the signature */
  readonly path: string;
  readonly ephemeral: boolean;
}

export interface ReactionRecord {
  readonly emoji: { readonly id: string | null; readonly name: string };
  readonly userIds: Set<string>;
}

export interface MessageRecord {
  readonly id: string;
  readonly channelId: string;
  readonly guildId: string | undefined;
  readonly authorId: string;
  readonly type: MessageType;
  readonly createdAt: number;
  editedAt: number | undefined;
  content: string;
  embeds: JsonObject[];
  components: JsonObject[];
  attachments: AttachmentRecord[];
  /** MessageFlags bits */
  flags: number;
  pinned: boolean;
  mentionedUserIds: string[];
  mentionedRoleIds: string[];
  mentionsEveryone: boolean;
  readonly nonce: string | undefined;
  readonly referencedMessageId: string | undefined;
  /** the message that this one forwards: it shows a copy */
  readonly forwarded: MessageRecord | undefined;
  readonly reactions: Map<string, ReactionRecord>;
  /** the only person who sees it, when the message is ephemeral */
  readonly ephemeralFor: string | undefined;
  /** the interaction that brought this message about */
  readonly interactionId: string | undefined;
  readonly interactionMetadata: JsonObject | undefined;
  /** through whom the application was present in that interaction */
  readonly interactionOwners: InteractionRecord['owners'] | undefined;
}

export type InteractionKind = 'command' | 'contextMenu' | 'component' | 'autocomplete' | 'modal';

/** How the bot first answered an interaction. */
export type FirstResponse =
  | {
      readonly kind: 'message';
      readonly took: number;
      readonly messageId: string;
      readonly ephemeral: boolean;
    }
  | {
      readonly kind: 'deferred';
      readonly took: number;
      readonly messageId: string;
      readonly ephemeral: boolean;
    }
  | { readonly kind: 'deferredUpdate'; readonly took: number; readonly messageId: string }
  | { readonly kind: 'update'; readonly took: number; readonly messageId: string }
  | { readonly kind: 'modal'; readonly took: number; readonly modal: JsonObject }
  | { readonly kind: 'autocomplete'; readonly took: number; readonly choices: readonly JsonObject[] }
  | { readonly kind: 'activity'; readonly took: number };

export interface InteractionRecord {
  readonly id: string;
  readonly token: string;
  readonly kind: InteractionKind;
  readonly createdAt: number;
  readonly userId: string;
  readonly channelId: string;
  readonly guildId: string | undefined;
  /** through whom the application is present: keys are ApplicationIntegrationType, values guild or user ids */
  readonly owners: Partial<Record<ApplicationIntegrationType, string>>;
  /** bytes per file that answers may carry */
  readonly attachmentSizeLimit: number;
  /** the message whose component was used, or whose component opened the modal */
  readonly sourceMessageId: string | undefined;
  readonly metadata: JsonObject;
  /** where the person lacks Use External Apps, a user-installed application answers to them alone */
  readonly forcedEphemeral: boolean;
  /** set as soon as an answer arrives, before its files are stored */
  acknowledged: boolean;
  firstResponse: FirstResponse | undefined;
  originalMessageId: string | undefined;
  /** true until a deferred answer received its content */
  loading: boolean;
  readonly messageIds: string[];
  followUps: number;
}
