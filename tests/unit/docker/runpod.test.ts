import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadWorkerConfig, projectRoot } from '../../../src/config/environment.ts';

const template: {
  readonly env: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
} = JSON.parse(readFileSync(join(projectRoot, 'docker/runpod/template.json'), 'utf8'));

test('the template has the fields that RunPod knows, and those that it needs', () => {
  // https://docs.runpod.io/api-reference/templates/POST/templates
  const known = [
    'category',
    'containerDiskInGb',
    'containerRegistryAuthId',
    'dockerEntrypoint',
    'dockerStartCmd',
    'env',
    'imageName',
    'isPublic',
    'isServerless',
    'name',
    'ports',
    'readme',
    'volumeInGb',
    'volumeMountPath',
  ];
  expect(Object.keys(template).filter((field) => !known.includes(field))).toEqual([]);
  expect(template).toMatchObject({
    category: 'NVIDIA',
    isPublic: false,
    isServerless: false,
    // Nothing of a worker is reached from outside.
    ports: [],
    volumeMountPath: '/workspace',
  });
  // Official files of both models, 90 GB, and a bf16 copy of the larger one.
  expect(template['volumeInGb']).toBeGreaterThanOrEqual(130);
});

test('what it sets is a valid configuration, and its only secret is a reference to one', () => {
  const { REDIS_URL, ...others } = template.env;
  expect(REDIS_URL).toBe('{{ RUNPOD_SECRET_humo_redis_url }}');
  const config = loadWorkerConfig({ ...others, REDIS_URL: 'rediss://default:pw@redis.example:6380' });
  expect(config.artifacts.kind).toBe('redis');
  expect(config.idleExitMinutes).toBe(15);
  expect(Object.keys(others).filter((name) => /TOKEN|PASSWORD|SECRET|KEY|URL/.test(name))).toEqual([]);
});
