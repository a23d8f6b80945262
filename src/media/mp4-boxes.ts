/** A box of an ISO base media file (ISO/IEC 14496-12, 4.2), which QuickTime calls an atom. */
export interface Box {
  readonly kind: string;
  readonly data: Buffer;
}

/** Whole boxes only. */
export function boxesIn(data: Buffer): Box[] {
  const boxes: Box[] = [];
  for (let at = 0; at + 8 <= data.length;) {
    const short = data.readUInt32BE(at);
    const isLong = short === 1;
    if (isLong && at + 16 > data.length) break;
    const length = isLong ? Number(data.readBigUInt64BE(at + 8)) : short === 0 ? data.length - at : short;
    const header = isLong ? 16 : 8;
    if (length < header || at + length > data.length) break;
    boxes.push({
      kind: data.toString('latin1', at + 4, at + 8),
      data: data.subarray(at + header, at + length),
    });
    at += length;
  }
  return boxes;
}

/** What is in the first box of each of these kinds, one inside the other. */
export function boxWithin(data: Buffer, ...path: readonly string[]): Buffer | null {
  let within: Buffer | undefined = data;
  for (const kind of path) {
    within = boxesIn(within).find((box) => box.kind === kind)?.data;
    if (within === undefined) return null;
  }
  return within;
}
