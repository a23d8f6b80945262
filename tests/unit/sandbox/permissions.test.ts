import { ChannelType, PermissionFlagsBits } from 'discord-api-types/v10';
import { assert, bigInt, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ChannelRecord, GuildRecord, RoleRecord } from '../../../sandbox/model.ts';
import { allPermissions, channelPermissions, permissionBits } from '../../../sandbox/permissions.ts';
import { State } from '../../../sandbox/state.ts';

const [everyoneId, modId, memberId, ownerId] = ['1', '2', '10', '11'];
const { ViewChannel, SendMessages, AttachFiles, SendMessagesInThreads } = PermissionFlagsBits;
type Overwrites = readonly (readonly [string, 'role' | 'member', bigint, bigint])[];

function role(id: string, permissions: bigint): RoleRecord {
  return { id, name: id, permissions, position: 0, managed: false };
}

function place(everyone: bigint, mod: bigint, overwrites: Overwrites, type = ChannelType.GuildText) {
  const state = new State(10);
  const guild: GuildRecord = {
    id: everyoneId,
    name: 'guild',
    ownerId,
    locale: 'en-US',
    createdAt: 0,
    boostTier: 0,
    botIsMember: true,
    botJoinedAt: 0,
    openCommands: new Set(),
    roles: new Map([
      [everyoneId, role(everyoneId, everyone)],
      [modId, role(modId, mod)],
    ]),
    members: new Map([
      [memberId, { userId: memberId, roleIds: new Set([modId]), joinedAt: 0, nick: null }],
      [ownerId, { userId: ownerId, roleIds: new Set<string>(), joinedAt: 0, nick: null }],
    ]),
  };
  const channel: ChannelRecord = {
    id: '100',
    type,
    guildId: guild.id,
    name: 'channel',
    parentId: undefined,
    ownerId,
    createdAt: 0,
    overwrites: new Map(overwrites.map(([id, kind, allow, deny]) => [id, { id, type: kind, allow, deny }])),
    recipientIds: [],
    messages: new Map(),
    lastMessageId: null,
    archived: false,
    locked: false,
  };
  state.guilds.set(guild.id, guild);
  state.channels.set(channel.id, channel);
  return { state, channel };
}

const talk = permissionBits(['ViewChannel', 'SendMessages', 'AttachFiles', 'SendMessagesInThreads']);
const bits = bigInt({ min: 0n, max: (1n << 51n) - 1n });
const none = 0n;

describe('permissions in a channel', () => {
  test.each<[string, Overwrites, bigint]>([
    ['nothing changes without overwrites', [], talk],
    ['everyone is denied', [[everyoneId, 'role', none, SendMessages]], ViewChannel | SendMessagesInThreads],
    [
      'a role outdoes everyone',
      [
        [everyoneId, 'role', none, SendMessages],
        [modId, 'role', SendMessages, none],
      ],
      talk,
    ],
    [
      'the member outdoes the role',
      [
        [modId, 'role', SendMessages, none],
        [memberId, 'member', none, AttachFiles],
      ],
      talk & ~AttachFiles,
    ],
    ['who does not see, does nothing', [[memberId, 'member', none, ViewChannel]], none],
  ])('%s', (_name, overwrites, expected) => {
    const { state, channel } = place(talk, none, overwrites);
    expect(channelPermissions(state, channel, memberId)).toBe(expected);
  });

  test('a thread goes by its channel, and by sending in threads', () => {
    const { state, channel } = place(talk, none, [[everyoneId, 'role', none, SendMessages]]);
    const thread = { ...channel, id: '101', type: ChannelType.PublicThread, parentId: channel.id };
    expect(channelPermissions(state, thread, memberId) & AttachFiles).toBe(AttachFiles);
    channel.overwrites.set(everyoneId, {
      id: everyoneId,
      type: 'role',
      allow: none,
      deny: SendMessagesInThreads,
    });
    expect(channelPermissions(state, thread, memberId) & AttachFiles).toBe(none);
  });

  test('the owner and administrators may do everything, whatever the overwrites', () => {
    assert(
      property(bits, bits, bits, (everyone, allow, deny) => {
        const { Administrator } = PermissionFlagsBits;
        const { state, channel } = place(everyone, Administrator, [
          [everyoneId, 'role', allow, deny],
          [memberId, 'member', none, deny],
          [ownerId, 'member', none, deny],
        ]);
        expect(channelPermissions(state, channel, ownerId)).toBe(allPermissions);
        expect(channelPermissions(state, channel, memberId)).toBe(allPermissions);
      }),
    );
  });

  test('an overwrite for the member has the last word on every single permission', () => {
    assert(
      property(bits, bits, bits, bits, (everyone, roleAllow, roleDeny, own) => {
        const { state, channel } = place(everyone & ~PermissionFlagsBits.Administrator, none, [
          [modId, 'role', roleAllow, roleDeny],
          [memberId, 'member', own | ViewChannel | SendMessages, ~own & ~(ViewChannel | SendMessages)],
        ]);
        expect(channelPermissions(state, channel, memberId)).toBe(own | ViewChannel | SendMessages);
      }),
    );
  });

  test('a stranger may do nothing', () => {
    const { state, channel } = place(talk, none, []);
    expect(channelPermissions(state, channel, '999')).toBe(none);
  });
});
