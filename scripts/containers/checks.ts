import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProbedVideo } from '../../src/media/probe.ts';
import type { Discord } from './discord.ts';
import { docker } from './docker.ts';
import type { Planted } from './project-copy.ts';
import { searchLayers } from './planted-secrets.ts';
import { CheckFailed } from './errors.ts';
import { megabytes } from './report.ts';
import type { Stack } from './stack.ts';
import { container, untilHealthy, untilLogged } from './watch.ts';

/** What a check works with. */
export interface Trial {
  readonly stack: Stack;
  readonly discord: Discord;
  readonly gateway: string;
  /** a folder that the engine sees too */
  readonly folder: string;
  readonly forbidden: readonly Planted[];
  readonly controls: readonly Planted[];
}

/** @returns what was seen, in a few words; throws CheckFailed when it is not what must be */
export type Check = (trial: Trial) => Promise<string>;

const begins = 'the engine begins';
const services = ['bot', 'worker', 'redis', 'web'] as const;
const uidOfOurs = '10001';

/** Without these there is nothing to look at: they are made in every trial, also one of single checks. */
export const beginnings: readonly (readonly [string, Check])[] = [
  ['bot, worker and Redis come up: starting, then healthy', up],
  ['the page comes up, for a name and a password', page],
];

/** The order matters: what comes later finds the containers as the earlier ones leave them, which is running. */
export const checks: readonly (readonly [string, Check])[] = [
  ['read-only root, no capability, no new rights, seccomp, a user without rights', confinement],
  ['ports on the loopback alone', ports],
  ['Compose reads every combination of its files that the documents name', composeFiles],
  ['a /humo becomes a playable video', async ({ discord }) => await played(discord)],
  ['the doctor finds nothing broken in bot and worker', doctor],
  ['the voice alone (`clean`): the library is there and works as this user', voiceAlone],
  ['an authority’s file, put there as the README says, can be read by the bot', authorityFile],
  ['kill -9 of the worker in mid-job: the container starts again, the video comes', killed],
  ['bot and Redis restarted in mid-job: the video comes', restarted],
  ['SIGTERM in mid-job: the job is given back, and done after the next start', stopped],
  ['a container killed and made anew: the video comes, the old scratch folder goes', recreated],
  ['two workers on one /data share the work', two],
  ['Redis away: the bot stays healthy, is not ready, and says why', unhealthy],
  ['idle, the worker ends with status 0 and stays ended', idle],
  ['runpod: root’s volume handed over, jobs taken as another user, idle end', runpod],
  ['no planted secret, weight or upload in any layer', layers],
];

async function up({ stack }: Trial): Promise<string> {
  await stack.compose(['up', '--detach', '--no-build']);
  // Redis was waited for by Compose.
  const states = await untilHealthy(stack, ['redis', 'bot', 'worker']);
  for (const service of ['bot', 'worker']) {
    const seen = states.get(service) ?? [];
    if (seen[0] !== 'starting') throw new CheckFailed(`${service}: ${seen.join(', ')}`);
  }
  return 'starting → healthy';
}

async function page(trial: Trial): Promise<string> {
  const { stdout } = await trial.stack.inside('bot', [
    'node',
    'src/api/token-command.ts',
    'create',
    '--name',
    'web',
  ]);
  const token = stdout.trim();
  // The profile of compose.yaml, beside what runs.
  const withPage = trial.stack.with({ WEB_API_TOKEN: token, COMPOSE_PROFILES: 'all,web' });
  await withPage.compose(['up', '--detach', '--no-build', '--no-deps', 'web']);
  await untilHealthy(withPage, ['web']);
  const port = trial.stack.environment['WEB_PORT'] ?? '7860';
  const answer = await fetch(`http://127.0.0.1:${port}/config`, { redirect: 'manual' });
  if (answer.status !== 401) throw new CheckFailed(`without a password the page answers ${answer.status}`);
  return 'healthy; 401 without a password';
}

async function confinement({ stack }: Trial): Promise<string> {
  const seen: string[] = [];
  for (const service of services) {
    const { stdout } = await stack.inside(service, ['cat', '/proc/self/status']);
    const value = (name: string) => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(stdout)?.[1] ?? '?';
    const wanted = { CapEff: /^0+$/, CapPrm: /^0+$/, CapBnd: /^0+$/, NoNewPrivs: /^1$/, Seccomp: /^2$/ };
    for (const [name, pattern] of Object.entries(wanted))
      if (!pattern.test(value(name))) throw new CheckFailed(`${service}: ${name} is ${value(name)}`);
    const user = value('Uid');
    if (user === '0' || (service !== 'redis' && user !== uidOfOurs))
      throw new CheckFailed(`${service} is user ${user}`);
    const write = await stack.inside(service, ['touch', '/etc/written'], { reject: false });
    if (write.exitCode === 0 || !/read-only/i.test(write.all))
      throw new CheckFailed(`${service} writes to its root: ${write.all}`);
    seen.push(`${service} ${user}`);
  }
  return `users: ${seen.join(', ')}`;
}

