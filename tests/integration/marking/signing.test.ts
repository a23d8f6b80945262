import { copyFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { loadWorkerConfig, projectRoot } from '../../../src/config/environment.ts';
import { readCredentials } from '../../../src/marking/read-credentials.ts';
import { encodeVideo } from '../../../src/media/encode.ts';
import type { EncodedVideo } from '../../../src/media/encode.ts';
import { probeVideo } from '../../../src/media/probe.ts';
import { parentFor, Signer } from '../../../src/worker/signer.ts';
import type { Parent, Signing } from '../../../src/worker/signer.ts';

// Encodes, and programs that a busy machine takes its time to start.
vi.setConfig({ testTimeout: 900_000, hookTimeout: 600_000 });

const checkSchema = z.array(
  z.object({
    first: z.object({
      state: z.string(),
      failures: z.array(z.string()),
      manifest: z.looseObject({ ingredients: z.array(z.looseObject({})).optional() }),
      text: z.string(),
    }),
    second: z.object({
      integrity: z.string(),
      signature: z.string(),
      binding: z.string(),
      failures: z.array(z.string()),
    }),
  }),
);
/** What both say of a certificate that no list leads to, which is right. */
const untrusted = 'signingCredential.untrusted';

let folder: string;
let file: string;
let chains: string[];
let log: string[];
const signal = new AbortController().signal;
const limits = () => ({ scratch: folder, timeoutMilliseconds: 800_000 });

function signerWith(change: { file?: string; timeStampAuthority?: string; isOwn?: boolean } = {}): Signer {
  const { file: place = file, timeStampAuthority = null, isOwn = true } = change;
  return new Signer({
    config: { certificateFile: place, keyFile: place, isOwn, timeStampAuthority },
    projectRoot,
    register: async (chain) => void chains.push(chain),
    log: pino({ level: 'info' }, { write: (line: string) => void log.push(line) }),
  });
}

async function sign(name: string, signer = signerWith(), parent: Parent = null): Promise<Signing> {
  return signer.sign({
    source: join(folder, `${name}.mp4`),
    target: join(folder, `${name}-signed.mp4`),
    facts: {
      generation: name,
      model: '1_7b',
      preset: 'draft',
      weights: 'mini',
      ...(parent === null ? {} : { parent: 'earlier' }),
    },
    modelTitle: 'HuMo 1.7B',
    watermark: true,
    parent,
    limitBytes: Infinity,
    signal,
  });
}

async function check(...names: readonly string[]) {
  return checkTrusting(null, ...names);
}

/** @param anchors a PEM file with authorities that both verifiers trust; null: what they trust by themselves */
async function checkTrusting(anchors: string | null, ...names: readonly string[]) {
  const program = join(projectRoot, '.venv', 'bin', 'python');
  const script = join(projectRoot, 'tests', 'support', 'check-signatures.py');
  const paths = names.map((name) => join(folder, `${name}.mp4`));
  const env = anchors === null ? {} : { TRUST_ANCHORS: anchors };
  const { stdout } = await execa(program, [script, ...paths], { env });
  return checkSchema.parse(JSON.parse(stdout));
}

/** Raw frames of the given size and count, and a sound as long. */
async function encode(
  name: string,
  given: { size: readonly [number, number]; frames: number; hasAudio: boolean; limitBytes: number },
): Promise<EncodedVideo> {
  const { frames, hasAudio, limitBytes } = given;
  const [width, height] = given.size;
  const [path, sound] = [join(folder, `${name}.rgb`), join(folder, `${name}.wav`)];
  const picture = `testsrc2=size=${width}x${height}:rate=25,noise=alls=20:allf=t`;
  const run = (...args: string[]) => execa('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', ...args]);
  await run(picture, '-frames:v', String(frames), '-pix_fmt', 'rgb24', '-f', 'rawvideo', path);
  if (hasAudio) await run('sine=frequency=300', '-t', String(frames / 25), '-ar', '48000', sound);
  return encodeVideo(
    { kind: 'raw', path, pixelFormat: 'rgb24', sound: hasAudio ? { path: sound, demuxer: 'wav' } : null },
    { width, height, frames, fps: 25, hasAudio },
    join(folder, `${name}.mp4`),
    limitBytes,
    limits(),
  );
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'humo-signing-'));
  file = join(folder, 'data', 'provenance', 'signer.pem');
  [chains, log] = [[], []];
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const paths = {
  onePass: { size: [96, 64], frames: 25, hasAudio: true, limitBytes: 10e6 },
  twoPasses: { size: [96, 64], frames: 50, hasAudio: true, limitBytes: 48_000 },
  ladder: { size: [480, 320], frames: 50, hasAudio: true, limitBytes: 32_000 },
  silent: { size: [96, 64], frames: 25, hasAudio: false, limitBytes: 10e6 },
  twoMinutes: { size: [48, 48], frames: 3000, hasAudio: true, limitBytes: 10e6 },
} as const;

