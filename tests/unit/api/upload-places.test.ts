import { expect, test } from 'vitest';
import { UploadPlaces } from '../../../src/api/upload-places.ts';

/** As many as somebody gets. */
function grab(places: UploadPlaces, name: string): Disposable[] {
  const taken: Disposable[] = [];
  try {
    for (;;) taken.push(places.take(name));
  } catch {
    return taken;
  }
}

test('two tokens that want everything leave room for others, and what is given back is there again', () => {
  const places = new UploadPlaces(16);
  const [ada, eve] = [grab(places, 'ada'), grab(places, 'eve')];
  expect([ada.length, eve.length]).toEqual([8, 4]);
  expect(() => places.take('ada')).toThrow('too_many_uploads');
  expect(['mia', 'joe', 'kim'].map((name) => grab(places, name).length)).toEqual([2, 1, 1]);
  expect(() => places.take('zoe')).toThrow('busy');
  for (const place of ada) place[Symbol.dispose]();
  expect(grab(places, 'zoe').length).toBe(4);
});
