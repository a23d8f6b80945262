import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { quickStart } from '../../../scripts/support/quick-start.mjs';
import { TokenFile } from '../../../src/api/tokens.ts';
import { projectRoot } from '../../../src/config/environment.ts';
import { layOutImage } from '../../support/image.ts';

/** Stand for /app and for the volume /data. */
let app: string;
let data: string;
beforeEach(async () => {
  app = await mkdtemp(join(tmpdir(), 'humo-image-'));
  data = await mkdtemp(join(tmpdir(), 'humo-volume-'));
});
afterEach(async () => {
  for (const folder of [app, data]) await rm(folder, { recursive: true, force: true });
});

/** Runs a Node program of the image as `docker compose exec` does. */
function inImage(args: readonly string[], variables: Record<string, string> = {}) {
  return execa(process.execPath, args, {
    cwd: app,
    env: { ...quickStart(process.env), PATH: process.env['PATH'] ?? '', DATA_DIRECTORY: data, ...variables },
    extendEnv: false,
    reject: false,
    all: true,
  });
}

/** What the documents say to run in a running container: service, and what stands behind `node`. */
async function documented(): Promise<{ service: string; args: string[] }[]> {
  const pages = (await readdir(join(projectRoot, 'docs'))).filter((name) => name.endsWith('.md'));
  const files = ['docker/README.md', 'docker/.env.example', ...pages.map((name) => join('docs', name))];
  const texts = await Promise.all(files.map((name) => readFile(join(projectRoot, name), 'utf8')));
  return texts.flatMap((text) =>
    [...text.matchAll(/docker compose exec (\w+) node ([^`#\n]+)/g)].map(([, service = '', rest = '']) => ({
      service,
      args: rest.trim().split(/\s+/),
    })),
  );
}

test('the documented way to a token makes one that the bot’s API takes', async () => {
  await layOutImage('bot', app);
  const commands = (await documented()).filter(({ args }) => args.includes('create'));
  const valueOf = (args: readonly string[], option: string) =>
    args.includes(option) ? args[args.indexOf(option) + 1] : undefined;
  // Several documents make the same one.
  const byName = new Map(commands.map((command) => [valueOf(command.args, '--name'), command]));
  expect([...byName.keys()]).toContain('web');
  for (const [name, { service, args }] of byName) {
    expect(service).toBe('bot');
    const { stdout, exitCode } = await inImage(args);
    expect(exitCode).toBe(0);
    // Where a bot with this DATA_DIRECTORY looks.
    const found = await new TokenFile(join(data, 'api-tokens.json')).find(stdout);
    const scopes = (valueOf(args, '--scopes') ?? 'generate,read,cancel').split(',');
    expect(found).toMatchObject({ name, scopes });
  }
});

test('in an image, no program speaks of npm when it says how it is used', async () => {
  await layOutImage('bot', app);
  const usages = await Promise.all([
    inImage(['src/api/token-command.ts', '--help']),
    inImage(['src/bot/register-commands.ts', '--help']),
    inImage(['scripts/tools/doctor.ts', '--for', 'nobody']),
  ]);
  for (const { all } of usages) {
    expect(all).toContain('docker compose exec bot node ');
    expect(all).not.toContain('npm run');
  }
});

/** The image's Python has the engine's packages, and not the engine: that is found in its folder. */
async function putPython(): Promise<void> {
  const own = join(projectRoot, '.venv');
  const [version = ''] = (await readdir(join(own, 'lib'))).filter((name) => name.startsWith('python3'));
  const packages = join(own, 'lib', version, 'site-packages');
  const path = join(app, '.venv/bin/python');
  await mkdir(dirname(path), { recursive: true });
  // Without `site`, nothing that was installed as a link to its source is found.
  await writeFile(path, `#!/bin/sh\nPYTHONPATH=${packages} exec ${own}/bin/python -S "$@"\n`, {
    mode: 0o755,
  });
}

test.each(['bot', 'worker'] as const)(
  'the documented doctor runs in the image of the %s, and names no command that is not there',
  async (image) => {
    await layOutImage(image, app);
    await putPython();
    const { stdout, stderr, exitCode } = await inImage(['scripts/tools/doctor.ts', '--for', image], {
      REDIS_URL: `unix://${data}/none.sock`,
      DISCORD_TOKEN: 'x'.repeat(60),
      DISCORD_API_URL: 'http://127.0.0.1:9/api',
      HUMO_WEIGHTS_DIRECTORY: join(data, 'weights'),
      LOG_LEVEL: 'verbose',
    });
    expect(stderr).toBe('');
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/LOG_LEVEL.*\n.*docker\/\.env/);
    expect(stdout).not.toContain('npm run');
  },
);

test('in the image of the worker the doctor finds the engine, and says how the weights come', async () => {
  await layOutImage('worker', app);
  await putPython();
  const { stdout } = await inImage(['scripts/tools/doctor.ts', '--for', 'worker'], {
    REDIS_URL: `unix://${data}/none.sock`,
    HUMO_WEIGHTS_DIRECTORY: join(data, 'weights'),
  });
  expect(stdout).toMatch(
    /✗ weights +\d{2} file\(s\) missing or wrong, such as \S+: missing\n.*docker compose restart/,
  );
  expect(stdout).not.toContain('npm run');
});

test('every file that the documents run in a container is in its image', async () => {
  const commands = await documented();
  expect(commands.map(({ args }) => args[0])).toContain('scripts/tools/doctor.ts');
  for (const { service, args } of commands) {
    if (service !== 'bot' && service !== 'worker') throw new Error(`no image of ${service}`);
    const folder = join(app, service);
    if (!existsSync(folder)) await layOutImage(service, folder);
    expect(existsSync(join(folder, args[0] ?? '')), `${args[0]} in ${service}`).toBe(true);
  }
});
