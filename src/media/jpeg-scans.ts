const [endOfImage, startOfImage, restarts] = [0xd9, 0xd8, [0xd0, 0xd7]] as const;

/**
 * A JPEG that was cut off, up to its last whole segment and with an end. Where a file breaks off in the head of a further scan, decoders give up,
 * though the scans before make the whole picture, less sharp (https://www.w3.org/Graphics/JPEG/itu-t81.pdf, B.1.1 and B.2).
 */
export function wholeScans(file: Buffer): Buffer {
  let at = 2;
  while (at + 1 < file.length) {
    const [first, marker = 0] = [file[at], file[at + 1]];
    if (first !== 0xff || marker === 0 || marker === startOfImage || isRestart(marker)) {
      // Of millions of these, searching for each takes ten times as long as looking at every byte.
      at += first === 0xff ? 2 : 1;
      while (at < file.length && file[at] !== 0xff) at += 1;
    } else if (marker === 0xff) {
      at += 1;
    } else if (marker === endOfImage) {
      return file;
    } else {
      const end = at + 4 > file.length ? Infinity : at + 2 + file.readUInt16BE(at + 2);
      if (end > file.length) break;
      at = end;
    }
  }
  return Buffer.concat([file.subarray(0, at), Buffer.from([0xff, endOfImage])]);
}

function isRestart(marker: number): boolean {
  return marker >= restarts[0] && marker <= restarts[1];
}
