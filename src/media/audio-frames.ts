/** Streams of frames without a container: each has a header that says where the next one is. */
type FrameForm = 'mp3' | 'aac';

/** So many headers one behind the other are no accident; a short file may end before. */
const framesInARow = 3;

/**
 * Finds the first frame of MPEG audio (ISO/IEC 11172-3 and 13818-3) or ADTS (ISO/IEC 13818-7), at the beginning of `head` or behind padding
 * or the rest of a frame that was cut through.
 */
export function frameForm(head: Buffer): FrameForm | null {
  for (let at = 0; at + 4 <= head.length; at += 1) {
    if (head[at] !== 0xff) continue;
    for (const form of ['aac', 'mp3'] as const) if (isRow(head, at, form)) return form;
  }
  return null;
}

function isRow(head: Buffer, start: number, form: FrameForm): boolean {
  const first = frameParameters(head, start, form);
  let at = start;
  for (let found = 0; found < framesInARow; found += 1) {
    // At the end of what is read; at the very beginning, one frame is enough.
    if (at + 7 > head.length) return start === 0 && found > 0;
    const frame = frameParameters(head, at, form);
    // In the middle of something else, three headers may stand in a row by accident, but not three of one kind.
    if (frame === null || (start > 0 && frame.parameters !== first?.parameters)) return false;
    at += frame.bytes;
  }
  return true;
}

/** A frame at `at` of a file: how long it is, and a number that tells sample rate and channels; null where none is. */
export function frameParameters(
  file: Buffer,
  at: number,
  form: FrameForm,
): { readonly bytes: number; readonly parameters: number } | null {
  if (file[at] !== 0xff) return null;
  const bytes = form === 'aac' ? adtsLength(file, at) : mpegLength(file, at);
  if (bytes === null || bytes < 4) return null;
  const [first = 0, second = 0, third = 0] = file.subarray(at + 1, at + 4);
  // AAC: profile, rate and channels. MPEG: version, layer, rate, and whether it is one channel.
  const parameters =
    form === 'aac'
      ? (second & 0xfd) * 256 + (third & 0xc0)
      : (first & 0x1e) * 256 + (second & 0x0c) + (third >> 6 === 3 ? 1 : 0);
  return { bytes, parameters };
}

/** Whether the first frame of ADTS holds several blocks of sound, each as long as others' only one (ISO/IEC 13818-7, 6.2). */
export function hasSeveralBlocks(head: Buffer): boolean {
  for (let at = 0; at + 7 <= head.length; at += 1) {
    if (head[at] === 0xff && isRow(head, at, 'aac')) return (head.readUInt8(at + 6) & 3) > 0;
  }
  return false;
}

/** @returns bytes, null for no header */
function adtsLength(head: Buffer, at: number): number | null {
  const [first = 0, second = 0, third = 0] = head.subarray(at + 1, at + 4);
  if (head[at] !== 0xff || (first & 0xf6) !== 0xf0 || ((second >> 2) & 15) > 12) return null;
  const length = ((third & 3) << 11) | ((head[at + 4] ?? 0) << 3) | ((head[at + 5] ?? 0) >> 5);
  return length >= 7 ? length : null;
}

const kilobits = {
  1: [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  2: [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  3: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  low1: [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  low: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
} as const;
const rates = [44_100, 48_000, 32_000] as const;

/** @returns bytes, null for no header */
function mpegLength(head: Buffer, at: number): number | null {
  const [first = 0, second = 0] = head.subarray(at + 1, at + 3);
  const version = (first >> 3) & 3; // 0: 2.5, 2: 2, 3: 1
  const layer = 4 - ((first >> 1) & 3);
  const rate = rates[(second >> 2) & 3];
  if (head[at] !== 0xff || (first & 0xe0) !== 0xe0 || version === 1 || rate === undefined) return null;
  if (layer !== 1 && layer !== 2 && layer !== 3) return null;
  const isFirst = version === 3;
  const table = isFirst ? kilobits[layer] : layer === 1 ? kilobits.low1 : kilobits.low;
  const bits = (table[second >> 4] ?? 0) * 1000;
  if (bits === 0) return null;
  const sampleRate = rate >> (isFirst ? 0 : version === 2 ? 1 : 2);
  const padding = (second >> 1) & 1;
  if (layer === 1) return (Math.floor((12 * bits) / sampleRate) + padding) * 4;
  return Math.floor(((layer === 3 && !isFirst ? 72 : 144) * bits) / sampleRate) + padding;
}
