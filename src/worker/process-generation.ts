import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ownCommand } from '../config/runtime-environment.ts';
import type { Spared } from '../config/shortcuts.ts';
import { errorFields } from '../error-fields.ts';
import { Failure } from '../failure.ts';
import { DiskFull, namingFullDisk } from '../full-disk.ts';
import { openScratch } from '../media/scratch.ts';
import { contractVersion, labelOf } from '../queue/contract/generation.ts';
import type { Generation, GenerationRequest, GenerationResult } from '../queue/contract/generation.ts';
import type { Take } from '../queue/contract/take.ts';
import { WorkerUnable } from '../queue/jobs/worker-unable.ts';
import { resultKey, shotsOf, videoKey } from '../storage/keys.ts';
import { afterHealthCheck } from '../storage/store.ts';
import type { ArtifactStore } from '../storage/store.ts';
import { createClock } from './stage-timer.ts';
import type { EncodedVideo, EncodeInput, EncoderFrames } from './encode-generation.ts';
import type { EngineRequest } from './engine-protocol.ts';
import type { Engine } from './engine.ts';
import { engineRequest, fetchInputs } from './inputs.ts';
import { makeTake } from './make-take.ts';
import { asWorkerUnable, encodeWithRetry, storeWithRetry } from './retries.ts';
import { sayLater } from './synthesize-speech.ts';
import { parentOf, signedVideo } from './sign-generation.ts';
import type { SigningParts } from './sign-generation.ts';
import type { Speech } from './speech-process.ts';
import { recallResult } from './stored-result.ts';
import { createPreviewUploader, createTeller } from './progress.ts';
import type { Teller, WorkContext } from './progress.ts';

export interface WorkParts extends SigningParts {
  readonly store: ArtifactStore;
  readonly speech: Pick<Speech, 'speak'>;
  readonly engine: Pick<Engine, 'generate' | 'start'>;
  readonly encode: (input: EncodeInput) => Promise<EncodedVideo>;
  /** what a generation's watermark says; remembered, so that it is known again */
  readonly markOf: (generationId: string) => Promise<bigint>;
  readonly scratchRoot: string;
  /** frames of a second of video */
  readonly fps: number;
  /** hears how long each part took, in seconds */
  readonly onStage?: (model: string, stage: string, seconds: number) => void;
}

/** In the scratch folder: what the engine makes. */
const engineFolder = 'engine';

/**
 * Makes one video: inputs to scratch, engine, one encode, store. The inputs stay in the store, for "again".
 *
 * @throws Failure with a code for the record; `cancelled` when `signal` aborted
 * @throws WorkerUnable when the store, the disk or the engine's start is the trouble, and not the request
 */
export async function processGeneration(
  generation: Generation,
  context: WorkContext,
  parts: WorkParts,
): Promise<GenerationResult> {
  try {
    return await namingFullDisk(parts.scratchRoot, () => make(generation, context, parts));
  } catch (error) {
    if (error instanceof DiskFull) throw new WorkerUnable(error.message, { cause: error });
    throw error;
  }
}

