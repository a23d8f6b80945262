import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import type {
  Advice,
  GivenFile,
  GivenFiles,
  GivenWords,
  HeardSound,
  Intake,
  KeptSound,
  ReceivedFile,
  TakenFiles,
  TakenSound,
} from './intake.ts';
import { peaksOfSound } from './intake.ts';
import type { SpeechDesk } from '../queue/jobs/speech.ts';
import type { IntakeConfig } from '../config/environment.ts';
import { Failure } from '../failure.ts';
import { isDiskFull, namingFullDisk } from '../full-disk.ts';
import { audioLimits, inspectAudio, measurePeaks, normaliseAudio } from '../media/audio.ts';
import { download } from '../media/download.ts';
import { tellingStore } from '../storage/failure-mapping-store.ts';
import { imageLimits, normaliseImage, tinyImageSide } from '../media/image.ts';
import { fileHash, pictureHashes } from '../media/fingerprint.ts';
import { frameLoudness } from '../media/loudness.ts';
import { framesForWords, framesWithoutSound, requireAllowed, windowBounds } from './lengths.ts';
import { inputsOf } from '../storage/keys.ts';
import { afterHealthCheck } from '../storage/store.ts';
import type { ArtifactStore } from '../storage/store.ts';
import { openScratch } from '../media/scratch.ts';

/** People whose files are on disk at a time: bounds the space, five files of at most 25 MiB each. */
const peopleAtOnce = 24;

/** For one file; a phone's connection is not involved, only Discord's. */
const downloadTimeout = 60_000;

/** A worker speaks a thousand characters in ten seconds; what takes longer than this is said before the video is made. */
const speechTimeout = 20_000;
/** Of one pass over ten minutes of sound. */
const processingTimeout = 60_000;

type IntakeStore = Pick<ArtifactStore, 'put' | 'fetchTo' | 'deletePrefix' | 'health'>;
type Sound = TakenSound & Pick<TakenFiles, 'advice' | 'loudness'> & { readonly sounds: readonly string[] };
interface TakenImage {
  readonly key: string;
  readonly hashes: readonly string[];
  readonly advice: readonly Advice[];
}

/**
 * Downloads, checks, normalises and stores. As many files are decoded at a time as there are processors: two hundred people
 * who come within ten seconds wait for their turn, and nobody's first answer waits for anybody's files.
 */
export class MediaIntake implements Intake {
  readonly #config: Pick<IntakeConfig, 'attachments' | 'generate'>;
  readonly #store: IntakeStore;
  readonly #scratchRoot: string;
  readonly #speech: Pick<SpeechDesk, 'say'>;
  readonly #people = pLimit(peopleAtOnce);
  readonly #processing = pLimit(availableParallelism());

  constructor(options: {
    config: Pick<IntakeConfig, 'attachments' | 'generate'>;
    store: IntakeStore;
    scratchRoot: string;
    speech: Pick<SpeechDesk, 'say'>;
  }) {
    this.#speech = options.speech;
    this.#config = options.config;
    this.#store = tellingStore(options.store);
    this.#scratchRoot = options.scratchRoot;
  }

