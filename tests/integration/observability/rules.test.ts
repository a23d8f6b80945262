import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { execa } from 'execa';
import { parse } from 'yaml';
import { z } from 'zod';
import { startSandbox } from '../../../sandbox/start.ts';
import { projectRoot } from '../../../src/config/environment.ts';
import { agreedBefore } from '../../support/agreed.ts';
import { evaluate, seriesOf, withValues } from '../../support/promtool.ts';
import type { Firing, Series } from '../../support/promtool.ts';
import { startRedis } from '../../support/redis.ts';
import { tool } from '../../support/tool.ts';
import { startBotAndWorker } from '../../support/bot-and-worker.ts';
import { picture } from '../bot/scene.ts';
import { minute } from '../../../src/units.ts';

const folder = join(projectRoot, 'docker/observability');
const rulesFile = join(folder, 'alerts.yaml');

const dashboardSchema = z.object({
  panels: z.array(z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })).min(1) })),
});
const rulesSchema = z.strictObject({
  groups: z
    .array(
      z.strictObject({
        name: z.string(),
        rules: z.array(
          z.strictObject({
            alert: z.string().regex(/^[A-Z][A-Za-z]+$/),
            expr: z.string(),
            for: z.string().optional(),
            labels: z.strictObject({ severity: z.enum(['page', 'warn']) }),
            annotations: z.strictObject({ summary: z.string() }),
          }),
        ),
      }),
    )
    .min(1),
});

const atBot = { job: 'humo-bot', instance: 'bot:8080' };
const atWorker = { job: 'humo-worker', instance: '10.0.0.2:8080' };

/** What Prometheus holds of a bot and a worker after their first video, if nothing happens from then on. */
let quiet: Series[];
let alerts: string[];

beforeAll(async () => {
  const { groups } = rulesSchema.parse(parse(await readFile(rulesFile, 'utf8')));
  alerts = groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
  const work = await mkdtemp(join(tmpdir(), 'humo-rules-'));
  const redis = await startRedis({ appendOnly: true });
  const discord = await startSandbox({ firstResponse: minute });
  const guild = discord.createGuild({ name: 'Studio' });
  const channel = guild.createChannel('general');
  const ada = guild.addMember(discord.createUser('ada'));
  const { bot, worker } = startBotAndWorker({
    redisUrl: redis.url,
    discord,
    folder: work,
    environment: {
      HEALTH_PORT: '0',
      GPU_PROVIDER: 'command',
      GPU_START_COMMAND: 'true',
      GPU_STOP_COMMAND: 'true',
      GPU_DOLLARS_PER_DAY: '10',
      GPU_DOLLARS_PER_MONTH: '100',
    },
    worker: { script: { peakGiB: 38.1 } },
  });
  try {
    await Promise.all([bot.logged('ready'), worker.ready]);
    const places = { REDIS_URL: redis.url, REDIS_PREFIX: 'test', DATA_DIRECTORY: work };
    await agreedBefore({ ...discord.environment, ...places }, [ada]);
    await ada.run('/humo', { prompt: 'She speaks', image: picture() }, { channel });
    await bot.logged('delivered');
    const ports = [
      (await bot.logged('health checks and metrics'))['port'],
      worker.log.find(({ msg }) => msg === 'health checks and metrics')?.['port'],
    ];
    const [ofBot = '', ofWorker = ''] = await Promise.all(
      ports.map(async (port) => (await fetch(`http://127.0.0.1:${String(port)}/metrics`)).text()),
    );
    quiet = [
      ...seriesOf(ofBot, atBot),
      ...seriesOf(ofWorker, atWorker),
      ...[atBot, atWorker].map((labels) => ({ name: 'up', labels, values: '1+0x300' })),
      // Of the machine that runs this, which may be nearly full.
    ].map((one) => (one.name === 'humo_disk_free_bytes' ? { ...one, values: '100e9+0x300' } : one));
  } finally {
    await Promise.all([bot.stop(), worker.end('SIGTERM')]);
    await discord.close();
    await redis.stop();
    await rm(work, { recursive: true, force: true });
  }
});

