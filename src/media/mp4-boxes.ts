/** A box of an ISO base media file (ISO/IEC 14496-12, 4.2), which QuickTime calls an atom. */
export interface Box {
  readonly kind: string;
  readonly data: Buffer;
}

/** More than a film of ten minutes has side by side, in pieces of single frames: what follows in a file made of boxes alone is not looked at. */
const mostBoxes = 100_000;

/** Whole boxes only. */
export function boxesIn(data: Buffer): Box[] {
  return [...eachBox(data)];
}

function* eachBox(data: Buffer): Generator<Box, void> {
  let boxes = 0;
  for (let at = 0; at + 8 <= data.length && boxes < mostBoxes; boxes += 1) {
    const short = data.readUInt32BE(at);
    const isLong = short === 1;
    if (isLong && at + 16 > data.length) break;
    const length = isLong ? Number(data.readBigUInt64BE(at + 8)) : short === 0 ? data.length - at : short;
    const header = isLong ? 16 : 8;
    if (length < header || at + length > data.length) break;
    yield {
      kind: data.toString('latin1', at + 4, at + 8),
      data: data.subarray(at + header, at + length),
    };
    at += length;
  }
}

/** The kinds of boxes side by side, the last of which may go beyond the end. */
export function topBoxes(file: Buffer): string[] {
  const kinds: string[] = [];
  for (let at = 0; at + 8 <= file.length && kinds.length < mostBoxes;) {
    const short = file.readUInt32BE(at);
    kinds.push(file.toString('latin1', at + 4, at + 8));
    if (short === 0 || (short === 1 && at + 16 > file.length)) break;
    const length = short === 1 ? Number(file.readBigUInt64BE(at + 8)) : short;
    if (length < 8) break;
    at += length;
  }
  return kinds;
}

/** What is in the first box of each of these kinds, one inside the other. */
export function boxWithin(data: Buffer, ...path: readonly string[]): Buffer | null {
  let within = data;
  for (const kind of path) {
    const found = firstOf(within, kind);
    if (found === null) return null;
    within = found;
  }
  return within;
}

function firstOf(data: Buffer, kind: string): Buffer | null {
  for (const box of eachBox(data)) if (box.kind === kind) return box.data;
  return null;
}
