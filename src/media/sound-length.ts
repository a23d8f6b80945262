import { setImmediate as othersHadTheirTurn } from 'node:timers/promises';
import type { SoundForm } from './sniff.ts';

/**
 * How long a sound is, counted from its packets. What a file states about itself is a guess (of ADTS AAC and MP3 from the first frames, of
 * Ogg from the last granule) or may be wrong (the time scale of an MP4, the sizes of a WAV), so none of it is believed.
 */

/** A packet as ffprobe shows it, in the ticks of its stream. */
export interface SoundPacket {
  readonly at: number | null;
  readonly duration: number | null;
  readonly bytes: number;
  /** only there for the decoder to start with; what it gives is not heard */
  readonly isDiscarded: boolean;
  /** samples not to be heard, at its beginning and at its end */
  readonly skipped: number;
  readonly padding: number;
}

export interface SoundTrack {
  /** ffmpeg's number of the stream */
  readonly index: number;
  /** the container's own number of it; null where it has none */
  readonly id: number | null;
  readonly codec: string;
  readonly profile: string;
  readonly sampleRate: number;
  readonly channels: number;
  /** null where the file does not say which channel is which */
  readonly layout: string | null;
  /** whether ffmpeg has a decoder that made something of it */
  readonly isDecodable: boolean;
  readonly bitsPerSample: number;
  readonly secondsPerTick: number;
  readonly packets: readonly SoundPacket[];
}

export interface SoundProbe {
  /** when the first of all streams begins, pictures included: the zero of what a player shows */
  readonly startSeconds: number;
  /** of all streams, pictures included */
  readonly packets: number;
  readonly tracks: readonly SoundTrack[];
}

/**
 * Reads what `ffprobe -of compact -show_entries …` with {@link probeEntries} writes: a line for each packet and each stream, of
 * fields `name=value`. Fields that a version of ffprobe does not have are as if they were 0.
 */
export async function parseSoundProbe(text: string): Promise<SoundProbe> {
  const packets = new Map<number, SoundPacket[]>();
  const streams = new Map<number, Omit<SoundTrack, 'packets'>>();
  const ticks = new Map<number, number>();
  let lines = 0;
  for (let at = 0; at < text.length;) {
    lines += 1;
    // The bot has to keep answering meanwhile.
    if (lines % linesInATurn === 0) await othersHadTheirTurn();
    const end = nextMark(text, '\n', at, text.length);
    if (text.startsWith('packet|', at)) {
      const { stream, packet } = packetIn(text, at, end);
      const known = packets.get(stream);
      if (known === undefined) packets.set(stream, [packet]);
      else known.push(packet);
    } else if (text.startsWith('stream|', at)) {
      const fields = fieldsOf(text.slice(at, end));
      const [numerator = 0, denominator = 1] = (fields.get('time_base') ?? '').split('/').map(Number);
      const secondsPerTick = numerator / denominator;
      ticks.set(numberIn(fields, 'index') ?? 0, secondsPerTick);
      if (fields.get('codec_type') === 'audio') {
        const layout = fields.get('channel_layout') ?? 'unknown';
        const index = numberIn(fields, 'index') ?? 0;
        // Streams of a transport stream are listed once more, in its programs, and the first of them with another beginning.
        streams.set(index, {
          index,
          id: numberIn(fields, 'id'),
          codec: fields.get('codec_name') ?? 'unknown',
          profile: fields.get('profile') ?? 'unknown',
          sampleRate: numberIn(fields, 'sample_rate') ?? 0,
          channels: numberIn(fields, 'channels') ?? 0,
          layout: layout === 'unknown' || /^\d+ channels/.test(layout) ? null : layout,
          isDecodable: !['unknown', undefined].includes(fields.get('sample_fmt')),
          bitsPerSample: numberIn(fields, 'bits_per_sample') ?? 0,
          secondsPerTick,
        });
      }
    }
    at = end + 1;
  }
  const starts = [...packets].flatMap(([index, known]) => {
    // Of those that an edit list leaves out there may be more than a few.
    const shown = known.flatMap(({ at, isDiscarded }) => (at === null || isDiscarded ? [] : [at]));
    const first = shown.slice(0, reordered);
    return first.length === 0 ? [] : [Math.min(...first) * (ticks.get(index) ?? 0)];
  });
  return {
    // Not what ffprobe gives as the start of the file: that depends on what it has decoded of the pictures.
    startSeconds: starts.length === 0 ? 0 : Math.min(...starts),
    packets: [...packets.values()].reduce((sum, { length }) => sum + length, 0),
    tracks: [...streams.values()]
      .toSorted((one, other) => one.index - other.index)
      .map((stream) => ({ ...stream, packets: packets.get(stream.index) ?? [] })),
  };
}

