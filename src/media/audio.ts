import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../failure.ts';
import { planAudioWindow } from './audio-window.ts';
import type { AudioWindow } from './audio-window.ts';
import { withTrueSizes } from './container-sizes.ts';
import { isCutOff } from './cut-off-sounds.ts';
import { readStart } from './file-start.ts';
import { brokenEdits, hasWrongMovieScale } from './mp4-edits.ts';
import type { Edit } from './mp4-edits.ts';
import {
  inputGuards,
  listWithMediaProgram,
  MediaProcessError,
  noPictures,
  runMediaProgram,
} from './process.ts';
import type { RunLimits } from './process.ts';
import { accessUnits, dtsSeconds, hasSeveralBlocks, phoneSeconds } from './audio-frames.ts';
import { isImageForm, sniffedBytes, sniffFile } from './sniff.ts';
import type { SoundForm } from './sniff.ts';
import { raiseSpeech } from './speech-level.ts';
import {
  areAlike,
  countSound,
  changesRate,
  decodedLate,
  isMostlyDiscarded,
  isLastTooLong,
  leastAacSeconds,
  lastProbeLine,
  ofUnits,
  parseSoundProbe,
  probeEntries,
  secondsPerByte,
  startOf,
  statedSeconds,
  timesAgree,
} from './sound-length.ts';
import type { SoundLength, SoundTrack } from './sound-length.ts';
import {
  agreedLength,
  beforeLast,
  countEntries,
  frameEntries,
  framesAgree,
  independent,
  isSteady,
  lastBundle,
  lengthByBytes,
  lengthByEnds,
  parseFrames,
  parsePacketCounts,
  withLastPackets,
} from './sound-agreement.ts';
import type { DecodedFrame, PacketCounts } from './sound-agreement.ts';
import { isJoinable, mostParts, partsOf } from './joined-sounds.ts';
import { engineSampleRate } from './wav.ts';
import { mebibyte } from '../units.ts';

/** What a sound may be at most. */
export const audioLimits = { bytes: 25 * mebibyte, seconds: 600 } as const;
const soundtrackSampleRate = 48_000;
/** A peak below this is room noise, not speech. */
const silencePeakDecibels = -45;

/** A piece of a sound that is read at once: a whole file, but where recordings were joined. */
export interface SoundPart {
  /** what was made of the file in the scratch folder; null: it is read itself */
  readonly copy: string | null;
  /** options of ffmpeg before the file */
  readonly input: readonly string[];
  readonly track: Pick<SoundTrack, 'index' | 'channels' | 'layout'>;
  readonly length: SoundLength;
}

export interface InspectedAudio {
  /** ffmpeg's demuxer, chosen by content */
  readonly demuxer: SoundForm;
  readonly durationSeconds: number;
  /** one after the other */
  readonly parts: readonly SoundPart[];
}

/** More packets, pictures included, than a film of the longest length has, but for codecs whose packets last a millisecond: TrueHD's. */
const mostPackets = 300_000;
/** Encoders fill their last packet up: ten minutes may be some hundredths more, a quarter of a second in ADPCM of telephones. */
const mostSeconds = audioLimits.seconds + 0.3;
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
 * @throws Failure `file_empty`, `audio_not_sound`, `audio_unreadable`, `audio_cut_off`, `audio_no_track`, `audio_nothing_heard`, `audio_too_large` or
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
  const parts: SoundPart[] = [];
  const failures: unknown[] = [];
  let seconds = 0;
  for (const piece of await pieces(path, demuxer, limits)) {
    try {
      for (const inspected of await inspectPiece(piece, demuxer, limits)) {
        parts.push({ copy: piece === path ? null : piece, ...inspected });
        seconds += inspected.length.seconds;
      }
    } catch (error) {
      if (!(error instanceof Failure) || error.code === 'too_large') throw error;
      failures.push(error);
    }
    if (seconds > mostSeconds) throw tooLong();
  }
  // Of pieces, one may be something else than sound.
  if (parts.length === 0) {
    const isUnreadable = failures.every(
      (failure) => failure instanceof Failure && failure.identifier === 'audio_unreadable',
    );
    if (isUnreadable && isCutOff(await readFile(path), demuxer)) {
      throw new Failure('unsupported_media', 'audio_cut_off', {}, { cause: failures[0] });
    }
    throw failures[0];
  }
  // Whole milliseconds: sums of packets end in the digits of their binary fractions, and people read this.
  return { demuxer, durationSeconds: Math.round(seconds * 1000) / 1000, parts };
}

