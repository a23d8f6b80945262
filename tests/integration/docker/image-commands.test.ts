import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
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
    env: { PATH: process.env['PATH'] ?? '', DATA_DIRECTORY: data, ...variables },
    extendEnv: false,
    reject: false,
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
  expect(commands.length).toBeGreaterThan(1);
  const [first] = commands;
  for (const command of commands) expect(command).toEqual(first);
  expect(first?.service).toBe('bot');
  const { stdout, exitCode } = await inImage(first?.args ?? []);
  expect(exitCode).toBe(0);
  // Where a bot with this DATA_DIRECTORY looks.
  const found = await new TokenFile(join(data, 'api-tokens.json')).find(stdout);
  expect(found).toMatchObject({ name: 'web', scopes: ['generate', 'read', 'cancel'] });
});
