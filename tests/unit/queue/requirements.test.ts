import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { projectRoot } from '../../../src/config/environment.ts';
import { attempts } from '../../../src/queue/redis/requirements.ts';

/** Tried in a way of their own: a transaction, a channel, and what is asked before all else. */
const triedApart = ['multi', 'publish', 'subscribe', 'info'];
/** A courtesy, which tells whoever asks for it when it is not allowed. */
const optional = ['bgrewriteaof'];

/** BullMQ's scripts for what is done here: jobs of several priorities and pauses, taken, moved and removed, looked at and told of. */
const scripts =
  /^(?:add(?:Standard|Prioritized|Delayed)Job|change(?:Delay|Priority)|extendLocks?|get(?:Counts|Ranges|State)|isFinished|move(?:JobFromActiveToWait|StalledJobsToWait|ToActive|ToDelayed|ToFinished)|promote|releaseLock|removeJob|reprocessJob|retryJob)-\d+\.js$/;

function sources(folder: string, isMeant: (name: string) => boolean): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => isMeant(name))
    .map((name) => readFileSync(join(folder, name), 'utf8'));
}

test('a right to every command that is given is looked at before anything is taken on', () => {
  const bullmq = join(dirname(createRequire(import.meta.url).resolve('bullmq')), 'scripts');
  const lua = [
    ...sources(join(projectRoot, 'src'), (name) => name.endsWith('.lua')),
    ...sources(bullmq, (name) => scripts.test(name)),
  ];
  const ours = sources(join(projectRoot, 'src'), (name) => name.endsWith('.ts'));
  const named = [
    ...lua.flatMap((text) => [...text.matchAll(/\b(?:redis\.p?call|rcall)\(\s*['"](\w+)['"]/g)]),
    ...ours.flatMap((text) => [
      ...text.matchAll(/\b(?:\w*[cC]onnection|redis|subscriber|own)\s*\.\s*([a-z]+)\(/g),
      ...text.matchAll(/redis\.call\('(\w+)'/g),
    ]),
  ].map(([, name = '']) => name.toLowerCase());
  const redis = new Redis({ lazyConnect: true });
  const known = new Set(redis.getBuiltinCommands());
  redis.disconnect();
  const given = [...new Set(named)].filter((name) => known.has(name));
  const tried = new Set([...attempts('key').map(([name]) => name), ...triedApart, ...optional]);
  expect(given.length).toBeGreaterThan(50);
  expect(given.filter((name) => !tried.has(name)).toSorted()).toEqual([]);
});

test('whatever connects to the queue for good looks at version and rights first', () => {
  const starting = sources(join(projectRoot, 'src'), (name) => /(?:^|\/)(?:main|run-worker)\.ts$/.test(name));
  const connecting = starting.filter((text) => /\bcreate(?:GenerationQueue|WorkQueue)\(/.test(text));
  expect(connecting).toHaveLength(4);
  for (const text of connecting) expect(text).toContain('requireRedis(');
});