function tooLong(): Failure {
  return new Failure('too_large', 'audio_too_long', { minutes: audioLimits.seconds / 60 });
}

/** The files to read, one after the other: the file itself, or what was made of it in the scratch folder. */
async function pieces(path: string, form: SoundForm, { scratch }: RunLimits): Promise<string[]> {
  const whole = await withTrueSizes(path, form, join(scratch, 'sound-mended'));
  if (!isJoinable(form)) return [whole];
  // As it is first: where another file follows, a right size looks like a wrong one.
  let file = await readFile(path);
  let ranges = await partsOf(file, form);
  if (ranges === null && whole !== path) {
    file = await readFile(whole);
    ranges = await partsOf(file, form);
  }
  if (ranges === null) return [whole];
  // Each is a program to run.
  if (ranges.length > mostParts) throw new Failure('unsupported_media', 'audio_unreadable');
  return Promise.all(
    ranges.map(async ({ start, end }, index) => {
      const piece = join(scratch, `sound-piece-${index + 1}`);
      await writeFile(piece, file.subarray(start, end));
      return withTrueSizes(piece, form, `${piece}-mended`);
    }),
  );
}

type Part = Omit<SoundPart, 'copy'> & { readonly copy?: string };

async function inspectPiece(path: string, demuxer: SoundForm, limits: RunLimits): Promise<Part[]> {
  const input = soundInput(demuxer);
  if (demuxer === 'amr' && phoneSeconds(await readFile(path), mostSeconds) > mostSeconds) throw tooLong();
  // ffmpeg counts a frame as one block, and hears all of them.
  const isOfBlocks = demuxer === 'aac' && hasSeveralBlocks(await readStart(path, sniffedBytes));
  const first = isOfBlocks ? null : await firstOf(path, demuxer, limits);
  const counted = first === null ? null : await countedQuickly(path, demuxer, input, first, limits);
  if (counted !== null) return [heard(counted)];
  const { track, packets, ...listed } = await probeSound(path, input, limits, {
    isAudioOnly: first !== null && first.tracks.length > 0,
  });
  const startSeconds = first === null || first.tracks.length === 0 ? listed.startSeconds : first.startSeconds;
  if (track === undefined) throw new Failure('unsupported_media', 'audio_no_track');
  if (track.packets.length === 0) throw new Failure('unsupported_media', 'audio_nothing_heard');
  if (packets >= mostPackets) {
    return [await decoded(path, input, track, startOf(track, startSeconds, demuxer), limits)];
  }
  if (isOfBlocks) return [await decoded(path, input, track, 0, limits)];
  if (changesRate(track, demuxer)) {
    const copy = await asWave(path, input, track, limits);
    return (await inspectPiece(copy, 'wav', limits)).map((part) => ({ ...part, copy }));
  }
  if (demuxer === 'mov') return inspectFilm(path, input, track, startSeconds, limits);
  if (demuxer === 'wav' && track.codec === 'aac') {
    const all = await decoded(path, input, track, 0, limits);
    // Mostly it is written there without saying where its frames begin: what comes out is a few that somebody hit by accident.
    if (all.length.seconds < leastAacSeconds(track)) {
      throw new Failure('unsupported_media', 'audio_unreadable');
    }
    return [all];
  }
  const part = await countedByPackets(path, demuxer, input, track, startSeconds, limits);
  if (part !== null) return [heard(part)];
  return [await countedByEnds(path, input, track, startOf(track, startSeconds, demuxer), limits)];
}