const linesInATurn = 10_000;

/** The first frame to be shown may come after so many others. */
const reordered = 32;

/** What {@link parseSoundProbe} needs of ffprobe. */
export const probeEntries = [
  'stream=index,id,codec_type,codec_name,profile,sample_rate,channels,channel_layout,sample_fmt,bits_per_sample,time_base',
  'packet=stream_index,pts,dts,duration,size,flags',
  'packet_side_data=skip_samples,discard_padding',
  // Comes last: whoever has it has all of the list.
  'format=nb_streams',
].join(':');

/** How the last line of such a list begins. */
export const lastProbeLine = 'format|';

/** Where a mark comes next, or the end where it does not come before. */
function nextMark(text: string, mark: string, from: number, end: number): number {
  const at = text.indexOf(mark, from);
  return at === -1 || at > end ? end : at;
}

/** One of ten thousands of lines: field by field, without a map of them. */
function packetIn(text: string, from: number, to: number): { stream: number; packet: SoundPacket } {
  let stream = 0;
  let pts: number | null = null;
  let dts: number | null = null;
  let duration: number | null = null;
  let [bytes, skipped, padding, isDiscarded] = [0, 0, 0, false];
  for (let at = text.indexOf('|', from) + 1; at > 0 && at < to;) {
    const end = nextMark(text, '|', at, to);
    const equals = nextMark(text, '=', at, end);
    if (equals < end) {
      const value = text.slice(equals + 1, end);
      // Newer versions put the kind of side data before the name: `skip_samples:skip_samples=312`.
      const label = text.slice(at, equals);
      const name = label.slice(label.lastIndexOf(':') + 1);
      if (name === 'pts') pts = finite(value);
      else if (name === 'dts') dts = finite(value);
      else if (name === 'duration') duration = finite(value);
      else if (name === 'size') bytes = finite(value) ?? 0;
      else if (name === 'stream_index') stream = finite(value) ?? 0;
      else if (name === 'flags') isDiscarded = value.includes('D');
      else if (name === 'skip_samples') skipped = finite(value) ?? 0;
      else if (name === 'discard_padding') padding = finite(value) ?? 0;
    }
    at = end + 1;
  }
  return { stream, packet: { at: pts ?? dts, duration, bytes, isDiscarded, skipped, padding } };
}

/** The fields of a line that ffprobe writes with `-of compact`. */
export function fieldsOf(line: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const field of line.split('|')) {
    const at = field.indexOf('=');
    if (at > 0) fields.set(field.slice(0, at), field.slice(at + 1));
  }
  return fields;
}

/** A number in such a line; null where it is none. */
export function numberIn(fields: ReadonlyMap<string, string>, name: string): number | null {
  return finite(fields.get(name) ?? '');
}

/** ffprobe writes `N/A` for what is not known. */
function finite(text: string): number | null {
  const value = text === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}

