/** What `doctor.ts` looks at: the configuration, and everything that it names. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, statfs } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { ApplicationFlagsBitField, DiscordAPIError, PermissionFlagsBits, REST, Routes } from 'discord.js';
import { execa, ExecaError } from 'execa';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { isSame } from '../../src/bot/command-difference.ts';
import { loadHandlers } from '../../src/bot/load-handlers.ts';
import { declarations, registerCommands } from '../../src/bot/register-commands.ts';
import { neededPermissions } from '../../src/commands/support/permissions.ts';
import {
  loadBotConfig,
  loadCommonConfig,
  loadWorkerConfig,
  projectRoot,
} from '../../src/config/environment.ts';
import type { BotConfig, CommonConfig, WorkerConfig } from '../../src/config/environment.ts';
import { ConfigurationError } from '../../src/config/generate.ts';
import { readyHoursCost } from '../../src/config/rented-gpus.ts';
import type { GpuConfig } from '../../src/config/rented-gpus.ts';
import { ownCommand, place } from '../../src/config/runtime-environment.ts';
import { deploymentSettingsSchema } from '../../src/queue/moderation/moderation.ts';
import { connectOnce } from '../../src/queue/redis/connection.ts';
import { Gpus } from '../../src/queue/rented-gpus.ts';
import { createNames } from '../../src/queue/redis/names.ts';
import { requireRedis } from '../../src/queue/redis/requirements.ts';
import { Unstartable } from '../../src/startup-error.ts';
import { createArtifactStore } from '../../src/storage/create.ts';
import { cudaAdvice } from './cuda-advice.ts';
import { signingFindings } from './signing-check.ts';

type Verdict = 'fine' | 'look' | 'broken';

interface Finding {
  readonly check: string;
  readonly verdict: Verdict;
  readonly found: string;
  /** how to put it right; null when there is nothing to do */
  readonly fix: string | null;
}

const signs: Record<Verdict, string> = { fine: '✓', look: '⚠', broken: '✗' };
const gibibyte = 2 ** 30;
const inContainer = place !== 'repository';

const fixes = {
  variables: {
    repository: 'Fix it in .env; .env.example explains each variable.',
    compose: 'Fix it in docker/.env and run `docker compose up -d`; .env.example explains each variable.',
    pod: 'Fix it in the pod’s environment and restart the pod; .env.example explains each variable.',
  }[place],
  commands: `\`${ownCommand('register')}\`, or start the bot with REGISTER_COMMANDS=true.`,
  gpu: `Install NVIDIA’s driver${inContainer ? ' and Container Toolkit on the host' : ''}; \`nvidia-smi\` has to work. Without a card, HUMO_PROFILE=mini shows that the rest works.`,
  weights:
    place === 'compose'
      ? 'Delete wrong files, then `docker compose restart worker`: its start fetches what is missing.'
      : `Delete wrong files, then \`${ownCommand('engine', 'weights download')}\`.`,
};

/** What was found, in the order in which it was looked at. */
class Report {
  readonly findings: Finding[] = [];

  fine(check: string, found: string): void {
    this.findings.push({ check, verdict: 'fine', found, fix: null });
  }
  look(check: string, found: string, fix: string): void {
    this.findings.push({ check, verdict: 'look', found, fix });
  }
  broken(check: string, found: string, fix: string): void {
    this.findings.push({ check, verdict: 'broken', found, fix });
  }
  /** Runs a check; what it throws is what it found. */
  async examine(check: string, fix: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.broken(check, wordsOf(error), fix);
    }
  }
}

/** The first line of an error: what follows are traces and outputs of programs. */
function wordsOf(error: unknown): string {
  if (error instanceof ExecaError && error.code === 'ENOENT')
    return 'it is not installed, or not on the PATH';
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
}

function configuration<T>(report: Report, name: string, load: () => T): T | null {
  try {
    const config = load();
    report.fine(`configuration of the ${name}`, 'every variable is valid');
    return config;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    for (const problem of error.problems) {
      report.broken(`configuration of the ${name}`, problem, fixes.variables);
    }
    return null;
  }
}

