/** The engine's: what Whisper was trained on. */
export const engineSampleRate = 16_000;

/**
 * The samples of a 16-bit WAV as ffmpeg writes it, one channel after the other.
 *
 * @throws RangeError for anything else
 */
export function samplesOf(wav: Buffer): Int16Array {
  const data = wav.indexOf('data', 12, 'latin1');
  if (data === -1) throw new RangeError('not a WAV file');
  const bytes = wav.subarray(data + 8);
  // Copied: in the file the samples need not lie at an even address.
  const copy = Uint8Array.from(bytes.subarray(0, bytes.length - (bytes.length % 2)));
  return new Int16Array(copy.buffer);
}