/** How the seconds of a sound are to be understood: in its count, and the same way when it is cut. */
export interface SoundLength {
  /** from the zero of the file to the end of the sound */
  readonly seconds: number;
  /** when it begins: later than its pictures, perhaps */
  readonly startSeconds: number;
  /** `samples`: as they are decoded, one after the other; `times`: at the times that the packets state, with silence in between */
  readonly by: 'samples' | 'times';
  /** what the times of the packets call the zero of the file; only where they count */
  readonly fileStartSeconds?: number;
  /** the seconds of what is decoded that are shown, where not all are; only by samples */
  readonly shown?: { readonly start: number; readonly end: number };
}

/** Formats in which time is what their samples add up to: whatever times ffmpeg gives are its own reckoning. */
const withoutTimes: ReadonlySet<SoundForm> = new Set<SoundForm>([
  'wav', 'w64', 'ogg', 'flac', 'mp3', 'aac', 'aiff', 'amr', 'caf', 'wv', 'ape', 'au', 'ac3', 'eac3', 'dts', 'tta', 'truehd',
  'mlp', 'loas', 'gsm', 'voc',
]); // prettier-ignore

/** Streams that lose frames where they are damaged, of which the times of the others still tell. */
const ofFrames: ReadonlySet<SoundForm> = new Set<SoundForm>([
  'mp3', 'aac', 'loas', 'ac3', 'eac3', 'dts', 'mpegts', 'mpeg',
]); // prettier-ignore
/** In Ogg only some packets have times, in AVI times are bytes, and of Windows Media Audio not all is decoded. */
const withoutTimesOfPackets: ReadonlySet<SoundForm> = new Set<SoundForm>(['ogg', 'avi', 'asf']);

/** A hole in a recording, other than packets whose times are rounded. */
const leastHole = 0.1;
/** ffmpeg takes more than that for a break in a stream, and closes it. */
const longestHole = 10;

/** Of phones: while nobody speaks their packets say so in a byte or six, and ffmpeg's decoder leaves them out. */
const silenceLeftOut: ReadonlySet<string> = new Set(['amr_nb', 'amr_wb']);

/**
 * Counts.
 *
 * @returns null when only decoding can tell, or nothing is there
 */
export function countSound(track: SoundTrack, fileStart: number, form: SoundForm): SoundLength | null {
  const told = counted(track, fileStart, form);
  const late = decodedLate(track);
  const length = told === null || late === 0 ? told : lateBy(late, told);
  if (length === null || !timesAgree(track)) return length;
  if (silenceLeftOut.has(track.codec)) {
    return { ...length, by: 'times', fileStartSeconds: withoutTimes.has(form) ? 0 : fileStart };
  }
  return byEvenTimes(track, length, fileStart, form);
}

/** So much may a packet begin before or behind the end of the one before, and so much all of them together, for their times to be even. */
const [unevenPacket, unevenSound] = [0.005, 0.03];

/**
 * A packet that is damaged gives nothing when it is decoded. Where the times of all are even it is as long as any other, and what comes behind it is
 * heard when it was said: by samples it would be earlier, and the end silent.
 */
function byEvenTimes(track: SoundTrack, length: SoundLength, fileStart: number, form: SoundForm) {
  const times = timedExtent(track);
  const zero = zeroOfTimes(track, fileStart, form);
  if (length.by === 'times' || zero === null || times === null) return length;
  const seconds = length.startSeconds + times.end - times.start - unheardSeconds(track);
  if (ofFrames.has(form) || times.lost > 0)
    return { ...length, seconds, by: 'times', fileStartSeconds: zero } as const;
  const areEven = Math.abs(seconds - length.seconds) <= unevenSound;
  return areEven ? ({ ...length, by: 'times', fileStartSeconds: zero } as const) : length;
}

/** Whether a sound has no holes by its times, nor by its codec. */
export function isWithoutHoles(track: SoundTrack): boolean {
  return !silenceLeftOut.has(track.codec) && (timedExtent(track)?.holes ?? 0) === 0;
}