async function redis(report: Report, { redis: server }: CommonConfig): Promise<void> {
  try {
    await requireRedis(server, server.prefix);
  } catch (error) {
    if (!(error instanceof Unstartable)) throw error;
    report.broken('Redis', error.message, 'Nothing starts until this is fixed.');
    return;
  }
  const connection = await connectOnce(server, { maxRetriesPerRequest: 0 });
  try {
    const info = await connection.info();
    const value = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
    const version = value('redis_version');
    const valkey = value('valkey_version');
    report.fine('Redis', valkey === '' ? `version ${version}` : `Valkey ${valkey}`);
    const policy = value('maxmemory_policy');
    if (policy === 'noeviction') report.fine('Redis: eviction', 'maxmemory-policy noeviction');
    else
      report.broken(
        'Redis: eviction',
        `maxmemory-policy ${policy}`,
        'Set `maxmemory-policy noeviction` in redis.conf: any other policy may drop waiting videos.',
      );
    if (value('aof_enabled') === '1') report.fine('Redis: persistence', 'append-only file on');
    else
      report.broken(
        'Redis: persistence',
        'append-only file off',
        'Set `appendonly yes` in redis.conf: without it, a restart loses accepted requests.',
      );
    await label(report, connection, server.prefix);
    await unwatchedGpus(report, new Gpus(connection, server.prefix));
    const [used, limit] = [Number(value('used_memory')), Number(value('maxmemory'))];
    const found = `${(used / gibibyte).toFixed(2)} GiB used${limit === 0 ? ', no limit' : ` of ${(limit / gibibyte).toFixed(2)}`}`;
    if (limit > 0 && used > 0.85 * limit)
      report.look('Redis: memory', found, 'Raise maxmemory, or use ARTIFACT_STORE=s3.');
    else report.fine('Redis: memory', found);
  } finally {
    connection.disconnect();
  }
}

/** GPU_PROVIDER was turned off with something running, or whoever looks after it is down: it costs all the same. */
async function unwatchedGpus(report: Report, gpus: Gpus): Promise<void> {
  const names = await gpus.unwatched(Date.now());
  if (names.length > 0)
    report.broken(
      'rented GPUs',
      `nobody looks after ${names.join(', ')}`,
      'Set GPU_PROVIDER to what it was, start the bot, and stop them with `/queue-admin gpus` before you turn it off; or end them at the provider.',
    );
}

/** By choice of the owners, in one line, with what it means for them. */
async function label(report: Report, connection: Redis, prefix: string): Promise<void> {
  const text = await connection.hget(createNames(prefix).deploymentSettings, 'text');
  const isOn = text === null || deploymentSettingsSchema.parse(JSON.parse(text)).label;
  if (isOn) report.fine('marking: label', 'every video says in a corner that it was made with AI');
  else
    report.look(
      'marking: label',
      'off: new videos do not say that they were made with AI',
      'Art. 50(4) of the EU AI Act: whoever publishes a deep fake must then disclose it otherwise, clearly and at first sight. `/queue-admin marking label:True` turns it on.',
    );
}

async function storage(report: Report, config: CommonConfig): Promise<void> {
  const store = createArtifactStore(config);
  const key = `doctor/${randomUUID()}.txt`;
  try {
    const written = Buffer.from('doctor');
    await store.put(key, written);
    const read = await store.get(key);
    await store.delete(key);
    if (!read.equals(written)) throw new Error('what was read back differs from what was written');
    report.fine('artifact store', `${config.artifacts.kind}: written, read, deleted`);
  } finally {
    await store.close();
  }
}

async function ffmpeg(report: Report): Promise<void> {
  const { stdout } = await execa('ffmpeg', ['-hide_banner', '-version']);
  const version = /^ffmpeg version n?(\d+)(\S*)/.exec(stdout);
  const major = Number(version?.[1] ?? 0);
  const name = `${version?.[1] ?? '?'}${version?.[2] ?? ''}`;
  const encoders = (await execa('ffmpeg', ['-hide_banner', '-encoders'])).stdout;
  const lacking = ['libx264', 'aac', 'flac'].filter((encoder) => !new RegExp(` ${encoder} `).test(encoders));
  if (lacking.length > 0)
    report.broken(
      'ffmpeg',
      `version ${name} without ${lacking.join(', ')}`,
      'Install a build with libx264, such as Debian’s.',
    );
  else if (major < 5 || major > 8) report.look('ffmpeg', `version ${name}`, 'Versions 5 to 8 are supported.');
  else report.fine('ffmpeg', `version ${name}, with libx264 and aac`);
}

