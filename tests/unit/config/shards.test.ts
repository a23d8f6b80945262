import { expect, test } from 'vitest';
import { parseShards, shardOf } from '../../../src/config/shards.ts';

test.each([
  ['auto', 'auto'],
  ['0/1', { ids: [0], count: 1 }],
  ['0-2,5 / 8', { ids: [0, 1, 2, 5], count: 8 }],
  ['1,1/2', { ids: [1], count: 2 }],
])('the shards %s are understood', (text, shards) => {
  expect(parseShards(text)).toEqual(shards);
});

test.each(['', '3', '2/2', '0-4/4', '2-1/4', 'all/4', '-1/4', '0/0', '0/99999'])(
  'the shards “%s” are refused',
  (text) => {
    expect(() => parseShards(text)).toThrow(RangeError);
  },
);

test('a server belongs to one shard, direct messages to the first', () => {
  expect(shardOf(null, 3)).toBe(0);
  const ids = [1n, 2n, 3n, 4n].map((time) => String((time << 22n) + 5n));
  expect(ids.map((id) => shardOf(id, 3))).toEqual([1, 2, 0, 1]);
});
