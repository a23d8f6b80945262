import { topBoxes } from './mp4-boxes.ts';
import type { SoundForm } from './sniff.ts';

/**
 * Whether a recording lacks the part that says how to read the others, which some forms have at their end, and all at their beginning: it was cut
 * off, and nobody can read the rest.
 */
export function isCutOff(file: Buffer, form: SoundForm): boolean {
  if (form === 'mov') return !topBoxes(file).includes('moov');
  if (form === 'caf') return needsPacketTable(file) && !file.includes('pakt', 0, 'latin1');
  return form === 'ogg' && !beginsOggStream(file);
}

/** Apple's Core Audio Format 1.0, CAFAudioDescription: 0 bytes or 0 frames in a packet stand for different numbers of them. */
function needsPacketTable(file: Buffer): boolean {
  return file.length >= 44 && (file.readUInt32BE(36) === 0 || file.readUInt32BE(40) === 0);
}

/** RFC 3533, section 6: the flag of the first page of a stream. */
function beginsOggStream(file: Buffer): boolean {
  for (let at = file.indexOf('OggS'); at !== -1 && at + 6 <= file.length; at = file.indexOf('OggS', at + 4)) {
    if ((file.readUInt8(at + 5) & 2) !== 0) return true;
  }
  return false;
}
