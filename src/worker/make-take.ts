import { join } from 'node:path';
import { z } from 'zod';
import { errorFields } from '../error-fields.ts';
import { sparedSchema, sumOfSpared } from '../config/shortcuts.ts';
import type { Spared } from '../config/shortcuts.ts';
import { Failure } from '../failure.ts';
import type { Logger } from '../log.ts';
import { FrameSink, writeSegmentList } from '../media/frame-sink.ts';
import type { Generation, GenerationProgress } from '../queue/contract/generation.ts';
import { promptsFor, shotsOf } from '../queue/contract/take.ts';
import type { Shot, Take } from '../queue/contract/take.ts';
import { shotKeys } from '../storage/keys.ts';
import type { ArtifactStore } from '../storage/store.ts';
import type { Engine } from './engine.ts';
import type { EngineDone, EngineRequest } from './engine-protocol.ts';

/** So many seeds lie between those of neighbouring shots: a shot is none of the takes that "again" would make of another. */
const seedStep = 7919;

export interface TakeParts {
  readonly store: ArtifactStore;
  readonly engine: Pick<Engine, 'generate'>;
  readonly log: Logger;
  readonly folder: string;
  readonly weights: 'official' | 'mini' | 'random';
  readonly fps: number;
  readonly signal: AbortSignal;
  readonly tell: (progress: Omit<GenerationProgress, 'preview'>) => void;
  readonly onPreview: (path: string) => void;
  readonly onStage: (stage: string, seconds: number) => void;
}

/** What the shots of a video came to. */
export interface MadeTake {
  /** the list of segments for the encoder */
  readonly segments: string;
  readonly seed: number;
  /** GPU seconds of all shots, also of those that an earlier attempt has made */
  readonly engineSeconds: number;
  readonly peakGiB: number | null;
  /** of all shots */
  readonly spared: Spared | undefined;
  readonly isVoiceAlone: boolean;
}

const aboutSchema = z.strictObject({
  version: z.literal(1),
  bytes: z.number().int().positive(),
  frames: z.number().int().positive(),
  weights: z.enum(['official', 'mini', 'random']),
  seconds: z.number().nonnegative(),
  peakGiB: z.number().nonnegative().nullable(),
  spared: sparedSchema.optional(),
  isVoiceAlone: z.boolean().default(false),
});
type About = z.infer<typeof aboutSchema>;

/**
 * Makes the shots of a video that the model does not see at once, one after the other. Frames are kept without loss as they come. With
 * more than one shot, each finished one goes to the store, so that another attempt goes on where this one ended.
 *
 * @param request of the whole video, as the engine is asked for it
 * @throws Failure as the engine; `video_not_packed` when frames could not be kept
 */
export async function makeTake(
  { id, request: { prompt } }: Generation,
  take: Take,
  request: EngineRequest,
  parts: TakeParts,
): Promise<MadeTake> {
  const { store, folder, log, signal } = parts;
  const shots = shotsOf(take);
  const prompts = promptsFor(prompt, shots.length);
  const names: string[] = [];
  const spared: (Spared | undefined)[] = [];
  let engineSeconds = 0;
  let isVoiceAlone = false;
  let peakGiB: number | null = null;
  for (const [index, shot] of shots.entries()) {
    signal.throwIfAborted();
    const number = index + 1;
    const name = `segment${number}.mkv`;
    const path = join(folder, name);
    const isKept = shots.length > 1;
    let about = isKept ? await keptShot(id, number, shot, path, parts) : null;
    if (about === null) {
      const wanted: EngineRequest = {
        ...request,
        prompt: prompts[index] ?? prompt,
        frames: shot.made,
        audioOffset: shot.start - shot.lead,
        seed: (request.seed + index * seedStep) % Number.MAX_SAFE_INTEGER,
        pieces: true,
      };
      about = await makeShot(`${id}-${number}`, wanted, { shot, number, of: shots.length, path }, parts);
      if (isKept) {
        const keys = shotKeys(id, number);
        try {
          const { bytes } = await store.put(keys.frames, { path });
          about = { ...about, bytes };
          await store.put(keys.about, Buffer.from(JSON.stringify(about)));
        } catch (error) {
          // It is kept for an attempt that may never come: the video is not worth less without.
          log.warn({ generationId: id, shot: number, error: errorFields(error) }, 'a shot could not be kept');
        }
      }
    } else log.info({ generationId: id, shot: number }, 'an earlier attempt had made this shot already');
    names.push(name);
    spared.push(about.spared);
    isVoiceAlone ||= about.isVoiceAlone;
    engineSeconds += about.seconds;
    if (about.peakGiB !== null) peakGiB = Math.max(peakGiB ?? 0, about.peakGiB);
  }
  const segments = join(folder, 'segments.txt');
  await writeSegmentList(segments, names);
  return {
    segments,
    seed: request.seed,
    engineSeconds: Math.round(engineSeconds * 1000) / 1000,
    peakGiB,
    spared: sumOfSpared(spared),
    isVoiceAlone,
  };
}

