import { presetsOf } from '../config/generate.ts';
import type { GenerateSettings } from '../config/generate.ts';
import type { Advice } from '../intake/intake.ts';
import type { Generation, GenerationRequest, QueuePosition } from '../queue/contract/generation.ts';
import type { Admission } from '../queue/moderation/moderation.ts';
import { failureText, isTextKey } from '../text/texts.ts';
import type { Texts } from '../text/texts.ts';
import { withoutMarkup } from './plain-text.ts';
import type { GenerationView } from './schemas.ts';

/** What the people who run this have to say while a generation waits or runs. */
export type Notices = Pick<Admission, 'pause' | 'globalPause' | 'maintenance'>;

/**
 * A record as the API shows it. Artifact keys, tokens of Discord and the worker's name stay inside.
 *
 * @param position null unless it waits
 * @param notices null when it has ended
 */
export function viewOf(
  generation: Generation,
  position: QueuePosition | null,
  notices: Notices | null,
  texts: Texts,
  settings: GenerateSettings,
): GenerationView {
  const { id, status, request, progress, result, failure } = generation;
  const self = `/v1/generations/${id}`;
  return {
    id,
    status,
    userId: generation.userId,
    parentId: generation.parentId,
    createdAt: iso(generation.createdAt),
    startedAt: generation.startedAt === null ? null : iso(generation.startedAt),
    finishedAt: generation.finishedAt === null ? null : iso(generation.finishedAt),
    deletedAt: generation.deletedAt === null ? null : iso(generation.deletedAt),
    request: requestView(request, settings),
    gpuSeconds: generation.costSeconds,
    position: position === null || status !== 'queued' ? null : positionView(position, notices),
    progress: progress === null ? null : { ...progress, preview: progress.preview !== null },
    result:
      result === null
        ? null
        : {
            bytes: result.bytes,
            width: result.width,
            height: result.height,
            seconds: result.seconds,
            downscaled: result.downscaled,
            weights: result.weights,
            seed: result.seed,
            engineSeconds: result.engineSeconds,
          },
    failure:
      failure === null
        ? null
        : {
            code: failure.identifier,
            message: withoutMarkup(failureText(texts, failure, id.slice(-8)), texts),
          },
    maintenance: notices?.maintenance ?? null,
    links: {
      self,
      events: `${self}/events`,
      video: result === null || generation.deletedAt !== null ? null : `${self}/video`,
      preview: progress?.preview == null ? null : `${self}/preview`,
      thumbnail: result === null || generation.deletedAt !== null ? null : `${self}/thumbnail`,
    },
  };
}

/** What was asked for. Records from before prompts were checked may hold halves of characters, which not every reader can decode. */
export function requestView(
  request: GenerationRequest,
  { fps, negativePrompt }: Pick<GenerateSettings, 'fps' | 'negativePrompt'>,
): GenerationView['request'] {
  const { speech, take } = request;
  return {
    prompt: request.prompt.toWellFormed(),
    negativePrompt: request.negativePrompt === negativePrompt ? null : request.negativePrompt.toWellFormed(),
    mode: request.mode,
    preset: request.preset,
    shape: request.shape,
    model: request.model,
    images: request.images.length,
    width: request.width,
    height: request.height,
    frames: request.frames,
    seconds: request.frames / fps,
    steps: request.steps,
    seed: request.seed,
    scales: request.scales,
    audio: request.audioWindow,
    take: take === null ? null : { shots: take.shots.map((frames) => frames / fps), windows: take.windows },
    speech:
      speech === null
        ? null
        : {
            text: speech.text.toWellFormed(),
            voice: speech.spoken?.voice ?? speech.voice,
            language: speech.spoken?.language ?? speech.language,
          },
  };
}

/** The wait, while it waits or would. */
export function positionView(
  position: QueuePosition,
  notices: Notices | null,
): NonNullable<GenerationView['position']> {
  return {
    position: position.position,
    waiting: position.waiting,
    expectedStartAt: iso(position.expectedStartAt),
    expectedEndAt: iso(position.expectedEndAt),
    workers: position.workers,
    guess: position.guess,
    held: heldView(position, notices),
  };
}

function heldView({ held, heldUntil }: QueuePosition, notices: Notices | null) {
  if (held === null) return null;
  const pause = held === 'guild' ? notices?.pause : notices?.globalPause;
  return { by: held, until: heldUntil === null ? null : iso(heldUntil), reason: pause?.reason ?? null };
}

/** For whoever waits for a machine that is not there: what those make that are. Of one that is being started the position tells. */
export function aboutMachines(
  { wakingUntil, modelsAtWork }: Pick<Admission, 'wakingUntil' | 'modelsAtWork'>,
  settings: GenerateSettings,
): Advice[] {
  if (wakingUntil !== null) return [];
  const others = presetsOf(modelsAtWork, settings).join(', ');
  return [{ identifier: 'no_machine', context: { others: others === '' ? 'none' : others } }];
}

/** Advice whose text this version does not have is left out. */
export function adviceView(advice: readonly Advice[], texts: Texts): { code: string; message: string }[] {
  return advice.flatMap(({ identifier, context }) => {
    const key = `advice.${identifier}`;
    return isTextKey(key)
      ? [{ code: identifier, message: withoutMarkup(texts.say(key, context), texts) }]
      : [];
  });
}

function iso(milliseconds: number): string {
  return new Date(Math.round(milliseconds)).toISOString();
}
