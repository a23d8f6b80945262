import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ffmpeg from 'fluent-ffmpeg';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { mediaMemoryBytes, withMediaMemory } from '../../../src/media/memory.ts';
import {
  encodeBounds,
  foreignFileBounds,
  framesReader,
  listWithMediaProgram,
  mostErrorBytes,
  runFluent,
  runMediaProgram,
} from '../../../src/media/process.ts';

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'humo-process-'));
  // A stand-in that tells what it was started with.
  const told = join(scratch, 'told');
  const program = `#!/bin/sh\n{ env; echo "args: $*"; echo "kilobytes: $(ulimit -v)"; echo "seconds: $(ulimit -t)"; echo "core: $(ulimit -c)"; } | tee '${told}'\n`;
  for (const name of ['ffmpeg', 'ffprobe']) {
    await writeFile(join(scratch, name), program);
    await chmod(join(scratch, name), 0o755);
  }
});
afterEach(() => void vi.unstubAllEnvs());
afterAll(() => rm(scratch, { recursive: true }));

const limits = () => ({ scratch, timeoutMilliseconds: 10_000 });

function withSecrets(): void {
  vi.stubEnv('PATH', `${scratch}:${process.env['PATH'] ?? ''}`);
  for (const name of ['DISCORD_TOKEN', 'S3_SECRET_ACCESS_KEY', 'REDIS_URL', 'HTTPS_PROXY'])
    vi.stubEnv(name, `secret-of-${name}`);
}

test('a media program sees no secret, and is bounded', async () => {
  withSecrets();
  const told = await runMediaProgram('ffprobe', ['a b', '$(id)', '*'], limits());
  expect(told).toContain('args: a b $(id) *\n');
  expect(told).not.toContain('secret-of');
  expect(told).toContain(`kilobytes: ${foreignFileBounds.addressSpaceBytes / 1024}\n`);
  expect(told).toContain(`seconds: ${foreignFileBounds.cpuSeconds}\n`);
  expect(told).toContain('core: 0');
});

test('nor does one whose command fluent-ffmpeg has put together', async () => {
  withSecrets();
  const command = ffmpeg()
    .input('/in')
    .inputOptions(['-f', 'mov'])
    .outputOptions(['-f', 'mp4'])
    .output('/out');
  await runFluent(command, limits(), encodeBounds);
  const told = await readFile(join(scratch, 'told'), 'utf8');
  expect(told).toContain('args: -hide_banner -v error -f mov -i /in -y -f mp4 /out\n');
  expect(told).not.toContain('secret-of');
  expect(told).toContain(`kilobytes: ${encodeBounds.addressSpaceBytes / 1024}\n`);
});

test('a program that complains without end is ended', async () => {
  const folder = join(scratch, 'complaining');
  await mkdir(folder);
  const complaining = (bytes: number) => `#!/bin/sh\nhead -c ${bytes} /dev/zero | tr '\\0' x >&2\n`;
  vi.stubEnv('PATH', `${folder}:${process.env['PATH'] ?? ''}`);
  await writeFile(join(folder, 'ffmpeg'), complaining(mostErrorBytes - 1), { mode: 0o755 });
  await expect(runMediaProgram('ffmpeg', [], limits())).resolves.toBe('');
  await writeFile(join(folder, 'ffmpeg'), complaining(2 * mostErrorBytes), { mode: 0o755 });
  await expect(runMediaProgram('ffmpeg', [], limits())).rejects.toThrow(/ffmpeg failed/);
});

test('a program that is not there is named', async () => {
  vi.stubEnv('PATH', join(scratch, 'nothing'));
  await expect(runMediaProgram('ffprobe', [], limits())).rejects.toThrow(/is not installed/);
});

test('media work waits until there is memory for it, in the order in which it came', async () => {
  const order: string[] = [];
  const first = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const work = (name: string, until?: Promise<void>) => async () => {
    order.push(name);
    begun.resolve();
    await until;
  };
  const all = withMediaMemory(mediaMemoryBytes * 2, work('more than there is', first.promise));
  const stop = new AbortController();
  const given = withMediaMemory(1, work('given up'), stop.signal);
  const second = withMediaMemory(1, work('small'));
  stop.abort(new Error('no longer wanted'));
  await begun.promise;
  expect(order).toEqual(['more than there is']);
  first.resolve();
  await Promise.all([all, second]);
  await expect(given).rejects.toThrow('no longer wanted');
  expect(order).toEqual(['more than there is', 'small']);
});

test('frames are counted from what an encoder tells, in whatever pieces it comes', () => {
  const heard: number[] = [];
  const read = framesReader((frames) => void heard.push(frames));
  for (const piece of [
    'frame=1',
    '2\nfps=3.5\nprogress=cont',
    'inue\nframe= 40\ndrop_frames=7\n',
    'frame=41',
  ])
    read(piece);
  expect(heard).toEqual([12, 40]);
});

test('of a list that does not end as it has to, some did not fit on the disk', async () => {
  vi.stubEnv('PATH', `${scratch}:${process.env['PATH'] ?? ''}`);
  const list = (last: string) => listWithMediaProgram('ffprobe', [], limits(), { name: 'list', last });
  expect(await list('core: ')).toContain('seconds: ');
  await expect(list('format|')).rejects.toMatchObject({ identifier: 'disk_full', folder: scratch });
});
