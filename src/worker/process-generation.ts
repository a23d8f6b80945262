import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { performance } from 'node:perf_hooks';
import type { GenerateSettings } from '../config/generate.ts';
import type { Spared } from '../config/shortcuts.ts';
import { errorFields } from '../error-fields.ts';
import { Failure } from '../failure.ts';
import { DiskFull, isDiskFull, namingFullDisk } from '../full-disk.ts';
import type { Logger } from '../log.ts';
import type { Label } from '../marking/label.ts';
import { MediaProcessError } from '../media/process.ts';
import { contractVersion, generationResultSchema, labelOf } from '../queue/contract/generation.ts';
import type {
  Generation,
  GenerationProgress,
  GenerationRequest,
  GenerationResult,
} from '../queue/contract/generation.ts';
import type { Take } from '../queue/contract/take.ts';
import { WorkerUnable } from '../queue/jobs/worker-unable.ts';
import { previewKey, resultKey, shotsOf, videoKey } from '../storage/keys.ts';
import { ArtifactMissing, afterHealthCheck } from '../storage/store.ts';
import type { ArtifactStore } from '../storage/store.ts';
import type { EncodedVideo as MediaEncodedVideo } from '../media/encode.ts';
import type { Engine } from './engine.ts';
import { makeTake } from './make-take.ts';
import type { EngineDone, EngineRequest } from './protocol.ts';
import { parentFor } from './signer.ts';
import type { Parent, Signer, Signing } from './signer.ts';
import { sayLater } from './say-later.ts';
import type { Speech } from './speech-process.ts';
import { openScratch } from '../media/scratch.ts';
import { ownCommand } from '../config/place.ts';

/** Raw frames in a file, or segments of a long video, by their list. */
export type EncoderFrames = Omit<EngineDone['frames'], 'path' | 'pixelFormat'> & {
  readonly path: string;
  readonly form: 'rgb24' | 'segments';
};

export interface EncodeInput {
  readonly frames: EncoderFrames;
  /** a sound file, exactly as long as the window; null makes a silent video */
  readonly soundtrack: string | null;
  readonly output: string;
  readonly limitBytes: number;
  /** what the video's watermark says */
  readonly mark: bigint;
  /** what stands in a corner of it; null: nothing, by choice of the deployment's owners */
  readonly label: Label | null;
  readonly scratch: string;
  readonly signal: AbortSignal;
  /** hears how much is done, 0…1; a smaller number begins anew, to fit */
  readonly onProgress?: (share: number) => void;
}
/** What the worker keeps of an encode. */
export type EncodedVideo = Omit<MediaEncodedVideo, 'attempts'>;

export interface WorkParts {
  readonly store: ArtifactStore;
  readonly speech: Pick<Speech, 'speak'>;
  /** for words whose length is not known before they are said */
  readonly settings: GenerateSettings;
  readonly engine: Pick<Engine, 'generate' | 'start'>;
  readonly encode: (input: EncodeInput) => Promise<EncodedVideo>;
  /** signs what was made; absent: nothing is signed */
  readonly signer?: Pick<Signer, 'bytesFor' | 'sign'>;
  /** hears what became of each signature */
  readonly onSigning?: (outcome: Signing['outcome'] | 'off') => void;
  /** what a generation's watermark says; remembered, so that it is known again */
  readonly markOf: (generationId: string) => Promise<bigint>;
  readonly scratchRoot: string;
  /** frames of a second of video */
  readonly fps: number;
  readonly log: Logger;
  /** hears how long each part took, in seconds */
  readonly onStage?: (model: string, stage: string, seconds: number) => void;
}

export interface WorkContext {
  readonly signal: AbortSignal;
  readonly report: (progress: GenerationProgress) => void;
}

const encodeAttempts = 2;
/** In the scratch folder: what the engine makes. */
const engineFolder = 'engine';

