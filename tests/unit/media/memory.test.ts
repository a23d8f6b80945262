import { expect, test } from 'vitest';
import { MemoryBudget } from '../../../src/media/memory.ts';

const mebibyte = 1024 * 1024;

test('large pieces wait for each other, small ones do not, and one that is larger than all is done alone', async () => {
  const budget = new MemoryBudget(256 * mebibyte);
  let held = 0;
  let most = 0;
  let mostAtOnce = 0;
  let atOnce = 0;
  const piece = (size: number) =>
    budget.with(size * mebibyte, async () => {
      held += size;
      atOnce += 1;
      most = Math.max(most, held);
      mostAtOnce = Math.max(mostAtOnce, atOnce);
      await new Promise((resolve) => setImmediate(resolve));
      held -= size;
      atOnce -= 1;
    });
  await Promise.all(Array.from({ length: 8 }, () => piece(200)));
  expect([most, mostAtOnce]).toEqual([200, 1]);
  await Promise.all(Array.from({ length: 8 }, () => piece(16)));
  expect(mostAtOnce).toBe(8);
  await Promise.all([piece(1000), piece(16)]);
  expect(most).toBe(1000);
});

test('what is given up before its turn is not begun', async () => {
  const budget = new MemoryBudget(16 * mebibyte);
  const giveUp = new AbortController();
  const first = Promise.withResolvers<void>();
  const running = budget.with(1, () => first.promise);
  let begun = false;
  const waiting = budget.with(1, async () => void (begun = true), giveUp.signal);
  giveUp.abort(new Error('enough'));
  first.resolve();
  await running;
  await expect(waiting).rejects.toThrow('enough');
  expect(begun).toBe(false);
});
