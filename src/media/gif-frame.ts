import { setImmediate as othersHadTheirTurn } from 'node:timers/promises';

/** The first picture of a GIF (https://www.w3.org/Graphics/GIF/spec-gif89a.txt), and how much of it is there; in pixels. */
export interface GifFrame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly isInterlaced: boolean;
  /** of `width × height` */
  readonly there: number;
  /** whether the file ends within it */
  readonly isCutOff: boolean;
}

const [extension, image] = [0x21, 0x2c] as const;
const blocksInATurn = 1000;

/** @returns null where the file ends before it, or has none */
export async function firstFrame(file: Buffer): Promise<GifFrame | null> {
  let at = 13 + tableBytes(file[10] ?? 0);
  while (file[at] === extension) {
    at += 2;
    while ((file[at] ?? 0) !== 0) at += 1 + (file[at] ?? 0);
    at += 1;
  }
  if (file[at] !== image || at + 11 > file.length) return null;
  const flags = file.readUInt8(at + 9);
  const number = (field: number) => file.readUInt16LE(at + field);
  const [left, top, width, height] = [number(1), number(3), number(5), number(7)];
  const data = at + 10 + tableBytes(flags);
  const { there, isCutOff } = await unfolded(file, data, width * height);
  return { left, top, width, height, isInterlaced: (flags & 0x40) !== 0, there, isCutOff };
}

/** Of a table of colours, from the flags that tell of it. */
function tableBytes(flags: number): number {
  return (flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1);
}

/** Of what begins with the size of its codes, how many pixels it makes: LZW, of which only the lengths are followed. */
async function unfolded(file: Buffer, from: number, wanted: number) {
  const first = file[from] ?? 0;
  if (first < 1 || first > 11) return { there: 0, isCutOff: from >= file.length };
  const clear = 1 << first;
  const lengths = new Uint32Array(4096).fill(1, 0, clear);
  let [size, next, last] = [first + 1, clear + 2, 0];
  let [bits, held, there, blocks] = [0, 0, 0, 0];
  for (let at = from + 1; there < wanted; blocks += 1) {
    const length = file[at];
    if (length === undefined) return { there, isCutOff: true };
    if (length === 0) return { there, isCutOff: false };
    const end = at + 1 + length;
    // The library shows whole blocks only.
    if (end > file.length) return { there, isCutOff: true };
    for (at += 1; at < end; at += 1) {
      bits |= (file[at] ?? 0) << held;
      held += 8;
      while (held >= size) {
        const code = bits & ((1 << size) - 1);
        bits >>>= size;
        held -= size;
        if (code === clear) {
          [size, next, last] = [first + 1, clear + 2, 0];
          continue;
        }
        const isKnown = code < clear || (code > clear + 1 && (code < next || (code === next && last > 0)));
        if (!isKnown) return { there, isCutOff: false };
        if (last > 0 && next < 4096) {
          lengths[next] = last + 1;
          next += 1;
          if (next === 1 << size && size < 12) size += 1;
        }
        last = lengths[code] ?? 1;
        there += last;
      }
    }
    if (blocks % blocksInATurn === blocksInATurn - 1) await othersHadTheirTurn();
  }
  return { there: Math.min(there, wanted), isCutOff: false };
}
