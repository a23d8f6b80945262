import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { RequestListener } from 'node:http';
import type { Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { makeCertificate } from '../../../sandbox/certificate.ts';
import { download } from '../../../src/media/download.ts';
import type { DownloadRules } from '../../../src/media/download.ts';

let folder: string;
let path: string;
let server: Server;
let host: string;
let rules: DownloadRules;
let seen = 0;
let answer: RequestListener;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'humo-download-'));
  path = join(folder, 'given');
  const { certificate, privateKey } = await makeCertificate();
  server = createServer({ cert: certificate, key: privateKey }, (request, response) => {
    seen += 1;
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  host = `127.0.0.1:${address.port}`;
  rules = {
    allowedHosts: [host],
    maximumBytes: 1024 * 1024,
    timeoutMilliseconds: 10_000,
    certificateAuthority: certificate,
  };
});
beforeEach(() => {
  seen = 0;
  answer = (_request, response) => response.end('the file');
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

/** The reason, and the proof that nothing is left on the disk. */
async function refusal(url: string, changed: Partial<DownloadRules> = {}): Promise<unknown> {
  const error: unknown = await download(url, path, { ...rules, ...changed }).then(
    () => 'downloaded',
    (reason: unknown) => reason,
  );
  expect(await readdir(folder)).toEqual([]);
  return error;
}

test('a file from a listed host arrives whole', async () => {
  const bytes = Buffer.alloc(700_000, 'picture');
  answer = (_request, response) => response.end(bytes);
  expect(await download(`https://${host}/a.png?ex=1`, path, rules)).toBe(bytes.length);
  expect((await readFile(path)).equals(bytes)).toBe(true);
  await rm(path);
});

test('other schemes, hosts, ports and names with a password are refused without a connection', async () => {
  const urls = ['http://HOST/a', 'ftp://HOST/a', 'file:///etc/passwd', 'https://127.0.0.1/a', 'https://HOST.example.org/a', 'https://user:pw@HOST/a', 'https://[::1]/a', 'nonsense']; // prettier-ignore
  for (const url of urls) {
    expect(await refusal(url.replace('HOST', host))).toMatchObject({ identifier: 'download_refused' });
  }
  expect(seen).toBe(0);
});

test('a listed name that leads into this machine is refused unless its port was listed too', async () => {
  const port = host.split(':')[1] ?? '';
  // Without a port in the list only 443 is meant; nothing of ours listens there, so the reason has to be the address.
  const error = await refusal('https://localhost/a', { allowedHosts: ['localhost'] });
  expect(error).toMatchObject({ identifier: 'download_failed' });
  expect(String(error instanceof Error ? error.cause : error)).toContain('not public');
  expect(
    await download(`https://localhost:${port}/a`, path, { ...rules, allowedHosts: [`localhost:${port}`] }),
  ).toBe(8);
  await rm(path);
});

test('a redirect is not followed', async () => {
  answer = (_request, response) => response.writeHead(302, { location: `https://${host}/b` }).end();
  expect(await refusal(`https://${host}/a`)).toMatchObject({ identifier: 'download_failed' });
  expect(seen).toBe(1);
});

test('the cap holds against an announced length and against an endless body', async () => {
  answer = (_request, response) => response.writeHead(200, { 'content-length': 2 * 1024 * 1024 }).end();
  expect(await refusal(`https://${host}/a`)).toMatchObject({ code: 'too_large', context: { megabytes: 1 } });
  answer = (_request, response) => {
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536)));
    };
    response.on('drain', more);
    more();
  };
  expect(await refusal(`https://${host}/a`)).toMatchObject({ identifier: 'file_too_large' });
});

test('a body that breaks off is a failure, not a shorter file', async () => {
  answer = (_request, response) => {
    response.writeHead(200, { 'content-length': 1000 });
    response.write('half', () => response.destroy());
  };
  expect(await refusal(`https://${host}/a`)).toMatchObject({ identifier: 'download_failed' });
});

test('a server that goes quiet, and one that drips for ever, are slow', async () => {
  answer = (_request, response) => response.write('first bytes');
  expect(await refusal(`https://${host}/a`, { idleMilliseconds: 100 })).toMatchObject({
    identifier: 'download_slow',
  });
  answer = (_request, response) => {
    const drip = setInterval(() => response.write('.'), 20);
    response.on('close', () => clearInterval(drip));
  };
  expect(await refusal(`https://${host}/a`, { timeoutMilliseconds: 300 })).toMatchObject({
    identifier: 'download_slow',
  });
});

test('an expired link has a name, and stopping rejects with the reason', async () => {
  answer = (_request, response) => response.writeHead(404).end();
  expect(await refusal(`https://${host}/a`)).toMatchObject({ identifier: 'file_gone' });
  const stop = new AbortController();
  const reason = new Error('cancelled');
  answer = () => stop.abort(reason);
  expect(await refusal(`https://${host}/a`, { signal: stop.signal })).toBe(reason);
});

test('a certificate that nobody vouches for is not accepted', async () => {
  expect(await refusal(`https://${host}/a`, { certificateAuthority: undefined })).toMatchObject({
    identifier: 'download_failed',
  });
  expect(seen).toBe(0);
});
