import { describe, expect, test } from 'vitest';
import { neededBases } from '../../../scripts/containers/bases.ts';
import { Search } from '../../../scripts/containers/planted-secrets.ts';

describe('the search for planted files in layers', () => {
  const planted = ['a', 'b', 'c'].map((path) => ({ path, mark: `planted-${path.repeat(32)}` }));
  const [first, second] = planted.map(({ mark }) => mark);

  test.each([1, 7, 39, 40, 41, 1000])(
    'finds what lies anywhere in a stream, in pieces of %i bytes',
    (size) => {
      const stream = Buffer.from(`${'x'.repeat(100)}${first}${'y'.repeat(50)}${second}`);
      const search = new Search(planted);
      for (let start = 0; start < stream.length; start += size)
        search.take(stream.subarray(start, start + size));
      expect(search.found).toEqual(planted.slice(0, 2));
      expect(search.bytes).toBe(stream.length);
    },
  );
});

test('every base of the Dockerfiles and of Compose is known to the script, but for NVIDIA’s', async () => {
  const bases = await neededBases();
  expect(bases).toContain('docker/dockerfile:1');
  expect(bases.filter((name) => /^(node|redis|python|debian|ubuntu)\b/.test(name))).toHaveLength(5);
  expect(bases.filter((name) => /nvidia|\$/.test(name))).toEqual([]);
});