test('Prometheus reads the rules and its own configuration, and every alert is explained', async () => {
  const promtool = tool('promtool');
  await execa(promtool, ['check', 'rules', '--lint-fatal', rulesFile]);
  await execa(promtool, ['check', 'config', '--lint-fatal', join(folder, 'prometheus.yaml')]);
  const guide = await readFile(join(projectRoot, 'docs/monitoring.md'), 'utf8');
  expect(alerts.filter((alert) => !guide.includes(`\`${alert}\``))).toEqual([]);
});

test('every panel of the dashboard shows something of what a bot and a worker export', async () => {
  const text = await readFile(join(folder, 'grafana/humo.json'), 'utf8');
  const { panels } = dashboardSchema.parse(JSON.parse(text));
  const expressions = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  expect(expressions.length).toBeGreaterThan(20);
  expect(await evaluate(rulesFile, alerts, [{ name: 'dashboard', series: quiet, expressions }])).toBe('');
  const wrong = ['max by (model) (humo_queue_wating)', 'sum(humo_runs_total{outcome="well"})'];
  for (const expression of wrong) {
    const trial = { name: 'a mistake', series: quiet, expressions: [expression] };
    expect(await evaluate(rulesFile, alerts, [trial]), expression).toContain('got: nil');
  }
});

test('no alert fires while nothing is wrong', async () => {
  const times = [0, 5, 16, 61, 240].map((after) => ({ minute: after, firing: [] }));
  expect(await evaluate(rulesFile, alerts, [{ name: 'quiet', series: quiet, alerts: times }])).toBe('');
});