test('every way to encode is signed, found right by two verifiers, and stays within its limit, as long and as quick to start', async () => {
  const signer = signerWith();
  await signer.prepare();
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(log.filter((line) => line.includes('made a key'))).toHaveLength(1);
  expect(chains.join('')).not.toContain('PRIVATE');
  const reserved = await signer.bytesFor(null);
  const names = Object.keys(paths);
  for (const [name, given] of Object.entries(paths)) {
    const encoded = await encode(name, { ...given, limitBytes: given.limitBytes - reserved });
    const kind = encoded.attempts.at(-1)?.kind;
    expect([name, kind, encoded.downscaled]).toEqual([
      name,
      name === 'twoPasses' || name === 'ladder' ? 'bitrate' : 'quality',
      name === 'ladder',
    ]);
    const signing = await sign(name, signer);
    if (signing.outcome !== 'signed') throw new Error(`${name}: ${JSON.stringify(signing)}`);
    expect(signing.bytes, name).toBeLessThanOrEqual(given.limitBytes);
    const [before, after] = [join(folder, `${name}.mp4`), join(folder, `${name}-signed.mp4`)];
    expect((await stat(after)).size).toBe(signing.bytes);
    const asBefore = { ...(await probeVideo(before, limits())), bytes: signing.bytes };
    expect(asBefore).toMatchObject({ fastStart: true, tags: { comment: 'Made with AI' } });
    expect(await probeVideo(after, limits()), name).toEqual(asBefore);
  }
  for (const [index, { first, second }] of (
    await check(...names.map((name) => `${name}-signed`))
  ).entries()) {
    expect([first.state, first.failures], names[index]).toEqual(['Valid', [untrusted]]);
    expect(second, names[index]).toEqual({
      integrity: 'valid',
      signature: 'valid',
      binding: 'match',
      failures: [untrusted],
    });
    expect(first.text).toContain('trainedAlgorithmicMedia');
    // Not by the name of the authors of a model whose weights these are not.
    expect(first.text).toContain('small demonstration model (in the form of HuMo 1.7B)');
  }
});

test('a byte that was changed is found by both, and by our own answer', async () => {
  const bytes = await readFile(join(folder, 'onePass-signed.mp4'));
  const at = bytes.length - 100;
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  const path = join(folder, 'changed.mp4');
  await writeFile(path, bytes);
  const [verdicts] = await check('changed');
  expect(verdicts?.first).toMatchObject({ state: 'Invalid' });
  expect(verdicts?.first.failures).toContain('assertion.bmffHash.mismatch');
  expect(verdicts?.second).toMatchObject({ integrity: 'invalid', binding: 'mismatch' });
  const trust = { own: chains, anchors: null };
  const look = (name: string) => readCredentials({ path: join(folder, name), format: 'video/mp4' }, trust);
  expect(await look('changed.mp4')).toMatchObject({ signer: 'own', intact: false });
  expect(await look('onePass-signed.mp4')).toMatchObject({
    signer: 'own',
    intact: true,
    expired: false,
    madeWithAi: true,
    generation: { generation: 'onePass', model: '1_7b', preset: 'draft', weights: 'mini' },
  });
  expect(
    await readCredentials(
      { path: join(folder, 'onePass-signed.mp4'), format: 'video/mp4' },
      { own: [], anchors: null },
    ),
  ).toMatchObject({ signer: 'untrusted', intact: true });
  expect(await look('onePass.mp4')).toBeNull();
});