/** A sound whose rate changes on the way, as a broadcast's may, with one: what is decoded, one frame behind the other. */
async function asWave(
  path: string,
  input: readonly string[],
  { index, channels, layout }: SoundTrack,
  limits: RunLimits,
): Promise<string> {
  const copy = `${path.startsWith(limits.scratch) ? path : join(limits.scratch, 'sound')}-wave`;
  const args = ['-v', 'error', '-y', ...input, '-i', path, '-map', `0:${index}`];
  args.push('-af', evenFilters({ channels, layout }).join(','), '-c:a', 'pcm_s16le', '-f', 'wav', copy);
  await readable(() => runMediaProgram('ffmpeg', args, limits));
  return copy;
}

function evenLayout({ channels }: Pick<SoundTrack, 'channels'>): 'mono' | 'stereo' {
  return channels === 1 ? 'mono' : 'stereo';
}

/** One rate and the same channels, whatever frames have. */
function evenFilters(track: Pick<SoundTrack, 'channels' | 'layout'>): string[] {
  const layout = evenLayout(track);
  return [
    ...mixed(track, layout),
    `aresample=${soundtrackSampleRate}`,
    `aformat=sample_fmts=s16:channel_layouts=${layout}`,
  ];
}

/** In a smaller file are not so many packets that a list of them would take long. */
const listedBytes = 1024 * 1024;
/** Nor are there in these forms, whatever their size: their packets are made large, or by ffmpeg itself. */
const ofLargePackets: ReadonlySet<SoundForm> = new Set<SoundForm>([
  'wav', 'w64', 'aiff', 'au', 'flac', 'wv', 'ape', 'amr', 'tta',
]); // prettier-ignore
/** Apple's Core Audio Format 1.0, CAFAudioDescription: where it says which codec it is. */
const coreAudioCodec = { start: 28, end: 32 } as const;
const withoutPackets: ReadonlySet<string> = new Set(['lpcm', 'alaw', 'ulaw']);
/** Of AIFF-C, where in its chunk `COMM` that stands, and the codecs whose packets ffmpeg makes as long as files have them: not long. */
const aiffCodec = { start: 26, end: 30 } as const;
const ofShortPackets: ReadonlySet<string> = new Set(['ima4', 'GSM ', 'agsm', 'G722', 'MAC3', 'MAC6', 'Qclp']);
/** Of all streams; they show how long a packet is, and when each stream begins. */
const firstPackets = 320;

/** Options to look at the beginning alone: tracks that show only later what they are are left to the list. */
function beginningOf(demuxer: SoundForm): string[] {
  return [...inputGuards(demuxer), ...noPictures];
}

/** The first packets of a large file; null of others. */
async function firstOf(path: string, demuxer: SoundForm, limits: RunLimits) {
  if ((await stat(path)).size < listedBytes) return null;
  if (!isWorthALook(await readStart(path, 4096), demuxer)) return null;
  return probeSound(path, beginningOf(demuxer), limits, {
    read: `%+#${firstPackets}`,
    // What a Core Audio file says of its packets is one statement, and what they give when decoded another.
    hasFrames: demuxer === 'caf',
  });
}

/** Whether a large file, by its head, may have many packets, of one length, whose number agrees with something: a program less to run in others. */
function isWorthALook(head: Buffer, demuxer: SoundForm): boolean {
  if (demuxer === 'aiff') return hasShortPackets(head);
  if (demuxer === 'flac') return hasShortBlocks(head);
  if (demuxer === 'caf') {
    return !withoutPackets.has(head.toString('latin1', coreAudioCodec.start, coreAudioCodec.end));
  }
  // Packets of Vorbis have no one length.
  if (demuxer === 'ogg') return !head.includes('\u0001vorbis', 0, 'latin1');
  // Browsers do not know how long a recording will be.
  if (demuxer === 'matroska') {
    if (head.includes('A_TRUEHD') || head.includes('A_MLP')) return true;
    return matroskaDurations.some((element) => head.includes(element)) && !head.includes('A_VORBIS');
  }
  return !ofLargePackets.has(demuxer);
}

/** `Duration`, of four bytes or of eight (RFC 9559, 5.1.2.10). */
const matroskaDurations = [Buffer.from('448984', 'hex'), Buffer.from('448988', 'hex')];