async function make(
  generation: Generation,
  context: WorkContext,
  parts: WorkParts,
): Promise<GenerationResult> {
  const { store, log } = parts;
  const { id, request } = generation;
  const { signal } = context;

  const earlier = await recallResult(store, id);
  if (earlier !== null) {
    log.info({ generationId: id }, 'an earlier attempt had stored the video already');
    return earlier;
  }
  const clock = createClock((stage, seconds) => parts.onStage?.(request.model, stage, seconds));
  const tell = createTeller(context);
  tell({ stage: 'prepare', step: 0, steps: 1, etaSeconds: null });

  await using scratch = await asWorkerUnable(() => openScratch(parts.scratchRoot, id));
  const inputs = await asWorkerUnable(() =>
    fetchInputs(store, request, scratch.path).catch(afterHealthCheck(store)),
  ).then(async (fetched) => {
    if (request.speech === null || fetched.audio !== null) return fetched;
    const { speech } = request;
    const limits = { scratch: scratch.path, signal };
    return { ...fetched, ...(await asWorkerUnable(() => sayLater(generation, speech, parts, limits))) };
  });
  clock.lap('fetch');
  signal.throwIfAborted();

  // A cold start is not GPU time: it would spoil the estimate of the next clips.
  const { weights, features = [] } = await asWorkerUnable(() => parts.engine.start(), { failures: true });
  signal.throwIfAborted();
  clock.lap('engineStart');
  log.info({ generationId: id, seconds: clock.laps }, 'the engine begins');
  await using previews = createPreviewUploader(store, id, tell, log);
  const making = { scratch: scratch.path, weights, signal, tell, previews };
  const canIsolate = features.includes('vocals');
  const wanted = engineRequest(request, inputs, canIsolate);
  const made = await (
    inputs.take === null
      ? makeAtOnce(generation, wanted, making, parts)
      : makeLong(generation, inputs.take, wanted, making, parts)
  ).catch((error: unknown) => {
    throw missingLora(error, request) ?? error;
  });
  const lap = clock.lap('engine');
  const engineSeconds = made.engineSeconds ?? lap;
  signal.throwIfAborted();

  log.info({ generationId: id, engine: made.seconds, peakGiB: made.peakGiB }, 'the engine is done');
  const tellPacked = (percent: number) =>
    tell({ stage: 'compress', step: percent, steps: 100, etaSeconds: null });
  tellPacked(0);
  const parent = await parentOf(generation, scratch.path, parts);
  // Where a file may hardly hold anything, the picture counts for more.
  const reserved = Math.min((await parts.signer?.bytesFor(parent)) ?? 0, Math.floor(request.limitBytes / 4));
  const input = {
    frames: made.frames,
    soundtrack: inputs.soundtrack,
    output: join(scratch.path, 'video.mp4'),
    limitBytes: request.limitBytes - reserved,
    mark: await storeWithRetry(
      () => parts.markOf(id),
      signal,
      (error) =>
        log.warn(
          { generationId: id, error: errorFields(error) },
          'the watermark could not be registered; it is tried again',
        ),
    ),
    label: labelOf(request),
    scratch: scratch.path,
    signal,
    onProgress: (share: number) => tellPacked(Math.floor(share * 100)),
  };
  const encoded = await encodeWithRetry(
    () => parts.encode(input),
    signal,
    (error) => log.error({ generationId: id, error: errorFields(error) }, 'the frames could not be encoded'),
  );
  const video = await signedVideo(generation, encoded, parent, { ...parts, weights, signal });
  const encodeSeconds = clock.lap('compress');
  signal.throwIfAborted();

  const result: GenerationResult = {
    version: contractVersion,
    video: videoKey(id),
    bytes: video.bytes,
    width: video.width,
    height: video.height,
    seconds: video.seconds,
    downscaled: video.downscaled,
    weights,
    seed: made.seed,
    engineSeconds,
    encodeSeconds,
    peakGiB: made.peakGiB,
    ...(made.spared === undefined ? {} : { spared: made.spared }),
    ...voiceOf(request, made, canIsolate),
    marking: { label: input.label !== null, watermark: true, signature: video.isSigned },
    warnings: [],
  };
  const told = (error: unknown): void => {
    log.warn(
      { generationId: id, error: errorFields(error) },
      'the video could not be stored; it is tried again',
    );
  };
  // The frames take much more room than their video, which may have to go where they lie.
  await rm(join(scratch.path, engineFolder), { recursive: true, force: true });
  await storeWithRetry(() => store.put(resultKey(id), Buffer.from(JSON.stringify(result))), signal, told);
  await storeWithRetry(() => store.put(result.video, { path: video.path }), signal, told);
  clock.lap('store');
  log.info(
    { generationId: id, bytes: video.bytes, engine: made.seconds, seconds: clock.laps },
    'video stored',
  );
  // What is left of them goes with the next sweep.
  if (inputs.take !== null) await store.deletePrefix(shotsOf(id)).catch(() => undefined);
  return result;
}

