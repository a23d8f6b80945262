import { assert, constantFrom, double, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { bar, clockTime, duration, quoted } from '../../../src/text/format.ts';
import { textsFor } from '../../../src/text/texts.ts';

test.each([
  [12, true, '0:12.0'],
  [15.88, true, '0:15.9'],
  [59.96, true, '1:00.0'],
  [63, false, '1:03'],
  [3723.4, true, '1:02:03.4'],
])('%d seconds read as a clock shows them', (seconds, tenths, expected) => {
  expect(clockTime(seconds, tenths)).toBe(expected);
});

test.each([
  [0.4, '0 s'],
  [59.4, '59 s'],
  [59.6, '1 min'],
  [3600, '1 h'],
  [-3, '0 s'],
])('%d seconds in words', (seconds, expected) => {
  expect(duration(textsFor('en'), seconds)).toBe(expected);
});

test('a bar is as full as its share and always as long', () => {
  expect(bar(0.5, 4)).toBe('▰▰▱▱');
  expect(bar(7, 4)).toBe('▰▰▰▰');
  assert(property(double({ min: 0, max: 1, noNaN: true }), (share) => bar(share).length === 12));
});

test('a prompt cannot mention, link, format or break out of its line', () => {
  const text = quoted('<@123> @everyone **loud** [x](https://a.b) `code`\n# head\n> quote ||spoiler||', 500);
  expect(text).not.toMatch(/<@|@everyone|\*\*|\n|https:\/\//);
  for (const character of '*_`|>#[]()') {
    for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) {
      expect(text[at - 1]).toBe('\\');
    }
  }
});

test('a shortened prompt ends in an ellipsis and splits no character', () => {
  expect(quoted('👩‍👩‍👧'.repeat(10), 5)).toBe(`${'👩‍👩‍👧'.repeat(4)}…`);
  expect(quoted('short', 5)).toBe('short');
});

test('whatever is typed, no mention of a person, role or channel, and no timestamp, survives', () => {
  assert(
    property(string({ unit: constantFrom('<', '@', '!', '&', '#', '1', ':', 't', '>', '\\') }), (typed) => {
      expect(quoted(typed, 100)).not.toMatch(/(?<!\\)<[@#:t]|@(?!\u2060)/);
    }),
  );
});

test('marks that are piled up, and marks that turn the writing, do not reach the message', () => {
  const zalgo = `a${'\u0301'.repeat(3999)}`;
  expect(quoted(zalgo, 300)).toBe(`a${'\u0301'.repeat(4)}`);
  expect(quoted('\u0301'.repeat(4000), 300).length).toBeLessThanOrEqual(4);
  expect(quoted('abc\u202Edef', 300)).toBe('abcdef');
});
