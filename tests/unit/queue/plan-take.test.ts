import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadGenerateSettings } from '../../../src/config/generate.ts';
import { planShots, planTake, relativeCost } from '../../../src/queue/contract/plan-take.ts';
import { promptsFor, shotPrompts, shotsOf, windowsOf } from '../../../src/queue/contract/take.ts';

const settings = loadGenerateSettings('generate.yaml', 'official');
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const cutsOf = (shots: readonly number[]): number[] =>
  shots.slice(0, -1).map((_, index) => sum(shots.slice(0, index + 1)));
const bounds = { minimum: 50, maximum: 300 };
const narrow = { minimum: 20, maximum: 100 };

const speech = -12;
const pause = -60;
/** Words and pauses in turn, in frames. */
const sound = (...lengths: number[]): number[] =>
  lengths.flatMap((length, index) => Array.from({ length }, () => (index % 2 === 0 ? speech : pause)));

test('shots cover the sound and keep their bounds, whatever it sounds like', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 400 }),
      fc.array(fc.integer({ min: -90, max: 0 }), { maxLength: 400 }),
      fc.integer({ min: 1, max: 12 }),
      (frames, loudness, atLeast) => {
        const shots = planShots(frames, loudness, narrow, atLeast);
        expect(sum(shots)).toBe(frames);
        if (frames < narrow.minimum) expect(shots).toEqual([frames]);
        else {
          expect(Math.min(...shots)).toBeGreaterThanOrEqual(narrow.minimum);
          expect(Math.max(...shots)).toBeLessThanOrEqual(narrow.maximum);
        }
        const most = Math.max(1, Math.floor(frames / narrow.minimum));
        expect(shots.length).toBeGreaterThanOrEqual(Math.min(atLeast, most));
      },
    ),
    { numRuns: 60 },
  );
});

test('every cut lies in a pause wherever pauses are in reach', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 20, max: 120 }), fc.integer({ min: 8, max: 30 })), {
        minLength: 3,
        maxLength: 14,
      }),
      (words) => {
        const loudness = sound(...words.flat());
        const shots = planShots(loudness.length, loudness, bounds);
        for (const cut of cutsOf(shots)) expect(loudness[cut]).toBe(pause);
      },
    ),
    { numRuns: 100 },
  );
});

test('of pauses in reach, loud rooms included, the quietest are taken, and no more than are needed', () => {
  // A hum at -40 dB in the short pauses, silence in one long one.
  const loudness = [
    ...sound(150),
    ...Array.from({ length: 12 }, () => -40),
    ...sound(80, 20, 90),
    ...Array.from({ length: 12 }, () => -40),
    ...sound(130),
  ];
  const shots = planShots(loudness.length, loudness, bounds);
  expect(shots).toHaveLength(2);
  expect(loudness[shots[0] ?? 0]).toBe(pause);
});

test('without any sound, shots are about as long as each other', () => {
  const shots = planShots(1001, [], bounds);
  expect(shots).toHaveLength(4);
  expect(Math.max(...shots) - Math.min(...shots)).toBeLessThan(10);
});

test('speech without a pause is cut where it is least loud, and never into pieces that are too long', () => {
  const loudness = Array.from({ length: 400 }, (_, frame) => (frame > 195 && frame < 205 ? -20 : speech));
  const [first = 0, ...rest] = planShots(400, loudness, bounds);
  expect(first).toBeGreaterThan(195);
  expect(first).toBeLessThan(206);
  expect(rest).toHaveLength(1);
});

test('shots begin early by the pre-roll and are made in lengths that the VAE packs', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 0, max: 5 }).map((k) => 4 * k),
      (shots, preRoll) => {
        let next = 0;
        for (const [index, shot] of shotsOf({ shots, preRoll }).entries()) {
          expect(shot.start).toBe(next);
          expect(shot.lead).toBe(index === 0 ? 0 : Math.min(preRoll, shot.start));
          expect(shot.made % 4).toBe(1);
          expect(shot.made - shot.lead - shot.frames).toBeGreaterThanOrEqual(0);
          expect(shot.made - shot.lead - shot.frames).toBeLessThan(4);
          next += shot.frames;
        }
        expect(next).toBe(sum(shots));
      },
    ),
  );
});

const plan = (seconds: number, changes: { take?: 'auto' | 'one' | 'shots'; prompt?: string } = {}) =>
  planTake(
    {
      frames: 4 * Math.round((25 * seconds) / 4) + 1,
      prompt: changes.prompt ?? 'A woman speaks',
      loudness: [],
      framesAtOnce: 129,
    },
    { ...settings, takes: { ...settings.takes, take: changes.take ?? 'auto' } },
  );

test('what fits is made at once, then in windows, then in shots', () => {
  expect(plan(3.9)).toBeNull();
  expect(plan(5.1)).toBeNull();
  expect(plan(10)).toMatchObject({ shots: [253], windows: 3 });
  expect(plan(settings.takes.continuous)?.shots).toHaveLength(1);
  const long = plan(60);
  expect(long?.shots.length).toBeGreaterThanOrEqual(60 / settings.takes.shot.maximum);
  expect(long?.windows).toBeGreaterThanOrEqual(long?.shots.length ?? Infinity);
  expect(plan(60, { take: 'one' })?.shots).toEqual([1501]);
  expect(plan(10, { take: 'shots' })?.shots).toHaveLength(1);
});

test('a prompt in numbered parts is as many shots, also where one take would do', () => {
  const take = plan(5, { prompt: '1: She smiles\n2: Close-up' });
  expect(take?.shots).toHaveLength(2);
  expect(plan(2, { prompt: '1: She smiles\n2: Close-up' })?.shots).toHaveLength(1);
});

test('what it costs follows from what the model looks at', () => {
  expect(relativeCost(97, 97)).toBe(1);
  expect(plan(20)?.units).toBe(plan(20)?.windows);
  // Overlaps cost a fifth more than the seconds alone.
  expect((plan(20)?.units ?? 0) / (20 / 3.88)).toBeLessThan(1.35);
});

test('windows are counted as the engine counts them', () => {
  // The same lengths stand in engine/tests/test_pipeline.py.
  const { takes } = settings;
  expect([97, 133, 249, 501, 3001].map((frames) => windowsOf(frames, takes))).toEqual([1, 2, 3, 6, 36]);
});

test.each([
  ['A woman speaks', ['A woman speaks']],
  ['1: She smiles\n2: She turns away', ['She smiles', 'She turns away']],
  ['A red room. 1: She smiles 2: She turns', ['A red room. She smiles', 'A red room. She turns']],
  ['Meet at 10: 30 in the hall', ['Meet at 10: 30 in the hall']],
  ['1: only one', ['1: only one']],
  ['2: second 1: first', ['2: second 1: first']],
  ['1: at 12: 30 2: later', ['at 12: 30', 'later']],
  ['1： 彼女が笑う 2： 彼は去る', ['彼女が笑う', '彼は去る']],
])('the parts of %j', (prompt, parts) => {
  expect(shotPrompts(prompt)).toEqual(parts);
});

test('more shots than parts: each part holds for neighbours, in order', () => {
  expect(promptsFor('1: a\n2: b', 4)).toEqual(['a', 'a', 'b', 'b']);
  expect(promptsFor('1: a\n2: b\n3: c', 2)).toEqual(['a', 'b']);
  expect(promptsFor('x', 3)).toEqual(['x', 'x', 'x']);
});
