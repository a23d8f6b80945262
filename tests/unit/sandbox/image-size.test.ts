import { expect, test } from 'vitest';
import { imageSize } from '../../../sandbox/image-size.ts';

test('width and height come from the head of PNG, GIF and JPEG', () => {
  const png = Buffer.from('89504e470d0a1a0a0000000d4948445200000280000001e0', 'hex');
  const gif = Buffer.from('4749463839610a001400', 'hex');
  const jpeg = Buffer.from('ffd8ffe00004abcdffc4000300ffc000110801e0028003', 'hex');
  expect(imageSize(png)).toEqual({ width: 640, height: 480 });
  expect(imageSize(gif)).toEqual({ width: 10, height: 20 });
  expect(imageSize(jpeg)).toEqual({ width: 640, height: 480 });
});

test('anything else, and anything cut short, has none', () => {
  for (const hex of ['', '89504e47', '474946', 'ffd8', 'ffd8ffe0ffff', '25504446']) {
    expect(imageSize(Buffer.from(hex, 'hex'))).toBeUndefined();
  }
});