test('a video that was made again names its parent by its manifest, also where the parent was made again', async () => {
  const signer = signerWith();
  const parentOf = (name: string) =>
    parentFor('earlier', join(folder, 'parent.mp4'), async (path) => {
      await copyFile(join(folder, `${name}.mp4`), path);
      return true;
    });
  await copyFile(join(folder, 'silent.mp4'), join(folder, 'child.mp4'));
  const parent = await parentOf('onePass-signed');
  expect(await sign('child', signer, parent)).toMatchObject({ outcome: 'signed' });
  await copyFile(join(folder, 'silent.mp4'), join(folder, 'grandchild.mp4'));
  const child = await parentOf('child-signed');
  const signing = await sign('grandchild', signer, child);
  if (signing.outcome !== 'signed') throw new Error(JSON.stringify(signing));
  const grown = signing.bytes - (await stat(join(folder, 'grandchild.mp4'))).size;
  expect(grown).toBeLessThanOrEqual(await signer.bytesFor(child));

  // Nobody keeps it any more, or it was never signed: the video is signed, and says so.
  await copyFile(join(folder, 'silent.mp4'), join(folder, 'orphan.mp4'));
  const gone = await parentFor('earlier', join(folder, 'none.mp4'), async () => false);
  expect(gone).toEqual({ manifest: 'gone' });
  expect(await parentOf('silent')).toEqual({ manifest: 'unsigned' });
  expect(await sign('orphan', signer, gone)).toMatchObject({ outcome: 'signed' });

  const [first, second, third] = await check('child-signed', 'grandchild-signed', 'orphan-signed');
  for (const one of [first, second, third]) {
    expect([one?.first.state, one?.second.integrity]).toEqual(['Valid', 'valid']);
  }
  expect(first?.first.manifest.ingredients).toMatchObject([
    {
      title: 'humo-earlier.mp4',
      relationship: 'inputTo',
      active_manifest: expect.stringContaining('urn:c2pa:'),
    },
  ]);
  expect(third?.first.manifest.ingredients ?? []).toEqual([]);
  expect(third?.first.text).toContain('"parentManifest": "gone"');
});

test('a certificate that an authority gave is signed with by its two variables, and trusted by whoever trusts that authority', async () => {
  await makeChain(folder);
  const config = loadWorkerConfig({
    ...{ REDIS_URL: 'redis://127.0.0.1:6379', DATA_DIRECTORY: join(folder, 'data') },
    C2PA_CERTIFICATE_FILE: join(folder, 'chain.pem'),
    C2PA_KEY_FILE: join(folder, 'leaf.key'),
  }).signing;
  if (config === null) throw new Error('signing is off');
  const shown: string[] = [];
  const signer = new Signer({
    config,
    projectRoot,
    register: async (chain) => void shown.push(chain),
    log: pino({ level: 'silent' }),
  });
  await copyFile(join(folder, 'silent.mp4'), join(folder, 'chained.mp4'));
  expect(await sign('chained', signer)).toMatchObject({ outcome: 'signed' });

  const [alone] = await check('chained-signed');
  expect([alone?.first.state, alone?.first.failures]).toEqual(['Valid', [untrusted]]);
  expect(alone?.second).toMatchObject({ integrity: 'valid', failures: [untrusted] });
  const [trusting] = await checkTrusting(join(folder, 'root.crt'), 'chained-signed');
  expect([trusting?.first.state, trusting?.first.failures]).toEqual(['Trusted', []]);
  expect(trusting?.second).toMatchObject({ integrity: 'valid', signature: 'valid', failures: [] });

  const anchors = await readFile(join(folder, 'root.crt'), 'utf8');
  const look = (own: readonly string[]) =>
    readCredentials({ path: join(folder, 'chained-signed.mp4'), format: 'video/mp4' }, { own, anchors });
  expect(await look([])).toMatchObject({ signer: 'trusted', intact: true, name: 'Signer', issuer: 'Test' });
  expect(await look(shown)).toMatchObject({ signer: 'own', intact: true });
});

/** Root, intermediate and leaf, each in the profile that C2PA asks for: `chain.pem` has the leaf first, and no root. */
async function makeChain(root: string): Promise<void> {
  const openssl = (...args: string[]) => execa('openssl', args, { cwd: root });
  const authority = 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n';
  const signer =
    'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=emailProtection\n';
  const identifiers = 'subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n';
  for (const [name, issuer, extensions] of [
    ['root', null, authority],
    ['intermediate', 'root', authority],
    ['leaf', 'intermediate', signer],
  ] as const) {
    const key = [
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      `${name}.key`,
    ];
    const subject = `/O=Test/CN=${name === 'leaf' ? 'Signer' : name}`;
    await openssl('req', '-new', ...key, '-subj', subject, '-out', `${name}.csr`);
    await writeFile(join(root, `${name}.ext`), extensions + identifiers);
    const by =
      issuer === null ? ['-signkey', 'root.key'] : ['-CA', `${issuer}.crt`, '-CAkey', `${issuer}.key`];
    await openssl(
      ...['x509', '-req', '-in', `${name}.csr`, ...by, '-CAcreateserial', '-days', '3'],
      ...['-extfile', `${name}.ext`, '-out', `${name}.crt`],
    );
  }
  const parts = ['leaf', 'intermediate'].map((name) => readFile(join(root, `${name}.crt`), 'utf8'));
  await writeFile(join(root, 'chain.pem'), (await Promise.all(parts)).join(''));
}

