import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startFakeRunpod } from '../../../sandbox/runpod/server.ts';
import type { FakeRunpod } from '../../../sandbox/runpod/server.ts';
import { createGpus } from '../../../src/queue/rented-gpus.ts';
import type { Gpus } from '../../../src/queue/rented-gpus.ts';
import { createModeration } from '../../../src/queue/moderation/redis-moderation.ts';
import { createRunpod } from '../../../src/scaler/runpod-provider.ts';
import type { GpuProvider } from '../../../src/scaler/provider.ts';
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
  given: {
    maximumPods?: number;
    url?: string;
    dailyCap?: number;
    monthlyCap?: number;
    readyHours?: { from: number; to: number };
    /** GPU_PROVIDER is another one now; the variables of RunPod are still there, or are not */
    nowOther?: { runpodIsKnown: boolean };
    duringLook?: () => Promise<void>;
  } = {},
): Scaler {
  const queue: QueueView = {
    async waiting() {
      await given.duringLook?.();
      return waiting;
    },
    workers: () => Promise.resolve(workers),
  };
  const ofRunpod = createRunpod({
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
    idleExitMinutes: 30,
  });
  const { nowOther } = given;
  return new Scaler({
    ...(nowOther === undefined
      ? { provider: ofRunpod, providerName: 'runpod', others: new Map() }
      : {
          provider: ownMachine,
          providerName: 'command',
          others: new Map(nowOther.runpodIsKnown ? [['runpod', ofRunpod]] : []),
        }),
    state: gpus,
    queue,
    rules: {
      maximumPods: given.maximumPods ?? 1,
      startWaitSeconds: 600,
      idleSeconds: 300,
      startTimeoutSeconds: 1800,
      dailyCap: given.dailyCap ?? 20,
      monthlyCap: given.monthlyCap ?? 100,
      hours: { from: 0, to: 0 },
      readyHours: given.readyHours ?? null,
      timeZone: 'UTC',
      tickSeconds: 15,
    },
    namePrefix: 'humo-gpu',
    log: silent,
    now: () => time,
  });
}

