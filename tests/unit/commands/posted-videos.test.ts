import { expect, test } from 'vitest';
import { videosOn } from '../../../src/commands/support/posted-videos.ts';

const file = (name: string, contentType: string | null) => ({
  ...{ name, contentType, size: 7 },
  url: `https://cdn.discordapp.com/attachments/1/2/${name}`,
});
const attached = (...files: readonly ReturnType<typeof file>[]) => ({
  attachments: new Map(files.map((one) => [one.name, one])),
});
const names = (...messages: Parameters<typeof videosOn>[0]) => videosOn(messages).map(({ name }) => name);

test('films come first, what nobody can tell after them, and what is none is not looked at', () => {
  expect(
    names(
      attached(
        file('notes', null),
        file('a.png', 'image/png'),
        file('clip.gif', 'image/gif'),
        file('readme.txt', 'text/plain; charset=utf-8'),
        file('song.mp3', 'audio/mpeg'),
        file('film.mp4', 'video/mp4'),
        file('other.bin', 'application/octet-stream'),
      ),
      attached(file('forwarded.webm', 'video/webm')),
    ),
  ).toEqual(['film.mp4', 'forwarded.webm', 'notes', 'clip.gif', 'other.bin']);
});

test('a film that Discord shows for a link is looked at, of whatever form its preview is', () => {
  const url = 'https://cdn.discordapp.com/attachments/1/2/clip.mp4?ex=1';
  const embeds = [
    { title: null, video: null },
    { title: null, video: { url } },
    { title: 'A talk', video: { url: 'https://example.org/player' } },
  ];
  expect(videosOn([{ embeds }])).toEqual([
    { name: 'clip.mp4', url, size: null },
    { name: 'A talk', url: 'https://example.org/player', size: null },
  ]);
  expect(videosOn([{}, { attachments: undefined, embeds: [] }])).toEqual([]);
});
