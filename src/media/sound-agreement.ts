import {
  countSound,
  ofUnits,
  zeroOfTimes,
  evenPacketSeconds,
  fieldsOf,
  isWithoutHoles,
  knownPacketSeconds,
  numberIn,
  samplesAreSteady,
  secondsPerByte,
  ticksAreExact,
  timesAgree,
  usualTicks,
} from './sound-length.ts';
import type { SoundLength, SoundTrack } from './sound-length.ts';
import type { SoundForm } from './sniff.ts';

/**
 * Long sounds without a list of all their packets, which takes ffprobe 7 µs for each and a second for some: how many packets there are, how long
 * each of them is, and what the file states, where two of these say the same. Where they do not, every packet is looked at.
 */

/** What `ffprobe -count_packets` says of a file. */
export interface PacketCounts {
  /** of each stream, by ffmpeg's number of it */
  readonly streams: ReadonlyMap<number, { readonly packets: number; readonly statedSeconds: number | null }>;
  /** of all streams together, as the file states it */
  readonly statedSeconds: number | null;
}

/** What {@link parsePacketCounts} needs of ffprobe, besides `-count_packets`. */
export const countEntries = 'stream=index,time_base,duration_ts,nb_read_packets:format=duration';

/** Reads what `ffprobe -of compact -count_packets -show_entries …` with {@link countEntries} writes. */
export function parsePacketCounts(text: string): PacketCounts {
  const streams = new Map<number, { packets: number; statedSeconds: number | null }>();
  let statedSeconds: number | null = null;
  for (const line of text.split('\n')) {
    const fields = fieldsOf(line);
    const index = numberIn(fields, 'index');
    if (line.startsWith('format|')) statedSeconds = numberIn(fields, 'duration');
    // Streams of a transport stream are listed once more, in its programs.
    else if (index !== null) {
      const [numerator = 0, denominator = 1] = (fields.get('time_base') ?? '').split('/').map(Number);
      const ticks = numberIn(fields, 'duration_ts');
      const stated = ticks === null ? null : (ticks * numerator) / denominator;
      streams.set(index, { packets: numberIn(fields, 'nb_read_packets') ?? 0, statedSeconds: stated });
    }
  }
  return { streams, statedSeconds };
}

/** So many packets of a sound show how long each of them is. */
const leastPackets = 32;

/** Formats that hold nothing but frames of one length, whose count is the length, whatever is stated: it is a guess. */
const onlyFrames: ReadonlySet<SoundForm> = new Set<SoundForm>([
  'mp3',
  'aac',
  'loas',
  'ac3',
  'truehd',
  'mlp',
  'gsm',
]);

/** Formats that state when the last bundle of packets begins: where it ends, its packets tell. */
const statesLastBundle: ReadonlySet<SoundForm> = new Set<SoundForm>(['mpegts', 'mpeg']);
/** So much what is stated and what is counted may differ. */
const leastBreak = 0.03;
/** Longer than a bundle of packets, of which each is late for who is waiting. */
const longestBundle = 2;

/** From when on to look at the last packets of a sound whose end is not stated, in the file's own time; null where there is no use in it. */
export function lastBundle(
  track: SoundTrack,
  counts: PacketCounts,
  fileStart: number,
  form: SoundForm,
): number | null {
  const stated = counts.streams.get(track.index)?.statedSeconds ?? counts.statedSeconds;
  const each = packetSeconds(track);
  const packets = counts.streams.get(track.index)?.packets ?? 0;
  if (each === null) return null;
  // A list of these takes seconds: where a file was cut off, its end is worth a look.
  if (ofUnits.has(track.codec) && form === 'matroska') {
    const isTold = stated !== null && Math.abs(stated - packets * each) < leastBreak;
    return isTold ? null : fileStart + Math.max(0, packets * each - 0.5);
  }
  if (!statesLastBundle.has(form) || stated === null) return null;
  return Math.abs(packets * each - stated) > longestBundle ? null : fileStart + Math.max(0, stated - 0.5);
}

/** @param packets the last ones of a sound @returns the counts, with the sound stated to end where they do */
export function withLastPackets(
  counts: PacketCounts,
  { index, codec, secondsPerTick, packets }: SoundTrack,
  fileStart: number,
): PacketCounts {
  const ends = packets.flatMap(({ at, duration }) =>
    at === null || (duration === null && !ofUnits.has(codec))
      ? []
      : [(at + (duration ?? 0)) * secondsPerTick - fileStart],
  );
  const counted = counts.streams.get(index)?.packets ?? 0;
  const statedSeconds = ends.length === 0 ? null : Math.max(...ends);
  return { ...counts, streams: new Map([[index, { packets: counted, statedSeconds }]]) };
}

/** A frame as it was decoded. */
export interface DecodedFrame {
  readonly at: number | null;
  readonly samples: number;
}

/** What {@link parseFrames} needs of ffprobe. */
export const frameEntries = 'frame=pts,nb_samples';

/** Reads what `ffprobe -of compact -show_entries …` with {@link frameEntries} writes. */
export function parseFrames(text: string): DecodedFrame[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.startsWith('frame|') ? fieldsOf(line) : new Map<string, string>();
    const samples = numberIn(fields, 'nb_samples');
    return samples === null ? [] : [{ at: numberIn(fields, 'pts'), samples }];
  });
}

/** Codecs whose packets are decoded each for itself, into as many samples, but for the last. */
export const independent: ReadonlySet<string> = new Set(['alac', 'tta', 'flac', 'wavpack']);

/** When the packet before the last one begins, in seconds, of a sound that its first and its last packet tell the length of; null of others. */
export function beforeLast({ codec, packets, secondsPerTick }: SoundTrack): number | null {
  const at = packets.at(-2)?.at ?? null;
  return !independent.has(codec) || packets.length < leastPackets || at === null ? null : at * secondsPerTick;
}

