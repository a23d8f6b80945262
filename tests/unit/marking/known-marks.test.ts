import { expect, test } from 'vitest';
import { KnownMarks, mostKnown } from '../../../src/marking/known-marks.ts';
import { blockCode, tileCode } from '../../../src/marking/payload.ts';

const deployment = 0xabcdefn;
const generations = Array.from({ length: 500 }, (_, index) => BigInt(index * 7919) * 0x12345n);
const payloadOf = (generation: bigint) => (deployment << 40n) | generation;

/** Repeats for a seed: roughly normal numbers, sums of twelve. */
function normals(seed: number): () => number {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return () => Array.from({ length: 12 }, uniform).reduce((sum, one) => sum + one, -6);
}

test.each([
  ['tile', tileCode, 0.75],
  ['blocks', blockCode, 0.68],
] as const)('%s: what is too faint to be read is recognised, and noise never is', (_name, code, level) => {
  const own = new KnownMarks({ deployment, generations });
  const noise = normals(3);
  let isRead = 0;
  for (let trial = 0; trial < 20; trial += 1) {
    const payload = payloadOf(generations[trial * 20] ?? 0n);
    const word = code.encode(payload);
    const soft = Float64Array.from(word, (bit) => level * bit + noise());
    if (code.read(soft, deployment) === payload) isRead += 1;
    expect(own.recognise(code, soft)).toBe(payload);
    expect(own.recognise(code, Float64Array.from(word, noise))).toBeNull();
  }
  expect(isRead).toBeLessThan(20);
});

test('a clear mark of the same deployment that is not among those known is none of them', () => {
  const own = new KnownMarks({ deployment, generations });
  const soft = Float64Array.from(blockCode.encode(payloadOf(0x55_5555_5555n)));
  expect(own.recognise(blockCode, soft)).toBeNull();
  expect(own.recognise(blockCode, new Float64Array(blockCode.bits))).toBeNull();
});

test('of more than are looked at, the latest are', () => {
  const many = Array.from({ length: mostKnown + 1 }, (_, index) =>
    BigInt.asUintN(40, BigInt(index + 1) * 0x9e37_79b9_7f4a_7c15n),
  );
  const own = new KnownMarks({ deployment, generations: many });
  const seen = (generation: bigint) =>
    own.recognise(tileCode, Float64Array.from(tileCode.encode(payloadOf(generation))));
  const [first = 0n, last = 0n] = [many[0], many[mostKnown]];
  expect(seen(first)).toBe(payloadOf(first));
  expect(seen(last)).toBeNull();
});
