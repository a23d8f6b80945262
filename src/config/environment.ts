import { readFileSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { ConfigurationError, loadGenerateSettings } from './generate.ts';
import { modelIdSchema } from './model-id.ts';
import type { GenerateSettings } from './generate.ts';
import type { ModelId } from './model-id.ts';
import { gpuConfig, gpuFields } from './rented-gpus.ts';
import type { GpuConfig } from './rented-gpus.ts';
import { parseRedisUrl, parseSentinels } from './redis-url.ts';
import { parseShards } from './shards.ts';
import type { Shards } from './shards.ts';
import type { RedisServer } from './redis-url.ts';
import { snowflakeSchema } from '../snowflake.ts';

/** The repository root, from which relative paths in the environment are resolved. */
export const projectRoot = fileURLToPath(new URL('../../', import.meta.url));

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);
const path = z.string().transform((text) => (isAbsolute(text) ? text : resolve(projectRoot, text)));
const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' });

/** What both processes need. */
const commonSchema = z.object({
  REDIS_URL: z
    .url({
      protocol: /^(rediss?|unix)$/,
      error: 'must be redis://…, rediss://… or unix:///path',
      abort: true,
    })
    .superRefine((url, context) => {
      try {
        parseRedisUrl(url);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        context.addIssue({ code: 'custom', message: error.message.replace(/^REDIS_URL /, '') });
      }
    }),
  REDIS_SENTINELS: z
    .string()
    .transform((text, context) => {
      try {
        return parseSentinels(text);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        context.addIssue({ code: 'custom', message: error.message });
        return z.NEVER;
      }
    })
    .optional(),
  REDIS_SENTINEL_PRIMARY: z.string().min(1).default('mymaster'),
  REDIS_SENTINEL_USERNAME: z.string().min(1).optional(),
  REDIS_SENTINEL_PASSWORD: z.string().min(1).optional(),
  REDIS_PREFIX: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/, 'lower-case letters, digits and dashes, at most 32')
    .default('humo'),
  // As BullMQ's own. A dead worker's job comes back after at most this and two checks for stalled jobs.
  QUEUE_LOCK_SECONDS: z.coerce.number().min(1).max(600).default(30),
  DATA_DIRECTORY: path.prefault('data'),
  ARTIFACT_STORE: z.enum(['file', 'redis', 's3'], 'must be file, redis or s3').default('file'),
  S3_ENDPOINT: httpUrl.optional(),
  S3_BUCKET: z.string().min(3).optional(),
  S3_REGION: z.string().default('us-east-1'),
  S3_ACCESS_KEY_ID: z.string().min(1).optional(),
  S3_SECRET_ACCESS_KEY: z.string().min(1).optional(),
  HUMO_PROFILE: z.string().default('official'),
  GENERATE_FILE: path.prefault('generate.yaml'),
  HEALTH_HOST: z.string().min(1).default('127.0.0.1'),
  HEALTH_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
});

/** What takes requests in needs, in the bot and in the API alone. */
const intakeFields = {
  ATTACHMENT_HOSTS: list
    .pipe(z.array(z.string().regex(/^[a-z0-9.-]+(:\d+)?$/i, 'must be host names, separated by commas')))
    .prefault('cdn.discordapp.com,media.discordapp.net'),
  ATTACHMENT_CA_FILE: path.optional(),
  C2PA_TRUST_LIST_FILE: path.optional(),
  MAXIMUM_WAITING_PER_USER: z.coerce.number().int().min(1).max(1000).default(10),
};

const apiFields = {
  API_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  API_HOST: z.string().min(1).default('127.0.0.1'),
  API_TOKENS_FILE: path.optional(),
  API_REQUESTS_PER_MINUTE: z.coerce.number().int().min(1).max(100_000).default(300),
  API_WEBHOOK_OWN_HOSTS: list
    .pipe(z.array(z.string().regex(/^[a-z0-9.:[\]-]+$/i, 'must be host names, separated by commas')))
    .prefault(''),
  BULL_BOARD: z.stringbool('must be true or false').default(false),
};

const apiSchema = commonSchema.extend({ ...intakeFields, ...apiFields });

