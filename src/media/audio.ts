import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { Failure } from '../failure.ts';
import { planAudioWindow } from './audio-window.ts';
import type { AudioWindow } from './audio-window.ts';
import { inputGuards, MediaProcessError, runMediaProgram } from './process.ts';
import type { RunLimits } from './process.ts';
import { isImageForm, sniffFile } from './sniff.ts';

/** What a sound may be at most. */
export const audioLimits = { bytes: 25 * 1024 * 1024, seconds: 600 } as const;
/** The engine's: what Whisper was trained on. */
export const engineSampleRate = 16_000;
const soundtrackSampleRate = 48_000;
/** A peak below this is room noise, not speech. */
const silencePeakDecibels = -45;

export interface InspectedAudio {
  /** ffmpeg's demuxer, chosen by content */
  readonly demuxer: string;
  readonly durationSeconds: number;
  readonly hasVideo: boolean;
  readonly channels: number;
}

const probeSchema = z.object({
  streams: z.array(
    z.object({
      codec_type: z.string().optional(),
      channels: z.number().optional(),
      duration: z.coerce.number().optional(),
    }),
  ),
  format: z.object({ duration: z.coerce.number().optional() }).optional(),
});

/**
 * Finds the sound in a file, whatever it is called.
 *
 * @throws Failure `audio_not_sound`, `audio_unreadable`, `audio_no_track`, `audio_too_large` or `audio_too_long`
 */
export async function inspectAudio(path: string, limits: RunLimits): Promise<InspectedAudio> {
  const { size } = await stat(path);
  if (size > audioLimits.bytes) {
    throw new Failure('too_large', 'audio_too_large', { megabytes: audioLimits.bytes / 1024 / 1024 });
  }
  const demuxer = await sniffFile(path);
  if (demuxer === null || isImageForm(demuxer)) throw new Failure('unsupported_media', 'audio_not_sound');
  const probe = await readable(async () => {
    const args = [
      '-v',
      'error',
      ...inputGuards(demuxer).slice(1),
      '-show_streams',
      '-show_format',
      '-of',
      'json',
      path,
    ];
    return probeSchema.parse(JSON.parse(await runMediaProgram('ffprobe', args, limits)));
  });
  const track = probe.streams.find((stream) => stream.codec_type === 'audio' && (stream.channels ?? 0) > 0);
  if (track === undefined) throw new Failure('unsupported_media', 'audio_no_track');
  const stated = track.duration ?? probe.format?.duration;
  const durationSeconds =
    stated !== undefined && stated > 0 ? stated : await measureDuration(path, demuxer, limits);
  if (durationSeconds > audioLimits.seconds) {
    throw new Failure('too_large', 'audio_too_long', { minutes: audioLimits.seconds / 60 });
  }
  return {
    demuxer,
    durationSeconds,
    channels: track.channels ?? 1,
    hasVideo: probe.streams.some((stream) => stream.codec_type === 'video'),
  };
}

/** Recordings that were cut off, or streamed, state no length: it is counted by decoding, a little beyond the limit at most. */
async function measureDuration(path: string, demuxer: string, limits: RunLimits): Promise<number> {
  const args = ['-v', 'error', '-progress', 'pipe:1', ...inputGuards(demuxer), '-i', path, '-map', '0:a:0'];
  args.push('-t', String(audioLimits.seconds + 1), '-f', 'null', '-');
  const report = await readable(() => runMediaProgram('ffmpeg', args, limits));
  const times = [...report.matchAll(/^out_time_us=(\d+)$/gm)];
  return Number(times.at(-1)?.[1] ?? 0) / 1_000_000;
}

export interface NormalisedAudio {
  readonly window: AudioWindow;
  readonly silent: boolean;
}

/**
 * Cuts the window out of a sound: `speech`, 16 kHz mono 16-bit WAV for the engine, and `soundtrack`, FLAC at 48 kHz with at
 * most two channels for the video; both exactly `frames / fps` long.
 *
 * @throws Failure as {@link inspectAudio} and {@link planAudioWindow}
 */
export async function normaliseAudio(
  source: string,
  targets: { readonly speech: string; readonly soundtrack: string },
  wanted: { startSeconds: number; minimumFrames: number; maximumFrames: number; fps: number },
  limits: RunLimits,
): Promise<NormalisedAudio & InspectedAudio> {
  const inspected = await inspectAudio(source, limits);
  const window = planAudioWindow({ ...wanted, durationSeconds: inspected.durationSeconds });
  const seconds = window.frames / wanted.fps;
  // The layout is named outright: with a choice, ffmpeg 5 cannot decide for more than two channels.
  const cut = (sampleRate: number, layout: 'mono' | 'stereo') => {
    const samples = Math.round(seconds * sampleRate);
    return `aresample=${sampleRate},aformat=channel_layouts=${layout},apad=whole_len=${samples},atrim=end_sample=${samples}`;
  };
  await readable(() =>
    runMediaProgram(
      'ffmpeg',
      [
        '-v',
        'error',
        '-y',
        ...inputGuards(inspected.demuxer),
        '-ss',
        String(window.startSeconds),
        '-i',
        source,
        '-map',
        '0:a:0',
        '-af',
        cut(engineSampleRate, 'mono'),
        '-c:a',
        'pcm_s16le',
        '-map_metadata',
        '-1',
        '-bitexact',
        '-f',
        'wav',
        targets.speech,
        '-map',
        '0:a:0',
        '-af',
        cut(soundtrackSampleRate, inspected.channels === 1 ? 'mono' : 'stereo'),
        '-c:a',
        'flac',
        '-map_metadata',
        '-1',
        '-bitexact',
        '-f',
        'flac',
        targets.soundtrack,
      ],
      limits,
    ),
  );
  return { ...inspected, window, silent: peakDecibels(await readFile(targets.speech)) < silencePeakDecibels };
}

/** Loudest sample of a 16-bit WAV as written by {@link normaliseAudio}, in dB below full scale; −∞ for silence. */
export function peakDecibels(wav: Buffer): number {
  const data = wav.indexOf('data', 12, 'latin1');
  if (data === -1) throw new RangeError('not a WAV file');
  let peak = 0;
  for (let at = data + 8; at + 1 < wav.length; at += 2) peak = Math.max(peak, Math.abs(wav.readInt16LE(at)));
  return 20 * Math.log10(peak / 32_768);
}

/** A file that ffmpeg cannot read is the person's problem, said kindly; anything else is ours. */
async function readable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof MediaProcessError)) throw error;
    throw new Failure('unsupported_media', 'audio_unreadable', {}, { cause: error });
  }
}
