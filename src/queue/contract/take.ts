import { z } from 'zod';

/** How a video is made that is longer than the model sees at once: what the record keeps of it, and what follows from that. */

const frames = z.number().int().positive();

export const takeSchema = z.strictObject({
  /** frames of each shot, in order; together they are the video. One is a single continuous take */
  shots: z.array(frames).min(1).max(400),
  /** frames that each shot but the first begins early; they hear the real sound before it, and are dropped */
  preRoll: z.number().int().nonnegative(),
  /** looks of the model in each pass, all shots together: one for a shot that it sees at once, else its windows */
  windows: z.number().int().positive(),
  /** what they cost in one pass, in passes of the usual length */
  units: z.number().positive(),
});
export type Take = z.infer<typeof takeSchema>;

/** One of the clips that the engine is asked for. */
export interface Shot {
  /** frame of the video at which it begins */
  readonly start: number;
  /** frames of it that the video shows */
  readonly frames: number;
  /** frames that are made before them, and dropped */
  readonly lead: number;
  /** frames that the engine makes, 4k + 1: with the lead, and with up to three after the end */
  readonly made: number;
}

/** The clips of a take, in order. */
export function shotsOf({ shots, preRoll }: Pick<Take, 'shots' | 'preRoll'>): Shot[] {
  let start = 0;
  return shots.map((count) => {
    const lead = Math.min(preRoll, start);
    const shot = { start, frames: count, lead, made: wholeFrames(count + lead) };
    start += count;
    return shot;
  });
}

/** As few frames of the form 4k + 1, which the VAE needs, as hold `count`. */
export function wholeFrames(count: number): number {
  return Math.ceil((count - 1) / 4) * 4 + 1;
}

/** How many windows the engine makes of `made` frames that it does not see at once. Its own plan: `engine/humo_engine/windows.py`. */
export function windowsOf(made: number, { window, overlap }: { window: number; overlap: number }): number {
  const latent = (count: number): number => (count - 1) / 4 + 1;
  if (made <= window) return 1;
  const shared = overlap / 4;
  return Math.ceil((latent(made) - shared) / (latent(window) - shared));
}

/**
 * What each shot shows, from a prompt with numbered parts: `1: …`, `2: …` and so on, each on a line of its own or one after the other.
 * What stands before the first part holds for all of them. A prompt without at least two such parts is one.
 */
export function shotPrompts(prompt: string): string[] {
  const marks = [...prompt.matchAll(/(?:^|\s)(\d{1,3})\s*[:：]\s/gu)];
  const parts: { from: number; to: number }[] = [];
  for (const mark of marks) {
    // Only the next number in turn: "at 10: 30" is no shot.
    if (Number(mark[1]) !== parts.length + 1) continue;
    parts.push({ from: mark.index, to: mark.index + mark[0].length });
  }
  if (parts.length < 2) return [prompt];
  const common = prompt.slice(0, parts[0]?.from ?? 0).trim();
  const texts = parts.map(({ to }, index) => prompt.slice(to, parts[index + 1]?.from).trim());
  if (texts.includes('')) return [prompt];
  return texts.map((text) => (common === '' ? text : `${common} ${text}`));
}

/** The prompt of each of `count` shots. Where there are fewer parts than shots, each part holds for neighbouring ones. */
export function promptsFor(prompt: string, count: number): string[] {
  const parts = shotPrompts(prompt);
  return Array.from({ length: count }, (_, index) => {
    const part = count < parts.length ? index : Math.floor((index * parts.length) / count);
    return parts[part] ?? prompt;
  });
}
