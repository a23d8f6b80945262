import { expect, test } from 'vitest';
import { redisOptions } from '../../../src/config/redis-options.ts';

test('whoever asks for a producer waits half a second between two attempts at most, however many there were', () => {
  const { retryStrategy } = redisOptions({ url: 'redis://127.0.0.1:1' }, { longestPause: 500 });
  const pauses = [1, 2, 3, 10, 1000].map((attempt) => retryStrategy(attempt));
  expect(pauses).toEqual([100, 200, 400, 500, 500]);
});