/**
 * Of a sound whose packets do not say how long the last one is, without decoding all of it.
 *
 * @param frames decoded from its first and its last packets
 * @returns null where its packets are not all alike
 */
export function lengthByEnds(
  { packets, sampleRate, secondsPerTick }: SoundTrack,
  frames: readonly DecodedFrame[],
  startSeconds: number,
): SoundLength | null {
  const [first, last] = [packets.at(0)?.at ?? null, packets.at(-1)?.at ?? null];
  const usual = frames.at(0)?.samples ?? 0;
  const end = frames.findLast(({ at }) => at === last);
  if (first === null || last === null || end === undefined || usual === 0 || sampleRate <= 0) return null;
  const isUsual = ({ at, samples }: DecodedFrame) => at === last || samples === usual;
  const isInTime = (at: number | null, index: number) =>
    at !== null &&
    Math.abs((at - first) * secondsPerTick - (index * usual) / sampleRate) <= secondsPerTick * 1.5;
  if (!frames.every(isUsual) || !packets.every(({ at }, index) => isInTime(at, index))) return null;
  const samples = (packets.length - 1) * usual + end.samples;
  return { seconds: startSeconds + samples / sampleRate, startSeconds, by: 'samples' };
}

/** A frame that encoders only fill up, and leave out when it is heard, may be of this length and still be nobody's loss. */
const longestFrame = 0.04;

/**
 * Whether a sound, by its first packets, begins with its file and has packets of one length.
 *
 * @param track with these packets alone
 */
export function isSteady(track: SoundTrack, fileStart: number, form: SoundForm): boolean {
  const each = packetSeconds(track);
  if (each === null || track.packets.length < leastPackets || !timesAgree(track)) return false;
  if (onlyFrames.has(form)) return each <= longestFrame;
  // It has a table of its packets, and no lengths of them.
  if (form === 'caf') return true;
  const length = countSound(track, fileStart, form);
  return length !== null && isWithoutHoles(track) && length.startSeconds <= 0.001;
}

/**
 * @param track of which {@link isSteady} holds
 * @param fileStart when the first of all streams begins
 * @returns null where every packet has to be looked at
 */
export function agreedLength(
  track: SoundTrack,
  counts: PacketCounts,
  form: SoundForm,
  fileStart = 0,
): SoundLength | null {
  const counted = counts.streams.get(track.index);
  const each = packetSeconds(track);
  if (counted === undefined || each === null) return null;
  const skipped = (track.packets[0]?.skipped ?? 0) / track.sampleRate;
  const added = counted.packets * each - skipped;
  if (added <= 0) return null;
  // Of rounded times, those of later packets may be less even.
  const isExact = onlyFrames.has(form) || statesLastBundle.has(form) || ticksAreExact(track);
  const zero = isExact ? zeroOfTimes(track, fileStart, form) : null;
  const by =
    zero === null ? ({ by: 'samples' } as const) : ({ by: 'times', fileStartSeconds: zero } as const);
  if (onlyFrames.has(form)) return { seconds: added, startSeconds: 0, ...by };
  const stated = counted.statedSeconds ?? counts.statedSeconds;
  if (stated === null || Math.abs(stated - added) > Math.max(1.5 * each, leastBreak)) return null;
  const seconds = statesLastBundle.has(form) ? added : Math.min(stated, added);
  return { seconds, startSeconds: 0, ...by };
}

/** Whether what was decoded of the first packets is as long as all packets are taken to be. */
export function framesAgree(track: SoundTrack, frames: readonly DecodedFrame[]): boolean {
  const each = packetSeconds(track);
  // A decoder may need a packet before it gives anything.
  const heard = frames.slice(1);
  return (
    each !== null &&
    heard.length > 1 &&
    heard.every(({ samples }) => Math.abs(samples / track.sampleRate - each) < 0.0001)
  );
}

/** What each packet lasts; null where that differs from packet to packet, or is rounded. */
function packetSeconds(track: SoundTrack): number | null {
  const known = knownPacketSeconds(track);
  const told = evenPacketSeconds(track) ?? usualTicks(track) * track.secondsPerTick;
  if (!samplesAreSteady(track)) return null;
  // Of a frame told otherwise than the codec has it, somebody is wrong.
  if (known !== null) return told === 0 || Math.abs(told - known) < 0.0015 ? known : null;
  return told > 0 ? told : null;
}

/**
 * Of a codec of which as many bytes always last as long: how many bytes there are, and where the last packet ends by its own time, or begins where none says how
 * long it is. Holes between packets would show. AVI has no times: a list would say what the bytes do.
 *
 * @param track with its first packets
 * @param report what `ffmpeg -progress` writes of a copy of all packets
 * @returns null where these two disagree
 */
export function lengthByBytes(track: SoundTrack, report: string, form: SoundForm): SoundLength | null {
  const last = (name: string) =>
    Number([...report.matchAll(new RegExp(`^${name}=(\\d+)$`, 'gm'))].at(-1)?.[1] ?? 0);
  const each = secondsPerByte(track) ?? 0;
  const seconds = last('total_size') * each;
  const untold = track.packets.filter(({ duration }) => (duration ?? 0) <= 0);
  const longest = each * untold.reduce((most, { bytes }) => Math.max(most, bytes), 0);
  const behind = seconds - last('out_time_us') / 1_000_000;
  const agree = form === 'avi' || (behind > -leastBreak && behind < longest + leastBreak);
  return seconds > 0 && agree ? { seconds, startSeconds: 0, by: 'samples' } : null;
}
