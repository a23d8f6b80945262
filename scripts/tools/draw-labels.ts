/**
 * `node scripts/tools/draw-labels.ts FONT.ttc ["Font name"]`: draws the words of labels, of every language, as the pictures in
 * `src/media/label/`. Needed after their texts in the catalogues have changed. The pictures are kept, so no machine that makes
 * videos needs fonts, and no text ever reaches a program that draws.
 *
 * Those that are there were drawn with Noto Sans CJK JP Bold (Debian's package `fonts-noto-cjk`), which has the letters of all of them.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { projectRoot } from '../../src/config/environment.ts';
import { labelLanguages, labelWords } from '../../src/marking/label.ts';
import { textsFor } from '../../src/text/texts.ts';

/** Height of the font's body, in pixels: several times what any label needs. */
const bodyHeight = 96;

const { positionals } = parseArgs({ allowPositionals: true });
const [fontfile, name = 'Noto Sans CJK JP Bold'] = positionals;
if (fontfile === undefined) {
  console.error('node scripts/tools/draw-labels.ts FONT.ttc ["Font name"]');
  process.exit(1);
}
for (const language of labelLanguages) {
  for (const words of labelWords) {
    const text = textsFor(language).say(`label.${words}`);
    // At 72 dots an inch a point is a pixel.
    const mask = await sharp({ text: { text, font: `${name} ${bodyHeight}`, fontfile, dpi: 72 } })
      .png()
      .toBuffer();
    await sharp(mask)
      .trim({ background: 'black', threshold: 1 })
      .toColourspace('b-w')
      .withExif({ IFD0: { ImageDescription: encodeURIComponent(text) } })
      .png({ compressionLevel: 9, palette: false })
      .toFile(join(projectRoot, `src/media/label/${language}-${words}.png`));
    console.log(`${language} ${words}: ${text}`);
  }
}
