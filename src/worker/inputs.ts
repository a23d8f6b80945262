import { join } from 'node:path';
import type { GenerationRequest } from '../queue/contract/generation.ts';
import type { Take } from '../queue/contract/take.ts';
import type { ArtifactStore } from '../storage/store.ts';
import type { EngineRequest } from './engine-protocol.ts';

/** What a video is made from: files in the scratch folder. */
export interface Inputs {
  /** of the video; fewer or more than were expected where words were said only now */
  readonly frames: number;
  readonly take: Take | null;
  readonly images: readonly string[];
  readonly audio: string | null;
  readonly soundtrack: string | null;
}

/** Fetches the inputs of a request from the store into a folder. @throws as the store */
export async function fetchInputs(
  store: ArtifactStore,
  request: GenerationRequest,
  folder: string,
): Promise<Inputs> {
  const images = request.images.map((_key, index) => join(folder, `image-${index + 1}.png`));
  const audio = request.audio === null ? null : join(folder, 'speech.wav');
  // The name says nothing: whoever reads it judges by content.
  const soundtrack = request.soundtrack === null ? null : join(folder, 'soundtrack');
  const wanted: [string | null, string | null | undefined][] = [
    ...request.images.map((key, index): [string, string | undefined] => [key, images[index]]),
    [request.audio, audio],
    [request.soundtrack, soundtrack],
  ];
  await Promise.all(
    wanted.map(async ([key, path]) => {
      if (key !== null && path !== null && path !== undefined) await store.fetchTo(key, path);
    }),
  );
  return { images, audio, soundtrack, frames: request.frames, take: request.take };
}

/** The engine is asked for this. A worker that cannot isolate voices makes the video with the sound as it is, which is what most sounds need anyway. */
export function engineRequest(
  request: GenerationRequest,
  inputs: Inputs,
  canIsolate: boolean,
): EngineRequest {
  const { prompt, negativePrompt, mode, model, width, height, steps, shift, scales, seed } = request;
  const { frames } = inputs;
  return {
    prompt,
    negativePrompt,
    mode,
    images: inputs.images,
    ...(inputs.audio === null ? {} : { audio: inputs.audio }),
    model,
    width,
    height,
    frames,
    steps,
    shift,
    scales,
    seed,
    preview: true,
    vocals: canIsolate && request.vocals,
    ...request.shortcuts,
  };
}
