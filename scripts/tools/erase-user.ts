/**
 * `npm run erase-user -- <id> [--dry-run] [--yes] [--copies]`: erases what is stored of a person. What waits or runs is stopped first.
 * Messages in Discord stay, and so does the moderators' log, which names ids only. `--copies` also takes what others made from the person's
 * results: it holds copies of their files.
 */
import { createInterface } from 'node:readline/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { readTokens } from '../../src/api/tokens.ts';
import type { StoredToken } from '../../src/api/tokens.ts';
import { loadCommonConfig, tokensFileOf } from '../../src/config/environment.ts';
import { ConfigurationError } from '../../src/config/generate.ts';
import { createLogger } from '../../src/log.ts';
import { environmentHere } from './environment.ts';
import type { Generation } from '../../src/queue/contract.ts';
import { createErasure } from '../../src/queue/erase.ts';
import { createGenerationQueue } from '../../src/queue/generation-queue.ts';
import type { GenerationQueue } from '../../src/queue/queue.ts';
import { artifactsOf } from '../../src/storage/keys.ts';
import { createArtifactStore } from '../../src/storage/create.ts';
import type { ArtifactStore } from '../../src/storage/store.ts';

const everything = 1_000_000;

/** A final message takes a second or two where a bot runs. */
const tellTimeout = 5_000;

/** A forward pass of the largest model on a slow card, and the way back. */
const stopTimeout = 90_000;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'dry-run': { type: 'boolean', default: false },
      yes: { type: 'boolean', default: false },
      copies: { type: 'boolean', default: false },
    },
  });
  const [userId] = positionals;
  if (userId === undefined || positionals.length > 1 || !/^\d{1,20}$/.test(userId)) {
    console.error(
      'npm run erase-user -- <id> [--dry-run] [--yes] [--copies]   <id> is the Discord id of the person, digits only',
    );
    return 1;
  }
  const config = loadCommonConfig(environmentHere());
  const log = createLogger('erase-user', 'warn');
  const queue = createGenerationQueue(config, log);
  const erasure = createErasure(config, log);
  const store = createArtifactStore(config);
  try {
    const chosen = () => ofPerson(queue, userId);
    const { mine: generations, copies } = await chosen();
    const keys = await erasure.keysOf(userId);
    const open = [...generations, ...(values.copies ? copies : [])].filter(
      ({ status }) => status === 'queued' || status === 'running',
    );
    console.log(
      `Of ${userId} there are ${generations.length} generation(s), ${open.length} of them waiting or running, and ${keys.length} other entries.`,
    );
    if (copies.length > 0) {
      console.log(
        `Others made ${copies.length} generation(s) from these, with copies of the files: ${copies.map(({ id }) => id).join(', ')}. ${values.copies ? 'They go, too.' : 'They stay; --copies takes them as well.'}`,
      );
    }
    for (const { name } of await tokensOf(userId)) {
      console.log(
        `The API token '${name}' acts as this person. It stays; \`npm run api-token -- revoke --name ${name}\` ends it.`,
      );
    }
    if (generations.length === 0 && keys.length === 0) return 0;
    if (values['dry-run']) {
      for (const { id, status } of generations) console.log(`  ${id} (${status}) with its files`);
      for (const key of keys) console.log(`  ${key}`);
      console.log('Nothing was erased (--dry-run).');
      return 0;
    }
    if (!values.yes && !(await confirmed())) {
      console.log('Nothing was erased. Give --yes to erase without being asked.');
      return 1;
    }
    await stopAll(queue, open);
    // What was accepted meanwhile, and how what was open has ended.
    const { mine, copies: others } = await chosen();
    const all = [...mine, ...(values.copies ? others : [])];
    const files = await removeFiles(store, all);
    const entries = (await erasure.removeRecords(all)) + (await erasure.removePerson(userId));
    console.log(`Erased: ${all.length} generation(s), ${files} file(s), ${entries} entries in Redis.`);
    const remains = await erasure.forget();
    if (remains !== null) {
      console.log(
        `Redis’ append-only file still holds what was erased: Redis did not write it anew (${remains}). Run \`redis-cli bgrewriteaof\`, or wait until Redis does it by itself.`,
      );
    }
    console.log('Messages in Discord stay, and so do ids in the moderators’ log and bans, and backups.');
    return 0;
  } finally {
    await Promise.all([queue.close(), erasure.close(), store.close()]);
  }
}

/** Those of this machine: where no API is served, there are none. */
async function tokensOf(userId: string): Promise<readonly StoredToken[]> {
  const tokens = await readTokens(tokensFileOf(process.env));
  return tokens.filter((token) => token.userId === userId);
}

/** The person's generations, and what others made from them, from those, and so on. */
async function ofPerson(
  queue: GenerationQueue,
  userId: string,
): Promise<{ mine: Generation[]; copies: Generation[] }> {
  const mine = await queue.list({ userId, limit: everything });
  const rest = (await queue.list({ limit: everything })).filter((generation) => generation.userId !== userId);
  const sources = new Set(mine.map(({ id }) => id));
  const copies: Generation[] = [];
  // Oldest first: a copy of a copy comes after what it was made from.
  for (const generation of rest.toReversed()) {
    if (generation.parentId === null || !sources.has(generation.parentId)) continue;
    sources.add(generation.id);
    copies.push(generation);
  }
  return { mine, copies };
}

async function confirmed(): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await terminal.question('Erase all of it for good? [y/N] ')).trim());
  } finally {
    terminal.close();
  }
}

/** @throws Error when something still runs after a while: its worker would write files that nobody removes */
async function stopAll(queue: GenerationQueue, open: readonly Generation[]): Promise<void> {
  for (const { id } of open) {
    await queue.cancel(id, { code: 'cancelled', identifier: 'cancelled_by_user', context: {} });
  }
  const end = Date.now() + stopTimeout;
  for (const { id } of open) {
    while ((await queue.get(id))?.status === 'running') {
      if (Date.now() > end) throw new Error(`${id} still runs; try again when it has ended`);
      await pause(250);
    }
  }
  // Whoever waits is told that it was stopped, if a bot is there to say so: with the record, the words would go.
  const told = Date.now() + tellTimeout;
  for (const { id } of open) {
    while (Date.now() < told && (await queue.get(id))?.deliveredAt === null) await pause(250);
  }
}

async function removeFiles(store: ArtifactStore, generations: readonly Generation[]): Promise<number> {
  let count = 0;
  for (const { id, result, progress } of generations) {
    const { keys, prefixes } = artifactsOf(id);
    for (const prefix of prefixes) count += await store.deletePrefix(prefix);
    const single = new Set(keys);
    for (const key of [result?.video, progress?.preview]) if (typeof key === 'string') single.add(key);
    for (const key of single) {
      if ((await store.size(key)) === null) continue;
      await store.delete(key);
      count += 1;
    }
  }
  return count;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof ConfigurationError || error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
