/**
 * Where in the picture each coded bit lies.
 *
 * The mark is additive spread spectrum on the luma (Cox et al., "Secure spread spectrum watermarking for multimedia", 1997), in a tile
 * that repeats over the frame, so that a crop keeps it and a detector can fold the frame onto one tile (Kalker et al., "A video
 * watermarking system for broadcast monitoring", 1999). A tile has 64 × 64 cells of some pixels each; a quarter of them are a
 * pilot by which the detector finds scale and place, the others carry coded bits, each in ten cells with signs of its own.
 *
 * The arrangement is public: anybody can read a mark, and forge one. What proves who made a video is its signature; this says where a
 * copy without one comes from.
 */
import { tileCode } from './payload.ts';

/** cells in a row and in a column of a tile */
export const tileCells = 64;
const cells = tileCells * tileCells;
const pilotCells = cells / 4;

export interface Layout {
  /** for each cell: the coded bit it carries, −1 for the pilot */
  readonly bitOf: Int16Array;
  /** for each cell: −1 or 1, what its bit or the pilot is multiplied with */
  readonly signOf: Int8Array;
}

/** xorshift32 with a fixed seed: the same arrangement for everybody, for ever. */
function* randoms(): Generator<number> {
  let state = 0x48754d6f;
  for (;;) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    yield state >>> 0;
  }
}

/** The numbers below `count` in an arbitrary order, and an arbitrary sign for each: the same for everybody, for ever. */
export function shuffled(count: number): { readonly order: Uint16Array; readonly signs: Int8Array } {
  const random = randoms();
  const next = (bound: number) => (random.next().value ?? 0) % bound;
  const order = Uint16Array.from({ length: count }, (_, index) => index);
  for (let index = count - 1; index > 0; index -= 1) {
    const other = next(index + 1);
    [order[index], order[other]] = [order[other] ?? 0, order[index] ?? 0];
  }
  return { order, signs: Int8Array.from(order, () => (next(0x10000) < 0x8000 ? 1 : -1)) };
}

export const layout: Layout = arrange();

function arrange(): Layout {
  const { order, signs } = shuffled(cells);
  const bitOf = new Int16Array(cells).fill(-1);
  for (let place = pilotCells; place < cells; place += 1) {
    bitOf[order[place] ?? 0] = (place - pilotCells) % tileCode.bits;
  }
  return { bitOf, signOf: signs };
}

/** Pixels of a cell's side: large enough to survive half the size, small enough for many cells. */
export const cellPixels = 4;

/** −1 or 1 for each cell of a tile, row by row. */
export function tileOf(coded: Int8Array): Int8Array {
  return Int8Array.from(layout.signOf, (sign, cell) => {
    const bit = layout.bitOf[cell] ?? -1;
    return sign * (bit < 0 ? 1 : (coded[bit] ?? 1));
  });
}