/** What the times of packets call the zero of the file; null where they are not even. What is skipped at the beginning has times, too. */
export function zeroOfTimes(track: SoundTrack, fileStart: number, form: SoundForm): number | null {
  const times = withoutTimesOfPackets.has(form) ? null : timedExtent(track);
  if (times === null || !times.isSteady || track.sampleRate <= 0) return null;
  if (!ofFrames.has(form) && times.leastEven > unevenPacket) return null;
  const skipped = track.packets.find(({ isDiscarded }) => !isDiscarded)?.skipped ?? 0;
  return (withoutTimes.has(form) ? times.start : fileStart) + skipped / track.sampleRate;
}

/**
 * How much later than its first packet says what is decoded of Windows Media Audio 1 and 2 begins, in seconds. ffmpeg leaves out two frames there, as Microsoft's
 * encoder needs it; ffmpeg's own has put sound into the second. Nobody knows which one it was: half a frame is wrong by 32 ms at most for either.
 */
export function decodedLate({ codec, sampleRate }: Pick<SoundTrack, 'codec' | 'sampleRate'>): number {
  const version = ['wmav1', 'wmav2'].indexOf(codec) + 1;
  if (version === 0 || sampleRate <= 0) return 0;
  const samples = sampleRate <= 16_000 ? 512 : sampleRate <= (version === 1 ? 32_000 : 22_050) ? 1024 : 2048;
  return samples / sampleRate / 2;
}

function lateBy(seconds: number, length: SoundLength): SoundLength {
  if (length.by === 'times') {
    // By its times, which leave room for what is left out, it is late by none or one.
    const fileStartSeconds = (length.fileStartSeconds ?? 0) + seconds;
    return { ...length, fileStartSeconds };
  }
  return { ...length, seconds: length.seconds - seconds, startSeconds: length.startSeconds + seconds };
}

function counted(track: SoundTrack, fileStart: number, form: SoundForm): SoundLength | null {
  const { packets, secondsPerTick } = track;
  if (packets.length === 0 || secondsPerTick <= 0) return null;
  const added = addedSeconds(track, form);
  const startSeconds = startOf(track, fileStart, form);
  if (withoutTimes.has(form)) return bySamples(added, startSeconds);
  const times = timedExtent(track);
  const known = knownSeconds(track);
  if (times === null) return bySamples(known, 0);
  if (!timesAgree(track)) return bySamples(known, 0);
  if (known === null && form === 'mov' && !ticksAreSamples(track)) return null;
  if (known === null && isLongLastUntold(track)) return null;
  // AVI's times are bytes: where packets differ, and nobody knows how long each is, they say nothing.
  if (known === null && form === 'avi') return null;
  if (!times.isSteady) return bySamples(known ?? added, startSeconds);
  // The decoder of WMA gives nothing for the first packets: what is heard of a later beginning is when its times say.
  if (times.holes > 0 || (form === 'asf' && startSeconds > leastHole)) {
    const seconds = startSeconds + times.end - times.start;
    return { seconds, startSeconds, by: 'times', fileStartSeconds: fileStart };
  }
  // Added up it is exact in MP4, whose last packet says how much of it counts; elsewhere packets have milliseconds, or no length.
  const padding = (packets.at(-1)?.padding ?? 0) / (track.sampleRate || Infinity);
  const told = form === 'mov' && added !== null ? added : times.end - times.start - padding;
  // What its times have lost or gained from packet to packet is heard all the same.
  const heard = known === null ? told : known - unheardSeconds(track);
  // Of a first and a last packet only a part may be shown.
  const seconds = Math.abs(heard - told) > noticeable + 2 * (knownPacketSeconds(track) ?? 0) ? heard : told;
  return { seconds: startSeconds + seconds, startSeconds, by: 'samples' };
}

