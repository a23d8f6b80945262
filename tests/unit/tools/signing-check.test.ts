import { once } from 'node:events';
import { createServer } from 'node:http';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signingFindings } from '../../../scripts/tools/signing-check.ts';

const day = 24 * 3600_000;
const now = Date.parse('2026-11-28T00:00:00Z');
let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'humo-signing-check-'));
  file = join(folder, 'signer.pem');
  const made = await generate([{ name: 'commonName', value: 'A studio' }], {
    algorithm: 'sha256',
    keyType: 'ec',
    notBeforeDate: new Date(now - day),
    notAfterDate: new Date(now + 1000 * day),
  });
  await writeFile(file, `${made.private}\n${made.cert}\n`, { mode: 0o600 });
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const config = (change: object = {}) => ({
  ...{ certificateFile: file, keyFile: file, isOwn: true, timeStampAuthority: null },
  ...change,
});
const said = async (at: number, change: object = {}) =>
  (await signingFindings(config(change), at)).map(({ verdict, found }) => `${verdict}: ${found}`).join('; ');

test('a certificate is fine, needs a time stamp, ends soon, and has ended', async () => {
  expect(await said(now)).toBe('fine: certificate until 2029-08-24');
  expect(await said(now + 500 * day)).toMatch(/^look: no time stamps: .* from 2029-08-24 on$/);
  expect(await said(now + 980 * day)).toBe('look: the certificate ends on 2029-08-24');
  expect(await said(now + 1001 * day)).toMatch(/^broken: the certificate ended on 2029-08-24/);
});

test('a key that others may read, that is missing, or that is none', async () => {
  await chmod(file, 0o640);
  expect(await said(now)).toContain('broken: others on this machine may read');
  await chmod(file, 0o600);
  const nowhere = join(folder, 'nowhere.pem');
  expect(await said(now, { certificateFile: nowhere, keyFile: nowhere })).toContain('fine: no key yet');
  expect(await said(now, { keyFile: nowhere, isOwn: false })).toContain('videos are not signed');
  const other = join(folder, 'other.pem');
  await writeFile(other, 'no key');
  expect(await said(now, { keyFile: other, isOwn: false })).toContain('no PEM');
  expect((await signingFindings(null, now)).map(({ verdict }) => verdict)).toEqual(['look']);
});

test('an authority that does not answer, answers otherwise, refuses, and stamps', async () => {
  expect(await said(now, { timeStampAuthority: 'http://127.0.0.1:9/' })).toContain('does not answer');
  const asked: (string | undefined)[] = [];
  let answer: readonly [number, string] = [404, ''];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.headers['content-type']}`);
    request.resume().once('end', () => response.writeHead(answer[0]).end(Buffer.from(answer[1], 'hex')));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  try {
    const says = async (...next: typeof answer) => {
      answer = next;
      return said(now, { timeStampAuthority: `http://127.0.0.1:${port}/` });
    };
    expect(await says(404, '')).toContain('gives no time stamps');
    expect(await says(200, Buffer.from('<html>Welcome</html>').toString('hex'))).toContain('no time stamps');
    // Status 2, a rejection, and status 0 before a stamp (here of nothing), with long and short lengths.
    expect(await says(200, '30053003020102')).toContain('gives no time stamps');
    expect(await says(200, '308200073003020100')).toBe('fine: certificate until 2029-08-24');
    expect(await says(200, '30053003020100')).toBe('fine: certificate until 2029-08-24');
    expect(new Set(asked)).toEqual(new Set(['POST application/timestamp-query']));
  } finally {
    server.close();
  }
});