/** Encoders that are not made for telephones have blocks of 4096 samples. STREAMINFO also says how many samples there are, or 0 (RFC 9639, 8.2). */
function hasShortBlocks(head: Buffer): boolean {
  const isFlac = head.toString('latin1', 0, 4) === 'fLaC';
  const samples = head.readUInt32BE(22) + (head.readUInt8(21) & 15) * 2 ** 32;
  return isFlac && head.readUInt16BE(10) < 2048 && samples > 0;
}

function hasShortPackets(head: Buffer): boolean {
  const common = head.indexOf('COMM', 12, 'latin1');
  const codec = head.toString('latin1', common + aiffCodec.start, common + aiffCodec.end);
  return common !== -1 && ofShortPackets.has(codec);
}

/** Without a list of all packets, in files where what is stated agrees with how many there are; null elsewhere. */
async function countedQuickly(
  path: string,
  demuxer: SoundForm,
  input: readonly string[],
  first: Awaited<ReturnType<typeof probeSound>>,
  limits: RunLimits,
): Promise<Part | null> {
  const { track } = first;
  if (track === undefined || !track.isDecodable) return null;
  if (demuxer === 'dts') {
    const seconds = dtsSeconds(await readFile(path));
    return seconds === null ? null : { input, track, length: { seconds, startSeconds: 0, by: 'samples' } };
  }
  const isOfBytes = secondsPerByte(track) !== null && demuxer !== 'mov' && demuxer !== 'caf';
  if (isOfBytes && startOf(track, first.startSeconds, demuxer) < 0.001) {
    const length = await copiedLength(path, demuxer, track, limits);
    if (length !== null) return { input, track, length };
  }
  if (!isSteady(track, first.startSeconds, demuxer)) return null;
  const hasEdits = async (id: number) => brokenEdits(await readFile(path), id) !== null;
  if (demuxer === 'mov' && track.id !== null && (await hasEdits(track.id))) return null;
  const counts = (await unitCounts(path, demuxer, track)) ?? (await packetCounts(path, demuxer, limits));
  const length = agreedLength(track, await withTrueEnd(counts), demuxer, first.startSeconds);
  if (length === null) return null;
  if (demuxer === 'caf' && !framesAgree(track, first.frames)) return null;
  return { input, track, length };

  async function withTrueEnd(counted: PacketCounts): Promise<PacketCounts> {
    const from = track === undefined ? null : lastBundle(track, counted, first.startSeconds, demuxer);
    if (track === undefined || from === null) return counted;
    const read = `${from.toFixed(3)}%`;
    const { tracks } = await probeSound(path, beginningOf(demuxer), limits, { read });
    const last = tracks.find(({ index }) => index === track.index);
    return last === undefined ? counted : withLastPackets(counted, last, first.startSeconds);
  }
}

async function packetCounts(path: string, demuxer: SoundForm, limits: RunLimits): Promise<PacketCounts> {
  const args = ['-v', 'error', ...beginningOf(demuxer).slice(1), '-count_packets'];
  args.push('-show_entries', countEntries, '-of', 'compact', path);
  return parsePacketCounts(await readable(() => runMediaProgram('ffprobe', args, limits)));
}

/** Of 72,000 packets a minute, whose headers are quickly read; null of others, and where something is between them. */
async function unitCounts(
  path: string,
  demuxer: SoundForm,
  { index }: SoundTrack,
): Promise<PacketCounts | null> {
  const packets = ofUnits.has(demuxer) ? accessUnits(await readFile(path)) : null;
  return packets === null
    ? null
    : { streams: new Map([[index, { packets, statedSeconds: null }]]), statedSeconds: null };
}

/** Its packets may have any length: what they hold together is copied to nowhere, which is cheaper than a list of them. */
async function copiedLength(path: string, demuxer: SoundForm, track: SoundTrack, limits: RunLimits) {
  const args = ['-v', 'error', '-y', '-progress', 'pipe:1', ...beginningOf(demuxer), '-i', path];
  args.push('-map', `0:${track.index}`, '-c', 'copy', '-f', 'data', '/dev/null');
  return lengthByBytes(track, await readable(() => runMediaProgram('ffmpeg', args, limits)), demuxer);
}