/** When a sound begins: later than what else is in its film, perhaps. */
export function startOf(track: SoundTrack, fileStart: number, form: SoundForm): number {
  const times = withoutTimes.has(form) && form !== 'ogg' ? null : timedExtent(track);
  const start = times === null ? 0 : Math.max(0, times.start - fileStart);
  // The first packets of Ogg have no times; those that ffmpeg reckons for them are not exact.
  return form === 'ogg' && start < leastHole ? 0 : start;
}

/** Samples that a packet can have, of codecs that have several numbers of them: RFC 6716, 2.1.4 at 48 kHz; ETSI TS 102 366, E.1.3.1.5; Vorbis I, 4.3.8, of blocks of 64 to 8192. */
const possibleSamples: Readonly<Record<string, (samples: number) => boolean>> = {
  opus: (samples) => samples % 120 === 0 && samples <= 5760,
  eac3: (samples) => samples % 256 === 0 && samples <= 1536,
  vorbis: (samples) => samples % 16 === 0 && samples <= 8192,
  adpcm_ima_qt: (samples) => samples % 64 === 0,
  alac: (samples) => samples % 64 === 0,
  flac: (samples) => samples % 64 === 0,
};

/** Whether the ticks of an MP4 are samples of its codec, which knows its rate itself, and its packets are such that the codec can have. */
function ticksAreSamples(track: SoundTrack): boolean {
  const usual = usualTicks(track);
  const isPossible = possibleSamples[track.codec]?.(usual) ?? false;
  return isPossible && usual > 0 && ticksAreExact(track);
}

/** Whether a tick is a sample. */
export function ticksAreExact({ secondsPerTick, sampleRate }: SoundTrack): boolean {
  return Math.abs(secondsPerTick * sampleRate - 1) < 1e-6;
}

/** The median: of a few packets only a part may be shown. */
export function usualTicks({ packets }: SoundTrack): number {
  const ticks = packets.map(({ duration }) => duration ?? 0).toSorted((one, other) => one - other);
  return ticks[Math.floor(ticks.length / 2)] ?? 0;
}

/** Of what an encoder needs to begin with, Matroska tells these to be shorter than they are. */
const unsteadyPackets = 3;

/**
 * Whether all packets but the first ones and the last have one length, and it is known to the sample: a tick of a millisecond is a rounded one, unless
 * no other length that the codec can have is as near.
 */
export function samplesAreSteady(track: SoundTrack): boolean {
  const { packets } = track;
  const usual = usualTicks(track);
  const isInSamples = ticksAreExact(track);
  const isRounded = knownPacketSeconds(track) !== null || (!isInSamples && evenPacketSeconds(track) !== null);
  if (!isInSamples && !isRounded) return false;
  const inner = packets
    .slice(unsteadyPackets, -1)
    .flatMap(({ duration }) => (duration === null ? [] : [duration]));
  return !inner.some((duration) => Math.abs(duration - usual) > (isRounded ? 1 : 0));
}

/** Opus has packets of two and a half milliseconds and of multiples of that (RFC 6716, 2.1.4); those of others are whole samples. */
const leastOpusSeconds = 0.0025;

/**
 * What a packet lasts by when the packets begin, where all are alike: with ticks of a millisecond each of them is rounded, but not all of
 * them together.
 */
export function evenPacketSeconds({ codec, packets, secondsPerTick, sampleRate }: SoundTrack): number | null {
  const begins = packets.flatMap(({ at }) => (at === null ? [] : [at * secondsPerTick]));
  const [first, last] = [begins.at(0), begins.at(-1)];
  if (first === undefined || last === undefined || begins.length < 3 || sampleRate <= 0) return null;
  const mean = (last - first) / (begins.length - 1);
  const step = codec === 'opus' ? leastOpusSeconds : 1 / sampleRate;
  const each = Math.round(mean / step) * step;
  // Of both ends, a tick may be lost to rounding.
  const unsure = codec === 'opus' ? step / 10 : secondsPerTick / (begins.length - 1);
  if (each <= 0 || unsure > step / 4 || Math.abs(each - mean) > unsure) return null;
  if (codec === 'opus' && each > longestOpusPacket) return null;
  const isEven = begins.every(
    (begin, index) => Math.abs(begin - first - index * each) <= secondsPerTick * 1.5,
  );
  return isEven ? each : null;
}