const botSchema = commonSchema.extend({
  ...intakeFields,
  ...apiFields,
  ...gpuFields,
  DISCORD_TOKEN: z
    .string('must be set: copy the bot token from the Developer Portal, page Bot')
    .min(20, 'is too short to be a bot token: copy it from the Developer Portal, page Bot'),
  DISCORD_GUILD_ID: snowflakeSchema.optional(),
  DISCORD_SHARDS: z
    .string()
    .transform((text, context) => {
      try {
        return parseShards(text);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        context.addIssue({ code: 'custom', message: error.message });
        return z.NEVER;
      }
    })
    .prefault('auto'),
  DISCORD_API_URL: httpUrl.default('https://discord.com/api'),
  OWNER_IDS: list.pipe(z.array(snowflakeSchema)).prefault(''),
  REGISTER_COMMANDS: z.stringbool('must be true or false').default(true),
});

const workerSchema = commonSchema.extend({
  HUMO_MODELS: list.pipe(z.array(modelIdSchema).min(1, 'must name at least one model')).prefault('17b,1_7b'),
  HUMO_WEIGHTS_DIRECTORY: path.prefault('weights'),
  HUMO_MEMORY_LIMIT_GIB: z.coerce.number().positive().optional(),
  HUMO_PRECISION: z.enum(['bf16', 'fp8', 'fp32']).optional(),
  HUMO_GPUS: z
    .string()
    .regex(/^(all|[1-9]\d?)$/, 'must be a number of GPUs, such as 2, or all')
    .optional(),
  ENGINE_COMMAND: z.string().min(1).optional(),
  ENGINE_START_TIMEOUT_SECONDS: z.coerce.number().int().min(10).default(900),
  ENGINE_SILENCE_TIMEOUT_SECONDS: z.coerce.number().int().min(10).default(600),
  C2PA_SIGN: z.stringbool('must be true or false').default(true),
  C2PA_CERTIFICATE_FILE: path.optional(),
  C2PA_KEY_FILE: path.optional(),
  C2PA_TIMESTAMP_URL: httpUrl.optional(),
  WORKER_NAME: z.string().max(64).optional(),
  WORKER_IDLE_EXIT_MINUTES: z.coerce.number('must be a number of minutes').positive().max(10_080).optional(),
});

const scalerSchema = commonSchema.extend(gpuFields);

/** By the process that reads them; for the page that explains them. */
export const environmentSchemas = {
  bot: botSchema,
  worker: workerSchema,
  api: apiSchema,
  scaler: scalerSchema,
} as const;

export interface CommonConfig {
  readonly redis: RedisServer & {
    readonly prefix: string;
    /** how long a process that fell silent keeps what it was working on */
    readonly lockSeconds: number;
  };
  readonly dataDirectory: string;
  readonly artifacts:
    | { readonly kind: 'file'; readonly directory: string }
    | { readonly kind: 'redis' }
    | {
        readonly kind: 's3';
        readonly bucket: string;
        readonly region: string;
        readonly endpoint: string | undefined;
        readonly accessKeyId: string;
        readonly secretAccessKey: string;
      };
  readonly generate: GenerateSettings;
  readonly logLevel: string;
  /** where health checks and metrics are served; null: nowhere */
  readonly health: { readonly host: string; readonly port: number } | null;
}

/** What taking requests in needs. */
export interface IntakeConfig extends CommonConfig {
  readonly attachments: {
    /** `host` or `host:port`, lower case */
    readonly hosts: readonly string[];
    /** PEM text of a further certificate authority for these hosts */
    readonly certificateAuthority: string | undefined;
  };
  /** PEM text of authorities whose signatures on videos are trusted; undefined: none but this deployment's own */
  readonly trustList?: string | undefined;
  readonly maximumWaitingPerUser: number;
}

export interface ApiSettings {
  /** 0: any free port */
  readonly port: number;
  readonly host: string;
  readonly tokensFile: string;
  /** of one token, or of one address without a token */
  readonly requestsPerMinute: number;
  /** hosts of one's own that webhooks may go to, public or not: `host` or `host:port`, lower case */
  readonly webhookOwnHosts: readonly string[];
  readonly bullBoard: boolean;
}

/** The HTTP API in a process of its own. */
export interface ApiConfig extends IntakeConfig {
  readonly api: ApiSettings;
}