/** @param read which part of the file, as ffprobe's `-read_intervals` has it */
async function decodedFrames(
  path: string,
  input: readonly string[],
  { index }: SoundTrack,
  read: string,
  limits: RunLimits,
): Promise<DecodedFrame[]> {
  const args = ['-v', 'error', ...input.slice(1), '-select_streams', String(index), '-read_intervals', read];
  args.push('-show_entries', frameEntries, '-of', 'compact', path);
  return parseFrames(await readable(() => runMediaProgram('ffprobe', args, limits)));
}

/** By the list of its packets, where that tells. */
async function countedByPackets(
  path: string,
  demuxer: SoundForm,
  input: readonly string[],
  track: SoundTrack,
  fileStart: number,
  limits: RunLimits,
): Promise<Part | null> {
  const length = countSound(track, fileStart, demuxer);
  if (length === null) return null;
  const isExact = !independent.has(track.codec);
  return { input, track, length: isExact ? length : await withWholeEnd(path, input, track, length, limits) };
}

/** A sound of long packets that was cut off ends with a part of one, which counts as long as a whole one, and gives nothing. */
async function withWholeEnd(
  path: string,
  input: readonly string[],
  track: SoundTrack,
  length: SoundLength,
  limits: RunLimits,
): Promise<SoundLength> {
  const { packets, secondsPerTick } = track;
  const [before, last] = packets.slice(-2);
  if (before?.at === undefined || before.at === null || last === undefined) return length;
  const from = (before.at * secondsPerTick).toFixed(3);
  const frames = await decodedFrames(path, input, track, `${from}%`, limits);
  if (frames.length === 0 || frames.some(({ at }) => at === last.at)) return length;
  return { ...length, seconds: length.seconds - (last.duration ?? 0) * secondsPerTick };
}

/** Of a sound whose packets are alike, but for the last, which does not say how long it is; all of it is decoded where they are not. */
async function countedByEnds(
  path: string,
  input: readonly string[],
  track: SoundTrack,
  startSeconds: number,
  limits: RunLimits,
): Promise<Part> {
  const from = beforeLast(track);
  if (from !== null) {
    const frames = await decodedFrames(path, input, track, `%+#4,${from.toFixed(3)}%`, limits);
    const length = lengthByEnds(track, frames, startSeconds);
    if (length !== null) return heard({ input, track, length });
  }
  return decoded(path, input, track, startSeconds, limits);
}

/** An MP4 or a QuickTime film, which alone say with a list of edits what of the sound is shown, and when. */
async function inspectFilm(
  path: string,
  input: readonly string[],
  track: SoundTrack,
  startSeconds: number,
  limits: RunLimits,
): Promise<Part[]> {
  const unedited = [...input, '-ignore_editlist', '1'];
  let probed: Promise<{ track: SoundTrack; startSeconds: number }> | undefined;
  /** The track without its edits, probed once however often it is asked for. */
  const whole = () =>
    (probed ??= probeSound(path, unedited, limits).then(({ startSeconds: start, track: all = track }) => ({
      track: all,
      startSeconds: start,
    })));
  const file = await readFile(path);
  const isOfWhole = isLastTooLong(track) || isMostlyDiscarded(track);
  const agree =
    (track.id === null || !hasWrongMovieScale(file, track.id)) &&
    timesAgree(isOfWhole ? (await whole()).track : track);
  const edits = agree && track.id !== null ? brokenEdits(file, track.id) : null;
  if (edits !== null) {
    const all = await whole();
    const known = countSound(all.track, 0, 'mov') ?? (await decoded(path, unedited, track, 0, limits)).length;
    return edited(
      edits,
      { input: unedited, track: all.track, length: known },
      startOf(track, startSeconds, 'mov'),
    );
  }
  // In a wrong time scale, what an edit list shows of the sound is wrong as well.
  if (!agree) {
    const all = await whole();
    const length = countSound(all.track, all.startSeconds, 'mov');
    if (length !== null) return [heard({ input: unedited, track: all.track, length })];
  }
  const part = await countedByPackets(path, 'mov', input, track, startSeconds, limits);
  if (part !== null) return [heard(part)];
  const all = await decoded(path, unedited, track, 0, limits);
  if (!areAlike(statedSeconds((await whole()).track), all.length.seconds)) return [all];
  return [await decoded(path, input, track, startOf(track, startSeconds, 'mov'), limits)];
}

