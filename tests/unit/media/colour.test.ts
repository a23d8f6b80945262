import { expect, test } from 'vitest';
import { avifCodePoints, pngCodePoints } from '../../../src/media/code-points.ts';
import { hlgScene, needsConversion, pqCode, pqNits, srgbConverter } from '../../../src/media/colour.ts';

const one = 65_535;

function converted(primaries: number, transfer: number, pixels: readonly number[], channels = 3): number[] {
  const numbers = Uint16Array.from(pixels, (code) => Math.round(code * one));
  const into = new Uint8Array((pixels.length / channels) * 3);
  const converter = srgbConverter({ primaries, transfer }, channels, one);
  converter.measure(numbers);
  converter.convert(numbers, into);
  return [...into];
}

/** The numbers that BT.2408 and BT.2100 print. */
test('PQ and HLG have the levels that the standards print', () => {
  expect(pqCode(203)).toBeCloseTo(0.58, 2);
  expect(pqCode(1000)).toBeCloseTo(0.75, 2);
  expect(pqNits(1)).toBeCloseTo(10_000, 3);
  for (const nits of [0.1, 26, 203, 4000]) expect(pqNits(pqCode(nits))).toBeCloseTo(nits, 6);
  expect(hlgScene(0.5)).toBeCloseTo(1 / 12, 6);
  expect(hlgScene(1)).toBeCloseTo(1, 5);
  expect(1000 * hlgScene(0.75) ** 1.2).toBeCloseTo(203, 0);
});

test('what is below reference white keeps its colour, also beside highlights', () => {
  // 200, 120, 90 of sRGB in light of BT.2020, coded by PQ
  const colour = [0.494_1, 0.427_7, 0.372_1];
  const near = (found: readonly number[]) => {
    for (const [at, wanted] of [200, 120, 90].entries())
      expect(Math.abs((found[at] ?? 0) - wanted)).toBeLessThanOrEqual(2);
  };
  near(converted(9, 16, colour));
  const beside = converted(9, 16, [...colour, 0.75, 0.75, 0.75]);
  near(beside);
  expect(beside.slice(3)).toEqual([255, 255, 255]);
  const highlights = converted(9, 16, [0.62, 0.62, 0.62, 0.7, 0.7, 0.7, 0.75, 0.75, 0.75]);
  // Nothing is brighter than white, and what differs still differs.
  expect(highlights[0]).toBeLessThan(highlights[3] ?? 0);
  expect(highlights[3]).toBeLessThan(255);
});

test('white of HLG is at three quarters, grey stays grey, and what is transparent is white', () => {
  expect(converted(9, 18, [0.75, 0.75, 0.75])[0]).toBeGreaterThanOrEqual(254);
  const grey = converted(9, 18, [0.4, 0.4, 0.4]);
  expect(new Set(grey).size).toBe(1);
  expect(converted(9, 16, [0.3, 0.3, 0.3, 0], 4)).toEqual([255, 255, 255]);
});

test('red of Display P3 is beyond that of sRGB, and grey is the same', () => {
  expect(converted(12, 13, [1, 0, 0])).toEqual([255, 0, 0]);
  expect(converted(12, 13, [0.5, 0.5, 0.5])).toEqual([128, 128, 128]);
  expect(converted(12, 13, [0.8, 0.4, 0.4])[0]).toBeGreaterThan(0.8 * 255);
  expect(needsConversion({ primaries: 1, transfer: 13 })).toBe(false);
});

const box = (kind: string, ...parts: (readonly number[])[]): number[] => {
  const data = parts.flat();
  return [0, 0, (data.length + 8) >> 8, (data.length + 8) & 255, ...Buffer.from(kind), ...data];
};

test('code points are those of the primary picture in AVIF, and nothing is read from damaged ones', () => {
  const nclx = (primaries: number, transfer: number) =>
    box('colr', [...Buffer.from('nclx'), 0, primaries, 0, transfer, 0, 9, 0]);
  const avif = (...colours: number[][]) =>
    Buffer.from([
      ...box('ftyp', [...Buffer.from('avif'), 0, 0, 0, 0]),
      ...box(
        'meta',
        [0, 0, 0, 0],
        box('pitm', [0, 0, 0, 0, 0, 2]),
        box(
          'iprp',
          box('ipco', nclx(1, 13), ...colours),
          // item 1 has the first, item 2 the others
          box(
            'ipma',
            [0, 0, 0, 0, 0, 0, 0, 2],
            [0, 1, 1, 1],
            [0, 2, colours.length, ...colours.map((_, at) => 0x82 + at)],
          ),
        ),
      ),
    ]);
  const whole = avif(nclx(9, 16));
  expect(avifCodePoints(whole)).toEqual({ primaries: 9, transfer: 16 });
  for (let end = 0; end < whole.length; end += 1) expect(avifCodePoints(whole.subarray(0, end))).toBeNull();
  // A profile comes before.
  expect(avifCodePoints(avif(nclx(9, 16), box('colr', [...Buffer.from('prof'), 1, 2])))).toBeNull();
  expect(avifCodePoints(avif())).toBeNull();
});

test('code points of a PNG stand before its picture', () => {
  const chunk = (kind: string, data: readonly number[]) => [
    ...[0, 0, 0, data.length],
    ...Buffer.from(kind),
    ...data,
    ...[0, 0, 0, 0],
  ];
  const png = (...chunks: number[][]) => Buffer.from([...Array<number>(8).fill(0), ...chunks.flat()]);
  const points = chunk('cICP', [9, 18, 0, 1]);
  expect(pngCodePoints(png(chunk('gAMA', [1, 2, 3]), points))).toEqual({ primaries: 9, transfer: 18 });
  expect(pngCodePoints(png(chunk('IDAT', [1]), points))).toBeNull();
  // Light as it is, 1.0; a profile and sRGB's own chunk come before, and 1 / 2.2 is what sRGB nearly is.
  const light = chunk('gAMA', [0, 1, 0x86, 0xa0]);
  expect(pngCodePoints(png(light))).toEqual({ primaries: 1, transfer: 2, gamma: 1 });
  expect(pngCodePoints(png(chunk('cICP', [1, 8, 0, 1])))).toEqual({ primaries: 1, transfer: 8, gamma: 1 });
  expect(pngCodePoints(png(light, points))).toEqual({ primaries: 9, transfer: 18 });
  for (const kind of ['iCCP', 'sRGB']) expect(pngCodePoints(png(light, chunk(kind, [0])))).toBeNull();
  expect(pngCodePoints(png(chunk('gAMA', [0, 0, 0xb1, 0x8f])))).toBeNull();
});

test('light that a PNG holds as it is comes out as sRGB', () => {
  const points = { primaries: 1, transfer: 2, gamma: 1 };
  expect(needsConversion(points)).toBe(true);
  const into = new Uint8Array(3);
  srgbConverter(points, 3, 255).convert(Uint8Array.of(147, 48, 26), into);
  // 200, 120, 90 within what 8 bits of light tell apart
  for (const [at, wanted] of [200, 120, 90].entries())
    expect(Math.abs((into[at] ?? 0) - wanted)).toBeLessThanOrEqual(1);
});