export interface BotConfig extends IntakeConfig {
  /** null: the bot serves no API */
  readonly api: ApiSettings | null;
  /** rented GPUs that the bot starts and stops; null: none */
  readonly gpus: GpuConfig | null;
  readonly discord: {
    readonly token: string;
    readonly guildId: string | undefined;
    /** base of the REST API, without the version */
    readonly apiUrl: string;
    readonly ownerIds: readonly string[];
    readonly registerCommands: boolean;
    readonly shards: Shards;
  };
}

export interface WorkerConfig extends CommonConfig {
  readonly models: readonly ModelId[];
  /** `generate.yaml`, for the engine */
  readonly generateFile: string;
  readonly weightsDirectory: string;
  readonly memoryLimitGiB: number | undefined;
  readonly precision: 'bf16' | 'fp8' | 'fp32' | undefined;
  /** that make each clip together: a number, or all; undefined: one */
  readonly gpus: string | undefined;
  /** replaces the project's own engine; split on spaces */
  readonly engineCommand: readonly string[] | undefined;
  readonly engineStartTimeoutSeconds: number;
  readonly engineSilenceTimeoutSeconds: number;
  /** with what videos are signed; null: they are not */
  readonly signing: {
    /** PEM, the signer's certificate first */
    readonly certificateFile: string;
    readonly keyFile: string;
    /** made by this program where it is not there yet, and in one file */
    readonly isOwn: boolean;
    /** null: no time stamps */
    readonly timeStampAuthority: string | null;
  } | null;
  readonly name: string | undefined;
  /** after how many minutes without a job the worker ends; undefined: never */
  readonly idleExitMinutes: number | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws ConfigurationError naming every bad variable at once */
export function loadBotConfig(environment: Environment): BotConfig {
  const { values, common, problems } = load(botSchema, environment);
  const certificateAuthority = readText('ATTACHMENT_CA_FILE', values?.ATTACHMENT_CA_FILE, problems);
  const trustList = readText('C2PA_TRUST_LIST_FILE', values?.C2PA_TRUST_LIST_FILE, problems);
  const gpus = values === undefined ? null : gpuConfig(values, withoutEmpty(environment), problems);
  if (values === undefined || common === undefined || problems.length > 0)
    throw new ConfigurationError(problems);
  return {
    ...common,
    ...intakeSettings(values, certificateAuthority, trustList),
    api: values.API_PORT === undefined ? null : apiSettings(values, values.API_PORT),
    gpus,
    discord: {
      token: values.DISCORD_TOKEN,
      guildId: values.DISCORD_GUILD_ID,
      apiUrl: values.DISCORD_API_URL.replace(/\/+$/, ''),
      ownerIds: values.OWNER_IDS,
      registerCommands: values.REGISTER_COMMANDS,
      shards: values.DISCORD_SHARDS,
    },
  };
}

/** What starts and stops rented GPUs needs, in a process of its own. */
export interface ScalerConfig extends CommonConfig {
  readonly gpus: GpuConfig;
}

/** @throws ConfigurationError naming every bad variable at once */
export function loadScalerConfig(environment: Environment): ScalerConfig {
  const { values, common, problems } = load(scalerSchema, environment);
  const gpus = values === undefined ? null : gpuConfig(values, withoutEmpty(environment), problems);
  if (values?.GPU_PROVIDER === 'none')
    problems.push('GPU_PROVIDER: is not set; it says who rents the GPUs: runpod or command');
  if (gpus === null || common === undefined || problems.length > 0) throw new ConfigurationError(problems);
  return { ...common, gpus };
}

/** Where the API listens when it was started for its own sake, and nothing else is said. */
const usualApiPort = 8787;

/** @throws ConfigurationError naming every bad variable at once */
export function loadApiConfig(environment: Environment): ApiConfig {
  const { values, common, problems } = load(apiSchema, environment);
  const certificateAuthority = readText('ATTACHMENT_CA_FILE', values?.ATTACHMENT_CA_FILE, problems);
  const trustList = readText('C2PA_TRUST_LIST_FILE', values?.C2PA_TRUST_LIST_FILE, problems);
  if (values === undefined || common === undefined || problems.length > 0)
    throw new ConfigurationError(problems);
  return {
    ...common,
    ...intakeSettings(values, certificateAuthority, trustList),
    api: apiSettings(values, values.API_PORT ?? usualApiPort),
  };
}

function apiSettings(values: z.infer<typeof apiSchema>, port: number): ApiSettings {
  return {
    port,
    host: values.API_HOST,
    tokensFile: values.API_TOKENS_FILE ?? resolve(values.DATA_DIRECTORY, 'api-tokens.json'),
    requestsPerMinute: values.API_REQUESTS_PER_MINUTE,
    webhookOwnHosts: values.API_WEBHOOK_OWN_HOSTS.map((host) => host.toLowerCase()),
    bullBoard: values.BULL_BOARD,
  };
}

function intakeSettings(
  values: z.infer<typeof apiSchema>,
  certificateAuthority: string | undefined,
  trustList: string | undefined,
): Pick<IntakeConfig, 'attachments' | 'maximumWaitingPerUser' | 'trustList'> {
  return {
    trustList,
    attachments: { hosts: values.ATTACHMENT_HOSTS.map((host) => host.toLowerCase()), certificateAuthority },
    maximumWaitingPerUser: values.MAXIMUM_WAITING_PER_USER,
  };
}

function readText(variable: string, file: string | undefined, problems: string[]): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    problems.push(`${variable}: cannot be read: ${String(error)}`);
    return undefined;
  }
}