async function disk(report: Report, directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const { bavail, bsize } = await statfs(directory);
  const free = (bavail * bsize) / gibibyte;
  const found = `${free.toFixed(1)} GiB free at ${directory}`;
  if (free < 1) report.broken('disk', found, 'Free some space, or set DATA_DIRECTORY to a larger disk.');
  else if (free < 10)
    report.look(
      'disk',
      found,
      'A month of videos takes several gigabytes: free some space before it is full.',
    );
  else report.fine('disk', found);
}

const applicationSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  flags: z.number().default(0),
  bot_public: z.boolean().optional(),
});
const guildsSchema = z.array(z.looseObject({ id: z.string(), name: z.string(), permissions: z.string() }));

async function discord(report: Report, config: BotConfig): Promise<void> {
  const rest = new REST({ api: config.discord.apiUrl, retries: 1, timeout: 10_000 }).setToken(
    config.discord.token,
  );
  let date: string | null = null;
  rest.on('response', (_request, response) => {
    date ??= response.headers.get('date');
  });
  let answer: unknown;
  try {
    answer = await rest.get(Routes.currentApplication());
  } catch (error) {
    if (error instanceof DiscordAPIError && error.status === 401)
      report.broken(
        'Discord: token',
        'Discord rejects it',
        'Copy it from the Developer Portal, page Bot; after "Reset Token" there is a new one.',
      );
    else
      report.broken(
        'Discord: reached',
        wordsOf(error),
        `Allow HTTPS from this machine to ${new URL(config.discord.apiUrl).host}; usually a proxy or firewall is in the way.`,
      );
    return;
  }
  const application = applicationSchema.parse(answer);
  report.fine('Discord: token', `application ${application.name} (${application.id})`);
  if (date === null)
    report.look('clock', 'Discord sent no time to compare with', 'Compare the clock with a time server.');
  else {
    const off = Math.round((Date.now() - Date.parse(date)) / 1000);
    if (Math.abs(off) <= 5) report.fine('clock', 'within seconds of Discord’s');
    else
      report.broken(
        'clock',
        `${Math.abs(off)} s ${off > 0 ? 'ahead of' : 'behind'} Discord’s`,
        'Sync the clock by NTP: tokens and timeouts depend on it.',
      );
  }
  const flags = new ApplicationFlagsBitField(application.flags);
  report.fine(
    'Discord: intents',
    `no privileged ones are used${flags.toArray().length === 0 ? '' : ` (flags: ${flags.toArray().join(', ')})`}`,
  );
  await report.examine(
    'Discord: servers',
    'Try again; Discord’s status page says whether it is Discord.',
    () => servers(report, rest, application.id),
  );
  const { guildId } = config.discord;
  const fix =
    guildId === undefined
      ? 'Try again; Discord’s status page says whether it is Discord.'
      : 'Invite the bot to the server that DISCORD_GUILD_ID names, or correct DISCORD_GUILD_ID or leave it empty.';
  await report.examine('Discord: commands', fix, () => commands(report, rest, application.id, config));
}

async function servers(report: Report, rest: REST, applicationId: string): Promise<void> {
  const guilds = guildsSchema.parse(await rest.get(Routes.userGuilds()));
  if (guilds.length === 0)
    report.look(
      'Discord: servers',
      'the bot is in none',
      `Invite it: https://discord.com/oauth2/authorize?client_id=${applicationId}&scope=bot+applications.commands&permissions=${invitation}`,
    );
  for (const { name, permissions } of guilds) {
    const has = BigInt(permissions);
    const lacking =
      (has & PermissionFlagsBits.Administrator) !== 0n
        ? []
        : neededPermissions.filter((one) => (has & PermissionFlagsBits[one]) === 0n);
    if (lacking.length === 0) report.fine(`Discord: server ${name}`, 'the bot has every permission it needs');
    else
      report.look(
        `Discord: server ${name}`,
        `the bot lacks ${lacking.join(', ')}`,
        'Give its role these permissions; channels may still override them.',
      );
  }
}

