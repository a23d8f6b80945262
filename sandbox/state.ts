import { EventEmitter } from 'node:events';
import { ChannelType, InteractionContextType } from 'discord-api-types/v10';
import type {
  ChannelRecord,
  FirstResponse,
  GuildRecord,
  InteractionRecord,
  JsonObject,
  MessageRecord,
  UserRecord,
} from './model.ts';

export interface StateEvents {
  messageCreate: [message: MessageRecord];
  messageUpdate: [message: MessageRecord];
  messageDelete: [message: MessageRecord];
  firstResponse: [interaction: InteractionRecord, response: FirstResponse];
  /** three seconds went by without an answer */
  unanswered: [interaction: InteractionRecord];
  commandsChange: [];
  /** a client finished logging in and was sent its guilds */
  clientReady: [];
}

/** Everything that this Discord knows. It holds and finds; the rules stand elsewhere. */
export class State {
  readonly users = new Map<string, UserRecord>();
  readonly guilds = new Map<string, GuildRecord>();
  readonly channels = new Map<string, ChannelRecord>();
  readonly interactions = new Map<string, InteractionRecord>();
  readonly interactionsByToken = new Map<string, InteractionRecord>();
  /** commands in the form of the API, by id; those of one guild carry `guild_id` */
  readonly commands = new Map<string, JsonObject>();
  readonly events = new EventEmitter<StateEvents>();
  private readonly messagesKept: number;

  /** @param messagesKept how many messages a channel holds before the oldest is forgotten */
  constructor(messagesKept: number) {
    this.messagesKept = messagesKept;
    // Every waiting scenario step listens; two hundred people at once are no leak.
    this.events.setMaxListeners(0);
  }

  addMessage(message: MessageRecord): void {
    const channel = this.channels.get(message.channelId);
    if (channel === undefined) throw new Error(`channel ${message.channelId} does not exist`);
    channel.messages.set(message.id, message);
    if (message.ephemeralFor === undefined) channel.lastMessageId = message.id;
    if (channel.messages.size > this.messagesKept) {
      const oldest = channel.messages.keys().next();
      if (oldest.done !== true) channel.messages.delete(oldest.value);
    }
  }

  findMessage(channelId: string, messageId: string): MessageRecord | undefined {
    return this.channels.get(channelId)?.messages.get(messageId);
  }

  /** The commands that exist in a place: global ones, or those of the guild. */
  commandsOf(guildId: string | undefined): JsonObject[] {
    return [...this.commands.values()].filter((command) => command['guild_id'] === guildId);
  }

  threadsOf(guildId: string): ChannelRecord[] {
    return [...this.channels.values()].filter(
      (channel) => channel.guildId === guildId && isThread(channel) && !channel.archived,
    );
  }

  channelsOf(guildId: string): ChannelRecord[] {
    return [...this.channels.values()].filter((channel) => channel.guildId === guildId && !isThread(channel));
  }
}

const threadTypes: readonly ChannelType[] = [
  ChannelType.AnnouncementThread,
  ChannelType.PublicThread,
  ChannelType.PrivateThread,
];

export function isThread(channel: Pick<ChannelRecord, 'type'>): boolean {
  return threadTypes.includes(channel.type);
}

/** Which of Discord's three kinds of place a channel is. */
export function contextOf(channel: ChannelRecord): InteractionContextType {
  if (channel.guildId !== undefined) return InteractionContextType.Guild;
  return channel.type === ChannelType.DM
    ? InteractionContextType.BotDM
    : InteractionContextType.PrivateChannel;
}
