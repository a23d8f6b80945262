/**
 * `npm run erase-user -- <id> [--dry-run] [--yes] [--copies]`: erases what is stored of a person. What waits or runs is stopped first.
 * Messages in Discord stay, and so does the moderators' log, which names ids only. `--copies` also takes what others made from the person's
 * results: it holds copies of their files.
 */
import { createInterface } from 'node:readline/promises';
import { readTokens } from '../../src/api/tokens.ts';
import type { StoredToken } from '../../src/api/tokens.ts';
import { loadCommonConfig, tokensFileOf } from '../../src/config/environment.ts';
import { ConfigurationError } from '../../src/config/generate.ts';
import { createLogger } from '../../src/log.ts';
import { PersonErasure } from '../../src/erasure/erase-person.ts';
import { isOpen } from '../../src/queue/contract/generation.ts';
import { environmentHere } from './environment.ts';
import { argumentsOf } from './read-arguments.ts';
import { createErasure } from '../../src/queue/people/personal-data.ts';
import { createGenerationQueue } from '../../src/queue/create-generation-queue.ts';
import { createArtifactStore } from '../../src/storage/create.ts';
import { ownCommand } from '../../src/config/runtime-environment.ts';

async function main(): Promise<number> {
  const usage = `${ownCommand('eraseUser', '<id> [--dry-run] [--yes] [--copies]')}   <id> is the Discord id of the person, digits only`;
  const { values, positionals } = argumentsOf(usage, {
    allowPositionals: true,
    options: {
      'dry-run': { type: 'boolean', default: false },
      yes: { type: 'boolean', default: false },
      copies: { type: 'boolean', default: false },
    },
  });
  const [userId] = positionals;
  if (userId === undefined || positionals.length > 1 || !/^\d{1,20}$/.test(userId)) {
    console.error(usage);
    return 1;
  }
  const config = loadCommonConfig(environmentHere());
  const log = createLogger('erase-user', 'warn');
  const queue = createGenerationQueue(config, log);
  const erasure = createErasure(config, log);
  const store = createArtifactStore(config);
  try {
    const person = new PersonErasure({ queue, erasure, store });
    const { generations, copies, entries: kinds } = await person.find(userId, { copies: true });
    const keys = Object.values(kinds)
      .flat()
      .map(({ key, field }) => (field === undefined ? key : `${key} (an entry)`));
    const open = [...generations, ...(values.copies ? copies : [])].filter(isOpen);
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
        `The API token '${name}' acts as this person. It stays; \`${ownCommand('apiToken', `revoke --name ${name}`)}\` ends it.`,
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
    const erased = await person.erase(userId, { copies: values.copies });
    console.log(
      `Erased: ${erased.generations} generation(s), ${erased.files} file(s), ${erased.entries} entries in Redis.`,
    );
    const remains = await person.forget();
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

async function confirmed(): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await terminal.question('Erase all of it for good? [y/N] ')).trim());
  } finally {
    terminal.close();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof ConfigurationError || error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