async function ports({ stack, gateway }: Trial): Promise<string> {
  const published: string[] = [];
  for (const service of services) {
    const text = await stack.inspect(service, '{{json .NetworkSettings.Ports}}');
    const found: Record<string, { HostIp: string; HostPort: string }[] | null> = JSON.parse(text);
    for (const bindings of Object.values(found))
      for (const { HostIp, HostPort } of bindings ?? []) published.push(`${service} ${HostIp}:${HostPort}`);
  }
  if (published.length === 0) throw new CheckFailed('nothing is published, not even the page');
  const elsewhere = published.filter((each) => !each.includes(' 127.0.0.1:'));
  if (elsewhere.length > 0) throw new CheckFailed(elsewhere.join(', '));
  const port = published[0]?.split(':')[1] ?? '';
  const reached = await fetch(`http://${gateway}:${port}/`).then(
    () => true,
    () => false,
  );
  if (reached) throw new CheckFailed(`the page is reached at ${gateway} too`);
  return published.join(', ');
}

/** What docker/README.md puts together, and what of it must come out of a real Compose, whose own ideas of a default are not ours. */
const combinations = [
  { files: [], settings: {} },
  {
    files: [],
    settings: { COMPOSE_PROFILES: 'bot', REDIS_URL: 'rediss://elsewhere:6379', REDIS_PASSWORD: '' },
  },
  {
    files: ['compose.gpus.yaml'],
    settings: {
      COMPOSE_PROFILES: 'worker',
      REDIS_URL: 'rediss://elsewhere:6379',
      REDIS_PASSWORD: '',
      HUMO_CUDA: '13',
    },
  },
  { files: ['compose.gpus.yaml', 'compose.api.yaml'], settings: {} },
  { files: ['compose.one-clip.yaml'], settings: { WORKER_GPUS: '2' } },
  { files: ['compose.cpu.yaml'], settings: {} },
] as const;

async function composeFiles({ stack }: Trial): Promise<string> {
  for (const { files, settings } of combinations) {
    const each = stack.with({ COMPOSE_PROFILES: 'all', REDIS_URL: '', HUMO_CUDA: '', ...settings }, files);
    const { exitCode, all, stdout } = await each.compose(['config', '--format', 'json'], { reject: false });
    const named = [...files, JSON.stringify(settings)].join(' ');
    if (exitCode !== 0) throw new CheckFailed(`${named}:\n${all}`);
    const read: { services: Record<string, { image: string; environment?: Record<string, string> }> } =
      JSON.parse(stdout);
    const { bot, worker } = read.services;
    const url = (bot ?? worker)?.environment?.['REDIS_URL'] ?? '';
    const wanted = 'REDIS_URL' in settings ? settings.REDIS_URL : '@redis:6379';
    if (!url.endsWith(wanted)) throw new CheckFailed(`${named}: REDIS_URL is ${url}`);
    if ('HUMO_CUDA' in settings && worker?.image.endsWith('-cuda13') !== true)
      throw new CheckFailed(`${named}: the worker’s image is ${worker?.image}`);
  }
  return `${combinations.length} combinations`;
}

async function played(discord: Discord): Promise<string> {
  const request = await discord.ask();
  return shown(await request.video());
}

function shown({ video, seconds, bytes }: ProbedVideo): string {
  return `${video.width}×${video.height}, ${seconds} s, ${Math.round(bytes / 1000)} kB, with sound`;
}

async function doctor({ stack }: Trial): Promise<string> {
  const seen: string[] = [];
  for (const service of ['bot', 'worker']) {
    const { exitCode, stdout, all } = await stack.inside(
      service,
      ['node', 'scripts/tools/doctor.ts', '--for', service],
      { reject: false },
    );
    if (exitCode !== 0) throw new CheckFailed(`in ${service}:\n${all}`);
    if (all.includes('npm run')) throw new CheckFailed(`in ${service} it speaks of npm:\n${all}`);
    seen.push(`${service}: ${stdout.split('\n').filter((line) => line.startsWith('✓')).length} fine`);
  }
  return seen.join(', ');
}

