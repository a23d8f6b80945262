import { readFile, stat, writeFile } from 'node:fs/promises';
import { Failure } from '../failure.ts';
import { planAudioWindow } from './audio-window.ts';
import type { AudioWindow } from './audio-window.ts';
import { inputGuards, MediaProcessError, noPictures, runMediaProgram } from './process.ts';
import type { RunLimits } from './process.ts';
import { isImageForm, sniffFile } from './sniff.ts';
import type { SoundForm } from './sniff.ts';
import { raiseSpeech } from './speech-level.ts';
import { countSound, parseSoundProbe, probeEntries, timesAgree } from './sound-length.ts';
import type { SoundLength, SoundTrack } from './sound-length.ts';
import { engineSampleRate } from './wav.ts';

/** What a sound may be at most. */
export const audioLimits = { bytes: 25 * 1024 * 1024, seconds: 600 } as const;
const soundtrackSampleRate = 48_000;
/** A peak below this is room noise, not speech. */
const silencePeakDecibels = -45;

export interface InspectedAudio {
  /** ffmpeg's demuxer, chosen by content */
  readonly demuxer: SoundForm;
  /** options of ffmpeg before the file */
  readonly input: readonly string[];
  readonly durationSeconds: number;
  readonly track: Pick<SoundTrack, 'index' | 'channels' | 'layout'>;
  readonly length: SoundLength;
}

/** More packets, pictures included, than a film of the longest length has. */
const mostPackets = 400_000;
/** Encoders fill their last packet up: ten minutes may be a few hundredths more. */
const lengthTolerance = 0.1;
/** A track may begin late in a film: all of it is looked at. */
const lookThrough = [
  '-probesize',
  String(audioLimits.bytes),
  '-analyzeduration',
  String(audioLimits.seconds * 1e6),
];

/**
 * Finds the sound in a file, whatever it is called, and counts how long it is.
 *
 * @throws Failure `file_empty`, `audio_not_sound`, `audio_unreadable`, `audio_no_track`, `audio_nothing_heard`, `audio_too_large` or
 *   `audio_too_long`
 */
export async function inspectAudio(path: string, limits: RunLimits): Promise<InspectedAudio> {
  const { size } = await stat(path);
  if (size === 0) throw new Failure('invalid_input', 'file_empty');
  if (size > audioLimits.bytes) {
    throw new Failure('too_large', 'audio_too_large', { megabytes: audioLimits.bytes / 1024 / 1024 });
  }
  const demuxer = await sniffFile(path);
  if (demuxer === null || isImageForm(demuxer)) throw new Failure('unsupported_media', 'audio_not_sound');
  let input = soundInput(demuxer);
  let { startSeconds, track } = await probeSound(path, input, limits);
  if (demuxer === 'mov' && track !== undefined && !timesAgree(track)) {
    // In a wrong time scale, what an edit list shows of the sound is wrong as well.
    input = [...input, '-ignore_editlist', '1'];
    ({ startSeconds, track } = await probeSound(path, input, limits));
  }
  if (track === undefined) throw new Failure('unsupported_media', 'audio_no_track');
  if (track.packets.length === 0) throw new Failure('unsupported_media', 'audio_nothing_heard');
  const length =
    countSound(track, startSeconds, demuxer) ?? (await decodedLength(path, input, track.index, limits));
  if (length.seconds > audioLimits.seconds + lengthTolerance || track.packets.length >= mostPackets) {
    throw new Failure('too_large', 'audio_too_long', { minutes: audioLimits.seconds / 60 });
  }
  if (length.seconds <= 0) throw new Failure('unsupported_media', 'audio_nothing_heard');
  // Whole milliseconds: sums of packets end in the digits of their binary fractions, and people read this.
  const durationSeconds = Math.round(length.seconds * 1000) / 1000;
  return { demuxer, input, durationSeconds, track, length };
}

async function probeSound(path: string, input: readonly string[], limits: RunLimits) {
  const args = ['-v', 'error', ...input.slice(1)];
  args.push('-read_intervals', `%+#${mostPackets}`, '-show_entries', probeEntries, '-of', 'compact', path);
  const { startSeconds, tracks } = await readable(async () =>
    parseSoundProbe(await runMediaProgram('ffprobe', args, limits)),
  );
  const audible = tracks.filter(({ channels }) => channels > 0);
  // A film may have a first sound track that nobody here can decode, and a second one that everybody can.
  return { startSeconds, track: audible.find(({ isDecodable }) => isDecodable) ?? audible[0] };
}

function soundInput(demuxer: SoundForm): readonly string[] {
  return [...inputGuards(demuxer), ...lookThrough, ...noPictures];
}

