/**
 * Reads one file as the bot and the page's API do, in a process of its own: `node bench/media/read.ts picture|sound FILE FOLDER`. A sound is
 * counted, drawn and cut near its end, so that it is decoded from end to end twice. Prints what became of it, and its own memory.
 */
import { join } from 'node:path';
import { inspectAudio, measurePeaks, normaliseAudio } from '../../src/media/audio.ts';
import { Failure } from '../../src/failure.ts';
import { pictureHashes } from '../../src/media/fingerprint.ts';
import { normaliseImage } from '../../src/media/image.ts';

const [kind = '', path = '', folder = ''] = process.argv.slice(2);
/** As the intake gives each of its programs. */
const limits = { scratch: folder, timeoutMilliseconds: 60_000 };

let word = 'taken';
try {
  if (kind === 'picture') {
    const target = join(folder, 'picture.png');
    await normaliseImage(path, target, 1);
    await pictureHashes(target);
  } else {
    const inspected = await inspectAudio(path, limits);
    await measurePeaks(path, inspected, 1_000, join(folder, 'samples'), limits);
    const targets = { speech: join(folder, 'speech.wav'), soundtrack: join(folder, 'soundtrack.flac') };
    const startSeconds = Math.max(0, inspected.durationSeconds - 4);
    const wanted = { startSeconds, minimumFrames: 1, maximumFrames: 97, fps: 25 };
    await normaliseAudio(path, inspected, targets, wanted, limits);
  }
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  word = error.identifier;
}
// In KiB on every system that Node knows.
console.log(JSON.stringify({ word, ownBytes: process.resourceUsage().maxRSS * 1024 }));
