import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
async function build(makeProgram: string) {
  const source = join(folder, 'ffmpeg-0');
  await mkdir(source);
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
    [join(projectRoot, 'docker/ffmpeg/build.sh'), join(folder, 'source.tar.xz'), join(folder, 'target')],
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

test('it is asked to link all of it in, to know no network, and the result has to make a video', async () => {
  // A program that leans on nothing, as far as the loader of libraries can see.
  const wrap =
    'printf \'#!/bin/sh\\nexec %s "$@"\\n\' "$(command -v $program)" >"$target/$program"; chmod +x "$target/$program"';
  const { exitCode, stderr } = await build(wrap);
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
  const options = (await readFile(join(folder, 'options'), 'utf8')).trim().split(' ');
  for (const option of ['--extra-ldexeflags=-static', '--disable-network', '--disable-autodetect'])
    expect(options).toContain(option);
  await rm(join(folder, 'ffmpeg-0'), { recursive: true });
  const useless = await build(
    'printf "#!/bin/sh\\nexit 1\\n" >"$target/$program"; chmod +x "$target/$program"',
  );
  expect(useless.exitCode).not.toBe(0);
});
