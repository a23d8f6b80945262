import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createModeration } from '../../../src/queue/moderation/redis-moderation.ts';
import { silent, testConfig } from '../../support/queue-fixtures.ts';
import { startRedis } from '../../support/redis.ts';
import type { TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
let number = 0;
let moderation: ReturnType<typeof createModeration>;
/** another bot's */
let other: ReturnType<typeof createModeration>;

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  await redis.stop();
});
beforeEach(() => {
  const config = testConfig(redis.url, redis.folder, `filters-${(number += 1)}`);
  moderation = createModeration(config, silent);
  other = createModeration(config, silent);
  return async () => {
    await Promise.all([moderation.close(), other.close()]);
  };
});

describe('words', () => {
  test.each([
    ['cafe', 'Meet me at the CAFÉ!', true],
    ['café', 'cafe', true],
    ['cafe', 'cafeteria', false],
    ['strasse', 'die Straße', true],
    ['Ünder', 'UNDER the bridge', true],
    ['two words', 'these two\n  words here', true],
    ['two words', 'two wordsmiths', false],
    ['bad', 'b\u200bad', true],
    ['bad', '𝐛𝐚𝐝', true],
    ['bad', 'ｂａｄ', true],
    // Cyrillic and Greek letters that look like Latin ones, some of them or all
    ['gore', 'so much g\u043ere', true],
    ['gore', 'G\u041eR\u0415!', true],
    ['gore', 'g\u03bfre', true],
    ['g\u043ere', 'gore', true],
    ['scope', '\u0455\u0441\u043e\u0440\u0435', true],
    // … but Russian and Greek words are themselves, and meet their own filters
    ['cop', 'убрать сор', false],
    ['сор', 'убрать сор', true],
    ['сор', 'a cop walks by', false],
    ['сор', 'сор', true],
    ['bad', 'b\u0301a\u0301\u0302\u0303d\u0338', true],
    ['bad', 'b\u00ada\u2060\ufe0fd\u{e0041}', true],
    ['ISTANBUL', 'istanbul', true],
    ['istanbul', 'İSTANBUL', true],
    ['kırmızı', 'KIRMIZI', true],
    ['σοφός', 'ΣΟΦΟΣ', true],
    ['größe', 'GRÖSSE', true],
    ['bad', 'bad_word', false],
    ['bad', 'bad-word', true],
    ['слово', 'это СЛОВО.', true],
    ['слово', 'словом', false],
    ['悪い', 'とても悪い言葉', true],
    ['か', 'が', false],
    ['か', 'か゛', true],
    ['مرحبا', 'مَرْحَبًا', true],
    ['c++', 'I like C++.', true],
    ['$$$', 'for $$$now', true],
    ['किताब', 'यह किताब है', true],
    ['किताब', 'किताबें', false],
    ['😀', 'so😀so', true],
  ])('%j in %j: %j', async (word, text, expected) => {
    const filter = await moderation.addFilter('1', { kind: 'word', text: word }, '9');
    expect(await moderation.filtered('1', text)).toEqual(expected ? filter : null);
  });

  test('a word that nobody can see is refused', async () => {
    await expect(
      moderation.addFilter('1', { kind: 'word', text: '\u200b\u200d' }, '9'),
    ).rejects.toMatchObject({
      code: 'invalid_input',
      identifier: 'filter_word',
    });
  });
});

