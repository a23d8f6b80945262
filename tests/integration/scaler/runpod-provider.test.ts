import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startFakeRunpod } from '../../../sandbox/runpod/server.ts';
import type { FakeRunpod } from '../../../sandbox/runpod/server.ts';
import { createGpus } from '../../../src/queue/rented-gpus.ts';
import type { Gpus } from '../../../src/queue/rented-gpus.ts';
import { createModeration } from '../../../src/queue/moderation/redis-moderation.ts';
import { createRunpod } from '../../../src/scaler/runpod-provider.ts';
import { Scaler } from '../../../src/scaler/scaler.ts';
import type { QueueView } from '../../../src/scaler/scaler.ts';
import { silent, testConfig } from '../../support/queue-fixtures.ts';
import { startRedis } from '../../support/redis.ts';
import type { TestRedis } from '../../support/redis.ts';

const minute = 60_000;
let redis: TestRedis;
let runpod: FakeRunpod;
let gpus: Gpus;
let moderation: ReturnType<typeof createModeration>;
/** what the tests play: time, what waits, and which workers take jobs */
let time: number;
let waiting: { count: number; seconds: number };
let workers: { id: string; isBusy: boolean }[];

beforeEach(async () => {
  redis = await startRedis();
  runpod = await startFakeRunpod([
    { id: 'NVIDIA H200', price: 4.5, stock: 'LOW' },
    { id: 'NVIDIA A100-SXM4-80GB', price: 1.8, stock: 'HIGH' },
  ]);
  gpus = createGpus(testConfig(redis.url, redis.folder), silent);
  moderation = createModeration(testConfig(redis.url, redis.folder), silent);
  time = Date.UTC(2026, 10, 28, 12);
  waiting = { count: 0, seconds: 0 };
  workers = [];
});

afterEach(async () => {
  gpus.close();
  await moderation.close();
  await runpod[Symbol.asyncDispose]();
  await redis.stop();
});

/** A scaler as a process of its own has it: all it knows is in Redis. */
function newScaler(
  given: { maximumPods?: number; url?: string; dailyCap?: number; duringLook?: () => Promise<void> } = {},
): Scaler {
  const queue: QueueView = {
    async waiting() {
      await given.duringLook?.();
      return waiting;
    },
    workers: () => Promise.resolve(workers),
  };
  return new Scaler({
    provider: createRunpod({
      key: runpod.key,
      url: given.url ?? runpod.url,
      templateId: 'tpl_humo',
      networkVolumeId: 'vol_weights',
      cloud: 'SECURE',
      dataCenterIds: ['EU-RO-1'],
      minimumCuda: '13.0',
      kinds: [
        { id: 'NVIDIA H200', cap: 4.6 },
        { id: 'NVIDIA A100-SXM4-80GB', cap: 2 },
      ],
    }),
    providerName: 'runpod',
    state: gpus,
    queue,
    rules: {
      maximumPods: given.maximumPods ?? 1,
      startWaitSeconds: 600,
      idleSeconds: 300,
      startTimeoutSeconds: 1800,
      dailyCap: given.dailyCap ?? 20,
      monthlyCap: 100,
      hours: { from: 0, to: 0 },
      tickSeconds: 15,
    },
    namePrefix: 'humo-gpu',
    log: silent,
    now: () => time,
  });
}

const onePod = () => {
  const [pod] = [...runpod.pods.values()];
  if (pod === undefined) throw new Error('no pod was made');
  return pod;
};
const made = () => runpod.requests.filter((line) => line === 'POST /v2/pods').length;