async function commands(report: Report, rest: REST, applicationId: string, config: BotConfig): Promise<void> {
  const declared = declarations(await loadHandlers(), config.generate);
  const { guildId } = config.discord;
  const difference = await registerCommands(rest, declared, { applicationId, guildId, apply: false });
  if (isSame(difference)) report.fine('Discord: commands', `${declared.length} registered and up to date`);
  else
    report.look(
      'Discord: commands',
      `${difference.added.length} missing, ${difference.changed.length} changed, ${difference.removed.length} too many`,
      fixes.commands,
    );
}

/** What the bot asks for when it is invited. */
const invitation = neededPermissions.reduce((sum, name) => sum | PermissionFlagsBits[name], 0n).toString();

async function gpu(
  report: Report,
  { models, generate: { profile } }: WorkerConfig,
  cuda: string,
): Promise<void> {
  if (profile === 'tiny' || profile === 'mini') {
    report.fine('GPU', `not needed by the profile ${profile}`);
    return;
  }
  const { stdout } = await execa('nvidia-smi', [
    '--query-gpu=name,memory.total,driver_version,compute_cap',
    '--format=csv,noheader,nounits',
  ]);
  const cards = stdout
    .trim()
    .split('\n')
    .map((line) => line.split(',').map((part) => part.trim()));
  for (const [name = '?', memory = '0', driver = '?', capability = ''] of cards) {
    const gib = Number(memory) / 1024;
    const found = `${name}, ${gib.toFixed(0)} GiB, driver ${driver}`;
    if (models.includes('17b') && gib < 23)
      report.look(
        'GPU',
        found,
        'HuMo 17B streams its weights below 24 GiB of memory, or does not fit: try HUMO_MODELS=1_7b.',
      );
    else report.fine('GPU', found);
    const advice = cudaAdvice(cuda, Number(capability), Number.parseInt(driver, 10));
    if (advice?.works === false) report.broken('GPU: CUDA', advice.found, advice.fix);
    else if (advice !== null) report.look('GPU: CUDA', advice.found, advice.fix);
  }
}

/** `npm run bench -- scaler`, and the table of docs/runpod.md. */
const oneGpu =
  ': the cheapest. In a busy evening people wait about twice as long as with one that is always on; GPU_MAXIMUM_PODS=2 takes a quarter off that for a third more money (docs/runpod.md)';

/** Whether what is kept ready can be paid for: a cap that is reached in the evening leaves nothing for who comes later. */
function rentedGpus(report: Report, config: GpuConfig): void {
  const { provider, rules } = config;
  const cost = readyHoursCost(config);
  if (cost === null) {
    report.fine(
      'rented GPUs',
      `${provider.kind}, ${rules.maximumPods} at most${rules.maximumPods > 1 ? '' : oneGpu}`,
    );
    return;
  }
  const found = `one is kept ready for ${cost.hours} hours a day, for up to $${cost.perDay.toFixed(2)}`;
  if (!cost.isMore.day && !cost.isMore.month) {
    report.fine('rented GPUs', found);
    return;
  }
  const cap = cost.isMore.day
    ? `$${rules.dailyCap} a day (GPU_DOLLARS_PER_DAY)`
    : `$${rules.monthlyCap} a month (GPU_DOLLARS_PER_MONTH)`;
  report.look('rented GPUs', found, `That is more than ${cap}: raise it, or keep GPU_READY_HOURS shorter.`);
}

