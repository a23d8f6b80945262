import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { projectRoot } from '../../src/config/environment.ts';

/** One import of one file: from where, and of what. */
interface Import {
  /** path from the repository's root */
  readonly file: string;
  /** path from the repository's root, or the name of a package */
  readonly target: string;
}

const imports = readdirSync(join(projectRoot, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .flatMap((name) => importsOf(join(projectRoot, 'src', name)));

function importsOf(path: string): Import[] {
  const file = relative(projectRoot, path);
  const source = readFileSync(path, 'utf8');
  const found = source.matchAll(
    /^(?:import|export)\b[^'";]*?from\s*'([^']+)'|^import\s*'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm,
  );
  return [...found].map((match) => {
    const specifier = match[1] ?? match[2] ?? match[3] ?? '';
    const target = specifier.startsWith('.')
      ? relative(projectRoot, resolve(dirname(path), specifier))
      : packageName(specifier);
    return { file, target };
  });
}

/** `@aws-sdk/client-s3/dist` → `@aws-sdk/client-s3` */
function packageName(specifier: string): string {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? specifier);
}

/** Imports from a folder of src that go where `forbidden` says. */
function strays(folder: string, forbidden: (target: string) => boolean): string[] {
  return imports
    .filter(({ file, target }) => file.startsWith(`src/${folder}/`) && forbidden(target))
    .map(({ file, target }) => `${file} imports ${target}`);
}

const inFolders =
  (...folders: string[]) =>
  (target: string) =>
    folders.some((folder) => target.startsWith(`src/${folder}/`));

test('the imports are found', () => {
  expect(imports.length).toBeGreaterThan(200);
  expect(imports).toContainEqual({ file: 'src/bot/main.ts', target: 'src/config/environment.ts' });
  expect(imports).toContainEqual({ file: 'src/bot/client.ts', target: 'discord.js' });
});

describe('imports run one way: config ← queue, storage, media ← intake ← commands, api ← bot, and ← worker', () => {
  test.each([
    ['config', ['queue', 'storage', 'media', 'text', 'intake', 'commands', 'api', 'bot', 'worker']],
    ['queue', ['storage', 'media', 'intake', 'commands', 'api', 'bot', 'worker']],
    ['storage', ['queue', 'media', 'intake', 'commands', 'api', 'bot', 'worker']],
    ['media', ['queue', 'storage', 'intake', 'commands', 'api', 'bot', 'worker']],
    ['marking', ['queue', 'storage', 'media', 'text', 'intake', 'commands', 'api', 'bot', 'worker']],
    ['text', ['storage', 'media', 'intake', 'commands', 'api', 'bot', 'worker']],
    ['intake', ['commands', 'api', 'bot', 'worker']],
    ['provenance', ['storage', 'text', 'commands', 'api', 'bot', 'worker']],
    ['commands', ['storage', 'media', 'api', 'bot', 'worker']],
    ['api', ['commands', 'bot', 'worker']],
    ['bot', ['worker']],
    ['scaler', ['storage', 'media', 'text', 'intake', 'commands', 'api', 'bot', 'worker']],
    ['worker', ['text', 'intake', 'commands', 'api', 'bot']],
  ])('src/%s imports nothing of %j', (folder, others) => {
    expect(strays(folder, inFolders(...others))).toEqual([]);
  });

  test('nothing in src imports the sandbox, the scripts or the tests', () => {
    const outside = imports.filter(({ target }) => /^(sandbox|scripts|tests|bench)\//.test(target));
    expect(outside).toEqual([]);
  });
});

describe('a library is used in one place', () => {
  const home: readonly (readonly [library: string, folders: readonly string[]])[] = [
    ['bullmq', ['src/queue/']],
    ['fluent-ffmpeg', ['src/media/']],
    ['sharp', ['src/media/']],
    ['@aws-sdk/client-s3', ['src/storage/']],
    // How a server is reached is told apart from who asks it: by queue and store alike.
    ['ioredis', ['src/queue/', 'src/storage/', 'src/config/sentinel-connector.ts']],
    ['re2js', ['src/queue/']],
    ['@contentauth/c2pa-wasm', ['src/marking/']],
    ['discord.js', ['src/bot/', 'src/commands/']],
    ['fastify', ['src/api/']],
    ['@bull-board/api', ['src/api/']],
  ];
  test.each(home)('%s only in %j', (library, folders) => {
    const users = imports.filter(({ target }) => target === library).map(({ file }) => file);
    expect(users).not.toEqual([]);
    expect(users.filter((file) => !folders.some((folder) => file.startsWith(folder)))).toEqual([]);
  });
});

test('every imported package stands in package.json as a dependency', () => {
  const { dependencies } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'));
  const packages = new Set(
    imports
      .map(({ target }) => target)
      .filter((target) => !target.startsWith('src/') && target !== 'package.json'),
  );
  const missing = [...packages].filter(
    (name) => !name.startsWith('node:') && !builtinModules.includes(name) && dependencies[name] === undefined,
  );
  expect(missing).toEqual([]);
});