describe('a GPU for as long as there is work', () => {
  test('it is made as documented, takes a job, idles, and is deleted; its minutes are paid for', async () => {
    const scaler = newScaler();
    await scaler.look();
    expect(runpod.requests).toEqual([]);

    waiting = { count: 1, seconds: 400 };
    await scaler.look();
    const pod = onePod();
    expect(pod.request).toMatchObject({
      templateId: 'tpl_humo',
      cloud: 'SECURE',
      gpu: { id: 'NVIDIA H200', count: 1, minCudaVersion: '13.0' },
      mounts: { network: [{ volumeId: 'vol_weights', path: '/workspace' }] },
      env: { WORKER_NAME: pod.request.name },
    });
    const told = await moderation.admission({ userId: '1', guildId: null, roleIds: [] });
    expect(told.wakingUntil).toBe(time + 4 * minute);

    time += 4 * minute;
    runpod.become(pod.id, 'RUNNING');
    workers = [{ id: pod.request.name, isBusy: true }];
    waiting = { count: 0, seconds: 0 };
    await scaler.look();
    expect(await gpus.usualStartSeconds()).toBe(240);
    const awake = await moderation.admission({ userId: '1', guildId: null, roleIds: [] });
    expect(awake.wakingUntil).toBeNull();

    time += 6 * minute;
    await scaler.look();
    workers = [{ id: pod.request.name, isBusy: false }];
    time += 4 * minute;
    await scaler.look();
    expect(runpod.pods.size).toBe(1);
    time += 2 * minute;
    await scaler.look();
    expect(runpod.pods.size).toBe(0);
    workers = [];
    await scaler.look();
    expect(await gpus.pods()).toEqual([]);
    expect((await gpus.status())?.spent.today).toBeCloseTo((16 / 60) * 4.5, 6);
  });

  test('the next kind is taken where the first is out of stock, or dearer than its cap', async () => {
    const [h200] = runpod.gpus;
    if (h200 !== undefined) h200.price = 4.9;
    waiting = { count: 1, seconds: 400 };
    await newScaler().look();
    expect(onePod().request.gpu?.id).toBe('NVIDIA A100-SXM4-80GB');
  });

  test('one that the catalogue has and the making has not is tried again later, not at once', async () => {
    waiting = { count: 1, seconds: 400 };
    runpod.failNext('POST /pods', { status: 400 });
    const scaler = newScaler();
    await scaler.look();
    await scaler.look();
    expect(made()).toBe(1);
    expect(await gpus.pods()).toEqual([]);
    expect((await gpus.status())?.problem).toBeNull();
    expect((await gpus.status())?.hindrance).toBe('back_off');
    time += minute;
    await scaler.look();
    expect(runpod.pods.size).toBe(1);
  });
});

describe('answers that are lost', () => {
  test('the pod was made: it is found by its name, and no second one is made', async () => {
    waiting = { count: 1, seconds: 400 };
    runpod.failNext('POST /pods', 'lost_after');
    const scaler = newScaler();
    await scaler.look();
    expect((await gpus.pods()).map(({ id }) => id)).toEqual([null]);
    time += minute;
    await scaler.look();
    expect((await gpus.pods()).map(({ id }) => id)).toEqual([onePod().id]);
    expect(made()).toBe(1);
  });

  test('the pod was not made: its name is forgotten after a while, and another one is made', async () => {
    waiting = { count: 1, seconds: 400 };
    runpod.failNext('POST /pods', 'lost_before');
    const scaler = newScaler();
    await scaler.look();
    time += minute;
    await scaler.look();
    expect(made()).toBe(1);
    time += 3 * minute;
    await scaler.look();
    await scaler.look();
    expect(made()).toBe(2);
    expect((await gpus.pods()).map(({ id }) => id)).toEqual([onePod().id]);
  });

  test('the answer to an end was lost: it is asked for again until the pod is gone', async () => {
    waiting = { count: 1, seconds: 400 };
    const scaler = newScaler();
    await scaler.look();
    runpod.failNext('DELETE /pods', { status: 500 });
    waiting = { count: 0, seconds: 0 };
    workers = [{ id: onePod().request.name, isBusy: false }];
    await scaler.look();
    time += 6 * minute;
    await scaler.look();
    expect(runpod.pods.size).toBe(1);
    expect((await gpus.status())?.problem).toContain('500');
    await scaler.look();
    expect(runpod.pods.size).toBe(0);
  });

  test('429: nothing is made before the time that RunPod names', async () => {
    waiting = { count: 1, seconds: 400 };
    runpod.failNext('POST /pods', { status: 429, retryAfter: 120 });
    const scaler = newScaler();
    await scaler.look();
    time += 90_000;
    await scaler.look();
    expect(made()).toBe(1);
    time += 45_000;
    await scaler.look();
    expect(runpod.pods.size).toBe(1);
  });

  test('RunPod cannot be reached: nothing is forgotten, time goes on being charged', async () => {
    waiting = { count: 1, seconds: 400 };
    const before = newScaler();
    await before.look();
    await before.close();
    time += 10 * minute;
    await newScaler({ url: 'http://127.0.0.1:9/v2' }).look();
    expect(await gpus.pods()).toHaveLength(1);
    const spent = (await gpus.ledger()).get('2026-11-28') ?? 0;
    expect(spent).toBeCloseTo((10 / 60) * 4.5, 6);
    // What is no amount of money spoils neither the sum nor the step that it comes with.
    const [pod] = await gpus.pods();
    if (pod === undefined) throw new Error('there is no pod');
    for (const odd of [Number.NaN, Infinity, -1]) {
      await gpus.charge({ ...pod, chargedUntil: time }, new Map([['2026-11-28', odd]]));
      await gpus.rememberStart(odd);
    }
    expect((await gpus.ledger()).get('2026-11-28')).toBe(spent);
    expect(await gpus.usualStartSeconds()).toBeNull();
    expect(await gpus.pods()).toMatchObject([{ chargedUntil: time }]);
  });
});