/** What the packets of an MP4 last by its own time scale, holes included; for comparison with what was decoded. */
export function statedSeconds(track: SoundTrack): number {
  const times = timedExtent(track);
  return times === null ? 0 : times.end - times.start;
}

/** Whether two lengths are so close that the same time scale made them. */
export function areAlike(one: number, other: number): boolean {
  return Math.abs(one - other) <= Math.max(0.25, other * 0.02);
}

/** A shorter packet whose length nobody tells is nobody's loss; of a longer one, what is told may be what all packets have but the last. */
const [noticeable, enormous] = [0.04, 0.2];

/** Whether nobody says how long the last packet is, and packets of this codec are long: as ALAC and TTA in Matroska. */
function isLongLastUntold(track: SoundTrack): boolean {
  const { packets, secondsPerTick } = track;
  const [before, last] = packets.slice(-2);
  const usual = ((last?.at ?? 0) - (before?.at ?? 0)) * secondsPerTick;
  const told = last?.duration ?? 0;
  // In samples, and another number of them than all others have: that is nobody's guess.
  if (told > 0 && told < usualTicks(track) && ticksAreSamples(track)) return false;
  return usual > (told > 0 ? enormous : noticeable);
}

/** So many packets in a row that last otherwise than the others are no damage. */
const packetsInARow = 8;

/** Whether the sample rate changes in a stream, as packets of codecs tell that have as many samples in all of them. */
export function changesRate(track: SoundTrack, form: SoundForm): boolean {
  if (!['mpegts', 'mpeg'].includes(form) || knownPacketSeconds(track) === null) return false;
  const usual = usualTicks(track);
  let changed = 0;
  for (const { duration } of track.packets) {
    changed = duration === null || Math.abs(duration - usual) <= usual / 50 ? 0 : changed + 1;
    if (changed >= packetsInARow) return true;
  }
  return false;
}

/** Whether the times of the packets are those that so many packets of the codec have, but for holes; true where the codec does not tell. */
export function timesAgree(track: SoundTrack): boolean {
  const [times, known] = [timedExtent(track), knownSeconds(track)];
  if (times === null || known === null) return true;
  // Holes between most packets are the same fault, of a format that knows its packets' lengths besides.
  if (times.holeCount > packetsOf(track) / 4) return false;
  return areAlike(times.end - times.start - times.holes, known);
}

/** Whether the last packet is told to be longer than its codec can make it: by a time scale that is wrong, of which an edit list has left no more to see. */
export function isLastTooLong(track: SoundTrack): boolean {
  const last = track.packets.slice(-1);
  const known = knownSeconds({ ...track, packets: last });
  const told = (last[0]?.duration ?? 0) * track.secondsPerTick;
  return known !== null && told > known + leastHole;
}

/** Whether an edit list leaves less than half of a sound. */
export function isMostlyDiscarded(track: SoundTrack): boolean {
  return packetsOf(track) * 2 < track.packets.length;
}

/** What so many bytes of AAC last at the least: no frame of 1024 samples has more than 6144 bits for each channel (ISO/IEC 14496-3, 4.5.3). */
export function leastAacSeconds({ packets, channels, sampleRate }: SoundTrack): number {
  const bits = packets.reduce((sum, { bytes }) => sum + bytes * 8, 0);
  return ((bits / (6144 * Math.max(1, channels))) * 1024) / sampleRate;
}

/** Of the packets that count, what is left out of what they give. */
function unheardSeconds({ packets, sampleRate }: SoundTrack): number {
  const samples = packets.reduce(
    (sum, { isDiscarded, skipped, padding }) => sum + (isDiscarded ? 0 : skipped + padding),
    0,
  );
  return samples / sampleRate;
}

