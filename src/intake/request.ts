import { randomInt } from 'node:crypto';
import { passesOfStep } from '../config/shortcuts.ts';
import type { GenerateSettings, ResolvedPreset, Shape } from '../config/generate.ts';
import { contractVersion } from '../queue/contract/generation.ts';
import type { GenerationRequest, Mode } from '../queue/contract/generation.ts';
import { planTake, relativeCost } from '../queue/contract/plan-take.ts';
import { chosenSeeds } from './bounds.ts';
import { vocalsFor } from './clean.ts';
import type { Clean } from './clean.ts';
import type { GivenFiles, TakenFiles } from './intake.ts';

/** What a person chose, before it is combined with the settings. */
export interface Choices {
  readonly prompt: string;
  readonly mode: Mode;
  readonly preset: string;
  readonly shape: Shape;
  readonly seed: number;
  /** default: `auto` */
  readonly clean?: Clean | undefined;
  /** instead of the deployment's own */
  readonly negativePrompt?: string | undefined;
  /** guidance that differs from the model's own, within `scaleBounds` */
  readonly scales?: { readonly audio?: number | undefined; readonly text?: number | undefined } | undefined;
}

/** Short enough to read out and type in again. */
export function newSeed(): number {
  return randomInt(chosenSeeds);
}

/** What somebody wrote, for the filters. Words of an earlier request are said again: a filter may be newer than they are. */
export function writtenTexts({
  choices: { prompt, negativePrompt },
  files: { audio },
}: {
  readonly choices: Pick<Choices, 'prompt' | 'negativePrompt'>;
  readonly files: Pick<GivenFiles, 'audio'>;
}): readonly string[] {
  let words: string | undefined;
  if (audio !== null && 'words' in audio) words = audio.words;
  else if (audio !== null && 'kept' in audio) words = audio.kept.speech?.text;
  return [prompt, negativePrompt, words].filter((text) => text !== undefined);
}

/** Combines choices, files and settings into the request that the engine and the encoder work from. */
export function buildRequest(
  choices: Choices,
  files: TakenFiles,
  settings: GenerateSettings,
  limitBytes: number,
): GenerationRequest {
  const preset = settings.preset(choices.preset, choices.shape);
  const { prompt } = choices;
  const { frames, loudness } = files;
  const { image } = preset.scales;
  const { audio = preset.scales.audio, text = preset.scales.text } = choices.scales ?? {};
  return {
    version: contractVersion,
    mode: choices.mode,
    prompt: choices.prompt,
    negativePrompt: choices.negativePrompt ?? settings.negativePrompt,
    images: files.images,
    audio: files.audio,
    soundtrack: files.soundtrack,
    originalAudio: files.originalAudio,
    audioWindow: files.audioWindow,
    speech: files.speech,
    preset: choices.preset,
    shape: choices.shape,
    model: preset.model,
    width: preset.width,
    height: preset.height,
    frames,
    take: planTake({ frames, prompt, loudness, framesAtOnce: preset.framesAtOnce }, settings),
    steps: preset.steps,
    shift: preset.shift,
    scales: image === undefined ? { audio, text } : { audio, text, image },
    seed: choices.seed,
    ...(preset.shortcuts === undefined ? {} : { shortcuts: preset.shortcuts }),
    vocals: vocalsFor(choices.clean ?? 'auto', files),
    limitBytes,
  };
}

/** What the estimate of the cost needs to know. */
export function workOf(
  request: GenerationRequest,
  preset: ResolvedPreset,
  { frames: { default: usualFrames } }: Pick<GenerateSettings, 'frames'>,
) {
  return {
    model: request.model,
    width: request.width,
    height: request.height,
    frames: request.frames,
    take: request.take,
    units: request.take?.units ?? relativeCost(request.frames, usualFrames),
    usualFrames,
    steps: request.steps,
    shortcuts: request.shortcuts,
    passes: passesOfStep(request.model, request.mode, preset.passes, request.shortcuts),
    firstGuessSecondsPerPass: preset.secondsPerPass,
  };
}
