import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execaSync } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApiScene } from '../../support/api.ts';
import type { ApiScene } from '../../support/api.ts';
import { startWeb } from '../../support/web.ts';
import type { WebProcess } from '../../support/web.ts';

/** The page's own disk, which takes what people send. */

let scene: ApiScene;
let folder: string;
/** One page for all tests. */
let web: WebProcess;
/** Where it keeps files, seen from here. */
let disk: string;

beforeAll(async () => {
  scene = await startApiScene();
  folder = await mkdtemp(join(tmpdir(), 'humo-disk-'));
  const { token } = await scene.token('page', ['generate', 'read', 'cancel', 'people']);
  const environment = { WEB_API_URL: scene.url, WEB_API_TOKEN: token, TMPDIR: folder };
  web = await startWeb(environment, canBeSmall ? ['unshare', ...small] : []);
  disk = canBeSmall ? join('/proc', String(web.pid), 'root', folder) : folder;
});
afterAll(async () => {
  await web.stop();
  await scene[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const upload = '/en/gradio_api/upload';
const bytes = (count: number) => new Uint8Array(count).fill(7);

async function send(url: string, count: number): Promise<{ status: number; text: string }> {
  const form = new FormData();
  form.set('files', new Blob([bytes(count)]), 'a.png');
  const response = await fetch(url + upload, { method: 'POST', body: form });
  return { status: response.status, text: await response.text() };
}

/** What was sent, wherever it lies below. */
async function filesBelow(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

/** A file system of 1 MB of the page's own: as root only, and not in every container. */
const small = ['--mount', 'sh', '-c', 'mount -t tmpfs -o size=1m tmpfs "$TMPDIR" && exec "$@"', 'sh'];
const canBeSmall =
  execaSync('unshare', [...small, 'true'], { env: { TMPDIR: tmpdir() }, reject: false }).exitCode === 0;

test('of what comes in part nothing stays', async () => {
  const begun = request(web.url + upload, {
    method: 'POST',
    headers: { 'content-type': 'multipart/form-data; boundary=x', 'content-length': 600_000 },
  });
  begun.on('error', () => undefined);
  begun.write('--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n');
  begun.write(bytes(300_000));
  await expect.poll(() => filesBelow(disk)).toHaveLength(1);
  begun.destroy();
  await expect.poll(() => filesBelow(disk)).toEqual([]);
});

test.runIf(canBeSmall)('a full disk is said as one, and what fits is taken right after', async () => {
  expect(await send(web.url, 3_000_000)).toEqual({ status: 507, text: 'The disk is full.' });
  expect(web.log.filter((line) => line.includes('disk is full'))).toHaveLength(1);
  expect(await filesBelow(disk)).toEqual([]);

  expect(await send(web.url, 700_000)).toMatchObject({ status: 200 });
  expect(await send(web.url, 700_001)).toMatchObject({ status: 507 });
  expect(await filesBelow(disk)).toEqual(['a.png']);
});

test('when the page ends nothing stays at all', async () => {
  const before = (await filesBelow(disk)).length;
  expect(await send(web.url, 1_000)).toMatchObject({ status: 200 });
  expect(await filesBelow(disk)).toHaveLength(before + 1);
  // The page's own file system goes with it, but for whoever has a folder of it open.
  await using kept = await open(disk);
  await web.stop();
  expect(await readdir(join('/proc/self/fd', String(kept.fd)))).toEqual([]);
  expect(web.log.join('\n')).not.toContain('Traceback');
});