function packetsOf({ packets }: SoundTrack): number {
  return packets.filter(({ isDiscarded }) => !isDiscarded).length;
}

function bySamples(seconds: number | null, startSeconds: number): SoundLength | null {
  return seconds === null ? null : { seconds: startSeconds + seconds, startSeconds, by: 'samples' };
}

const longestOpusPacket = 0.1201;

/** What the packets' own lengths add up to, less what is skipped; null when a packet in the middle has none. */
function addedSeconds(
  { codec, packets, secondsPerTick, sampleRate }: SoundTrack,
  form: SoundForm,
): number | null {
  if (sampleRate <= 0) return null;
  let sum = 0;
  let skip = 0;
  for (const [index, packet] of packets.entries()) {
    if (packet.skipped > 0) skip = packet.skipped / sampleRate;
    if (packet.duration === null || packet.duration <= 0) {
      // A first packet may only prepare the decoder, a last one may be cut off, and in Ogg the headers of the next piece are packets.
      if (form !== 'ogg' && index > 0 && index < packets.length - 1) return null;
      continue;
    }
    const seconds = packet.duration * secondsPerTick;
    // Headers, too, taken for sound: no packet of Opus is so long (RFC 6716, 2.1.4).
    if (form === 'ogg' && codec === 'opus' && seconds > longestOpusPacket) continue;
    const unheard = Math.min(skip, seconds);
    skip -= unheard;
    if (packet.isDiscarded) continue;
    // Ogg's last packet has the padding taken off its length already.
    const padding = form === 'ogg' ? 0 : packet.padding / sampleRate;
    sum += Math.max(0, seconds - unheard - padding);
  }
  if (form === 'ogg' && codec === 'vorbis') sum += untoldTicks(packets) * secondsPerTick;
  return sum > 0 ? sum : null;
}

/**
 * Vorbis has short blocks and long ones, and a packet lasts from the middle of the block before to the middle of its own (Vorbis I, 4.3.8). Of a short one
 * behind a long one ffprobe tells what it would last behind a short one, and begins it as much later.
 *
 * @returns the ticks that are missing
 */
function untoldTicks(packets: readonly SoundPacket[]): number {
  let longest = 0;
  for (const { duration } of packets) longest = Math.max(longest, duration ?? 0);
  let missing = 0;
  for (const [index, { at, duration }] of packets.entries()) {
    const before = packets[index - 1];
    if (before === undefined || before.at === null || before.duration === null) continue;
    if (at === null || duration === null) continue;
    // A quarter of one block and of the other, instead of half of the short one.
    const untold = (longest - duration) / 2;
    if (untold > 0 && at - before.at - before.duration === untold) missing += untold;
  }
  return missing;
}

/** Samples in a packet of codecs that have the same in all of them. */
const samplesPerPacket: Readonly<Record<string, number>> = {
  ac3: 1536,
  amr_nb: 160,
  amr_wb: 320,
  gsm: 160,
  mp2: 1152,
};

/** What so many packets of this codec are, whatever their times say; null where that differs from packet to packet. */
function knownSeconds(track: SoundTrack): number | null {
  const { packets, sampleRate, channels, bitsPerSample } = track;
  if (sampleRate <= 0 || channels <= 0) return null;
  if (hasEvenSamples(track)) {
    const bytes = packets.reduce((sum, packet) => sum + (packet.isDiscarded ? 0 : packet.bytes), 0);
    return bytes / (bitsPerSample / 8) / channels / sampleRate;
  }
  const each = knownPacketSeconds(track);
  return each === null ? null : packetsOf(track) * each;
}

/** Whether every sample of a codec takes so many bits, whichever packet it is in. */
function hasEvenSamples({ codec, bitsPerSample }: SoundTrack): boolean {
  return bitsPerSample > 0 && (codec.startsWith('pcm_') || codec === 'adpcm_g722');
}

