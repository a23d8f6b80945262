const extremes: readonly number[] = [
  0, 1, 0x7f_ff_ff_ff, 0x80_00_00_00, 0xff_ff_ff_ff, 0x00_ff_ff_ff, 0x10_00_00_00,
];
/** Where headers and indexes most often stand. */
const headBytes = 4096;

type Mutation = (file: Buffer, random: () => number) => Buffer;

/** What happens to files on their way, and what somebody does to them who wants a program to stumble. */
export const mutations: Readonly<Record<string, Mutation>> = {
  bits(file, random) {
    const changed = Buffer.from(file);
    for (let count = 0; count < 64; count += 1) changed[below(file.length, random)] = below(256, random);
    return changed;
  },
  'a field of the head': (file, random) => withFields(file, random, 1, headBytes),
  'fields of the head': (file, random) => withFields(file, random, 8, headBytes),
  'fields of the end': (file, random) => {
    const from = Math.max(0, file.length - headBytes);
    return Buffer.concat([file.subarray(0, from), withFields(file.subarray(from), random, 8, headBytes)]);
  },
  'fields anywhere': (file, random) => withFields(file, random, 32, file.length),
  'cut off': (file, random) => file.subarray(0, 16 + below(file.length - 16, random)),
  'a piece missing': (file, random) => {
    const [from, to] = span(file, random);
    return Buffer.concat([file.subarray(0, from), file.subarray(to)]);
  },
  'a piece twice': (file, random) => {
    const [from, to] = span(file, random);
    return Buffer.concat([file.subarray(0, to), file.subarray(from)]);
  },
  'a piece of zeros': (file, random) => {
    const changed = Buffer.from(file);
    return changed.fill(0, ...span(file, random));
  },
  'a piece of noise': (file, random) => {
    const changed = Buffer.from(file);
    const [from, to] = span(file, random);
    for (let at = from; at < to; at += 1) changed[at] = below(256, random);
    return changed;
  },
};

/** Sets whole words of four bytes, of either order, to values at which reckonings overflow. */
function withFields(file: Buffer, random: () => number, count: number, within: number): Buffer {
  const changed = Buffer.from(file);
  const last = Math.min(within, file.length) - 4;
  if (last <= 4) return changed;
  for (let field = 0; field < count; field += 1) {
    const value = extremes[below(extremes.length, random)] ?? 0;
    // The first bytes say what the file is: without them nobody reads any further.
    const at = 4 + below(last - 4, random);
    if (random() < 0.5) changed.writeUInt32BE(value, at);
    else changed.writeUInt32LE(value, at);
  }
  return changed;
}

/** A part of the file, behind what says of which form it is. */
function span(file: Buffer, random: () => number): [number, number] {
  const from = Math.min(16, file.length) + below(Math.max(1, file.length - 16), random);
  return [from, Math.min(file.length, from + 1 + below(Math.ceil(file.length / 4), random))];
}

function below(limit: number, random: () => number): number {
  return Math.floor(random() * limit);
}
