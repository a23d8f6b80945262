import { ChannelType, GatewayIntentBits } from 'discord-api-types/v10';
import { dispatchGuild } from '../dispatch.ts';
import { createMessage, emptyDraft } from '../messaging.ts';
import type { ChannelRecord, GuildRecord, RoleRecord } from '../model.ts';
import {
  channelPayload,
  guildCreatePayload,
  guildPayload,
  memberWithUserPayload,
  rolePayload,
} from '../payloads.ts';
import { permissionBits } from '../permissions.ts';
import type { PermissionName } from '../permissions.ts';
import type { World } from '../world.ts';
import { Channel } from './channel.ts';
import type { Overwrite } from './channel.ts';
import type { User } from './user.ts';

/** A role, as a target of overwrites and a part of members. */
export class Role {
  readonly kind = 'role';
  readonly record: RoleRecord;
  private readonly world: World;
  private readonly guildId: string;

  constructor(world: World, guildId: string, record: RoleRecord) {
    this.world = world;
    this.guildId = guildId;
    this.record = record;
  }

  get id(): string {
    return this.record.id;
  }

  /** Replaces what the role allows. */
  setPermissions(names: readonly PermissionName[]): void {
    this.record.permissions = permissionBits(names);
    const payload = { guild_id: this.guildId, role: rolePayload(this.record) };
    dispatchGuild(this.world, 'GUILD_ROLE_UPDATE', this.guildId, payload);
  }
}

export interface NewChannel {
  readonly overwrites?: readonly {
    readonly target: { readonly id: string; readonly kind: 'role' | 'member' };
    readonly allow?: Overwrite['allow'];
    readonly deny?: Overwrite['deny'];
  }[];
}

/** A server with its channels, roles and members. */
export class Guild {
  readonly record: GuildRecord;
  private readonly world: World;

  constructor(world: World, record: GuildRecord) {
    this.world = world;
    this.record = record;
  }

  get id(): string {
    return this.record.id;
  }

  get everyone(): Role {
    return this.roleById(this.id);
  }

  /** The role that came with the bot: its permissions are the bot's. */
  get botRole(): Role {
    const botRole = [...this.record.roles.values()].find((role) => role.managed);
    if (botRole === undefined) throw new Error(`the bot is no member of ${this.record.name}`);
    return this.roleById(botRole.id);
  }

  createChannel(name: string, options: NewChannel = {}): Channel {
    return this.addChannel(ChannelType.GuildText, name, undefined, options);
  }

  createForum(name: string, options: NewChannel = {}): Channel {
    return this.addChannel(ChannelType.GuildForum, name, undefined, options);
  }

  /** Opens a thread in a channel. */
  createThread(parent: Channel, name: string): Channel {
    return this.addChannel(ChannelType.PublicThread, name, parent, {});
  }

  /** Opens a post in a forum: a thread whose first message has the thread's id. */
  async createForumPost(forum: Channel, name: string, author: User, content: string): Promise<Channel> {
    const post = this.addChannel(ChannelType.PublicThread, name, forum, {});
    await createMessage(this.world, {
      channel: post.record,
      authorId: author.id,
      draft: { ...emptyDraft, content },
      id: post.id,
    });
    return post;
  }

  createRole(name: string, permissions: readonly PermissionName[] = []): Role {
    const record: RoleRecord = {
      id: this.world.ids.next(),
      name,
      permissions: permissionBits(permissions),
      position: this.record.roles.size,
      managed: false,
    };
    this.record.roles.set(record.id, record);
    dispatchGuild(this.world, 'GUILD_ROLE_CREATE', this.id, {
      guild_id: this.id,
      role: rolePayload(record),
    });
    return this.roleById(record.id);
  }

  /** Lets a person in, or gives a member further roles. @returns the person */
  addMember(user: User, options: { readonly roles?: readonly Role[] } = {}): User {
    const { members } = this.record;
    const known = members.get(user.id);
    const member = known ?? {
      userId: user.id,
      roleIds: new Set<string>(),
      joinedAt: this.world.clock.now(),
      nick: null,
    };
    for (const role of options.roles ?? []) member.roleIds.add(role.id);
    members.set(user.id, member);
    dispatchGuild(
      this.world,
      known === undefined ? 'GUILD_MEMBER_ADD' : 'GUILD_MEMBER_UPDATE',
      this.id,
      { ...memberWithUserPayload(this.world, member), guild_id: this.id },
      GatewayIntentBits.GuildMembers,
    );
    return user;
  }

  /** @param tier 0 to 3: uploads of 10, 10, 50 and 100 MiB */
  setBoostTier(tier: 0 | 1 | 2 | 3): void {
    this.record.boostTier = tier;
    dispatchGuild(this.world, 'GUILD_UPDATE', this.id, guildPayload(this.world, this.record));
  }

  /** What a server's settings can do (Integrations): a command is shown to everyone, whatever it asks for by default. */
  openCommand(name: string): void {
    this.record.openCommands.add(name);
  }

  /** Lets the bot in, with permissions of its own. */
  addBot(permissions: readonly PermissionName[]): void {
    const { record, world } = this;
    const { botId, name } = world.application;
    const role: RoleRecord = {
      id: world.ids.next(),
      name,
      permissions: permissionBits(permissions),
      position: record.roles.size,
      managed: true,
    };
    record.roles.set(role.id, role);
    record.members.set(botId, {
      userId: botId,
      roleIds: new Set([role.id]),
      joinedAt: world.clock.now(),
      nick: null,
    });
    record.botIsMember = true;
    record.botJoinedAt = world.clock.now();
    dispatchGuild(world, 'GUILD_CREATE', record.id, guildCreatePayload(world, record));
  }

  /** Throws the bot out. */
  removeBot(): void {
    const { record, world } = this;
    dispatchGuild(world, 'GUILD_DELETE', record.id, { id: record.id });
    record.botIsMember = false;
    record.members.delete(world.application.botId);
    for (const role of record.roles.values()) if (role.managed) record.roles.delete(role.id);
  }

  private roleById(id: string): Role {
    const record = this.record.roles.get(id);
    if (record === undefined) throw new Error(`role ${id} does not exist`);
    return new Role(this.world, this.id, record);
  }

  private addChannel(
    type: ChannelType,
    name: string,
    parent: Channel | undefined,
    options: NewChannel,
  ): Channel {
    const { world } = this;
    const record: ChannelRecord = {
      id: world.ids.next(),
      type,
      guildId: this.id,
      name,
      parentId: parent?.id,
      ownerId: this.record.ownerId,
      createdAt: world.clock.now(),
      overwrites: new Map(),
      recipientIds: [],
      messages: new Map(),
      lastMessageId: null,
      archived: false,
      locked: false,
    };
    for (const { target, allow, deny } of options.overwrites ?? []) {
      record.overwrites.set(target.id, {
        id: target.id,
        type: target.kind,
        allow: permissionBits(allow ?? []),
        deny: permissionBits(deny ?? []),
      });
    }
    world.state.channels.set(record.id, record);
    const event = parent === undefined ? 'CHANNEL_CREATE' : 'THREAD_CREATE';
    dispatchGuild(world, event, this.id, {
      ...channelPayload(world, record),
      ...(parent === undefined ? {} : { newly_created: true }),
    });
    return new Channel(world, record);
  }
}