/** Of so many bytes each, these are as many samples; how many, only their packets tell. */
const ofOneRate: ReadonlySet<string> = new Set(['adpcm_g726', 'adpcm_g726le', 'adpcm_swf']);

/** What a byte lasts, of a codec of which as many bytes always last as long; null of others. */
export function secondsPerByte(track: SoundTrack): number | null {
  const { codec, packets, sampleRate, channels, bitsPerSample } = track;
  if (sampleRate <= 0 || channels <= 0) return null;
  if (hasEvenSamples(track)) return 8 / bitsPerSample / channels / sampleRate;
  const bytes = packets[0]?.bytes ?? 0;
  const isEven = bytes > 0 && packets.every((packet) => packet.bytes === bytes);
  const each = ofOneRate.has(codec) && isEven ? evenPacketSeconds(track) : null;
  return each === null ? null : each / bytes;
}

/** Shortest packets of all: 40 samples at 48 and at 44.1 kHz, and as much time at multiples of these. */
export const ofUnits: ReadonlySet<string> = new Set(['truehd', 'mlp']);

/** Of Nellymoser, whose blocks of 64 bytes are 256 samples each, where all packets have as many of them. */
function nellymoserSeconds(packets: readonly SoundPacket[], sampleRate: number): number | null {
  const blocks = (packets[0]?.bytes ?? 0) / 64;
  const isSteady =
    blocks > 0 && Number.isInteger(blocks) && packets.every(({ bytes }) => bytes === blocks * 64);
  return isSteady && sampleRate > 0 ? (blocks * 256) / sampleRate : null;
}

/** What each packet of this codec is; null where that differs. */
export function knownPacketSeconds({ codec, profile, sampleRate, packets }: SoundTrack): number | null {
  if (codec === 'nellymoser') return nellymoserSeconds(packets, sampleRate);
  if (ofUnits.has(codec)) return sampleRate > 0 ? 40 / (sampleRate % 44_100 === 0 ? 44_100 : 48_000) : null;
  const samples =
    codec === 'aac' || codec === 'aac_latm'
      ? profile.startsWith('HE-AAC')
        ? 2048
        : 1024
      : codec === 'mp3'
        ? sampleRate >= 32_000
          ? 1152
          : 576
        : samplesPerPacket[codec];
  return samples === undefined || sampleRate <= 0 ? null : samples / sampleRate;
}

/** From the first packet to the end of the last, with the holes between them. */
function timedExtent(track: SoundTrack) {
  const { packets, secondsPerTick } = track;
  const each =
    knownPacketSeconds(track) ?? (ticksAreSamples(track) ? usualTicks(track) * secondsPerTick : null);
  let start: number | null = null;
  let end = 0;
  let holes = 0;
  let holeCount = 0;
  let lost = 0;
  let leastEven = 0;
  let isSteady = true;
  for (const { at, duration, isDiscarded } of packets) {
    if (at === null || isDiscarded) continue;
    const begins = at * secondsPerTick;
    if (start === null) start = begins;
    else {
      if (begins - end > leastHole) {
        holes += begins - end;
        holeCount += 1;
      }
      // Backwards, or a leap that ffmpeg smooths in streams: then they are no times to go by.
      if (end - begins > leastHole || begins - end > longestHole) isSteady = false;
      // Where whole packets were lost, the others are as even as before.
      const missing = each === null ? 0 : Math.max(0, Math.round((begins - end) / each));
      lost += missing;
      leastEven = Math.max(leastEven, Math.abs(begins - end - missing * (each ?? 0)));
    }
    const stated = (duration ?? 0) * secondsPerTick;
    // MP4 states when the next packet begins: before a hole, that is long after this one's sound ends.
    end = Math.max(end, begins + (each !== null && stated > each + leastHole ? each : stated));
  }
  return start === null ? null : { start, end, holes, holeCount, lost, leastEven, isSteady };
}