/** milliseconds between tries to store a video: ten minutes in all */
const storePauses = [1, 2, 5, 10, 20, 30, 30, 60, 60, 60, 60, 60, 60, 60, 60].map(
  (seconds) => seconds * 1000,
);

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

/** The video that this one was made from again, as far as it is still kept. Nothing about it is worth losing this one for. */
async function parentOf(
  { id, parentId }: Generation,
  folder: string,
  { store, signer, log }: WorkParts,
): Promise<Parent> {
  if (signer === undefined) return null;
  return parentFor(parentId, join(folder, 'parent.mp4'), async (path) => {
    try {
      await store.fetchTo(videoKey(parentId ?? ''), path);
      return true;
    } catch (error) {
      if (!(error instanceof ArtifactMissing)) {
        log.warn({ generationId: id, error: errorFields(error) }, 'the parent’s video could not be fetched');
      }
      return false;
    }
  });
}

/** Signed where that can be done; else the video as it is. */
async function signedVideo(
  { id, parentId, request }: Generation,
  encoded: EncodedVideo,
  parent: Parent,
  {
    signer,
    onSigning,
    settings,
    weights,
    signal,
    log,
  }: WorkParts & { readonly weights: GenerationResult['weights']; readonly signal: AbortSignal },
): Promise<EncodedVideo & { readonly isSigned: boolean }> {
  if (signer === undefined) {
    onSigning?.('off');
    return { ...encoded, isSigned: false };
  }
  const target = encoded.path.replace(/\.mp4$/, '-signed.mp4');
  const { model, preset, limitBytes } = request;
  const signing = await signer.sign({
    source: encoded.path,
    target,
    facts: { generation: id, model, preset, weights, ...(parentId === null ? {} : { parent: parentId }) },
    modelTitle: settings.models[model].title,
    watermark: true,
    parent,
    signal,
  });
  const fits = signing.outcome === 'failed' || signing.bytes <= limitBytes;
  if (!fits)
    log.error({ generationId: id, bytes: signing.bytes }, 'a signature was larger than was reserved');
  onSigning?.(fits ? signing.outcome : 'failed');
  if (signing.outcome === 'failed' || !fits) return { ...encoded, isSigned: false };
  return { ...encoded, path: target, bytes: signing.bytes, isSigned: true };
}

/**
 * Encodes, and once more when that fails: the frames are there, and they are what is dear. What ffmpeg fails at twice, it fails at
 * on every machine, so no other GPU makes the same frames again; no time left is this machine's own.
 *
 * @throws Failure `video_not_packed`; what says that the disk is full, as it is
 */
async function encodeWithRetry(
  encode: () => Promise<EncodedVideo>,
  signal: AbortSignal,
  failed: (error: unknown) => void,
): Promise<EncodedVideo> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await encode();
    } catch (error) {
      if (error instanceof Failure || isDiskFull(error) || signal.aborted) throw error;
      failed(error);
      if (attempt < encodeAttempts) continue;
      const isFinal = error instanceof MediaProcessError && !error.timedOut;
      throw new Failure('internal', 'video_not_packed', {}, { cause: error, isFinal });
    }
  }
}

/**
 * Trouble with the machine is none of the request's. A `Failure`, such as inputs that are no longer kept, is about the request,
 * unless `failures` says that nothing in here is.
 *
 * @throws WorkerUnable
 */