/** A provider that does all that is asked, as commands do that end with 0: it would “end” a pod of RunPod’s, too. */
const ownMachine: GpuProvider = {
  patienceSeconds: 120,
  offers: () => Promise.resolve([{ kind: 'command', pricePerHour: 0 }]),
  start: (name) => Promise.resolve({ id: name, name, pricePerHour: 0, state: 'starting' }),
  list: (known) =>
    Promise.resolve(
      known.map(({ name }) => ({ id: name, name, pricePerHour: 0, state: 'running' as const })),
    ),
  stop: () => Promise.resolve(),
};

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
      env: { WORKER_NAME: pod.request.name, WORKER_IDLE_EXIT_MINUTES: '30' },
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

  test('one that the catalogue has and the making has not gives way to the next kind, in the same look', async () => {
    waiting = { count: 1, seconds: 400 };
    runpod.failNext('POST /pods', { status: 400 });
    await newScaler().look();
    expect(onePod().request.gpu?.id).toBe('NVIDIA A100-SXM4-80GB');
    expect(await gpus.failures()).toBe(0);
    expect(await gpus.pods()).toMatchObject([{ id: onePod().id, pricePerHour: 1.8 }]);
  });

  test('where no kind can be made it is tried again later, not at once', async () => {
    waiting = { count: 1, seconds: 400 };
    runpod.failNext('POST /pods', { status: 400 });
    runpod.failNext('POST /pods', { status: 400 });
    const scaler = newScaler();
    await scaler.look();
    await scaler.look();
    expect(made()).toBe(2);
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

describe('GPU_PROVIDER is changed while a GPU runs', () => {
  /** RunPod is left with a pod that works. */
  async function leaveOne(): Promise<string> {
    waiting = { count: 1, seconds: 400 };
    const scaler = newScaler();
    await scaler.look();
    const { name } = onePod().request;
    workers = [{ id: name, isBusy: true }];
    await scaler.look();
    await scaler.close();
    waiting = { count: 0, seconds: 0 };
    time += minute;
    return name;
  }

  test('with RunPod’s variables still there, it is ended by RunPod, paid for, and forgotten when it is gone', async () => {
    await leaveOne();
    const before = (await gpus.ledger()).get('2026-11-28') ?? 0;
    const scaler = newScaler({ nowOther: { runpodIsKnown: true } });
    await scaler.look();
    expect(runpod.pods.size).toBe(0);
    expect((await gpus.ledger()).get('2026-11-28')).toBeGreaterThan(before);
    expect(await gpus.pods()).toMatchObject([{ provider: 'runpod', ending: 'other_provider' }]);
    workers = [];
    time += 15_000;
    await scaler.look();
    expect(await gpus.pods()).toEqual([]);
  });

  test('RunPod away: it is asked again until it has answered', async () => {
    const name = await leaveOne();
    const away = newScaler({ nowOther: { runpodIsKnown: true }, url: 'http://127.0.0.1:1/v2' });
    await away.look();
    workers = [];
    time += 60 * minute;
    await away.look();
    expect((await gpus.pods()).map((pod) => pod.name)).toEqual([name]);
    expect((await gpus.status())?.problem).toContain('RunPod did not answer');
    await away.close();
    const back = newScaler({ nowOther: { runpodIsKnown: true } });
    await back.look();
    await back.look();
    expect(runpod.pods.size).toBe(0);
    expect(await gpus.pods()).toEqual([]);
  });

  test('without them, it stays on record and is charged until an owner says that it is ended; others are started beside it', async () => {
    const name = await leaveOne();
    const scaler = newScaler({ nowOther: { runpodIsKnown: false } });
    for (let looks = 0; looks < 3; looks += 1) {
      await scaler.look();
      time += 60 * minute;
    }
    expect(await gpus.pods()).toMatchObject([{ name, ending: null, provider: 'runpod' }]);
    expect((await gpus.status())?.problem).toContain(`${name} was started with GPU_PROVIDER=runpod`);
    expect((await gpus.ledger()).get('2026-11-28')).toBeGreaterThan(4.5 * 2);
    workers = [];
    waiting = { count: 1, seconds: 400 };
    await scaler.look();
    expect((await gpus.pods()).map(({ provider }) => provider)).toEqual(['runpod', 'command']);
    await gpus.wish({ stop: name });
    await scaler.look();
    await scaler.look();
    expect((await gpus.pods()).map(({ provider }) => provider)).toEqual(['command']);
    expect((await gpus.status())?.problem).toBeNull();
    expect(runpod.pods.size).toBe(1);
  });

  test('set back to RunPod, it goes on with it', async () => {
    const name = await leaveOne();
    const other = newScaler({ nowOther: { runpodIsKnown: false } });
    await other.look();
    await other.close();
    await newScaler().look();
    expect(await gpus.pods()).toMatchObject([{ name, ending: null }]);
    expect(runpod.pods.size).toBe(1);
  });

  test('turned off, whoever starts hears what runs; while somebody looks after it, nobody has to', async () => {
    const name = await leaveOne();
    expect(await gpus.unwatched(time)).toEqual([]);
    expect(await gpus.unwatched(time + 5 * minute)).toEqual([name]);
  });
});

describe('days that go wrong', () => {
  /** Looks every quarter of a minute for a time. */
  async function lookFor(span: number, scaler: Scaler): Promise<void> {
    for (const until = time + span; time < until; time += 15_000) await scaler.look();
  }
  const spentToday = async () => (await gpus.status())?.spent.today ?? Number.NaN;
  const takesJobs = (isBusy: boolean) => {
    workers = [...runpod.pods.values()].map(({ request }) => ({ id: request.name, isBusy }));
  };

  test('a process that is started anew before every look loses nothing and doubles nothing', async () => {
    const look = async () => {
      const scaler = newScaler();
      await scaler.look();
      await scaler.close();
    };
    waiting = { count: 1, seconds: 400 };
    await look();
    time += minute;
    await look();
    takesJobs(true);
    await look();
    time += 10 * minute;
    await look();
    takesJobs(false);
    waiting = { count: 0, seconds: 0 };
    time += 4 * minute;
    await look();
    expect([made(), runpod.pods.size]).toEqual([1, 1]);
    runpod.failNext('DELETE /pods', 'lost_before');
    time += 2 * minute;
    await look();
    expect(runpod.pods.size).toBe(1);
    await look();
    expect([made(), runpod.pods.size]).toEqual([1, 0]);
    workers = [];
    await look();
    expect(await gpus.pods()).toEqual([]);
    expect(await spentToday()).toBeCloseTo((17 / 60) * 4.5, 6);
  });

  test.each([
    ['still leads', true],
    ['has ended', false],
  ])('a process that stood still writes down nothing old where the other one %s', async (_name, leads) => {
    waiting = { count: 1, seconds: 400 };
    const other = newScaler();
    await other.look();
    takesJobs(false);
    await other.look();
    await other.close();
    const slow = newScaler({
      async duringLook() {
        await slow.close();
        waiting = { count: 0, seconds: 0 };
        time += 6 * minute;
        await other.look();
        workers = [];
        time += minute;
        await other.look();
        if (!leads) await other.close();
      },
    });
    expect(await slow.look()).toBe(!leads);
    expect(await gpus.pods()).toEqual([]);
    expect(runpod.pods.size).toBe(0);
    expect((await gpus.ledger()).get('2026-11-28')).toBeCloseTo((7 / 60) * 4.5, 6);
  });

  test('a list that is behind does not lose a machine whose worker is at work', async () => {
    waiting = { count: 1, seconds: 400 };
    const scaler = newScaler();
    await scaler.look();
    const { id } = onePod();
    takesJobs(true);
    await scaler.look();
    runpod.hideFromList(id);
    time += 10 * minute;
    await scaler.look();
    expect((await gpus.pods()).map((pod) => pod.id)).toEqual([id]);
    expect(made()).toBe(1);
  });

  test('a machine that appears when its name was given up is ours again: it ends, since another one was made', async () => {
    waiting = { count: 1, seconds: 400 };
    runpod.failNext('POST /pods', 'lost_after');
    const scaler = newScaler();
    await scaler.look();
    const { id } = onePod();
    runpod.hideFromList(id, true);
    time += 4 * minute;
    await scaler.look();
    await scaler.look();
    expect(made()).toBe(2);
    runpod.hideFromList(id, false);
    time += minute;
    await scaler.look();
    await scaler.look();
    expect([...runpod.pods.keys()]).toEqual((await gpus.pods()).map((pod) => pod.id));
    expect(runpod.pods.size).toBe(1);
    expect(runpod.pods.has(id)).toBe(false);
    // What it cost while nobody knew of it is in the ledger, too.
    expect(await spentToday()).toBeCloseTo(((5 + 1) / 60) * 4.5, 6);
  });

  test('a cap that is reached before midnight holds until midnight, and the next day has its own', async () => {
    time = Date.UTC(2026, 10, 28, 23, 0);
    waiting = { count: 3, seconds: 9000 };
    const scaler = newScaler({ dailyCap: 2 });
    await scaler.look();
    takesJobs(true);
    await lookFor(59 * minute, scaler);
    expect((await gpus.status())?.hindrance).toBe('cap');
    expect(await spentToday()).toBeGreaterThan(1.8);
    expect(await spentToday()).toBeLessThanOrEqual(2);
    workers = [];
    await lookFor(2 * minute, scaler);
    expect([made(), runpod.pods.size]).toEqual([2, 1]);
    expect((await gpus.ledger()).get('2026-11-28')).toBeLessThanOrEqual(2);
  });

  test('what runs over the turn of a month is charged to both, and the new month begins with nothing', async () => {
    time = Date.UTC(2026, 10, 30, 23, 50);
    waiting = { count: 1, seconds: 400 };
    const scaler = newScaler({ monthlyCap: 2 });
    await scaler.look();
    takesJobs(true);
    await lookFor(15 * minute, scaler);
    expect((await gpus.ledger()).get('2026-11-30')).toBeCloseTo((10 / 60) * 4.5, 6);
    expect((await gpus.status())?.spent.month).toBeCloseTo((4.75 / 60) * 4.5, 6);
    await lookFor(40 * minute, scaler);
    expect(runpod.pods.size).toBe(0);
    expect((await gpus.status())?.spent.month).toBeLessThanOrEqual(2);
  });

  test('a clock that is set back by a day charges no hour twice, and gives nobody another day', async () => {
    waiting = { count: 1, seconds: 400 };
    const scaler = newScaler();
    await scaler.look();
    takesJobs(false);
    waiting = { count: 0, seconds: 0 };
    await lookFor(2 * minute, scaler);
    const before = await spentToday();
    time -= 24 * 60 * minute;
    await lookFor(4 * minute, scaler);
    expect(runpod.pods.size).toBe(1);
    await lookFor(2 * minute, scaler);
    expect(runpod.pods.size).toBe(0);
    workers = [];
    await scaler.look();
    expect([...(await gpus.ledger()).values()].reduce((sum, dollars) => sum + dollars)).toBeCloseTo(
      before,
      6,
    );

    // The same for a pause and for one that never takes jobs.
    time += 24 * 60 * minute;
    waiting = { count: 1, seconds: 400 };
    runpod.failNext('POST /pods', { status: 429, retryAfter: 600 });
    await scaler.look();
    expect(runpod.pods.size).toBe(0);
    time -= 24 * 60 * minute;
    await scaler.look();
    expect(runpod.pods.size).toBe(1);
    time -= 24 * 60 * minute;
    await scaler.look();
    time += 31 * minute;
    await scaler.look();
    expect(runpod.pods.size).toBe(0);
  });

  test('out of stock for an hour: nothing is asked for that is not there, and it comes when it is back', async () => {
    for (const gpu of runpod.gpus) gpu.stock = 'NONE';
    waiting = { count: 1, seconds: 400 };
    const scaler = newScaler();
    await lookFor(60 * minute, scaler);
    expect((await gpus.status())?.hindrance).toBe('no_offer');
    expect(made()).toBe(0);
    for (const gpu of runpod.gpus) gpu.stock = 'HIGH';
    await scaler.look();
    expect(runpod.pods.size).toBe(1);
  });

  test('a provider that asks to be left alone for a day is asked again in an hour', async () => {
    waiting = { count: 1, seconds: 400 };
    runpod.failNext('POST /pods', { status: 429, retryAfter: 86_400 });
    const scaler = newScaler();
    await scaler.look();
    time += 59 * minute;
    await scaler.look();
    expect(made()).toBe(1);
    time += 2 * minute;
    await scaler.look();
    expect(runpod.pods.size).toBe(1);
  });

  test('machines that never take jobs are paid for less and less often, until one does', async () => {
    waiting = { count: 1, seconds: 400 };
    const scaler = newScaler({ dailyCap: 1000, monthlyCap: 1000 });
    await lookFor(5 * 60 * minute, scaler);
    // 30 minutes each; pauses of half a minute, 30 minutes, an hour, and two.
    expect(made()).toBe(4);
    await gpus.wish({ start: true });
    await scaler.look();
    expect(made()).toBe(5);
    takesJobs(true);
    await scaler.look();
    expect((await gpus.backOff()).unready).toBe(0);
  });

  test('one that an owner starts by hand needs money, too', async () => {
    const scaler = newScaler({ dailyCap: 0.2 });
    await gpus.wish({ start: true });
    await scaler.look();
    expect(made()).toBe(0);
  });
});

describe('hours in which one is kept ready', () => {
  const at = (hour: number, minutes = 0) =>
    Date.UTC(2026, 10, 28 + Math.floor(hour / 24), hour % 24, minutes);
  const ready = { from: 22, to: 2 };
  const night = () => newScaler({ readyHours: ready, dailyCap: 200, monthlyCap: 500 });

  test('over midnight: it is there when they begin, stays without work, and ends when they do', async () => {
    const scaler = night();
    time = at(21, 30);
    await scaler.look();
    expect(made()).toBe(0);
    const seen: number[] = [];
    for (time = at(21, 50); time < at(26, 30); time += minute) {
      await scaler.look();
      workers = [...runpod.pods.values()].map(({ request }) => ({ id: request.name, isBusy: false }));
      if (time === at(22) || time === at(24) || time === at(25, 59)) seen.push(runpod.pods.size);
      if (time === at(23)) expect((await gpus.status())?.ready).toEqual({ until: at(26), rests: false });
    }
    expect(seen).toEqual([1, 1, 1]);
    expect([made(), runpod.pods.size]).toEqual([1, 0]);
    expect((await gpus.status())?.ready).toBeNull();
  });

  test('an owner who stops it is not contradicted before the next evening', async () => {
    const scaler = night();
    time = at(22);
    await scaler.look();
    await gpus.wish({ stop: onePod().request.name });
    for (; time < at(25, 50); time += minute) await scaler.look();
    expect(made()).toBe(1);
    expect((await gpus.status())?.ready).toEqual({ until: at(26), rests: true });
    time = at(46);
    await scaler.look();
    expect(made()).toBe(2);
  });

  test('one whose worker falls silent is replaced', async () => {
    const scaler = night();
    time = at(22);
    await scaler.look();
    workers = [{ id: onePod().request.name, isBusy: false }];
    for (; time < at(23); time += minute) await scaler.look();
    workers = [];
    for (; time < at(23, 10); time += minute) await scaler.look();
    expect([made(), runpod.pods.size]).toEqual([2, 1]);
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
