import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { projectRoot } from '../../../src/config/environment.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'humo-ffmpeg-build-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/**
 * Runs the images' build script with a source that takes no half hour to build: its programs are made by this shell command, of
 * `$program` and `$target`.
 */
async function build(makeProgram: string, processor?: string) {
  const source = join(folder, 'ffmpeg-0');
  await mkdir(source, { recursive: true });
  await writeFile(join(source, 'configure'), `#!/bin/sh\necho "$*" >"${folder}/options"\n`, { mode: 0o755 });
  await writeFile(
    join(source, 'programs.sh'),
    `target=$1\nfor program in ffmpeg ffprobe; do ${makeProgram}; done\n`,
  );
  await writeFile(
    join(source, 'Makefile'),
    `all:\ninstall-progs:\n\tmkdir -p ${folder}/target/bin\n\tsh programs.sh ${folder}/target/bin\n`,
  );
  await execa('tar', ['-cJf', join(folder, 'source.tar.xz'), '-C', folder, 'ffmpeg-0']);
  return execa(
    'sh',
    [
      join(projectRoot, 'docker/ffmpeg/build.sh'),
      join(folder, 'source.tar.xz'),
      join(folder, 'target'),
      ...(processor === undefined ? [] : [processor]),
    ],
    { reject: false },
  );
}

test('programs that lean on a library of the machine that they were built on are no result: the images have none of them', async () => {
  // The distribution's, which look for x264 and a hundred others where they run.
  const { exitCode, stderr } = await build('cp "$(command -v $program)" "$target/$program"');
  expect(stderr).toMatch(/libx264\.so\S* =>/);
  expect(stderr).toContain('ffmpeg was not linked statically');
  expect(exitCode).toBe(1);
});

/** A program that leans on nothing, as far as the loader of libraries can see. */
const wrap =
  'printf \'#!/bin/sh\\nexec %s "$@"\\n\' "$(command -v $program)" >"$target/$program"; chmod +x "$target/$program"';
const optionsGiven = async () => (await readFile(join(folder, 'options'), 'utf8')).trim().split(' ');

test('it is asked to link all of it in, and to know no network', async () => {
  const { exitCode, stderr } = await build(wrap);
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
  const options = await optionsGiven();
  for (const option of ['--extra-ldexeflags=-static', '--disable-network', '--disable-autodetect'])
    expect(options).toContain(option);
  expect(options).not.toContain('--enable-cross-compile');
});

test('for another processor it takes that one’s compiler and libraries; one that it does not know is refused', async () => {
  const { stdout: own } = await execa('dpkg', ['--print-architecture']);
  const [other, name] = own === 'arm64' ? ['amd64', 'x86_64'] : ['arm64', 'aarch64'];
  const made = await build(`${wrap}; echo "$PKG_CONFIG_LIBDIR" >${folder}/libraries`, other);
  expect(made.stderr).toBe('');
  expect(await optionsGiven()).toEqual(
    expect.arrayContaining(['--enable-cross-compile', `--arch=${name}`, `--cross-prefix=${name}-linux-gnu-`]),
  );
  expect(await readFile(join(folder, 'libraries'), 'utf8')).toBe(`/usr/lib/${name}-linux-gnu/pkgconfig\n`);
  const odd = await build(wrap, 'vax');
  expect(odd.stderr).toContain('nothing is known of the processor vax');
  expect(odd.exitCode).toBe(1);
});

test('where they have come to, they have to make a video, or the image is not built', async () => {
  const check = (path: string) =>
    execa('/bin/sh', [join(projectRoot, 'docker/ffmpeg/check.sh')], {
      env: { PATH: `${path}${delimiter}${process.env['PATH'] ?? ''}` },
      reject: false,
    });
  const programs = join(folder, 'programs');
  await mkdir(programs);
  const right = await check(programs);
  expect(right.stderr).toBe('');
  expect(right.exitCode).toBe(0);
  await writeFile(join(programs, 'ffmpeg'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  const useless = await check(programs);
  expect(useless.exitCode).not.toBe(0);
});
