/**
 * How long it takes to add a job and to say where one stands, with 10,000 jobs of 500 people waiting. Beside each figure stands what
 * this machine takes for the least that could be done: a bare BullMQ add, and one ZADD with one ZRANK.
 *
 * Run with `npm run bench` or `node bench/queue.ts [jobs] [users]`. Exits with 1 when a limit is missed.
 */
import { Queue } from 'bullmq';
import { createGenerationQueue } from '../src/queue/create-generation-queue.ts';
import { openConnection } from '../src/queue/redis/connection.ts';
import { silent, testConfig, testDraft } from '../tests/support/queue-fixtures.ts';
import { startRedis } from '../tests/support/redis.ts';

const waiting = Number(process.argv[2] ?? 10_000);
const users = Number(process.argv[3] ?? 500);
const samples = 500;
const addLimit = 10;
const positionLimit = 20;

/** Milliseconds of each call, one after the other. */
async function measure(calls: number, call: (index: number) => Promise<unknown>): Promise<number[]> {
  const taken: number[] = [];
  for (let index = 0; index < calls; index += 1) {
    const start = performance.now();
    await call(index);
    taken.push(performance.now() - start);
  }
  return taken.sort((left, right) => left - right);
}

function summary(taken: readonly number[]) {
  const at = (share: number) =>
    Math.round((taken[Math.min(taken.length - 1, Math.floor(taken.length * share))] ?? 0) * 1000) / 1000;
  return { median: at(0.5), p99: at(0.99), max: at(1) };
}

await using redis = await startRedis({ appendOnly: true });
const queue = createGenerationQueue(testConfig(redis.url, redis.folder), silent);
const connection = openConnection(redis, 'worker', silent);
const bare = new Queue('bare', { connection });

const ids: string[] = [];
const accept = async (index: number) => {
  // Costs differ, and people come in bursts, so that levels and buckets are spread as in life.
  const draft = testDraft(String(1 + (Math.floor(index / 3) % users)), {
    costSeconds: 60 + ((index * 37) % 600),
  });
  await queue.accept(draft);
  ids.push(draft.id);
};

const filling = performance.now();
for (let index = 0; index < waiting; index += 100) {
  await Promise.all(
    Array.from({ length: Math.min(100, waiting - index) }, (_, offset) => accept(index + offset)),
  );
}
const fillSeconds = (performance.now() - filling) / 1000;

await measure(waiting, (index) => connection.zadd('bare-order', index, `g-${index}`));
for (let index = 0; index < waiting; index += 100) {
  await bare.addBulk(
    Array.from({ length: 100 }, (_, offset) => ({
      name: 'generate',
      data: { id: index + offset },
      opts: { priority: 1 + index + offset },
    })),
  );
}

const add = summary(await measure(samples, (index) => accept(waiting + index)));
const position = summary(
  await measure(samples, (index) => queue.position(ids[(index * 7919) % ids.length] ?? '')),
);
const forecast = summary(
  await measure(samples, (index) => queue.forecast(String(index % users), '17b', 600)),
);
const cancel = summary(
  await measure(samples, (index) =>
    queue.cancel(ids[(index * 104_729) % ids.length] ?? '', {
      code: 'cancelled',
      identifier: 'cancelled',
      context: {},
    }),
  ),
);
const bareAdd = summary(
  await measure(samples, (index) => bare.add('generate', { id: index }, { priority: 1 + index })),
);
const bareRank = summary(
  await measure(samples, async (index) => {
    await connection.zadd('bare-order', index, `h-${index}`);
    await connection.zrank('bare-order', `h-${index}`);
  }),
);

const figures = { add, position, forecast, cancel };
const baseline = { 'bare BullMQ add': bareAdd, 'bare ZADD + ZRANK': bareRank };
process.stdout.write(
  `${JSON.stringify({ bench: 'queue', unit: 'ms', waiting, users, fillSeconds, figures, baseline, limits: { add: addLimit, position: positionLimit } })}\n`,
);
process.exitCode = add.p99 < addLimit && position.p99 < positionLimit ? 0 : 1;

await bare.close();
await queue.close();
connection.disconnect();