const tokensFileSchema = z.object({
  DATA_DIRECTORY: path.prefault('data'),
  API_TOKENS_FILE: path.optional(),
});

/** Where the tokens of the HTTP API are kept: all that `npm run api-token` has to know. */
export function tokensFileOf(environment: Environment): string {
  const given = Object.entries(environment).filter(([, value]) => value !== '');
  const values = tokensFileSchema.parse(Object.fromEntries(given));
  return values.API_TOKENS_FILE ?? resolve(values.DATA_DIRECTORY, 'api-tokens.json');
}

/**
 * What every process needs, for tools that look at the queue and the files.
 *
 * @throws ConfigurationError naming every bad variable at once
 */
export function loadCommonConfig(environment: Environment): CommonConfig {
  const { common, problems } = load(commonSchema, environment);
  if (common === undefined || problems.length > 0) throw new ConfigurationError(problems);
  return common;
}

const verifyAloneSchema = z.object({ C2PA_TRUST_LIST_FILE: path.optional() });
const verifySchema = commonSchema.extend(verifyAloneSchema.shape);

/** Whether a deployment's Redis is named, which alone knows what was made there. */
export function namesRedis(environment: Environment): boolean {
  return withoutEmpty(environment)['REDIS_URL'] !== undefined;
}

/** What `npm run verify` needs where there is no deployment to ask. @throws ConfigurationError */
export function loadVerifyAloneConfig(environment: Environment): Pick<IntakeConfig, 'trustList'> {
  const problems: string[] = [];
  const { C2PA_TRUST_LIST_FILE: file } = verifyAloneSchema.parse(withoutEmpty(environment));
  const trustList = readText('C2PA_TRUST_LIST_FILE', file, problems);
  if (problems.length > 0) throw new ConfigurationError(problems);
  return { trustList };
}

/**
 * What `npm run verify` needs beside a deployment.
 *
 * @throws ConfigurationError naming every bad variable at once
 */
export function loadVerifyConfig(environment: Environment): CommonConfig & Pick<IntakeConfig, 'trustList'> {
  const { values, common, problems } = load(verifySchema, environment);
  const trustList = readText('C2PA_TRUST_LIST_FILE', values?.C2PA_TRUST_LIST_FILE, problems);
  if (common === undefined || problems.length > 0) throw new ConfigurationError(problems);
  return { ...common, trustList };
}

/** @throws ConfigurationError naming every bad variable at once */
export function loadWorkerConfig(environment: Environment): WorkerConfig {
  const { values, common, problems } = load(workerSchema, environment);
  if ((values?.C2PA_CERTIFICATE_FILE === undefined) !== (values?.C2PA_KEY_FILE === undefined)) {
    problems.push('C2PA_CERTIFICATE_FILE, C2PA_KEY_FILE: one is set without the other; they belong together');
  }
  if (values === undefined || common === undefined || problems.length > 0)
    throw new ConfigurationError(problems);
  return {
    ...common,
    models: [...new Set(values.HUMO_MODELS)],
    generateFile: values.GENERATE_FILE,
    weightsDirectory: values.HUMO_WEIGHTS_DIRECTORY,
    memoryLimitGiB: values.HUMO_MEMORY_LIMIT_GIB,
    precision: values.HUMO_PRECISION,
    gpus: values.HUMO_GPUS,
    engineCommand: values.ENGINE_COMMAND?.split(' ').filter((part) => part !== ''),
    engineStartTimeoutSeconds: values.ENGINE_START_TIMEOUT_SECONDS,
    engineSilenceTimeoutSeconds: values.ENGINE_SILENCE_TIMEOUT_SECONDS,
    signing: signingOf(values),
    name: values.WORKER_NAME,
    idleExitMinutes: values.WORKER_IDLE_EXIT_MINUTES,
  };
}

