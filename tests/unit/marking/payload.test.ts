import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { blockCode, tileCode } from '../../../src/marking/payload.ts';
import { layout, tileCells } from '../../../src/marking/pattern.ts';

const anyPayload = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

/** Repeats for a seed: normal numbers by Box and Muller. */
function normals(seed: number): () => number {
  let state = seed | 1;
  const uniform = () => {
    state = Math.imul(state ^ (state >>> 15), state | 1) + 0x6d2b79f5;
    state |= 0;
    return ((state ^ (state >>> 14)) >>> 0) / 2 ** 32 + 2 ** -33;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

const codes = [
  ['tile', tileCode],
  ['blocks', blockCode],
] as const;

test.each(codes)('%s: what was coded is read, whatever it is, and however loud', (_name, code) => {
  fc.assert(
    fc.property(anyPayload, fc.double({ min: 1e-6, max: 1e6, noNaN: true }), (payload, level) => {
      const soft = Float64Array.from(code.encode(payload), (bit) => bit * level);
      expect(code.read(soft)).toBe(payload);
    }),
    { numRuns: 25 },
  );
});

test.each(codes)('%s: a tenth of the bits may be wrong, and noise as strong as the signal', (_name, code) => {
  const noise = normals(7);
  for (let trial = 0; trial < 25; trial += 1) {
    const payload = BigInt(trial) * 0x123456789abcdfn;
    const coded = code.encode(payload);
    const wrong = Float64Array.from(coded, (bit, at) => (at % 10 === trial % 10 ? -bit : bit));
    expect(code.read(wrong)).toBe(payload);
    expect(code.read(Float64Array.from(coded, (bit) => bit + noise()))).toBe(payload);
  }
});

test('the longer code of blocks is read where a sixth of its bits were not written and noise is as strong as the rest', () => {
  const noise = normals(5);
  for (let trial = 0; trial < 25; trial += 1) {
    const payload = BigInt(trial) * 0xedcba987654321n;
    const soft = Float64Array.from(blockCode.encode(payload), (bit, at) =>
      at % 6 === 0 ? 0 : bit + noise(),
    );
    expect(blockCode.read(soft)).toBe(payload);
  }
});

test.each(codes)('%s: noise is no payload: of 100 readings none passes the checksum', (_name, code) => {
  const noise = normals(11);
  for (let trial = 0; trial < 100; trial += 1) {
    expect(code.read(Float64Array.from({ length: code.bits }, noise))).toBeNull();
  }
});

test('every coded bit has eight cells or more, a quarter of the cells are the pilot, and signs are even', () => {
  const count = new Map<number, number>();
  for (const bit of layout.bitOf) count.set(bit, (count.get(bit) ?? 0) + 1);
  expect(count.get(-1)).toBe((tileCells * tileCells) / 4);
  for (let bit = 0; bit < tileCode.bits; bit += 1) expect(count.get(bit)).toBeGreaterThanOrEqual(8);
  const sum = layout.signOf.reduce((total, sign) => total + sign, 0);
  expect(Math.abs(sum)).toBeLessThan(4 * tileCells);
});