describe('patterns', () => {
  test('match whatever the case, and say so with the filter', async () => {
    const filter = await moderation.addFilter('1', { kind: 'pattern', text: String.raw`\bsp[ao4]m+\b` }, '9');
    expect(await moderation.filtered('1', 'buy my SP4MMM now')).toEqual(filter);
    expect(await moderation.filtered('1', 'spammer')).toBeNull();
  });

  test.each(['g\u043ere', 'ｇｏｒｅ', '𝓰𝓸𝓻𝓮', 'gó\u0302ré', 'g\u200bo\u2060re', 'GORE'])(
    'see through a disguise: %s',
    async (text) => {
      const filter = await moderation.addFilter('1', { kind: 'pattern', text: String.raw`\bgo+re\b` }, '9');
      expect(await moderation.filtered('1', `so much ${text}`)).toEqual(filter);
    },
  );

  test('still see accents where they ask for them', async () => {
    const filter = await moderation.addFilter('1', { kind: 'pattern', text: 'é' }, '9');
    expect(await moderation.filtered('1', 'cafe\u0301')).toEqual(filter);
    expect(await moderation.filtered('1', 'cafe')).toBeNull();
  });

  test.each(['(', 'a(?=b)', String.raw`(a)\1`, 'a{1001}', '[z-a]', '*'])(
    '%j cannot be understood',
    async (text) => {
      await expect(moderation.addFilter('1', { kind: 'pattern', text }, '9')).rejects.toMatchObject({
        code: 'invalid_input',
        identifier: 'filter_pattern',
        context: { pattern: text, reason: expect.stringMatching(/\w/) },
      });
      expect((await moderation.guild('1')).filters).toEqual([]);
      expect(await moderation.audit({ guildId: '1', limit: 10 })).toEqual([]);
    },
  );

  // A backtracking engine would outlast every test's limit with them.
  test.each(['(a+)+$', '(a|a)*b', '((a*)*)*b', '(x+x+)+y', '(a|aa)+$'])(
    '%j, which would hang a backtracking engine, has an answer',
    async (text) => {
      await moderation.addFilter('1', { kind: 'pattern', text }, '9');
      expect(await moderation.filtered('1', `${'a'.repeat(3999)}!`)).toBeNull();
    },
  );

  test('one that needs too many steps is refused, and so is what would be too much together', async () => {
    await expect(
      moderation.addFilter('1', { kind: 'pattern', text: String.raw`\pL{0,1000}x` }, '9'),
    ).rejects.toMatchObject({ identifier: 'filter_pattern_size', context: { maximum: 1000 } });
    const text = (index: number) => String.raw`\pL{0,480}${index}`;
    let added = 0;
    await expect(
      (async () => {
        for (; added < 20; added += 1)
          await moderation.addFilter('1', { kind: 'pattern', text: text(added) }, '9');
      })(),
    ).rejects.toMatchObject({ identifier: 'filter_pattern_size' });
    expect(added).toBe(5);
    expect(await moderation.filtered('1', 'é'.repeat(4000))).toBeNull();
  });

  test('of a text that is many times as long without its form, as much is read again as a text may have', async () => {
    const filter = await moderation.addFilter('1', { kind: 'pattern', text: 'x$' }, '9');
    const inFullWidth = (letters: number) => `${'\ufdfa'.repeat(letters)}ｘ`;
    // Eighteen characters each: 1,801 in all, and 72,001.
    expect(await moderation.filtered('1', inFullWidth(100))).toEqual(filter);
    expect(await moderation.filtered('1', inFullWidth(4000))).toBeNull();
  });
});

test('a change by one bot counts for the other at once', async () => {
  expect(await other.filtered('1', 'word')).toBeNull();
  const filter = await moderation.addFilter('1', { kind: 'word', text: 'word' }, '9');
  expect(await other.filtered('1', 'word')).toEqual(filter);
  expect(await moderation.removeFilter('1', filter.id, '9')).toEqual(filter);
  expect(await other.filtered('1', 'word')).toBeNull();
});

test("a guild's filters hold in no other guild and in no direct message, and nobody else can take them away", async () => {
  const filter = await moderation.addFilter('1', { kind: 'word', text: 'word' }, '9');
  expect(await moderation.filtered('2', 'word')).toBeNull();
  expect(await moderation.filtered(null, 'word')).toBeNull();
  expect(await moderation.removeFilter('2', filter.id, '9')).toBeNull();
  expect(await moderation.filtered('1', 'word')).toEqual(filter);
});

test('two people who add filters at once both get theirs', async () => {
  const words = ['one', 'two', 'three', 'four', 'five'];
  await Promise.all(
    words.map((text, index) => (index % 2 ? moderation : other).addFilter('1', { kind: 'word', text }, '9')),
  );
  const { filters } = await moderation.guild('1');
  expect(filters.map(({ text }) => text).toSorted()).toEqual(words.toSorted());
  expect(await moderation.audit({ guildId: '1', limit: 10 })).toHaveLength(5);
});

test('there is an end to the list', async () => {
  const { filters } = await moderation.changeGuild(
    '1',
    (settings) => ({
      ...settings,
      filters: Array.from({ length: 200 }, (_, index) => ({
        id: `f${index}`,
        kind: 'word' as const,
        text: `word${index}`,
        addedBy: '9',
        addedAt: 1,
      })),
    }),
    {
      guildId: '1',
      actorId: '9',
      action: 'settings',
      targetUserId: null,
      generationId: null,
      reason: null,
      details: {},
    },
  );
  expect(filters).toHaveLength(200);
  await expect(moderation.addFilter('1', { kind: 'word', text: 'more' }, '9')).rejects.toMatchObject({
    identifier: 'filter_too_many',
    context: { maximum: 200 },
  });
});
