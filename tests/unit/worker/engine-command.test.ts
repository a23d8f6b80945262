import { expect, test } from 'vitest';
import { loadWorkerConfig } from '../../../src/config/environment.ts';
import { engineCommand } from '../../../src/worker/engine-command.ts';

const environment = {
  REDIS_URL: 'redis://localhost',
  HUMO_PROFILE: 'tiny',
  HUMO_MODELS: '1_7b,17b',
  HUMO_MEMORY_LIMIT_GIB: '22.5',
  HUMO_PRECISION: 'fp8',
  HUMO_GPUS: '2',
  HUMO_WEIGHTS_DIRECTORY: '/weights',
  GENERATE_FILE: 'generate.yaml',
};

test('the engine is told what the worker was told', () => {
  const config = loadWorkerConfig({ ...environment, ENGINE_COMMAND: 'ssh gpu humo-engine serve' });
  const { command, directory } = engineCommand(config, '/project');
  expect(command.slice(0, 4)).toEqual(['ssh', 'gpu', 'humo-engine', 'serve']);
  expect(command.slice(4).join(' ')).toMatch(
    /^--profile tiny --config \/.*generate\.yaml --model 1_7b --model 17b --weights \/weights --memory-limit 22.5 --precision fp8 --gpus 2$/,
  );
  expect(directory).toBe('/project');
});

test('without a Python environment it says how to get one', () => {
  expect(() => engineCommand(loadWorkerConfig(environment), '/nowhere')).toThrow(/npm run setup/);
});
