import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadWorkerConfig, projectRoot } from '../../../src/config/environment.ts';
import { passesOfStep } from '../../../src/config/shortcuts.ts';

const template: {
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: { readonly persistent: { readonly size: number } };
  readonly [field: string]: unknown;
} = JSON.parse(readFileSync(join(projectRoot, 'docker/runpod/template.json'), 'utf8'));

test('the template has the fields that RunPod knows, and those that it needs', () => {
  // https://docs.runpod.io/api-reference-v2/templates/create-a-template: it refuses any other.
  const known = [
    'args',
    'category',
    'disk',
    'env',
    'image',
    'mounts',
    'name',
    'ports',
    'public',
    'registry',
    'serverless',
  ];
  expect(Object.keys(template).filter((field) => !known.includes(field))).toEqual([]);
  expect(template).toMatchObject({
    category: 'NVIDIA',
    public: false,
    serverless: false,
    // Nothing of a worker is reached from outside.
    ports: [],
    mounts: { persistent: { path: '/workspace' } },
  });
  // Official files of both models, 90 GB, and a bf16 copy of the larger one.
  expect(template.mounts.persistent.size).toBeGreaterThanOrEqual(130);
});

test('what it sets is a valid configuration, and its only secret is a reference to one', () => {
  const { REDIS_URL, ...others } = template.env;
  expect(REDIS_URL).toBe('{{ RUNPOD_SECRET_humo_redis_url }}');
  const config = loadWorkerConfig({ ...others, REDIS_URL: 'rediss://default:pw@redis.example:6380' });
  expect(config.artifacts.kind).toBe('redis');
  expect(config.idleExitMinutes).toBe(15);
  expect(Object.keys(others).filter((name) => /TOKEN|PASSWORD|SECRET|KEY|URL/.test(name))).toEqual([]);
});

test('the costs in docs/runpod.md follow from the presets, the benchmarks and the prices beside them', () => {
  const page = readFileSync(join(projectRoot, 'docs/runpod.md'), 'utf8');
  const benchmarks = readFileSync(join(projectRoot, 'engine/BENCHMARKS.md'), 'utf8');
  const { generate } = loadWorkerConfig({ REDIS_URL: 'unix:///tmp/redis.sock' });
  const columns = [...page.matchAll(/(Draft|Standard|Final): (\d+) × ([\d.]+) × ([\d.]+) s/g)].map(
    ([, title, steps, passes, seconds = '']) => {
      const preset = generate.preset((title ?? '').toLowerCase(), 'landscape');
      expect(preset.steps).toBe(Number(steps));
      expect(passesOfStep(preset.model, 'TIA', preset.passes, preset.shortcuts)).toBeCloseTo(Number(passes));
      expect(benchmarks).toContain(seconds);
      return Number(steps) * Number(passes) * Number(seconds);
    },
  );
  expect(columns).toHaveLength(3);
  const rows = page.matchAll(
    /^\| (H200|H100 SXM|A100), ([\d.]+)(.*?)\| +(\d+) s, \**\$([\d.]+)\** +\| +(\d+) s, \**\$([\d.]+)\** +\| +(\d+) s, \**\$([\d.]+)\** +\|$/gm,
  );
  let count = 0;
  for (const [, , price, note = '', ...cells] of rows) {
    const slower = note.includes('three times') ? 3 : 1;
    for (const [index, seconds] of columns.entries()) {
      // A slower card's figures are rounded ones times three; a cent and a second are within the meaning of an estimate.
      expect(Math.abs(Number(cells[2 * index]) - seconds * slower)).toBeLessThan(1);
      const cost = (seconds * slower * Number(price)) / 3600;
      expect(Math.abs(Number(cells[2 * index + 1]) - cost)).toBeLessThan(0.01);
    }
    count += 1;
  }
  expect(count).toBe(3);
});
