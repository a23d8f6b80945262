import { GatewayIntentBits } from 'discord-api-types/v10';
import { dispatchGuild } from '../dispatch.ts';
import type { ChannelRecord, MessageRecord, OverwriteRecord } from '../model.ts';
import { channelPayload } from '../payloads.ts';
import { permissionBits } from '../permissions.ts';
import type { PermissionName } from '../permissions.ts';
import { isThread } from '../state.ts';
import type { World } from '../world.ts';
import { Message, waitForMatch } from './message.ts';
import type { WaitOptions } from './waiting.ts';

export interface Overwrite {
  readonly allow?: readonly PermissionName[];
  readonly deny?: readonly PermissionName[];
}

/** A channel, thread, forum post, direct or group message. */
export class Channel {
  readonly record: ChannelRecord;
  private readonly world: World;

  constructor(world: World, record: ChannelRecord) {
    this.world = world;
    this.record = record;
  }

  get id(): string {
    return this.record.id;
  }

  get name(): string {
    return this.record.name;
  }

  /** Messages that everyone in the channel sees, oldest first. For ephemeral ones ask a user. */
  get messages(): readonly Message[] {
    return this.visible().map((record) => new Message(this.world, record));
  }

  /** Waits for a message that is as wanted, one that is there already included. */
  async waitForMessage(predicate: (message: Message) => boolean, options?: WaitOptions): Promise<Message> {
    const watched = {
      present: () => this.visible(),
      concerns: (message: MessageRecord) =>
        message.channelId === this.id && message.ephemeralFor === undefined,
      where: `in #${this.name}`,
    };
    return await waitForMatch(this.world, watched, predicate, options);
  }

  /** Sets what a role or member may do here. @param target a role, a user, or the bot: anything with its id */
  overwrite(target: { readonly id: string; readonly kind: 'role' | 'member' }, overwrite: Overwrite): void {
    const { record, world } = this;
    const entry: OverwriteRecord = {
      id: target.id,
      type: target.kind,
      allow: permissionBits(overwrite.allow ?? []),
      deny: permissionBits(overwrite.deny ?? []),
    };
    record.overwrites.set(target.id, entry);
    if (record.guildId !== undefined) {
      dispatchGuild(world, 'CHANNEL_UPDATE', record.guildId, channelPayload(world, record));
    }
  }

  /** Archives a thread. @param options.locked whether only moderators may wake it */
  archive(options: { readonly locked?: boolean } = {}): void {
    const { record, world } = this;
    if (record.guildId === undefined || !isThread(record)) throw new Error(`#${this.name} is no thread`);
    record.archived = true;
    record.locked = options.locked ?? false;
    dispatchGuild(world, 'THREAD_UPDATE', record.guildId, channelPayload(world, record));
  }

  /** Removes the channel with its messages, of which the gateway says nothing, as with Discord. */
  delete(): void {
    const { record, world } = this;
    const payload = channelPayload(world, record);
    for (const message of record.messages.values()) world.state.events.emit('messageDelete', message);
    record.messages.clear();
    world.state.channels.delete(record.id);
    if (record.guildId === undefined) return;
    const event = isThread(record) ? 'THREAD_DELETE' : 'CHANNEL_DELETE';
    dispatchGuild(world, event, record.guildId, payload, GatewayIntentBits.Guilds);
  }

  private visible(): MessageRecord[] {
    return [...this.record.messages.values()].filter(({ ephemeralFor }) => ephemeralFor === undefined);
  }
}