/** Where packets do not tell, it is counted by decoding, a little beyond the limit at most. */
async function decodedLength(
  path: string,
  input: readonly string[],
  index: number,
  limits: RunLimits,
): Promise<SoundLength> {
  const args = ['-v', 'error', '-progress', 'pipe:1', ...input, '-i', path, '-map', `0:${index}`];
  args.push('-af', 'asetpts=N/SR/TB', '-t', String(audioLimits.seconds + 1), '-f', 'null', '-');
  const report = await readable(() => runMediaProgram('ffmpeg', args, limits));
  const times = [...report.matchAll(/^out_time_us=(\d+)$/gm)];
  return { seconds: Number(times.at(-1)?.[1] ?? 0) / 1_000_000, startSeconds: 0, by: 'samples' };
}

export interface NormalisedAudio {
  readonly window: AudioWindow;
  readonly silent: boolean;
}

/**
 * Cuts the window out of a sound: `speech`, 16 kHz mono 16-bit WAV for the engine, and `soundtrack`, FLAC at 48 kHz with at
 * most two channels for the video; both exactly `frames / fps` long.
 *
 * Quiet speech is raised in `speech` alone, as {@link raiseSpeech} says: the video sounds as its sound does.
 *
 * It is decoded from its beginning: where a second lies in a file without an index ffmpeg only guesses.
 *
 * @param inspected of the same file
 * @throws Failure as {@link planAudioWindow}, or `audio_unreadable`
 */
export async function normaliseAudio(
  source: string,
  inspected: InspectedAudio,
  targets: { readonly speech: string; readonly soundtrack: string },
  wanted: {
    startSeconds: number;
    endSeconds?: number | null;
    minimumFrames: number;
    maximumFrames: number;
    fps: number;
  },
  limits: RunLimits,
): Promise<NormalisedAudio> {
  const { input, durationSeconds, track } = inspected;
  const window = planAudioWindow({ ...wanted, durationSeconds });
  const seconds = window.frames / wanted.fps;
  const output = (
    path: string,
    sampleRate: number,
    layout: 'mono' | 'stereo',
    codec: string,
    format: string,
  ) => [
    ...['-map', `0:${track.index}`, '-af', cut(inspected, window, seconds, sampleRate, layout)],
    ...['-c:a', codec, '-map_metadata', '-1', '-bitexact', '-f', format, path],
  ];
  await readable(() =>
    runMediaProgram(
      'ffmpeg',
      [
        ...['-v', 'error', '-y', '-copyts', ...input, '-i', source],
        ...output(targets.speech, engineSampleRate, 'mono', 'pcm_s16le', 'wav'),
        ...output(
          targets.soundtrack,
          soundtrackSampleRate,
          track.channels === 1 ? 'mono' : 'stereo',
          'flac',
          'flac',
        ),
      ],
      limits,
    ),
  );
  const wav = await readFile(targets.speech);
  const silent = peakDecibels(wav) < silencePeakDecibels;
  // The hiss of an empty room is nobody's voice.
  if (!silent && raiseSpeech(wav) > 0) await writeFile(targets.speech, wav);
  return { window, silent };
}

/** The filters that take a window out of a sound whose seconds are told as its {@link SoundLength} says. */
function cut(
  { length, track, durationSeconds }: InspectedAudio,
  window: AudioWindow,
  seconds: number,
  sampleRate: number,
  layout: 'mono' | 'stereo',
): string {
  const samples = Math.round(seconds * sampleRate);
  const end = Math.min(window.startSeconds + seconds, durationSeconds);
  return [
    ...mixed(track, layout),
    length.by === 'samples'
      ? `asetpts=(N/SR+${length.startSeconds.toFixed(6)})/TB`
      : `asetpts=PTS-${(length.fileStartSeconds ?? 0).toFixed(6)}/TB`,
    // Silence until it begins, and in holes.
    `aresample=${sampleRate}:async=1:first_pts=0`,
    // The layout is named outright: with a choice, ffmpeg 5 cannot decide for more than two channels.
    `aformat=channel_layouts=${layout}`,
    `atrim=start=${window.startSeconds.toFixed(6)}:end=${end.toFixed(6)}`,
    'asetpts=PTS-STARTPTS',
    `apad=whole_len=${samples}`,
    `atrim=end_sample=${samples}`,
  ].join(',');
}

/** ffmpeg knows how to mix the layouts that have a name, and up to eight channels of none; more become their average. */
function mixed(
  { channels, layout }: Pick<SoundTrack, 'channels' | 'layout'>,
  to: 'mono' | 'stereo',
): string[] {
  if (channels <= 8 && (layout !== null || channels <= 2)) return [];
  const all = Array.from({ length: channels }, (_, channel) => `c${channel}`).join('+');
  return [`pan=${to}|${to === 'mono' ? `FC<${all}` : `FL<${all}|FR<${all}`}`];
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