/** @param whole the track without its edits @param first when the first of them begins in the film */
function edited(edits: readonly Edit[], whole: Part, first: number): Part[] {
  const last = whole.length.seconds;
  return edits.flatMap(({ silence, start, end }, index) => {
    const startSeconds = index === 0 ? first : silence;
    const shown = { start: Math.min(start, last), end: Math.min(end, last) };
    const seconds = startSeconds + shown.end - shown.start;
    return seconds > 0 ? [{ ...whole, length: { seconds, startSeconds, by: 'samples', shown } }] : [];
  });
}

async function decoded(
  path: string,
  input: readonly string[],
  track: SoundTrack,
  startSeconds: number,
  limits: RunLimits,
): Promise<Part> {
  const begins = startSeconds + decodedLate(track);
  const seconds = begins + (await decodedSeconds(path, input, track.index, limits));
  return heard({ input, track, length: { seconds, startSeconds: begins, by: 'samples' } });
}

function heard(part: Part): Part {
  if (part.length.seconds > part.length.startSeconds) return part;
  throw new Failure('unsupported_media', 'audio_nothing_heard');
}

/**
 * @param which.read which packets are looked at, as ffprobe's `-read_intervals` has it
 * @param which.hasFrames whether they are decoded
 */
async function probeSound(
  path: string,
  input: readonly string[],
  limits: RunLimits,
  {
    read = `%+#${mostPackets}`,
    isAudioOnly = false,
    hasFrames = false,
  }: { readonly read?: string; readonly isAudioOnly?: boolean; readonly hasFrames?: boolean } = {},
) {
  const args = ['-v', 'error', ...input.slice(1), ...(isAudioOnly ? ['-select_streams', 'a'] : [])];
  const entries = hasFrames ? `${probeEntries}:${frameEntries}` : probeEntries;
  args.push('-read_intervals', read, '-show_entries', entries, '-of', 'compact', path);
  const list = await readable(() =>
    listWithMediaProgram('ffprobe', args, limits, { name: 'packets', last: lastProbeLine }),
  );
  const { startSeconds, tracks, packets: count } = await parseSoundProbe(list);
  const audible = tracks.filter(({ channels }) => channels > 0);
  // A film may have a first sound track that nobody here can decode, or that is empty, and a second one that everybody can hear.
  const usable = audible.find(({ isDecodable, packets }) => isDecodable && packets.length > 0);
  const frames = hasFrames ? parseFrames(list) : [];
  return { startSeconds, tracks, track: usable ?? audible[0], packets: count, frames };
}

function soundInput(demuxer: SoundForm): readonly string[] {
  return [...inputGuards(demuxer), ...lookThrough, ...noPictures];
}

/** Where packets do not tell, it is counted by decoding, a little beyond the limit at most. */
async function decodedSeconds(
  path: string,
  input: readonly string[],
  index: number,
  limits: RunLimits,
): Promise<number> {
  const args = ['-v', 'error', '-progress', 'pipe:1', ...input, '-i', path, '-map', `0:${index}`];
  args.push('-af', 'asetpts=N/SR/TB', '-t', String(audioLimits.seconds + 1), '-f', 'null', '-');
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
 * Quiet speech is raised in `speech` alone, as {@link raiseSpeech} says: the video sounds as its sound does.
 *
 * It is decoded from its beginning: where a second lies in a file without an index ffmpeg only guesses.
 *
 * @param inspected of the same file, whose copies in the scratch folder are still there
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
  const { durationSeconds } = inspected;
  const window = planAudioWindow({ ...wanted, durationSeconds });
  const seconds = window.frames / wanted.fps;
  await cutWindow(source, inspected, targets, { window, seconds }, limits);
  let wav = await readFile(targets.speech);
  if (samplesOf(wav).length !== Math.round(seconds * engineSampleRate) * 2) {
    const even = await evened(source, inspected, limits);
    await cutWindow(source, even, targets, { window, seconds }, limits);
    wav = await readFile(targets.speech);
  }
  const silent = peakDecibels(wav) < silencePeakDecibels;
  // The hiss of an empty room is nobody's voice.
  if (!silent && raiseSpeech(wav) > 0) await writeFile(targets.speech, wav);
  return { window, silent };
}

