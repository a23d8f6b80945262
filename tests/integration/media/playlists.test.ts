import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Failure } from '../../../src/failure.ts';
import { inspectAudio, normaliseAudio } from '../../../src/media/audio.ts';
import { normaliseImage } from '../../../src/media/image.ts';
import { inputGuards, runMediaProgram } from '../../../src/media/process.ts';

const run = promisify(execFile);
const requests: string[] = [];
const server = createServer((request, response) => {
  requests.push(request.url ?? '');
  response.end();
});
let scratch: string;
let origin: string;
let secret: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'humo-playlist-'));
  secret = join(scratch, 'secret.wav');
  await run('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'sine=f=440', '-t', '2', secret]);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  origin = `http://127.0.0.1:${address.port}`;
});
afterAll(async () => {
  server.close();
  await rm(scratch, { recursive: true });
});

const limits = () => ({ scratch, timeoutMilliseconds: 20_000 });
const scripts: readonly [string, (target: string) => string][] = [
  ['HLS playlist', (target) => `#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n${target}\n#EXT-X-ENDLIST\n`],
  ['concat script', (target) => `ffconcat version 1.0\nfile '${target}'\n`],
  ['bare concat script', (target) => `file '${target}'\n`],
  ['DASH manifest', (target) => `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><AdaptationSet><Representation><BaseURL>${target}</BaseURL></Representation></AdaptationSet></Period></MPD>`],
  ['SVG', (target) => `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="${target}" width="9" height="9"/></svg>`],
  ['SDP', () => 'v=0\no=- 0 0 IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\n'],
  ['playlist behind an ID3 tag', (target) => `ID3\u0003\0\0\0\0\0\0#EXTM3U\n#EXTINF:2,\n${target}\n`],
]; // prettier-ignore

test.each(scripts)(
  'a %s gets nowhere, as a sound or as an image, to a file or to a host',
  async (_name, script) => {
    for (const target of [secret, `file://${secret}`, `${origin}/leak`]) {
      for (const extension of ['mp3', 'png', 'm3u8']) {
        const given = join(scratch, `given.${extension}`);
        await writeFile(given, script(target));
        const targets = { speech: join(scratch, 'speech.wav'), soundtrack: join(scratch, 'soundtrack.flac') };
        const wanted = { startSeconds: 0, minimumFrames: 5, maximumFrames: 97, fps: 25 };
        const take = async () =>
          normaliseAudio(given, await inspectAudio(given, limits()), targets, wanted, limits());
        await expect(take()).rejects.toThrow(Failure);
        await expect(normaliseImage(given, join(scratch, 'image.png'), 1)).rejects.toThrow(Failure);
      }
    }
    expect(requests).toEqual([]);
    expect(await readdir(scratch)).not.toContain('speech.wav');
  },
);

test('the same playlist does reach the host without our guards, and not with them alone', async () => {
  const given = join(scratch, 'proof.m3u8');
  await writeFile(
    given,
    `#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n${origin}/proof.ts\n#EXT-X-ENDLIST\n`,
  );
  const guarded = [
    '-v',
    'error',
    ...inputGuards('hls').slice(1),
    '-allowed_extensions',
    'ALL',
    '-show_format',
    given,
  ];
  // Whatever ffprobe makes of it, no request leaves.
  await runMediaProgram('ffprobe', guarded, limits()).catch(() => '');
  expect(requests).toEqual([]);
  const open = ['-v', 'error', '-protocol_whitelist', 'file,http,tcp', '-show_format', given];
  await runMediaProgram('ffprobe', open, limits()).catch(() => '');
  expect(requests).toContain('/proof.ts');
});
