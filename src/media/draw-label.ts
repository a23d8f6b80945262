import { join } from 'node:path';
import sharp from 'sharp';
import type { Label } from '../marking/label.ts';

/** A picture to be laid over another one, from its top left corner, in pixels. */
export interface Overlay {
  /** of `width` × `height` pixels, each of four bytes: red, green, blue, opacity */
  readonly rgba: Buffer;
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly top: number;
}

/** Height of a capital letter in the pictures of the words, in pixels. */
const drawnCapital = 71;
/** Height of a capital letter beside the shorter side of the frame. */
const shares = { small: 0.026, medium: 0.034, large: 0.05 } as const;
/** Less than this many pixels, letters run into each other. */
const smallestCapital = { small: 6, medium: 7, large: 9 } as const;
/** Of the frame's width, for a label at most: narrow frames have smaller letters. */
const widestShare = 0.7;
/** Of the frame's height, for a label and the margin beside it, as long as letters can be read: in the middle are mouths. */
const tallestShare = 0.25;
/** Beside a capital letter's height: what of the box lies above and below the letters, and the margin. */
const [paddingShare, marginShare] = [1.1, 0.7];
const boxOpacity = 0.6;
const even = (value: number): number => Math.max(2, 2 * Math.round(value / 2));

/**
 * The words of a label on a dark box, for frames of one size: letters of at least six pixels, in a corner, away from the edge that
 * players and screens cut off.
 *
 * The words are pictures that `scripts/tools/draw-labels.ts` has drawn: every language looks the same on every machine, whatever fonts it has.
 *
 * @param width pixels of the frame, as `height`
 */
export async function drawLabel(label: Label, width: number, height: number): Promise<Overlay> {
  const words = sharp(join(import.meta.dirname, 'label', `${label.language}-${label.words}.png`));
  const drawn = await words.metadata();
  const wanted = Math.max(smallestCapital[label.size], shares[label.size] * Math.min(width, height));
  const capital = Math.min(
    wanted,
    (widestShare * width * drawnCapital) / (drawn.width + 2 * drawnCapital),
    Math.max(
      smallestCapital.small,
      (tallestShare * height) / (drawn.height / drawnCapital + paddingShare + marginShare),
    ),
  );
  const scale = capital / drawnCapital;
  const letters = {
    width: Math.max(1, Math.round(drawn.width * scale)),
    height: Math.max(1, Math.round(drawn.height * scale)),
  };
  const mask = await words
    .resize({ ...letters, fit: 'fill', kernel: 'lanczos3' })
    .toColourspace('b-w')
    .raw()
    .toBuffer();
  // A quarter of the samples of colour are kept: an even size and place make them end with the box.
  const box = {
    width: Math.min(even(letters.width + capital * 1.2), even(width)),
    height: Math.min(even(letters.height + capital * paddingShare), even(height)),
  };
  const margin = even(capital * marginShare);
  const rgba = Buffer.alloc(box.width * box.height * 4);
  const [x, y] = [Math.floor((box.width - letters.width) / 2), Math.floor((box.height - letters.height) / 2)];
  for (let row = 0; row < box.height; row += 1) {
    for (let column = 0; column < box.width; column += 1) {
      const inside =
        row >= y && row < y + letters.height && column >= x && column < x + letters.width
          ? (mask[(row - y) * letters.width + (column - x)] ?? 0) / 255
          : 0;
      const opacity = inside + boxOpacity * (1 - inside);
      const at = (row * box.width + column) * 4;
      rgba.fill(Math.round((255 * inside) / opacity), at, at + 3);
      rgba[at + 3] = Math.round(255 * opacity);
    }
  }
  const isLeft = label.corner.endsWith('left');
  const isTop = label.corner.startsWith('top');
  return {
    rgba,
    ...box,
    left: isLeft ? margin : Math.max(0, width - box.width - margin),
    top: isTop ? margin : Math.max(0, height - box.height - margin),
  };
}