async function asWorkerUnable<T>(work: () => Promise<T>, { failures = false } = {}): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if ((error instanceof Failure && !failures) || isDiskFull(error)) throw error;
    throw new WorkerUnable(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/**
 * Stores what took minutes of GPU time to make, again and again while the store is away; for as long as it takes, where its disk is full:
 * whoever else made the video could not put it there either.
 *
 * @throws WorkerUnable when it is away for long; the signal's reason
 */
async function storeWithRetry<T>(
  store: () => Promise<T>,
  signal: AbortSignal,
  failed: (error: unknown) => void,
): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await store();
    } catch (error) {
      signal.throwIfAborted();
      failed(error);
      const pause = storePauses[tries] ?? (isDiskFull(error) ? storePauses.at(-1) : undefined);
      if (pause === undefined) throw new WorkerUnable('the store is away', { cause: error });
      await delay(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

/** The result that an earlier try has stored; null when there is none. @throws WorkerUnable when the store does not answer */
export async function recallResult(store: ArtifactStore, id: string): Promise<GenerationResult | null> {
  return asWorkerUnable(() => storedResult(store, id));
}

async function storedResult(store: ArtifactStore, id: string): Promise<GenerationResult | null> {
  const bytes = await store.size(videoKey(id));
  if (bytes === null) {
    // A volume that is gone looks as if nothing had been stored.
    await store.health();
    return null;
  }
  let value: unknown;
  try {
    value = JSON.parse((await store.get(resultKey(id))).toString('utf8'));
  } catch (error) {
    if (error instanceof ArtifactMissing || error instanceof SyntaxError) return null;
    throw error;
  }
  const parsed = generationResultSchema.safeParse(value);
  // Another size: the video is of yet another attempt.
  return parsed.success && parsed.data.bytes === bytes ? parsed.data : null;
}

interface Inputs {
  /** of the video; fewer or more than were expected where words were said only now */
  readonly frames: number;
  readonly take: Take | null;
  readonly images: readonly string[];
  readonly audio: string | null;
  readonly soundtrack: string | null;
}

async function fetchInputs(
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

/** A worker that cannot isolate voices makes the video with the sound as it is, which is what most sounds need anyway. */
function engineRequest(request: GenerationRequest, inputs: Inputs, canIsolate: boolean): EngineRequest {
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

type Told = Omit<GenerationProgress, 'preview'>;
interface Teller {
  (progress: Told): void;
  showPreview(key: string): void;
}

/** Progress always names the newest preview, and a new preview repeats the newest progress. */
function createTeller(context: WorkContext): Teller {
  let preview: string | null = null;
  let latest: Told = { stage: 'prepare', step: 0, steps: 1, etaSeconds: null };
  const send = () => {
    if (!context.signal.aborted) context.report({ ...latest, preview });
  };
  return Object.assign(
    (progress: Told) => {
      latest = progress;
      send();
    },
    {
      showPreview(key: string) {
        preview = key;
        send();
      },
    },
  );
}

/** Stores the newest preview under one key. One upload at a time; those overtaken meanwhile are skipped. */
function createPreviewUploader(store: ArtifactStore, id: string, tell: Teller, log: Logger) {
  let next: string | null = null;
  let uploading: Promise<void> | null = null;
  const upload = async () => {
    while (next !== null) {
      const path = next;
      next = null;
      try {
        await store.put(previewKey(id), { path });
        tell.showPreview(previewKey(id));
      } catch (error) {
        // A picture on the way is not worth a video.
        log.warn({ generationId: id, error: String(error) }, 'a preview could not be stored');
      }
    }
    uploading = null;
  };
  return {
    add(path: string) {
      next = path;
      uploading ??= upload();
    },
    /** The video replaces it; without one, nobody has any use for it. */
    async [Symbol.asyncDispose]() {
      next = null;
      await uploading;
      await store.delete(previewKey(id)).catch((error: unknown) => {
        log.warn({ generationId: id, error: String(error) }, 'a preview could not be removed');
      });
    },
  };
}

/** Seconds between laps, by name, to the millisecond. */
function createClock(told: (name: string, seconds: number) => void) {
  const laps: Record<string, number> = {};
  let last = performance.now();
  return {
    laps,
    lap(name: string): number {
      const now = performance.now();
      const seconds = Math.round(now - last) / 1000;
      last = now;
      laps[name] = seconds;
      told(name, seconds);
      return seconds;
    },
  };
}