/** Writes `targets`, as {@link normaliseAudio} says. */
async function cutWindow(
  source: string,
  inspected: InspectedAudio,
  targets: { readonly speech: string; readonly soundtrack: string },
  { window, seconds }: { readonly window: AudioWindow; readonly seconds: number },
  limits: RunLimits,
): Promise<void> {
  const { durationSeconds } = inspected;
  const { parts, startSeconds } = partsWithin(inspected, window);
  const end = Math.min(window.startSeconds + seconds, durationSeconds) - startSeconds;
  const span = { start: window.startSeconds - startSeconds, end, seconds };
  const isMono = parts.every(({ track }) => track.channels === 1);
  await readable(() =>
    runMediaProgram(
      'ffmpeg',
      [
        ...['-v', 'error', '-y', '-copyts', ...inputsOf(parts, source)],
        '-filter_complex',
        [
          cut(parts, span, engineSampleRate, 'mono', 'speech'),
          cut(parts, span, soundtrackSampleRate, isMono ? 'mono' : 'stereo', 'soundtrack'),
        ].join(';'),
        ...output('speech', 'pcm_s16le', 'wav', targets.speech),
        ...output('soundtrack', 'flac', 'flac', targets.soundtrack),
      ],
      limits,
    ),
  );
}

/**
 * The same sound with one rate and the same channels from its beginning to its end. Where these change ffmpeg builds its filters anew, which then
 * begin with silence and count from 0: what comes out is longer than it was to be. These that are run here hold nothing to lose.
 */
async function evened(source: string, inspected: InspectedAudio, limits: RunLimits): Promise<InspectedAudio> {
  const parts: SoundPart[] = [];
  for (const [index, part] of inspected.parts.entries()) {
    const copy = join(limits.scratch, `sound-even-${index + 1}.nut`);
    const layout = evenLayout(part.track);
    const { seconds, by, fileStartSeconds = 0 } = part.length;
    // A frame of another rate, which damage makes, may get a time far behind; all others would come after it.
    const last = by === 'times' ? fileStartSeconds + seconds : audioLimits.seconds;
    const filters = [`aselect='lt(t,${(last + 1).toFixed(6)})'`, ...evenFilters(part.track)];
    const args = ['-v', 'error', '-y', '-copyts', ...inputsOf([part], source)];
    args.push('-map', `0:${part.track.index}`, '-af', filters.join(','), '-c:a', 'pcm_s16le');
    args.push('-avoid_negative_ts', 'disabled', '-f', 'nut', copy);
    await readable(() => runMediaProgram('ffmpeg', args, limits));
    const track = { index: 0, channels: layout === 'mono' ? 1 : 2, layout };
    parts.push({ ...part, copy, track, input: inputGuards('nut') });
  }
  return { ...inspected, parts };
}

/** For looking at a sound: a peak between two samples is hardly seen. */
const drawnSampleRate = 8_000;

/**
 * How loud a sound is from moment to moment, over the seconds that {@link inspectAudio} has counted.
 *
 * @param inspected of the same file
 * @param count of equal parts
 * @param target a file of its own, for the samples
 * @returns `peaks`: of each part the loudest sample, 0…1
 * @throws Failure `audio_unreadable`
 */
export async function measurePeaks(
  source: string,
  inspected: InspectedAudio,
  count: number,
  target: string,
  limits: RunLimits,
): Promise<{ readonly peaks: number[]; readonly silent: boolean }> {
  const seconds = inspected.durationSeconds;
  const draw = async ({ parts }: InspectedAudio) => {
    const filters = cut(parts, { start: 0, end: seconds, seconds }, drawnSampleRate, 'mono', 'drawn');
    const args = ['-v', 'error', '-y', '-copyts', ...inputsOf(parts, source), '-filter_complex', filters];
    args.push(...output('drawn', 'pcm_s16le', 's16le', target));
    await readable(() => runMediaProgram('ffmpeg', args, limits));
    return readFile(target);
  };
  let samples = await draw(inspected);
  if (samples.length !== Math.round(seconds * drawnSampleRate) * 2) {
    samples = await draw(await evened(source, inspected, limits));
  }
  const all = Math.floor(samples.length / 2);
  const peaks = Array.from({ length: count }, (_, part) => {
    let peak = 0;
    for (let at = Math.floor((part * all) / count); at < Math.floor(((part + 1) * all) / count); at += 1) {
      peak = Math.max(peak, Math.abs(samples.readInt16LE(at * 2)));
    }
    return Math.round((peak / 32_768) * 1000) / 1000;
  });
  return { peaks, silent: 20 * Math.log10(Math.max(...peaks)) < silencePeakDecibels };
}

