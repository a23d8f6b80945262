import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { installedAt, packed } from '../support/quick-start.mjs';
import { executeOrStop, fingerprint, isAlive, readStamp, root, say, writeStamp } from './shared.mjs';
import { nodeProgram } from './modules.mjs';

/**
 * What the programs import of packages, as they name it. A bot reads 1,150 files of these otherwise, and half of its start is finding them. Those
 * with machine code or files of their own beside them (sharp, c2pa-wasm, the board's page) stay as they are, and so does what is seldom loaded.
 */
const names = [
  ...['discord.js', 'discord-api-types/v10', 'ws', 'bullmq', 'ioredis', 'execa', 'fluent-ffmpeg', 'pino'],
  ...['prom-client', 'zod', 'yaml', 'ulid', 'p-limit', 'ipaddr.js', 'range-parser', 're2js', 'async-mutex'],
  ...['intl-messageformat', 'fastify', 'fastify-type-provider-zod', '@fastify/multipart', '@fastify/swagger'],
  ...['@fastify/rate-limit', '@fastify/basic-auth', '@fastify/accepts'],
];

/** Packs these packages into a few files, when they have changed since the last time. Without the bundler, a development tool, they stay as they are. */
export async function ensurePackages() {
  const bundler = join(root, 'node_modules', 'rolldown', 'package.json');
  if (!existsSync(bundler)) return;
  sweepUnfinished(packed);
  const stamp = join(packed, '.set-up');
  const wanted = fingerprint(['package-lock.json', 'scripts/setup/packages.mjs'], installedAt() ?? '');
  if (readStamp(stamp) === wanted) return;
  say('packing npm packages, so that programs start sooner …');
  // In a Node that runs the programs: this one may be older.
  await executeOrStop(nodeProgram(), [import.meta.filename]);
  writeStamp(stamp, wanted);
}

/** Where a process packs until it is done. */
const unfinished = (folder, pid) => `${folder}-${pid}`;

/** Removes what processes left that ended before they had packed everything. */
export function sweepUnfinished(folder) {
  const beginning = unfinished(basename(folder), '');
  if (!existsSync(dirname(folder))) return;
  for (const name of readdirSync(dirname(folder))) {
    const pid = name.startsWith(beginning) ? name.slice(beginning.length) : '';
    if (/^\d+$/.test(pid) && !isAlive(Number(pid)))
      rmSync(unfinished(folder, pid), { recursive: true, force: true });
  }
}

/** What a file knows of its own place stays true: beside it lies what it may look for. */
function whereItWas(code, id) {
  const places = {
    __dirname: dirname(id),
    __filename: id,
    'import.meta.dirname': dirname(id),
    'import.meta.filename': id,
    'import.meta.url': pathToFileURL(id).href,
  };
  return code.replaceAll(
    /(?<![\w$.'"])(?:__dirname|__filename|import\.meta\.(?:dirname|filename|url))(?![\w$'"])/g,
    (name) => JSON.stringify(places[name]),
  );
}

async function pack() {
  const folder = unfinished(packed, process.pid);
  const sources = join(folder, 'sources');
  mkdirSync(sources, { recursive: true });
  const fileOf = (name) => name.replaceAll(/[^\w.-]/g, '_');
  const input = {};
  for (const name of names) {
    // By name: a bundler cannot see what a CommonJS module exports.
    const exported = Object.keys(await import(name)).filter((key) => key !== 'module.exports');
    const source = join(sources, `${fileOf(name)}.js`);
    writeFileSync(source, `export { ${exported.join(', ')} } from '${name}';\n`);
    input[fileOf(name)] = source;
  }
  const { rolldown } = await import(
    pathToFileURL(createRequire(join(root, 'node_modules', 'vite', 'package.json')).resolve('rolldown')).href
  );
  const bundle = await rolldown({
    input,
    cwd: root,
    platform: 'node',
    // What is installed nowhere is for whoever looks for it to miss.
    external: ['sharp', 'zlib-sync', 'bufferutil', 'utf-8-validate', '@discordjs/voice', 'erlpack'],
    plugins: [{ name: 'where-it-was', transform: { filter: { id: /node_modules/ }, handler: whereItWas } }],
    logLevel: 'silent',
  });
  await bundle.write({
    dir: folder,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunk-[hash].js',
  });
  await bundle.close();
  rmSync(sources, { recursive: true });
  const files = Object.fromEntries(names.map((name) => [name, `${fileOf(name)}.js`]));
  writeFileSync(join(folder, 'index.json'), JSON.stringify({ installedAt: installedAt(), files }));
  rmSync(packed, { recursive: true, force: true });
  renameSync(folder, packed);
}

if (process.argv[1] === import.meta.filename) await pack();