  take(
    generationId: string,
    files: GivenFiles,
    signal: AbortSignal,
    mostSeconds: number,
  ): Promise<TakenFiles> {
    return this.#withFileLock(async () => {
      signal.throwIfAborted();
      await using scratch = await openScratch(this.#scratchRoot, 'bot');
      // One file that does not work makes the rest pointless.
      const broken = new AbortController();
      const work = {
        id: generationId,
        folder: scratch.path,
        signal: AbortSignal.any([signal, broken.signal]),
        mostSeconds,
      };
      const images =
        'kept' in files.images
          ? files.images.kept.map((key) => this.#keepImage(key, work))
          : files.images.map((file, index) => this.#takeImage(file, index + 1, work));
      const sound = this.#sound(files, work);
      const all = [...images, sound];
      for (const one of all) one.catch((error: unknown) => broken.abort(error));
      // The folder is needed until the last of them has ended, in whatever way.
      await Promise.allSettled(all);
      // The reason is the first error; the others only broke off.
      broken.signal.throwIfAborted();
      const takenImages = await Promise.all(images);
      const { sounds, ...takenSound } = await sound;
      return {
        ...takenSound,
        images: takenImages.map(({ key }) => key),
        prints: { pictures: takenImages.map(({ hashes }) => [...hashes]), sounds: [...sounds] },
        advice: [...takenImages.flatMap(({ advice }) => advice), ...takenSound.advice],
      };
    });
  }

  listen(file: ReceivedFile, signal: AbortSignal): Promise<HeardSound> {
    return this.#withFileLock(() =>
      aboutOption(file, async () => {
        await using scratch = await openScratch(this.#scratchRoot, 'bot');
        const limits = { scratch: scratch.path, timeoutMilliseconds: processingTimeout, signal };
        return await this.#processing(async () => {
          const inspected = await inspectAudio(file.path, limits);
          const samples = join(scratch.path, 'samples');
          const { peaks, silent } = await measurePeaks(file.path, inspected, peaksOfSound, samples, limits);
          const advice = silent ? [{ identifier: 'audio_silent', context: {} }] : [];
          return { durationSeconds: inspected.durationSeconds, peaks, advice };
        });
      }),
    );
  }

  async discard(generationId: string): Promise<void> {
    await this.#store.deletePrefix(inputsOf(generationId));
  }

  #withFileLock<T>(work: () => Promise<T>): Promise<T> {
    return this.#people(() => namingFullDisk(this.#scratchRoot, work));
  }

  #sound(files: GivenFiles, work: Work): Promise<Sound> {
    const { audio } = files;
    if (audio === null) return this.#noSound(files.seconds ?? null, work);
    if ('kept' in audio) return this.#keepSound(audio, work);
    if ('words' in audio) return this.#saySound(audio, files.seconds, work);
    return this.#takeSound(audio, files, work);
  }

  async #keepImage(key: string, work: Work): Promise<TakenImage> {
    const copied = await this.#copy(key, work);
    return { key: copied, hashes: await pictureHashes(keptPath(key, work)), advice: [] };
  }

  async #keepSound({ kept }: KeptSound, work: Work): Promise<Sound> {
    requireAllowed(kept.frames, work.mostSeconds, this.#config.generate);
    const copy = (key: string | null) => (key === null ? null : this.#copy(key, work));
    // The whole sound may be the sound track at the same time: copying it twice gives one artifact.
    const audio = await copy(kept.audio);
    const files = kept.speech === null ? [kept.originalAudio, kept.soundtrack] : [];
    return {
      ...kept,
      audio,
      loudness: audio === null ? [] : await this.#loudness(keptPath(audio, work)),
      soundtrack: await copy(kept.soundtrack),
      originalAudio: await copy(kept.originalAudio),
      sounds: await hashesOf(files.flatMap((key) => (key === null ? [] : [keptPath(key, work)]))),
      advice: [],
    };
  }

  /** Has the words said now, so that the person hears them before anything is dear. Else the worker says them later. */
  async #saySound(
    { words: text, voice, language, locale }: GivenWords,
    seconds: GivenFiles['seconds'],
    work: Work,
  ): Promise<Sound> {
    const speech = { text, voice, language, spoken: null };
    const spoken = await this.#speech.say(work.id, { text, voice, language, locale }, speechTimeout);
    if (spoken === null) {
      return {
        ...(await this.#noSound(null, work)),
        frames: framesForWords(text, seconds ?? null, work.mostSeconds, this.#config.generate),
        speech,
        advice: [{ identifier: 'said_later', context: {} }],
      };
    }
    const file = { stored: spoken.file, option: 'say' };
    const sound = await this.#takeSound(file, { images: [], audio: file, audioStart: 0, seconds }, work);
    const { voice: speaker, language: said } = spoken;
    return { ...sound, sounds: [], speech: { ...speech, spoken: { voice: speaker, language: said } } };
  }

  /** Each generation has files of its own, which live as long as it does. @returns the new key */
  async #copy(key: string, work: Work): Promise<string> {
    const path = keptPath(key, work);
    await this.#store.fetchTo(key, path).catch(afterHealthCheck(this.#store));
    const copied = `${inputsOf(work.id)}${nameOf(key)}`;
    await this.#store.put(copied, { path });
    return copied;
  }

  async #takeImage(file: GivenFile, number: number, work: Work): Promise<TakenImage> {
    return aboutOption(file, async () => {
      const target = join(work.folder, `image-${number}.png`);
      const source = await this.#fetch(file, join(work.folder, `given-${number}`), imageLimits.bytes, work);
      const { width, height } = await this.#processing(() => {
        work.signal.throwIfAborted();
        return normaliseImage(source, target, number);
      });
      const key = `${inputsOf(work.id)}image-${number}.png`;
      await this.#store.put(key, { path: target });
      const isTiny = Math.min(width, height) < tinyImageSide;
      const context = { number, width, height, minimum: tinyImageSide };
      return {
        key,
        hashes: await pictureHashes(target),
        advice: isTiny ? [{ identifier: 'image_tiny', context }] : [],
      };
    });
  }

  /** @param path of a WAV as the engine takes it */
  async #loudness(path: string): Promise<number[]> {
    return frameLoudness(await readFile(path), this.#config.generate.fps);
  }

  async #takeSound(
    file: GivenFile,
    { audioStart: startSeconds, audioEnd, seconds = null }: GivenFiles,
    work: Work,
  ): Promise<Sound> {
    const endSeconds = audioEnd ?? (seconds === null ? null : startSeconds + seconds);
    return aboutOption(file, async () => {
      const source = await this.#fetch(file, join(work.folder, 'given-sound'), audioLimits.bytes, work);
      const [speech, soundtrack] = [join(work.folder, 'speech.wav'), join(work.folder, 'soundtrack.flac')];
      const limits = {
        scratch: work.folder,
        timeoutMilliseconds: processingTimeout,
        signal: work.signal,
      };
      const taken = await this.#processing(async () => {
        const counted = await inspectAudio(source, limits);
        const told = 'stored' in file ? file.seconds : undefined;
        const durationSeconds = Math.min(counted.durationSeconds, told ?? Infinity);
        const inspected = { ...counted, durationSeconds };
        const wanted = { ...windowBounds(work.mostSeconds, this.#config.generate), startSeconds, endSeconds };
        const made = await normaliseAudio(source, inspected, { speech, soundtrack }, wanted, limits);
        return { ...made, durationSeconds };
      });
      const folder = inputsOf(work.id);
      const [audioKey, soundtrackKey] = [`${folder}speech.wav`, `${folder}soundtrack.flac`];
      const { window, durationSeconds, silent } = taken;
      const wantedEnd = Math.min(endSeconds ?? durationSeconds, durationSeconds);
      // A frame more or less is nobody's loss.
      const isPart = wantedEnd - window.endSeconds > 1 / this.#config.generate.fps;
      // What was used whole is its own original; of a longer sound, another part may be wanted later.
      const isWhole = window.startSeconds === 0 && window.endSeconds >= durationSeconds;
      const originalKey = isWhole ? soundtrackKey : `${folder}original-sound`;
      await Promise.all([
        this.#store.put(audioKey, { path: speech }),
        this.#store.put(soundtrackKey, { path: soundtrack }),
        ...(isWhole ? [] : [this.#store.put(originalKey, { path: source })]),
      ]);
      return {
        audio: audioKey,
        soundtrack: soundtrackKey,
        originalAudio: originalKey,
        audioWindow: {
          startSeconds: window.startSeconds,
          endSeconds: window.endSeconds,
          sourceSeconds: durationSeconds,
        },
        frames: window.frames,
        loudness: await this.#loudness(speech),
        sounds: await hashesOf([source, soundtrack]),
        speech: null,
        advice: [
          ...(silent ? [{ identifier: 'audio_silent', context: {} }] : []),
          ...(isPart ? [{ identifier: 'length_limited', context: { seconds: work.mostSeconds } }] : []),
        ],
      };
    });
  }

  async #noSound(seconds: number | null, work: Work): Promise<Sound> {
    const frames = framesWithoutSound(seconds, work.mostSeconds, this.#config.generate);
    const none = { audio: null, soundtrack: null, originalAudio: null, audioWindow: null, speech: null };
    return { ...none, frames, loudness: [], sounds: [], advice: [] };
  }

  /** @returns where the file lies: at `path`, or where it was received */
  async #fetch(file: GivenFile, path: string, maximumBytes: number, { signal }: Work): Promise<string> {
    if ('stored' in file) {
      await this.#store.fetchTo(file.stored, path).catch(afterHealthCheck(this.#store));
      return path;
    }
    if (file.size > maximumBytes) {
      throw new Failure('too_large', 'file_too_large', { megabytes: Math.floor(maximumBytes / 1024 / 1024) });
    }
    if ('path' in file) return file.path;
    const { hosts: allowedHosts, certificateAuthority } = this.#config.attachments;
    const rules = { allowedHosts, certificateAuthority, maximumBytes, signal };
    await download(file.url, path, { ...rules, timeoutMilliseconds: downloadTimeout });
    return path;
  }
}

interface Work {
  readonly id: string;
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly mostSeconds: number;
}

/** Where the copy of an artifact of an earlier request lies while it is taken. */
function keptPath(key: string, { folder }: Pick<Work, 'folder'>): string {
  return join(folder, `kept-${nameOf(key)}`);
}

async function hashesOf(paths: readonly string[]): Promise<string[]> {
  return [...new Set(await Promise.all(paths.map(async (path) => fileHash(path))))];
}

function nameOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}

/** Adds to a failure which of the person's files it is about. */
async function aboutOption<T>({ option }: { readonly option: string }, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Failure) || isDiskFull(error)) throw error;
    throw new Failure(error.code, error.identifier, { ...error.context, option }, { cause: error });
  }
}