/** What happens, from the tenth minute on; when the alert must not fire yet, and when it must; and the words. */
interface Trouble extends Firing {
  readonly what: readonly (readonly [name: string, labels: Record<string, string>, values: string])[];
  readonly notYet: number;
  readonly by: number;
}
const page = { severity: 'page' };
const warn = { severity: 'warn' };
const troubles: readonly Trouble[] = [
  {
    alert: 'HumoNoWorker',
    what: [
      ['humo_workers', { model: '17b' }, '1x9 0x100'],
      ['humo_queue_waiting', { model: '17b' }, '0x9 2x100'],
    ],
    ...{ notYet: 19, by: 21, labels: { ...page, model: '17b' } },
    summary: 'Videos wait for 17b, and no worker takes them.',
  },
  {
    alert: 'HumoWaitsLong',
    what: [['humo_queue_oldest_seconds', { model: '17b' }, '0x9 0+60x200']],
    ...{ notYet: 79, by: 82, labels: { ...warn, model: '17b' } },
    summary: 'The oldest request for 17b has waited for 1h 12m 0s.',
  },
  {
    alert: 'HumoFails',
    what: [
      ['humo_generations_total', { outcome: 'out_of_memory' }, '0x9 1 2 2x100'],
      ['humo_generations_total', { outcome: 'engine_crashed' }, '0x12 1 2 2x100'],
    ],
    ...{ notYet: 13, by: 15, labels: warn },
    summary: '4 videos failed in the last hour for reasons that are ours.',
  },
  {
    alert: 'HumoEngineCrashes',
    what: [['humo_engine_crashes_total', atWorker, '0x9 1x5 2x100']],
    ...{ notYet: 15, by: 17, labels: { ...page, instance: atWorker.instance } },
    summary: `The engine of ${atWorker.instance} crashed 2 times in an hour.`,
  },
  {
    alert: 'HumoUnsigned',
    what: [['humo_signatures_total', { ...atWorker, outcome: 'failed' }, '0x9 1x100']],
    ...{ notYet: 9, by: 11, labels: { ...warn, instance: atWorker.instance } },
    summary: `Videos of ${atWorker.instance} could not be signed in the last hour, and were delivered without.`,
  },
  {
    alert: 'HumoDeliveriesStick',
    what: [['humo_deliveries_waiting', {}, '0x9 3x100']],
    ...{ notYet: 24, by: 26, labels: page },
    summary: 'Finished videos are not handed over.',
  },
  {
    alert: 'HumoUndeliverable',
    what: [['humo_deliveries_total', { kind: 'video', outcome: 'undeliverable' }, '0x9 0+1x4 4x100']],
    ...{ notYet: 13, by: 15, labels: warn },
    summary: '4 final messages could not be posted anywhere in the last hour.',
  },
  {
    alert: 'HumoDiscordAway',
    what: [['humo_discord_up', atBot, '1x9 0x100']],
    ...{ notYet: 14, by: 16, labels: page },
    summary: 'The bot has no connection to Discord. Nobody is answered.',
  },
  {
    alert: 'HumoDiscordRefuses',
    what: [['humo_discord_invalid_requests', {}, '0x9 6000x100']],
    ...{ notYet: 9, by: 10, labels: page },
    summary: '6k invalid requests in ten minutes; Discord bans the address at 10,000.',
  },
  {
    alert: 'HumoRedisDown',
    what: [['humo_redis_up', {}, '1x9 0x100']],
    ...{ notYet: 11, by: 13, labels: page },
    summary: 'Redis does not answer the bot. Nothing is taken, nothing is handed over.',
  },
  ...['humo_redis_keeps_everything', 'humo_redis_append_only'].map((name) => ({
    alert: 'HumoRedisMayForget',
    what: [[name, {}, '1x9 0x100']] as const,
    ...{ notYet: 9, by: 10, labels: page },
    summary: 'Redis may lose what waits. It needs maxmemory-policy noeviction and appendonly yes.',
  })),
  {
    alert: 'HumoRedisFull',
    what: [
      ['humo_redis_memory_limit_bytes', {}, '1000000000x100'],
      ['humo_redis_memory_bytes', {}, '800000000x9 900000000x100'],
    ],
    ...{ notYet: 14, by: 16, labels: page },
    summary: 'Redis has used 858.3MiB, more than 85 % of its limit.',
  },
  {
    alert: 'HumoDiskFull',
    what: [['humo_disk_free_bytes', atWorker, '9e9x9 4e9x100']],
    ...{ notYet: 14, by: 16, labels: { ...page, instance: atWorker.instance } },
    summary: `${atWorker.instance} has 3.725GiB of disk left.`,
  },
  {
    alert: 'HumoDown',
    what: [['up', atBot, '1x9 0x100']],
    ...{ notYet: 14, by: 16, labels: { ...page, ...atBot } },
    summary: `${atBot.instance} does not answer.`,
  },
  {
    alert: 'HumoGpuCapNear',
    what: [['humo_gpu_spent_dollars', { period: 'day' }, '0x9 9x100']],
    ...{ notYet: 9, by: 10, labels: { ...warn, period: 'day' } },
    summary: 'Rented GPUs have cost 9 dollars this day, more than 80 % of the cap.',
  },
  {
    alert: 'HumoGpuStartsFail',
    what: [['humo_gpu_start_failures_total', {}, '0x9 0+1x4 4x100']],
    ...{ notYet: 12, by: 15, labels: page },
    summary: '4 starts of a rented GPU failed in the last four hours.',
  },
  {
    // Pods that are paid for and never take jobs: each is given 45 minutes, and after the second there is a pause of as long.
    alert: 'HumoGpuStartsFail',
    what: [['humo_gpu_start_failures_total', {}, '0x44 1x44 2x89 3x100']],
    ...{ notYet: 179, by: 181, labels: page },
    summary: '3 starts of a rented GPU failed in the last four hours.',
  },
  {
    alert: 'HumoGpuIdle',
    what: [['humo_gpu_idle_seconds', {}, '0x9 4000x100']],
    ...{ notYet: 14, by: 16, labels: warn },
    summary: 'A rented GPU has had nothing to do for 1h 6m 40s, and still costs.',
  },
  {
    alert: 'HumoGpuUnwatched',
    what: [
      ['humo_gpu_looked_seconds', {}, '0x9 400x100'],
      ['humo_gpus', { state: 'ready' }, '1x110'],
    ],
    ...{ notYet: 11, by: 13, labels: page },
    summary: 'GPUs are rented, and nobody has looked after them for 6m 40s.',
  },
];

test('each alert fires when what it is about happens, alone, and not before its time', async () => {
  expect([...new Set(troubles.map(({ alert }) => alert))].toSorted()).toEqual(alerts.toSorted());
  const trials = troubles.map(({ alert, what, labels, summary, notYet, by }) => ({
    name: alert,
    series: what.reduce((series, [name, chosen, values]) => withValues(series, name, chosen, values), quiet),
    alerts: [
      { minute: notYet, firing: [] },
      { minute: by, firing: [{ alert, labels, summary }] },
    ],
  }));
  expect(await evaluate(rulesFile, alerts, trials)).toBe('');
});
