import type { Advice } from '../intake/intake.ts';
import type { Generation, QueuePosition } from '../queue/contract.ts';
import { failureText, isTextKey } from '../text/texts.ts';
import type { Texts } from '../text/texts.ts';
import type { GenerationView } from './schemas.ts';

/** A record as the API shows it. Artifact keys, tokens of Discord and the worker's name stay inside. */
export function viewOf(
  generation: Generation,
  position: QueuePosition | null,
  texts: Texts,
  fps: number,
): GenerationView {
  const { id, status, request, progress, result, failure } = generation;
  const self = `/v1/generations/${id}`;
  return {
    id,
    status,
    userId: generation.userId,
    createdAt: iso(generation.createdAt),
    startedAt: generation.startedAt === null ? null : iso(generation.startedAt),
    finishedAt: generation.finishedAt === null ? null : iso(generation.finishedAt),
    request: {
      prompt: request.prompt,
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
    },
    gpuSeconds: generation.costSeconds,
    position:
      position === null || status !== 'queued'
        ? null
        : {
            position: position.position,
            waiting: position.waiting,
            expectedStartAt: iso(position.expectedStartAt),
            expectedEndAt: iso(position.expectedEndAt),
            workers: position.workers,
          },
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
        : { code: failure.identifier, message: failureText(texts, failure, id.slice(-8)) },
    links: {
      self,
      events: `${self}/events`,
      video: result === null ? null : `${self}/video`,
      preview: progress?.preview == null ? null : `${self}/preview`,
    },
  };
}

/** Advice whose text this version does not have is left out. */
export function adviceView(advice: readonly Advice[], texts: Texts): { code: string; message: string }[] {
  return advice.flatMap(({ identifier, context }) => {
    const key = `advice.${identifier}`;
    return isTextKey(key) ? [{ code: identifier, message: texts.say(key, context) }] : [];
  });
}

function iso(milliseconds: number): string {
  return new Date(Math.round(milliseconds)).toISOString();
}
