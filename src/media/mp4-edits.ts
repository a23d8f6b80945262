import { boxesIn, boxWithin } from './mp4-boxes.ts';

/** A piece of a track as its edit list shows it (ISO/IEC 14496-12, 8.6.6), in seconds. */
export interface Edit {
  /** nothing is there for so long, before the piece */
  readonly silence: number;
  /** of the track's media */
  readonly start: number;
  readonly end: number;
}

/**
 * The edit list of a track, where it has several pieces or something missing in between: ffmpeg plays the beginning of the media in the place of
 * an empty edit that is not the first. A piece may also be told to be longer than its media, or as long as nothing, which stands for all that is left.
 *
 * @param trackId as its header says
 * @returns null where ffmpeg needs no help: no list, or one piece, perhaps after a pause
 */
export function brokenEdits(file: Buffer, trackId: number): Edit[] | null {
  const found = listOf(file, trackId);
  if (found === null) return null;
  const edits = pieces(found.list, found.movieScale, found.mediaScale) ?? [];
  // Anything between two pieces.
  if (edits.length > 1) return edits;
  const [only] = edits;
  const isWhole = only !== undefined && only.start > 0 && only.end > found.mediaSeconds + alike;
  return isWhole && found.mediaSeconds > 0 ? edits : null;
}

/** Ticks a second that films have: most of them one of these. */
const usualScales: readonly number[] = [600, 1000];
/** So near to each other, in seconds, two statements say the same. */
const alike = 0.05;

/**
 * Whether the time scale of the whole film is wrong, in which alone an edit list says how much is shown: with a usual one, or the track's own, it shows
 * exactly all of the track, and with the stated one only a part.
 */
export function hasWrongMovieScale(file: Buffer, trackId: number): boolean {
  const found = listOf(file, trackId);
  if (found === null || usualScales.includes(found.movieScale)) return false;
  const { list, movieScale, mediaScale, mediaSeconds } = found;
  const shownTo = (scale: number) => {
    const edits = pieces(list, scale, mediaScale) ?? [];
    return edits.length === 1 ? (edits[0]?.end ?? 0) : 0;
  };
  if (shownTo(movieScale) > mediaSeconds - alike) return false;
  return [...usualScales, mediaScale].some((scale) => Math.abs(shownTo(scale) - mediaSeconds) < alike);
}

function listOf(file: Buffer, trackId: number) {
  const movie = boxWithin(file, 'moov');
  if (movie === null) return null;
  const movieScale = timeScale(boxWithin(movie, 'mvhd'));
  for (const { kind, data } of boxesIn(movie)) {
    if (kind !== 'trak' || idOf(boxWithin(data, 'tkhd')) !== trackId) continue;
    const header = boxWithin(data, 'mdia', 'mdhd');
    const mediaScale = timeScale(header);
    const list = boxWithin(data, 'edts', 'elst');
    if (list === null || movieScale === null || mediaScale === null) return null;
    return { list, movieScale, mediaScale, mediaSeconds: durationOf(header) / mediaScale };
  }
  return null;
}

/** In ticks; 0 where it is not said. */
function durationOf(header: Buffer | null): number {
  if (header === null) return 0;
  if (header[0] === 1) return header.length < 32 ? 0 : Number(header.readBigUInt64BE(24));
  return header.length < 20 ? 0 : header.readUInt32BE(16);
}

/** More than that is no film that somebody cut. */
const mostEdits = 32;

function pieces(list: Buffer, movieScale: number, mediaScale: number): Edit[] | null {
  if (list.length < 8) return null;
  const isLong = list[0] === 1;
  const count = list.readUInt32BE(4);
  const size = isLong ? 20 : 12;
  if (count < 1 || count > mostEdits || 8 + count * size > list.length) return null;
  const edits: Edit[] = [];
  let silence = 0;
  for (let entry = 0; entry < count; entry += 1) {
    const at = 8 + entry * size;
    const seconds = (isLong ? Number(list.readBigUInt64BE(at)) : list.readUInt32BE(at)) / movieScale;
    const start = isLong ? Number(list.readBigInt64BE(at + 8)) : list.readInt32BE(at + 4);
    // An empty edit is silence; one at another speed than 1 is left to ffmpeg, which does not know how, either.
    if (list.readInt32BE(at + size - 4) !== 0x1_0000) return null;
    if (start < 0) silence += seconds;
    else {
      // ISO/IEC 14496-12, 8.6.6.1, says so of films in pieces; whoever writes it elsewhere means the same.
      const end = seconds === 0 ? Infinity : start / mediaScale + seconds;
      edits.push({ silence, start: start / mediaScale, end });
      silence = 0;
    }
  }
  return edits;
}

function timeScale(header: Buffer | null): number | null {
  const at = header?.[0] === 1 ? 20 : 12;
  const scale = header === null || header.length < at + 4 ? 0 : header.readUInt32BE(at);
  return scale > 0 ? scale : null;
}

function idOf(header: Buffer | null): number | null {
  const at = header?.[0] === 1 ? 20 : 12;
  return header === null || header.length < at + 4 ? null : header.readUInt32BE(at);
}
