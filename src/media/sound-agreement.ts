import {
  countSound,
  fieldsOf,
  knownPacketSeconds,
  numberIn,
  samplesAreSteady,
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
const onlyFrames: ReadonlySet<SoundForm> = new Set<SoundForm>(['mp3', 'aac']);

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
  const length = countSound(track, fileStart, form);
  return length !== null && length.by === 'samples' && length.startSeconds <= 0.001;
}

/**
 * @param track of which {@link isSteady} holds
 * @returns null where every packet has to be looked at
 */
export function agreedLength(track: SoundTrack, counts: PacketCounts, form: SoundForm): SoundLength | null {
  const counted = counts.streams.get(track.index);
  const each = packetSeconds(track);
  if (counted === undefined || each === null) return null;
  const skipped = (track.packets[0]?.skipped ?? 0) / track.sampleRate;
  const added = counted.packets * each - skipped;
  if (added <= 0) return null;
  if (onlyFrames.has(form)) return { seconds: added, startSeconds: 0, by: 'samples' };
  const stated = counted.statedSeconds ?? counts.statedSeconds;
  // A transport stream states when the last bundle of packets begins.
  const tolerance = form === 'mpegts' ? 0.2 : Math.max(1.5 * each, 0.03);
  if (stated === null || Math.abs(stated - added) > tolerance) return null;
  return {
    seconds: form === 'mpegts' ? added : Math.min(stated, added),
    startSeconds: 0,
    by: 'samples',
  };
}

/** What each packet lasts; null where that differs from packet to packet, or is rounded. */
function packetSeconds(track: SoundTrack): number | null {
  const known = knownPacketSeconds(track);
  const told = usualTicks(track) * track.secondsPerTick;
  if (!samplesAreSteady(track)) return null;
  // Of a frame told otherwise than the codec has it, somebody is wrong.
  if (known !== null) return told === 0 || Math.abs(told - known) < 0.0015 ? known : null;
  return told > 0 ? told : null;
}