async function authorityFile({ stack, folder }: Trial): Promise<string> {
  const pem = await readFile(join(folder, 'ca.pem'), 'utf8');
  await stack.compose(
    ['run', '--rm', '--no-deps', '-T', '--entrypoint', 'sh', 'bot', '-c', 'cat >/data/ca.pem'],
    { input: pem },
  );
  const { stdout } = await stack.inside('bot', ['cat', '/data/ca.pem']);
  if (stdout.trim() !== pem.trim()) throw new CheckFailed('what the bot reads is something else');
  // An exported variable of the same purpose names a file of this machine, which is not there in a container.
  const exported = { environment: { NODE_EXTRA_CA_CERTS: '/nowhere.pem', HUMO_CA_FILE: '/data/ca.pem' } };
  const { stdout: config } = await stack.compose(['config'], exported);
  if (config.includes('/nowhere.pem'))
    throw new CheckFailed('an exported NODE_EXTRA_CA_CERTS overrides docker/.env');
  return 'read; an exported NODE_EXTRA_CA_CERTS changes nothing';
}

async function voiceAlone({ stack }: Trial): Promise<string> {
  const script = await readFile(join(import.meta.dirname, 'voice-alone.py'), 'utf8');
  const { stdout } = await stack.inside(
    'worker',
    ['env', 'PYTHONPATH=/app/engine', '/app/.venv/bin/python', '-'],
    { input: script },
  );
  if (stdout.trim().split('\n').at(-1) !== '2.0') throw new CheckFailed(stdout);
  return 'a sound of 2 s became a voice of 2 s, by a stand-in model';
}

/** Ends with SIGKILL the Node process that runs a script. */
const kill = (script: string) =>
  `const fs = require('fs'); for (const id of fs.readdirSync('/proc')) { let line = ''; try { line = fs.readFileSync('/proc/' + id + '/cmdline', 'utf8'); } catch {} if (Number(id) > 1 && Number(id) !== process.pid && line.includes(${JSON.stringify(script)})) process.kill(Number(id), 'SIGKILL'); }`;

async function killed({ stack, discord }: Trial): Promise<string> {
  const { request, worker } = await midJob(stack, discord);
  await stack.inside('worker', ['node', '-e', kill('src/worker/main.ts')], { reject: false });
  const video = shown(await request.video());
  const restarts = await container(stack, worker, '{{.RestartCount}}');
  if (restarts !== '1') throw new CheckFailed(`the container was started again ${restarts} times`);
  return video;
}

async function restarted({ stack, discord }: Trial): Promise<string> {
  const { request } = await midJob(stack, discord);
  await stack.compose(['restart', 'redis', 'bot']);
  return shown(await request.video());
}

async function stopped({ stack, discord }: Trial): Promise<string> {
  const { request, worker } = await midJob(stack, discord);
  const started = performance.now();
  await stack.compose(['stop', 'worker']);
  const took = (performance.now() - started) / 1000;
  const status = await container(stack, worker, '{{.State.ExitCode}}');
  // 137 would be the engine's SIGKILL after its grace period.
  if (status !== '0') throw new CheckFailed(`it ended with status ${status} after ${took.toFixed(1)} s`);
  await stack.compose(['start', 'worker']);
  await request.video();
  return `ended in ${took.toFixed(1)} s with status 0`;
}

async function recreated({ stack, discord }: Trial): Promise<string> {
  const { request } = await midJob(stack, discord);
  await stack.compose(['kill', 'worker']);
  await stack.compose(['up', '--detach', '--no-build', '--no-deps', '--force-recreate', 'worker']);
  await request.video();
  const scratch = async () =>
    (await stack.inside('worker', ['ls', '/data/scratch'])).stdout.split('\n').filter((name) => name !== '');
  const left = await scratch();
  if (left.length === 0) throw new CheckFailed('a killed worker left nothing to sweep');
  // An hour later, without an hour's wait.
  for (const name of left)
    await stack.inside('worker', ['touch', '-d', '1 hour ago', `/data/scratch/${name}`]);
  await stack.compose(['restart', 'worker']);
  await untilHealthy(stack, ['worker']);
  if ((await scratch()).length > 0) throw new CheckFailed(`still there: ${(await scratch()).join(', ')}`);
  return `${left.length} folder(s) of a killed container were swept`;
}

async function workers(stack: Stack, count: number): Promise<void> {
  const options = ['--detach', '--no-build', '--no-deps', '--no-recreate', '--scale', `worker=${count}`];
  await stack.compose(['up', ...options, 'worker']);
}

async function two({ stack, discord }: Trial): Promise<string> {
  await workers(stack, 2);
  const ids = await stack.containers('worker');
  if (ids.length !== 2) throw new CheckFailed(`there are ${ids.length} workers`);
  const since = new Date();
  await Promise.all(ids.map((id) => untilLogged(stack, id, 'taking jobs')));
  const requests = [];
  for (let count = 0; count < 4; count += 1) requests.push(await discord.ask());
  await Promise.all(requests.map((request) => request.video()));
  await Promise.all(ids.map((id) => untilLogged(stack, id, begins, since)));
  await workers(stack, 1);
  return 'four videos, both had some';
}