async function weights(report: Report, config: WorkerConfig): Promise<void> {
  if (config.generate.weights !== 'official') {
    report.fine(
      'weights',
      config.generate.weights === 'mini'
        ? 'the small model’s, which come with the engine: cartoon faces'
        : 'random, as the profile says: videos show noise',
    );
    return;
  }
  const python = join(projectRoot, '.venv/bin/python');
  // Without a name it is both.
  const [only] = config.models;
  const list = config.models.length === 1 && only !== undefined ? ['--model', only.replace('_', '.')] : [];
  const { failed, all } = await execa(
    python,
    ['-m', 'humo_engine', 'weights', 'verify', '--weights', config.weightsDirectory, ...list],
    // Python finds the package in the folder that it is started in, installed or not.
    { reject: false, all: true, cwd: join(projectRoot, 'engine') },
  );
  if (!failed) {
    report.fine('weights', `complete and verified, in ${config.weightsDirectory}`);
    return;
  }
  const lines = all.trim().split('\n');
  const wrong = lines.filter((line) => /^\w\S*: /.test(line));
  const found =
    wrong.length === 0
      ? `they cannot be checked: ${lines.at(-1)}`
      : `${wrong.length} file(s) missing or wrong, such as ${wrong[0]}`;
  report.broken('weights', found, fixes.weights);
}

/** A preset's LoRA that is not there: the preset fails until it is, and everything else works. */
function loras(report: Report, { generate, weightsDirectory, models }: WorkerConfig): void {
  const wanted = generate.presetNames
    .map((name) => generate.preset(name, generate.defaultShape))
    .filter((preset) => models.includes(preset.model))
    .flatMap(({ title, shortcuts }) => (shortcuts?.loras ?? []).map(({ file }) => ({ title, file })));
  for (const { title, file } of wanted) {
    const path = resolve(weightsDirectory, file);
    const check = `LoRA of the preset ${title}`;
    if (existsSync(path)) report.fine(check, `${basename(file)} is there`);
    else
      report.look(
        check,
        `there is no ${path}: the preset fails until there is`,
        `\`${ownCommand('engine', `weights download --lora ${basename(file)}`)}\`, then ${inContainer ? '`docker compose restart worker`' : 'restart the worker'}; or take the preset out of generate.yaml.`,
      );
  }
}

export type Scope = 'bot' | 'worker' | 'all';

/** @param environment as the processes of this machine have it */
export async function diagnose(scope: Scope, environment: NodeJS.ProcessEnv): Promise<readonly Finding[]> {
  const report = new Report();
  const bot = scope === 'worker' ? null : configuration(report, 'bot', () => loadBotConfig(environment));
  const worker =
    scope === 'bot' ? null : configuration(report, 'worker', () => loadWorkerConfig(environment));
  let common: CommonConfig | null = bot ?? worker;
  if (common === null) {
    try {
      common = loadCommonConfig(environment);
    } catch {
      // Said already, with every problem.
    }
  }
  if (common !== null) {
    const shared = common;
    await report.examine(
      'Redis',
      'Start Redis, and check REDIS_URL: redis://host:port, rediss://user:password@host:port or unix:///path.',
      () => redis(report, shared),
    );
    await report.examine('artifact store', 'Check ARTIFACT_STORE, DATA_DIRECTORY and the S3 variables.', () =>
      storage(report, shared),
    );
    await report.examine('disk', 'Check DATA_DIRECTORY.', () => disk(report, shared.dataDirectory));
  }
  await report.examine('ffmpeg', 'Install ffmpeg, version 5 to 8: `apt-get install ffmpeg`.', () =>
    ffmpeg(report),
  );
  if (bot !== null) {
    await report.examine(
      'Discord: token',
      'Copy the bot’s token from the Developer Portal, page Bot, again, and check that this machine reaches discord.com.',
      () => discord(report, bot),
    );
  }
  if (bot !== null && bot.gpus !== null) rentedGpus(report, bot.gpus);
  if (worker !== null) {
    await report.examine('GPU', fixes.gpu, () => gpu(report, worker, environment['HUMO_CUDA'] ?? ''));
    await report.examine('weights', fixes.weights, () => weights(report, worker));
    loras(report, worker);
    await report.examine('signatures', 'Check the variables C2PA_….', async () => {
      for (const finding of await signingFindings(worker.signing, Date.now())) {
        report.findings.push({ check: 'signatures', ...finding });
      }
    });
  }
  return report.findings;
}

/** One line each, and below it how to put it right. */
export function asText(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  return findings
    .map(
      ({ check, verdict, found, fix }) =>
        `${signs[verdict]} ${check.padEnd(width)}  ${found}${fix === null ? '' : `\n  ${' '.repeat(width)}  → ${fix}`}`,
    )
    .join('\n');
}