test('a time stamp is had from an authority; without an answer the video is signed all the same', async () => {
  const authority = await startAuthority(folder);
  try {
    await copyFile(join(folder, 'silent.mp4'), join(folder, 'stamped.mp4'));
    const signer = signerWith({ timeStampAuthority: authority.url });
    const signing = await sign('stamped', signer);
    if (signing.outcome !== 'stamped') throw new Error(`${JSON.stringify(signing)} ${log.join('')}`);
    const grown = signing.bytes - (await stat(join(folder, 'stamped.mp4'))).size;
    expect(grown).toBeLessThanOrEqual(await signer.bytesFor(null));
    const trust = { own: chains, anchors: null };
    const found = await readCredentials(
      { path: join(folder, 'stamped-signed.mp4'), format: 'video/mp4' },
      trust,
    );
    expect(found?.stampedAt).toMatch(/^20\d\d-/);
    const [verdicts] = await check('stamped-signed');
    expect([verdicts?.first.state, verdicts?.second.integrity]).toEqual(['Valid', 'valid']);
    authority.server.close();
    authority.server.closeAllConnections();
    await copyFile(join(folder, 'silent.mp4'), join(folder, 'unstamped.mp4'));
    expect(await sign('unstamped', signer)).toMatchObject({ outcome: 'unstamped' });
    expect(log.join('')).toContain('no time stamp could be had');
  } finally {
    authority.server.close();
  }
});

test('what cannot be signed is said, and the video is left as it is', async () => {
  const missing = signerWith({ file: join(folder, 'nowhere.pem'), isOwn: false });
  expect(await missing.bytesFor(null)).toBe(0);
  expect(await sign('silent', missing)).toEqual({ outcome: 'failed', reason: 'missing' });
  await writeFile(join(folder, 'broken.mp4'), 'no video at all');
  expect(await sign('broken')).toEqual({ outcome: 'failed', reason: 'refused' });
  expect(await readFile(join(folder, 'broken.mp4'), 'utf8')).toBe('no video at all');
  expect(log.join('')).not.toContain('PRIVATE');
});

/** A time stamp authority (RFC 3161) on this machine: what OpenSSL answers, over HTTP. */
async function startAuthority(root: string): Promise<{ url: string; server: Server }> {
  const openssl = (...args: string[]) => execa('openssl', args, { cwd: root });
  const extensions = ['extendedKeyUsage=critical,timeStamping', 'keyUsage=critical,digitalSignature'];
  await openssl(
    ...[
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      'tsa.key',
      '-out',
      'tsa.crt',
      '-days',
      '3',
    ],
    ...['-subj', '/CN=Time', ...extensions.flatMap((one) => ['-addext', one])],
    ...['-addext', 'basicConstraints=critical,CA:FALSE'],
  );
  await writeFile(
    join(root, 'tsa.cnf'),
    '[tsa]\ndefault_tsa = t\n[t]\nserial = ./serial\nsigner_digest = sha256\ndefault_policy = 1.2.3.4\ndigests = sha256, sha384, sha512\n',
  );
  await writeFile(join(root, 'serial'), '01');
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of request) if (chunk instanceof Uint8Array) chunks.push(chunk);
      await writeFile(join(root, 'query'), Buffer.concat(chunks));
      const keys = ['-signer', 'tsa.crt', '-inkey', 'tsa.key'];
      await openssl('ts', '-reply', '-config', 'tsa.cnf', '-queryfile', 'query', ...keys, '-out', 'reply');
      response.setHeader('content-type', 'application/timestamp-reply');
      response.end(await readFile(join(root, 'reply')));
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('no port');
  return { url: `http://127.0.0.1:${address.port}/`, server };
}
