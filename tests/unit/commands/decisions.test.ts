import { PermissionFlagsBits } from 'discord.js';
import { expect, test } from 'vitest';
import { videoLimitBytes } from '../../../src/intake/upload-limit.ts';
import { chooseMode } from '../../../src/intake/mode.ts';
import { WaitingLimit } from '../../../src/intake/waiting-limit.ts';
import {
  chooseRoute,
  missingPermissions,
  neededPermissions,
} from '../../../src/commands/support/permissions.ts';
import { LimitReached } from '../../../src/queue/moderation/moderation.ts';
import { Refusal } from '../../../src/refusal.ts';

test.each([
  [1, true, 'TIA'],
  [0, true, 'TA'],
  [4, false, 'TI'],
])('%d images and sound: %s → %s', (images, hasAudio, mode) => {
  expect(chooseMode({ images, hasAudio, hasAudioStart: false })).toBe(mode);
});

test('a prompt alone is refused with an example, a start without sound with the reason', () => {
  expect(() => chooseMode({ images: 0, hasAudio: false, hasAudioStart: true })).toThrow(
    new Refusal('refused.prompt_alone'),
  );
  expect(() => chooseMode({ images: 1, hasAudio: false, hasAudioStart: true })).toThrow(
    new Refusal('refused.audio_start_without_audio'),
  );
});

const all = neededPermissions.reduce((sum, name) => sum | PermissionFlagsBits[name], 0n);
const guild = {
  context: 'guild',
  botIsMember: true,
  isThread: false,
  permissions: all,
  private: false,
} as const;

test('with every permission the bot answers in the channel', () => {
  expect(chooseRoute(guild)).toEqual({ kind: 'channel' });
});

test.each(neededPermissions.filter((name) => name !== 'SendMessagesInThreads'))(
  'without %s it is impossible in a channel',
  (name) => {
    const permissions = all & ~PermissionFlagsBits[name];
    expect(chooseRoute({ ...guild, permissions })).toEqual({ kind: 'impossible', missing: [name] });
  },
);

test('a thread asks for its own permission to send, and for no other', () => {
  expect(missingPermissions(all & ~PermissionFlagsBits.SendMessages, true)).toEqual([]);
  expect(missingPermissions(all & ~PermissionFlagsBits.SendMessagesInThreads, true)).toEqual([
    'SendMessagesInThreads',
  ]);
});

test('an administrator needs nothing else', () => {
  expect(missingPermissions(PermissionFlagsBits.Administrator, false)).toEqual([]);
});

test('private, as a guest and in a group the answer goes through the interaction', () => {
  expect(chooseRoute({ ...guild, private: true, permissions: 0n })).toEqual({
    kind: 'token',
    because: 'private',
  });
  expect(chooseRoute({ ...guild, botIsMember: false })).toEqual({ kind: 'token', because: 'not_a_member' });
  expect(chooseRoute({ ...guild, context: 'group' })).toEqual({ kind: 'token', because: 'group' });
  expect(chooseRoute({ ...guild, context: 'direct', private: true })).toEqual({ kind: 'channel' });
});

test('the video leaves room for the rest of the upload and is never absurdly large', () => {
  const mebibyte = 1024 * 1024;
  expect(videoLimitBytes(10 * mebibyte)).toBeLessThan(10 * mebibyte);
  expect(videoLimitBytes(500 * mebibyte)).toBeLessThanOrEqual(100 * mebibyte);
  expect(videoLimitBytes(0)).toBeGreaterThan(0);
});

test('requests that are still being read count against the limit of a person, of that person and there alone', async () => {
  const limit = new WaitingLimit({ countWaiting: async (_, where) => (where?.guildId === '1' ? 1 : 0) });
  const here = (userId: string) => ({ userId, guildId: '1' });
  const first = await limit.enter(here('a'), 3);
  await limit.enter(here('a'), 3);
  await expect(limit.enter(here('a'), 3)).rejects.toThrow(LimitReached);
  await limit.enter(here('b'), 3);
  await limit.enter({ userId: 'a', guildId: null }, 1);
  await limit.enter(here('a'), null);
  first();
  first();
  await expect(limit.enter(here('a'), 3)).rejects.toThrow(LimitReached);
  await limit.enter(here('a'), 4);
});
