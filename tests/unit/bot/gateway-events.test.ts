import { expect, test } from 'vitest';
import { readReaction, readRemovals, readRemovedChannel } from '../../../src/bot/gateway-events.ts';

const self = '999';
const given = {
  t: 'MESSAGE_REACTION_ADD',
  d: {
    user_id: '1',
    channel_id: '2',
    message_id: '3',
    guild_id: '4',
    message_author_id: self,
    member: { roles: ['5'], user: { bot: false } },
    emoji: { id: null, name: '🔁' },
  },
};

test('a person’s reaction to a message of ours', () => {
  expect(readReaction(given, self)).toEqual({
    emoji: '🔁',
    reaction: { userId: '1', guildId: '4', channelId: '2', messageId: '3', roleIds: ['5'] },
  });
  const { guild_id: _guild, member: _member, ...direct } = given.d;
  expect(readReaction({ ...given, d: direct }, self)?.reaction).toMatchObject({ guildId: null, roleIds: [] });
});

test.each([
  ['our own', { user_id: self }],
  ['a bot’s', { member: { roles: [], user: { bot: true } } }],
  ['to somebody else’s message', { message_author_id: '8' }],
  ['with an emoji of a server', { emoji: { id: '7', name: 'again' } }],
  ['without an emoji', { emoji: { id: null, name: null } }],
])('a reaction that is %s means nothing', (_what, change) => {
  expect(readReaction({ ...given, d: { ...given.d, ...change } }, self)).toBeNull();
});

test('other events mean nothing', () => {
  expect(readReaction({ ...given, t: 'MESSAGE_REACTION_REMOVE' }, self)).toBeNull();
  expect(readReaction({ t: 'READY', d: {} }, self)).toBeNull();
  expect(readReaction(null, self)).toBeNull();
});

test('messages that are deleted, one or many, and channels and threads with all that stands there', () => {
  const about = { channel_id: '2', guild_id: '4' };
  expect(readRemovals({ t: 'MESSAGE_DELETE', d: { id: '3', ...about } })).toEqual(['3']);
  expect(readRemovals({ t: 'MESSAGE_DELETE_BULK', d: { ids: ['3', '5'], ...about } })).toEqual(['3', '5']);
  for (const t of ['CHANNEL_DELETE', 'THREAD_DELETE'])
    expect(readRemovedChannel({ t, d: { id: '2', guild_id: '4', type: 0 } })).toEqual({
      guildId: '4',
      channelId: '2',
    });
  for (const other of [
    { t: 'CHANNEL_UPDATE', d: { id: '2', guild_id: '4' } },
    { t: 'MESSAGE_DELETE', d: { id: '3' } },
  ])
    expect(readRemovedChannel(other)).toBeNull();
  expect(readRemovals({ t: 'CHANNEL_DELETE', d: { id: '2', guild_id: '4' } })).toEqual([]);
});