async function unhealthy({ stack }: Trial): Promise<string> {
  await stack.compose(['pause', 'redis']);
  try {
    const { exitCode, stdout } = await stack.inside('bot', ['node', 'docker/healthcheck.mjs'], {
      reject: false,
    });
    // Alive, and not started again for what a restart does not mend; but not ready, and it says of what it lacks.
    if (exitCode !== 0 || !/"ready":false.*"redis":\{"ok":false/.test(stdout))
      throw new CheckFailed(`status ${exitCode}: ${stdout}`);
    return 'healthy, not ready: redis';
  } finally {
    await stack.compose(['unpause', 'redis']);
  }
}

async function idle({ stack }: Trial): Promise<string> {
  const short = stack.with({ WORKER_IDLE_EXIT_MINUTES: '0.05', WORKER_RESTART: 'on-failure' });
  await short.compose(['up', '--detach', '--no-build', '--no-deps', '--force-recreate', 'worker']);
  const [worker = ''] = await short.containers('worker');
  const { stdout: status } = await docker(stack.engine, ['wait', worker]);
  const [restarts, state] = [
    await container(stack, worker, '{{.RestartCount}}'),
    await container(stack, worker, '{{.State.Status}}'),
  ];
  if (status.trim() !== '0' || restarts !== '0' || state !== 'exited')
    throw new CheckFailed(`status ${status}, ${state}, started again ${restarts} times`);
  return 'status 0, exited';
}

async function runpod({ stack, folder }: Trial): Promise<string> {
  const list = join(folder, 'runpod.env');
  await writeFile(
    list,
    [
      `REDIS_URL=redis://:${stack.environment['REDIS_PASSWORD']}@redis:6379`,
      ...['HUMO_PROFILE=mini', 'ARTIFACT_STORE=redis', 'WORKER_IDLE_EXIT_MINUTES=0.5'],
    ].join('\n'),
  );
  const name = 'humo-trial-runpod';
  try {
    await docker(stack.engine, [
      ...['run', '--detach', '--name', name, '--network', 'humo-trial_inside', '--env-file', list],
      ...['--volume', `${name}:/workspace`, 'humo-runpod:trial'],
    ]);
    await untilLogged(stack, name, 'taking jobs');
    const { stdout: owner } = await docker(stack.engine, [
      'exec',
      name,
      'stat',
      '-c',
      '%u',
      '/workspace/data',
    ]);
    // Numbers alone, and not the one that asks: `self` is that one too.
    const uids = `for (const id of require('fs').readdirSync('/proc').filter((name) => Number(name) > 0 && Number(name) !== process.pid)) { try { const text = require('fs').readFileSync('/proc/' + id + '/status', 'utf8'); const line = require('fs').readFileSync('/proc/' + id + '/cmdline', 'utf8'); if (line.includes('worker/main.ts')) console.log(/^Uid:\\s+(\\d+)/m.exec(text)[1]); } catch {} }`;
    const { stdout: user } = await docker(stack.engine, ['exec', name, 'node', '-e', uids], {
      reject: false,
    });
    const { stdout: status } = await docker(stack.engine, ['wait', name]);
    if (owner.trim() !== uidOfOurs) throw new CheckFailed(`its folder belongs to ${owner}`);
    if (status.trim() !== '0') throw new CheckFailed(`it ended with status ${status}`);
    if (user.trim() !== uidOfOurs) throw new CheckFailed(`its worker is user ${user}`);
    return `status 0, as user ${user.trim()}`;
  } finally {
    await docker(stack.engine, ['rm', '--force', '--volumes', name], { reject: false });
    await docker(stack.engine, ['volume', 'rm', name], { reject: false });
  }
}

async function layers({ stack, forbidden, controls }: Trial): Promise<string> {
  const images = ['humo-bot:trial', 'humo-worker-cpu', 'humo-web:trial', 'humo-runpod:trial'];
  const { found, bytes } = await searchLayers(stack.engine, images, [...forbidden, ...controls]);
  const leaked = found.filter((each) => forbidden.includes(each));
  if (leaked.length > 0) throw new CheckFailed(`in a layer: ${leaked.map(({ path }) => path).join(', ')}`);
  const missed = controls.filter((each) => !found.includes(each));
  if (missed.length > 0)
    throw new CheckFailed(
      `the search is blind: it does not find ${missed.map(({ path }) => path).join(', ')}`,
    );
  return `${forbidden.length} planted, none found in ${megabytes(bytes)}; ${controls.length} controls found`;
}

/** A request on which the worker's engine is at work. */
async function midJob(stack: Stack, discord: Discord) {
  const [worker = ''] = await stack.containers('worker');
  await untilHealthy(stack, ['worker']);
  const since = new Date();
  const request = await discord.ask();
  await untilLogged(stack, worker, begins, since);
  return { request, worker };
}
