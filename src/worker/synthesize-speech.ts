import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GenerateSettings } from '../config/generate.ts';
import { inspectAudio, normaliseAudio } from '../media/audio.ts';
import { frameLoudness } from '../media/loudness.ts';
import type { Generation, GenerationRequest } from '../queue/contract/generation.ts';
import { planTake } from '../queue/contract/plan-take.ts';
import { spokenKey } from '../storage/keys.ts';
import type { ArtifactStore } from '../storage/store.ts';
import type { Speech } from './speech-process.ts';

/** for a minute or two of speech: milliseconds */
const normaliseTimeout = 60_000;

/** What follows from words once they have been said. */
export interface SaidLater extends Pick<GenerationRequest, 'frames' | 'take'> {
  /** WAV for the engine, and FLAC for the video */
  readonly audio: string;
  readonly soundtrack: string;
}

/**
 * Says the words that nobody had said when the request was accepted, and plans the video anew: its length was a guess, which it does
 * not exceed. The sound is kept with the inputs, so that another attempt makes the same shots.
 *
 * @throws Failure `speech_…` when they cannot be said
 */
export async function sayLater(
  { id, locale, request }: Generation,
  { text, voice, language }: NonNullable<GenerationRequest['speech']>,
  parts: {
    readonly store: Pick<ArtifactStore, 'size' | 'fetchTo' | 'put'>;
    readonly speech: Pick<Speech, 'speak'>;
    readonly settings: GenerateSettings;
  },
  limits: { readonly scratch: string; readonly signal: AbortSignal },
): Promise<SaidLater> {
  const { store, speech, settings } = parts;
  const spoken = join(limits.scratch, 'spoken.wav');
  if ((await store.size(spokenKey(id))) === null) {
    await speech.speak(id, { text, voice, language, locale }, spoken);
    await store.put(spokenKey(id), { path: spoken });
  } else await store.fetchTo(spokenKey(id), spoken);
  const files = {
    speech: join(limits.scratch, 'speech.wav'),
    soundtrack: join(limits.scratch, 'soundtrack.flac'),
  };
  const { fps, frames: bounds } = settings;
  const within = { ...limits, timeoutMilliseconds: normaliseTimeout };
  const wanted = { startSeconds: 0, minimumFrames: bounds.minimum, maximumFrames: request.frames, fps };
  const { window } = await normaliseAudio(spoken, await inspectAudio(spoken, within), files, wanted, within);
  const { frames } = window;
  const loudness = frameLoudness(await readFile(files.speech), fps);
  const framesAtOnce = settings.presetNames.includes(request.preset)
    ? settings.preset(request.preset, request.shape).framesAtOnce
    : Math.min(...Object.values(bounds.maximum));
  const take = planTake({ frames, prompt: request.prompt, loudness, framesAtOnce }, settings);
  return { frames, take, audio: files.speech, soundtrack: files.soundtrack };
}