/** A shot that an earlier attempt has stored, whole and with the same weights; null when there is none. */
async function keptShot(
  id: string,
  number: number,
  { frames }: Shot,
  path: string,
  { store, weights, log }: TakeParts,
): Promise<About | null> {
  const keys = shotKeys(id, number);
  try {
    const bytes = await store.size(keys.frames);
    if (bytes === null) return null;
    const about = aboutSchema.parse(JSON.parse((await store.get(keys.about)).toString('utf8')));
    if (about.bytes !== bytes || about.frames !== frames || about.weights !== weights) return null;
    await store.fetchTo(keys.frames, path);
    return about;
  } catch (error) {
    log.warn({ generationId: id, shot: number, error: errorFields(error) }, 'a kept shot cannot be used');
    return null;
  }
}

async function makeShot(
  engineId: string,
  request: EngineRequest,
  { shot, number, of, path }: { shot: Shot; number: number; of: number; path: string },
  parts: TakeParts,
): Promise<About> {
  const { folder, fps, signal, tell, onPreview, onStage } = parts;
  const { width, height } = request;
  const broken = new AbortController();
  const shape = { width, height, fps, skip: shot.lead, frames: shot.frames };
  await using sink = new FrameSink(path, shape, signal);
  sink.failed.catch((error: unknown) => broken.abort(error));
  const began = performance.now();
  let done: EngineDone;
  try {
    done = await parts.engine.generate(engineId, request, {
      signal: AbortSignal.any([signal, broken.signal]),
      outputDirectory: join(folder, `shot${number}`),
      onProgress: ({ stage, step, steps, etaSeconds }) => {
        const isWhole = stage === 'denoise' && of > 1;
        const left = etaSeconds ?? null;
        // What is to come takes as long as this shot, on average.
        const each = (performance.now() - began) / 1000 + (left ?? 0);
        tell({
          stage,
          step: isWhole ? (number - 1) * steps + step : step,
          steps: isWhole ? of * steps : steps,
          etaSeconds: left === null ? null : left + (of - number) * each,
          ...(of > 1 ? { shot: { number, of } } : {}),
        });
      },
      onPreview: (preview) => onPreview(preview.path),
      onFrames: (piece) => sink.add(piece.path),
    });
    const seconds = Math.round(performance.now() - began) / 1000;
    for (const [stage, spent] of Object.entries(done.seconds)) onStage(stage, spent);
    // An engine that knows nothing of pieces has written them all to one file.
    if (done.frames.path !== undefined) sink.add(done.frames.path);
    await sink.finish();
    return {
      version: 1,
      bytes: 1,
      frames: shot.frames,
      weights: parts.weights,
      seconds,
      peakGiB: done.peakGiB ?? null,
      ...(done.spared === undefined ? {} : { spared: done.spared }),
      isVoiceAlone: done.isVoiceAlone ?? false,
    };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Failure && !broken.signal.aborted) throw error;
    const cause: unknown = broken.signal.aborted ? broken.signal.reason : error;
    throw new Failure('internal', 'video_not_packed', {}, { cause });
  }
}
