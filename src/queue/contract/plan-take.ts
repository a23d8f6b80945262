import type { GenerateSettings } from '../../config/generate.ts';
import { shotPrompts, shotsOf, wholeFrames, windowsOf } from './take.ts';
import type { Take } from './take.ts';

export interface TakeWish {
  /** of the video */
  readonly frames: number;
  readonly prompt: string;
  /** decibels below full scale of each frame's sound; empty without sound */
  readonly loudness: readonly number[];
  /** what goes through the model at once */
  readonly framesAtOnce: number;
}

/**
 * How a video of that length is made; null: at once, as short ones are. A prompt with numbered parts is as many shots.
 */
export function planTake(
  { frames, prompt, loudness, framesAtOnce }: TakeWish,
  { takes, fps, frames: { default: usual } }: Pick<GenerateSettings, 'takes' | 'fps' | 'frames'>,
): Take | null {
  const parts = shotPrompts(prompt).length;
  const isContinuous =
    parts === 1 &&
    (takes.take === 'one' ||
      frames <= framesAtOnce ||
      (takes.take === 'auto' && frames <= Math.max(wholeFrames(takes.continuous * fps), framesAtOnce)));
  if (isContinuous && frames <= framesAtOnce) return null;
  const bounds = {
    minimum: Math.ceil(takes.shot.minimum * fps),
    maximum: Math.floor(takes.shot.maximum * fps),
  };
  const shots = isContinuous ? [frames] : planShots(frames, loudness, bounds, parts);
  const plan = { shots, preRoll: takes.preRoll };
  const looks = shotsOf(plan).map(({ made }) =>
    made <= framesAtOnce
      ? { windows: 1, units: relativeCost(made, usual) }
      : {
          windows: windowsOf(made, takes),
          units: windowsOf(made, takes) * relativeCost(takes.window, usual),
        },
  );
  const sum = (of: 'windows' | 'units'): number => looks.reduce((total, look) => total + look[of], 0);
  return { ...plan, windows: sum('windows'), units: Math.round(sum('units') * 1000) / 1000 };
}

/** Of a pass, at the usual length: attention, which grows with the square. HuMo 17B at 480 lines; `engine/BENCHMARKS.md`. */
const attentionShare = 0.55;

/** What a pass over `frames` costs, in passes over `usual`. */
export function relativeCost(frames: number, usual: number): number {
  const longer = frames / usual;
  return longer * (1 - attentionShare + attentionShare * longer);
}

/** frames on each side of a cut that should be silent */
const around = 2;
/** A cut in the middle of loud speech costs as much as this many cuts in silence. */
const loudCut = 40;
/** How much a shot may cost for being far from the usual length, in cuts in silence. */
const unevenness = 0.5;

/**
 * Cuts a video into shots, in frames: where its sound pauses, as few as its longest shots allow, and each within the bounds wherever
 * that can be. Of all ways the one with the quietest cuts is taken, so that no word is cut while there is a pause in reach.
 *
 * @param loudness of each frame, in decibels below full scale; where it is missing all frames are as quiet
 * @param atLeast so many shots, if they can be long enough
 */
export function planShots(
  frames: number,
  loudness: readonly number[],
  { minimum, maximum }: { readonly minimum: number; readonly maximum: number },
  atLeast = 1,
): number[] {
  const fewest = Math.ceil(frames / maximum);
  const most = Math.max(1, Math.floor(frames / minimum));
  const count = Math.min(Math.max(atLeast, 1), most);
  if (most === 1) return [frames];
  const price = cutPrices(frames, loudness);
  const exact = count >= fewest && atLeast > 1 ? count : null;
  const layers = exact ?? 1;
  const target = frames / Math.max(count, fewest);
  // best[layer][end]: the cheapest way to cover the first `end` frames with `layer` shots (or with any number, in one layer).
  const best = Array.from({ length: layers + 1 }, () => new Float64Array(frames + 1).fill(Infinity));
  const from = Array.from({ length: layers + 1 }, () => new Int32Array(frames + 1).fill(-1));
  const at = (layer: number): Float64Array => best[layer] ?? new Float64Array(0);
  at(0)[0] = 0;
  if (exact === null) at(1)[0] = 0;
  for (let layer = 1; layer <= layers; layer += 1) {
    const before = exact === null ? at(1) : at(layer - 1);
    const [now, way] = [at(layer), from[layer]];
    for (let end = minimum; end <= frames; end += 1) {
      const cut = end === frames ? 0 : 1 + loudCut * (price[end] ?? 1);
      for (let start = Math.max(0, end - maximum); start <= end - minimum; start += 1) {
        const far = (end - start - target) / maximum;
        const cost = (before[start] ?? Infinity) + cut + unevenness * far * far;
        if (cost < (now[end] ?? Infinity)) {
          now[end] = cost;
          if (way !== undefined) way[end] = start;
        }
      }
    }
  }
  const shots: number[] = [];
  for (let end = frames, layer = layers; end > 0;) {
    const start = from[layer]?.[end] ?? -1;
    // Bounds that nothing fits, such as shots of 10 to 19 frames for 9.
    if (start < 0) return even(frames, Math.max(count, fewest));
    shots.unshift(end - start);
    end = start;
    if (exact !== null) layer -= 1;
  }
  return shots;
}

/** For each frame what a cut before it costs: 0 in silence, 1 amid the loudest speech. */
function cutPrices(frames: number, loudness: readonly number[]): number[] {
  const sorted = loudness.filter((level) => Number.isFinite(level)).toSorted((a, b) => a - b);
  const loud = sorted[Math.floor(sorted.length * 0.9)] ?? 0;
  // Whatever is 30 dB below speech is a pause, also where the room is loud.
  const quiet = Math.max(loud - 30, sorted[Math.floor(sorted.length * 0.02)] ?? -Infinity);
  const range = Math.max(loud - quiet, 6);
  return Array.from({ length: frames }, (_, cut) => {
    const near = loudness.slice(Math.max(0, cut - around), cut + around);
    if (near.length === 0) return 0;
    return Math.min(1, Math.max(0, (Math.max(...near) - quiet) / range));
  });
}

function even(frames: number, count: number): number[] {
  return Array.from(
    { length: count },
    (_, index) => Math.floor(((index + 1) * frames) / count) - Math.floor((index * frames) / count),
  );
}