function inputsOf(parts: readonly SoundPart[], source: string): string[] {
  return parts.flatMap(({ input, copy }) => [...input, '-i', copy ?? source]);
}

function output(label: string, codec: string, format: string, path: string): string[] {
  return ['-map', `[${label}]`, '-c:a', codec, '-map_metadata', '-1', '-bitexact', '-f', format, path];
}

/** The parts that a window lies in, and the second of the sound with which the first of them begins. */
function partsWithin({ parts }: InspectedAudio, { startSeconds, endSeconds }: AudioWindow) {
  let from = 0;
  let first: number | null = null;
  const within: SoundPart[] = [];
  for (const part of parts) {
    const to = from + part.length.seconds;
    if (to > startSeconds && from < endSeconds) {
      first ??= from;
      within.push(part);
    }
    from = to;
  }
  return { parts: within, startSeconds: first ?? 0 };
}

/** The filters that take a window out of parts whose seconds are told as their {@link SoundLength} says. */
function cut(
  parts: readonly SoundPart[],
  { start, end, seconds }: { start: number; end: number; seconds: number },
  sampleRate: number,
  layout: 'mono' | 'stereo',
  label: string,
): string {
  const samples = Math.round(seconds * sampleRate);
  const each = parts.map(({ track, length }, index) => {
    const filters = [
      ...mixed(track, layout),
      timed(length),
      // Silence until it begins, and in holes: the least of them is told, and not shorter than times may be inexact.
      `aresample=${sampleRate}:async=1:min_hard_comp=0.04:first_pts=0`,
      // The layout is named outright: with a choice, ffmpeg 5 cannot decide for more than two channels.
      `aformat=channel_layouts=${layout}`,
      // The next one begins where this one is said to end.
      ...(index === parts.length - 1 ? [] : exactly(Math.round(length.seconds * sampleRate))),
    ];
    return `[${index}:${track.index}]${filters.join(',')}[${label}${index}]`;
  });
  const all = parts.map((_, index) => `[${label}${index}]`).join('');
  const window = [
    `concat=n=${parts.length}:v=0:a=1`,
    `atrim=start=${start.toFixed(6)}:end=${end.toFixed(6)}`,
    'asetpts=PTS-STARTPTS',
    ...exactly(samples),
  ];
  return [...each, `${all}${window.join(',')}[${label}]`].join(';');
}

/** Gives samples the seconds of their part. */
function timed({ by, startSeconds, fileStartSeconds = 0, shown }: SoundLength): string {
  if (by === 'times') return `asetpts=PTS-${fileStartSeconds.toFixed(6)}/TB`;
  const offset = startSeconds.toFixed(6);
  if (shown === undefined) return `asetpts=(N/SR+${offset})/TB`;
  const span = `atrim=start=${shown.start.toFixed(6)}:end=${shown.end.toFixed(6)}`;
  return `asetpts=N/SR/TB,${span},asetpts=PTS-STARTPTS+${offset}/TB`;
}

function exactly(samples: number): [string, string] {
  return [`apad=whole_len=${samples}`, `atrim=end_sample=${samples}`];
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
  const samples = samplesOf(wav);
  let peak = 0;
  for (let at = 0; at + 1 < samples.length; at += 2) peak = Math.max(peak, Math.abs(samples.readInt16LE(at)));
  return 20 * Math.log10(peak / 32_768);
}

function samplesOf(wav: Buffer): Buffer {
  const data = wav.indexOf('data', 12, 'latin1');
  if (data === -1) throw new RangeError('not a WAV file');
  return wav.subarray(data + 8);
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