function signingOf(values: z.infer<typeof workerSchema>): WorkerConfig['signing'] {
  if (!values.C2PA_SIGN) return null;
  const own = resolve(values.DATA_DIRECTORY, 'provenance', 'signer.pem');
  return {
    certificateFile: values.C2PA_CERTIFICATE_FILE ?? own,
    keyFile: values.C2PA_KEY_FILE ?? own,
    isOwn: values.C2PA_CERTIFICATE_FILE === undefined,
    timeStampAuthority: values.C2PA_TIMESTAMP_URL ?? null,
  };
}

function sentinelsOf(values: z.infer<typeof commonSchema>): Pick<RedisServer, 'sentinels'> {
  const {
    REDIS_SENTINELS: addresses,
    REDIS_SENTINEL_PRIMARY: primary,
    REDIS_SENTINEL_USERNAME: username,
    REDIS_SENTINEL_PASSWORD: password,
  } = values;
  if (addresses === undefined) return {};
  return {
    sentinels: {
      addresses,
      primary,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
    },
  };
}

function load<S extends typeof commonSchema>(
  schema: S,
  environment: Environment,
): { values: z.infer<S> | undefined; common: CommonConfig | undefined; problems: string[] } {
  const given = withoutEmpty(environment);
  const problems: string[] = [];
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const variable = String(issue.path[0] ?? 'environment');
      problems.push(`${variable}: ${given[variable] === undefined ? 'is not set; ' : ''}${issue.message}`);
    }
  }
  // Further checks run on their own, so that one start lists every problem and not only the first kind.
  const profile = given['HUMO_PROFILE'] ?? 'official';
  const generateFile = resolve(projectRoot, given['GENERATE_FILE'] ?? 'generate.yaml');
  let generate: GenerateSettings | undefined;
  try {
    generate = loadGenerateSettings(generateFile, profile);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    problems.push(...error.problems);
  }
  if (given['ARTIFACT_STORE'] === 's3') {
    for (const name of ['S3_BUCKET', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY']) {
      if (given[name] === undefined) problems.push(`${name}: is not set; ARTIFACT_STORE=s3 needs it`);
    }
  }
  if (!parsed.success || generate === undefined || problems.length > 0) {
    return { values: parsed.success ? parsed.data : undefined, common: undefined, problems };
  }
  const values = parsed.data;
  const artifacts: CommonConfig['artifacts'] =
    values.ARTIFACT_STORE === 's3'
      ? {
          kind: 's3',
          bucket: values.S3_BUCKET ?? '',
          region: values.S3_REGION,
          endpoint: values.S3_ENDPOINT,
          accessKeyId: values.S3_ACCESS_KEY_ID ?? '',
          secretAccessKey: values.S3_SECRET_ACCESS_KEY ?? '',
        }
      : values.ARTIFACT_STORE === 'redis'
        ? { kind: 'redis' }
        : { kind: 'file', directory: resolve(values.DATA_DIRECTORY, 'artifacts') };
  return {
    values,
    problems,
    common: {
      redis: {
        url: values.REDIS_URL,
        ...sentinelsOf(values),
        prefix: values.REDIS_PREFIX,
        lockSeconds: values.QUEUE_LOCK_SECONDS,
      },
      dataDirectory: values.DATA_DIRECTORY,
      artifacts,
      generate,
      logLevel: values.LOG_LEVEL,
      health:
        values.HEALTH_PORT === undefined ? null : { host: values.HEALTH_HOST, port: values.HEALTH_PORT },
    },
  };
}

/** An empty variable means "not set": `.env` files list variables without values. */
function withoutEmpty(environment: Environment): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
}