describe('restarts and other processes', () => {
  test('a new process goes on with the pod of the old one', async () => {
    waiting = { count: 1, seconds: 400 };
    const first = newScaler();
    await first.look();
    await first.close();
    time += minute;
    expect(await newScaler().look()).toBe(true);
    expect(made()).toBe(1);
    expect(runpod.pods.size).toBe(1);
  });

  test('of two at once one acts', async () => {
    waiting = { count: 1, seconds: 400 };
    const [one, other] = [newScaler(), newScaler()];
    expect(await one.look()).toBe(true);
    expect(await other.look()).toBe(false);
    await one.close();
    expect(await other.look()).toBe(true);
    expect(made()).toBe(1);
  });

  test('who loses the lead in the middle of a look starts nothing beside who has it now', async () => {
    waiting = { count: 1, seconds: 400 };
    const other = newScaler();
    const slow = newScaler({
      async duringLook() {
        // As if it had stood still until its right ran out.
        await slow.close();
        await other.look();
      },
    });
    await slow.look();
    expect(made()).toBe(1);
    expect(await gpus.pods()).toHaveLength(1);
  });

  test('a new pod that the list does not show yet is not forgotten', async () => {
    waiting = { count: 1, seconds: 400 };
    const scaler = newScaler();
    await scaler.look();
    const { id } = onePod();
    runpod.hideFromList(id);
    time += minute;
    await scaler.look();
    expect((await gpus.pods()).map((pod) => pod.id)).toEqual([id]);
    expect(made()).toBe(1);
  });

  test('a pod that it did not start is never touched, whatever it is called', async () => {
    const foreign = runpod.addPod('humo-gpu-of-somebody');
    runpod.become(foreign.id, 'EXITED');
    waiting = { count: 1, seconds: 400 };
    const scaler = newScaler({ maximumPods: 1 });
    await scaler.look();
    time += 60 * minute;
    await scaler.look();
    time += minute;
    await scaler.look();
    expect(runpod.pods.has(foreign.id)).toBe(true);
    expect(runpod.requests.filter((line) => line.includes(foreign.id))).toEqual([]);
  });
});

describe('pods that do not do what they should', () => {
  test('one that never takes jobs is ended in its time, counted, and not made again at once', async () => {
    waiting = { count: 1, seconds: 400 };
    const scaler = newScaler();
    await scaler.look();
    runpod.become(onePod().id, 'RUNNING');
    time += 31 * minute;
    await scaler.look();
    expect(runpod.pods.size).toBe(0);
    expect(await gpus.failures()).toBe(1);
    await scaler.look();
    expect(made()).toBe(1);
    time += minute;
    await scaler.look();
    expect(made()).toBe(2);
  });

  test('one that is taken away is forgotten, and the next one comes for what waits again', async () => {
    waiting = { count: 1, seconds: 400 };
    const scaler = newScaler();
    await scaler.look();
    const pod = onePod();
    workers = [{ id: pod.request.name, isBusy: true }];
    waiting = { count: 0, seconds: 0 };
    await scaler.look();
    runpod.become(pod.id, null);
    workers = [];
    waiting = { count: 1, seconds: 400 };
    time += minute;
    await scaler.look();
    expect(runpod.pods.size).toBe(1);
    expect(onePod().id).not.toBe(pod.id);
  });

  test('one that stopped by itself is deleted, and costs nothing more', async () => {
    waiting = { count: 1, seconds: 400 };
    const scaler = newScaler();
    await scaler.look();
    waiting = { count: 0, seconds: 0 };
    runpod.become(onePod().id, 'EXITED');
    time += 10 * minute;
    await scaler.look();
    expect(runpod.pods.size).toBe(0);
    const before = (await gpus.ledger()).get('2026-11-28');
    time += 10 * minute;
    await scaler.look();
    expect((await gpus.ledger()).get('2026-11-28')).toBe(before);
    expect(await gpus.pods()).toEqual([]);
  });

  test('the cap of the day ends what runs', async () => {
    waiting = { count: 1, seconds: 9000 };
    const scaler = newScaler({ dailyCap: 2 });
    await scaler.look();
    workers = [{ id: onePod().request.name, isBusy: true }];
    for (let passed = 0; passed < 200 && runpod.pods.size > 0; passed += 1) {
      time += 15_000;
      await scaler.look();
    }
    expect(runpod.pods.size).toBe(0);
    workers = [];
    await scaler.look();
    expect((await gpus.status())?.hindrance).toBe('cap');
    const spent = (await gpus.status())?.spent.today ?? 0;
    expect(spent).toBeGreaterThan(1.8);
    expect(spent).toBeLessThanOrEqual(2);
  });
});

test('what an owner asks for by hand is done at the next look', async () => {
  const scaler = newScaler();
  await gpus.wish({ start: true });
  await scaler.look();
  expect(runpod.pods.size).toBe(1);
  await gpus.wish({ stop: onePod().request.name });
  await gpus.wish({ stop: 'humo-gpu-unknown' });
  await scaler.look();
  expect(runpod.pods.size).toBe(0);
});