/** The failure for a preset's LoRA that is not there, which another command fetches than the model; null for any other error. */
function missingLora(error: unknown, { shortcuts }: GenerationRequest): Failure | null {
  const [lora] = shortcuts?.loras ?? [];
  if (lora === undefined || !(error instanceof Failure) || error.code !== 'weights_missing') return null;
  const command = ownCommand('engine', `weights download --lora ${basename(lora.file).slice(-60)}`);
  return new Failure('weights_missing', 'lora_missing', { command }, { cause: error });
}

interface Making {
  readonly scratch: string;
  readonly weights: 'official' | 'mini' | 'random';
  readonly signal: AbortSignal;
  readonly tell: Teller;
  readonly previews: { add(path: string): void };
}

/** Frames that wait for the encoder. */
interface Made {
  readonly frames: EncoderFrames;
  readonly seed: number;
  /** of each stage; empty where there were several shots */
  readonly seconds: Readonly<Record<string, number>>;
  /** where it is not the time that has passed */
  readonly engineSeconds: number | null;
  readonly peakGiB: number | null;
  readonly spared: Spared | undefined;
  readonly isVoiceAlone: boolean;
}

/** What became of a wish to hear the voice alone; nothing where nobody wished it or, left to the engine, it heard no music. */
function voiceOf(
  { vocals }: GenerationRequest,
  { isVoiceAlone }: Made,
  canIsolate: boolean,
): Pick<GenerationResult, 'voice'> {
  if (isVoiceAlone) return { voice: 'alone' };
  return vocals === true && !canIsolate ? { voice: 'not_isolated' } : {};
}

/** What the model sees at once is one file of frames. */
async function makeAtOnce(
  { id, request: { model } }: Generation,
  request: EngineRequest,
  { scratch, signal, tell, previews }: Making,
  parts: WorkParts,
): Promise<Made> {
  const done = await parts.engine.generate(id, request, {
    signal,
    outputDirectory: join(scratch, engineFolder),
    onProgress: ({ stage, step, steps, etaSeconds }) =>
      tell({ stage, step, steps, etaSeconds: etaSeconds ?? null }),
    onPreview: ({ path }) => previews.add(path),
  });
  for (const [stage, seconds] of Object.entries(done.seconds)) parts.onStage?.(model, stage, seconds);
  const { path, pixelFormat: form, ...shape } = done.frames;
  if (path === undefined) throw new Failure('engine_crashed', 'engine_crashed', { reason: 'protocol' });
  return {
    frames: { ...shape, path, form },
    seed: done.seed,
    seconds: done.seconds,
    engineSeconds: null,
    peakGiB: done.peakGiB ?? null,
    spared: done.spared,
    isVoiceAlone: done.isVoiceAlone ?? false,
  };
}

async function makeLong(
  generation: Generation,
  take: Take,
  request: EngineRequest,
  { scratch, weights, signal, tell, previews }: Making,
  { store, engine, log, fps, onStage }: WorkParts,
): Promise<Made> {
  const { width, height, frames: count } = request;
  const made = await makeTake(generation, take, request, {
    ...{ store, engine, log, weights, fps, signal, tell },
    folder: scratch,
    onPreview: (path) => previews.add(path),
    onStage: (stage, seconds) => onStage?.(generation.request.model, stage, seconds),
  });
  const { segments: path, seed, engineSeconds, peakGiB, spared, isVoiceAlone } = made;
  return {
    frames: { path, form: 'segments', width, height, fps, count },
    seed,
    seconds: {},
    engineSeconds,
    peakGiB,
    spared,
    isVoiceAlone,
  };
}
