import { z } from 'zod';

/** US dollars, more than nothing. */
const dollars = z.coerce.number('must be an amount in US dollars').positive('must be more than 0');
const words = z
  .string()
  .transform((text) => text.split(' ').filter((part) => part !== ''))
  .pipe(z.array(z.string()).min(1));

/** `NVIDIA H200=4.60, NVIDIA H100 80GB HBM3=4.00`: in the order of preference, each with the highest price that is paid. */
const kinds = z.string().transform((text, context) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      const at = part.lastIndexOf('=');
      const [id, cap] = [part.slice(0, at).trim(), Number(part.slice(at + 1))];
      if (at < 1 || id === '' || !(cap > 0) || !Number.isFinite(cap)) {
        context.addIssue(`“${part}” must be a kind of GPU and a price, such as NVIDIA H200=4.60`);
      }
      return { id, cap };
    }),
);

/** Hours of the day: from (inclusive) to (exclusive), over midnight where from > to; all of it where they are the same. */
export interface DayHours {
  readonly from: number;
  readonly to: number;
}

/** `8-24` */
const hours = z
  .string()
  .regex(/^([01]?\d|2[0-3])-([01]?\d|2[0-4])$/, 'must be two hours of the day, such as 8-24')
  .transform((text): DayHours => {
    const [from = 0, to = 24] = text.split('-').map(Number);
    return { from, to: to % 24 };
  });

/** Each hour of the day that lies in the given ones, 0 to 23. */
export function hoursIn({ from, to }: DayHours): readonly number[] {
  const count = (to - from + 24) % 24 || 24;
  return Array.from({ length: count }, (_, index) => (from + index) % 24);
}

const timeZone = z.string().refine(
  (name) => {
    try {
      new Date(0).toLocaleString('en', { timeZone: name });
      return true;
    } catch {
      return false;
    }
  },
  { error: 'must be a time zone by its name, such as Europe/Berlin' },
);

/** Variables of whoever starts and stops rented GPUs: the bot, or `npm run scaler`. */
export const gpuFields = {
  GPU_PROVIDER: z.enum(['none', 'runpod', 'command'], 'must be none, runpod or command').default('none'),
  GPU_MAXIMUM_PODS: z.coerce.number().int().min(1).max(100).default(1),
  GPU_DOLLARS_PER_DAY: dollars.optional(),
  GPU_DOLLARS_PER_MONTH: dollars.optional(),
  GPU_START_WAIT_MINUTES: z.coerce.number().min(0).max(1440).default(5),
  GPU_IDLE_MINUTES: z.coerce.number().min(1).max(1440).default(15),
  GPU_START_TIMEOUT_MINUTES: z.coerce.number().min(1).max(240).default(45),
  GPU_HOURS: hours.prefault('0-24'),
  GPU_READY_HOURS: hours.optional(),
  GPU_TIME_ZONE: timeZone.default('UTC'),
  GPU_KINDS: kinds.prefault(''),
  RUNPOD_API_KEY: z.string().min(1).optional(),
  RUNPOD_API_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
    .default('https://api.runpod.io/v2'),
  RUNPOD_TEMPLATE_ID: z.string().min(1).optional(),
  RUNPOD_NETWORK_VOLUME_ID: z.string().min(1).optional(),
  RUNPOD_CLOUD: z.enum(['SECURE', 'COMMUNITY'], 'must be SECURE or COMMUNITY').default('SECURE'),
  RUNPOD_DATA_CENTERS: z
    .string()
    .transform((text) =>
      text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    )
    .prefault(''),
  RUNPOD_MINIMUM_CUDA: z
    .string()
    .regex(/^\d+\.\d+$/, 'must be a version such as 13.0')
    .optional(),
  GPU_START_COMMAND: words.optional(),
  GPU_STOP_COMMAND: words.optional(),
  GPU_LIST_COMMAND: words.optional(),
  GPU_DOLLARS_PER_HOUR: z.coerce.number().min(0).default(0),
} as const;
const gpuSchema = z.object(gpuFields);

/** What is needed to ask RunPod. */
export interface RunpodConfig {
  readonly kind: 'runpod';
  readonly key: string;
  /** with `/v2` */
  readonly url: string;
  /** where image, volume and environment come from: `docker/runpod/template.json` */
  readonly templateId: string;
  /** where the weights lie: a pod is deleted when it is not needed, and with it everything that is not on this volume */
  readonly networkVolumeId: string;
  readonly cloud: 'SECURE' | 'COMMUNITY';
  /** empty: RunPod chooses. A network volume lies in one */
  readonly dataCenterIds: readonly string[];
  /** lowest CUDA version that the image works with, `major.minor`; undefined: any */
  readonly minimumCuda: string | undefined;
  /** in the order of preference, with the highest price that is paid for each, US dollars an hour */
  readonly kinds: readonly { readonly id: string; readonly cap: number }[];
}

/** Commands of the owner's own, which are run without a shell. */
export interface CommandConfig {
  readonly kind: 'command';
  /** starts a machine whose worker has `WORKER_NAME` = `HUMO_GPU_NAME`; may print the machine's id as its last line */
  readonly start: readonly string[];
  /** ends it; must succeed when it is gone already */
  readonly stop: readonly string[];
  /** prints a JSON array of `{ "id", "name", "state": "starting" | "running" | "ended" }`; null: what was started is there */
  readonly list: readonly string[] | null;
  /** US dollars */
  readonly pricePerHour: number;
}

/** Whoever rents GPUs out. */
export type ProviderConfig = RunpodConfig | CommandConfig;

/** When GPUs are started and stopped. */
export interface GpuRules {
  /** never more machines of ours than this */
  readonly maximumPods: number;
  /** another one is started when what waits would wait longer than this, seconds; without a machine it always would */
  readonly startWaitSeconds: number;
  /** one that had nothing to do for this long is stopped */
  readonly idleSeconds: number;
  /** one that does not take jobs by then is stopped, and the owners hear of it */
  readonly startTimeoutSeconds: number;
  /** US dollars; what is running when it is reached is stopped */
  readonly dailyCap: number;
  readonly monthlyCap: number;
  /** in which one may be started */
  readonly hours: DayHours;
  /** in which one is kept ready although nothing waits; null: none is */
  readonly readyHours: DayHours | null;
  /** whose clock the hours are of, by IANA's name; days and months of the caps are UTC's */
  readonly timeZone: string;
}

/** What starts and stops rented GPUs has to know. */
export interface GpuConfig {
  readonly rules: GpuRules;
  readonly provider: ProviderConfig;
  /** those that are not chosen and can still end what they started: whoever changes GPU_PROVIDER leaves nothing running */
  readonly others: readonly ProviderConfig[];
}

/** What each provider cannot do without. Money has no default: only the owner knows how much it may be. */
const needed = {
  runpod: [
    'RUNPOD_API_KEY',
    'RUNPOD_TEMPLATE_ID',
    'RUNPOD_NETWORK_VOLUME_ID',
    'GPU_KINDS',
    'GPU_DOLLARS_PER_DAY',
    'GPU_DOLLARS_PER_MONTH',
  ],
  command: ['GPU_START_COMMAND', 'GPU_STOP_COMMAND'],
  /** to end what was started before another one was chosen */
  ending: { runpod: ['RUNPOD_API_KEY'], command: ['GPU_STOP_COMMAND'] },
} as const;

function providerOf(kind: ProviderConfig['kind'], values: z.infer<typeof gpuSchema>): ProviderConfig {
  if (kind === 'runpod')
    return {
      kind,
      key: values.RUNPOD_API_KEY ?? '',
      url: values.RUNPOD_API_URL.replace(/\/+$/, ''),
      templateId: values.RUNPOD_TEMPLATE_ID ?? '',
      networkVolumeId: values.RUNPOD_NETWORK_VOLUME_ID ?? '',
      cloud: values.RUNPOD_CLOUD,
      dataCenterIds: values.RUNPOD_DATA_CENTERS,
      minimumCuda: values.RUNPOD_MINIMUM_CUDA,
      kinds: values.GPU_KINDS,
    };
  return {
    kind,
    start: values.GPU_START_COMMAND ?? [],
    stop: values.GPU_STOP_COMMAND ?? [],
    list: values.GPU_LIST_COMMAND ?? null,
    pricePerHour: values.GPU_DOLLARS_PER_HOUR,
  };
}

/**
 * @param given the environment without empty variables
 * @param problems takes what is missing, a line each
 * @returns null: nothing is rented here
 */
export function gpuConfig(
  values: z.infer<typeof gpuSchema>,
  given: Readonly<Record<string, unknown>>,
  problems: string[],
): GpuConfig | null {
  const { GPU_PROVIDER: kind } = values;
  if (kind === 'none') return null;
  const missing = needed[kind].filter((name) => given[name] === undefined);
  for (const name of missing) problems.push(`${name}: is not set; GPU_PROVIDER=${kind} needs it`);
  const { GPU_READY_HOURS: readyHours, GPU_HOURS } = values;
  const isStarted = new Set(hoursIn(GPU_HOURS));
  if (readyHours !== undefined && !hoursIn(readyHours).every((hour) => isStarted.has(hour))) {
    problems.push('GPU_READY_HOURS: must lie in GPU_HOURS; outside of those none is started');
  }
  if (missing.length > 0) return null;
  return {
    rules: {
      maximumPods: values.GPU_MAXIMUM_PODS,
      startWaitSeconds: values.GPU_START_WAIT_MINUTES * 60,
      idleSeconds: values.GPU_IDLE_MINUTES * 60,
      startTimeoutSeconds: values.GPU_START_TIMEOUT_MINUTES * 60,
      dailyCap: values.GPU_DOLLARS_PER_DAY ?? Infinity,
      monthlyCap: values.GPU_DOLLARS_PER_MONTH ?? Infinity,
      hours: GPU_HOURS,
      readyHours: readyHours ?? null,
      timeZone: values.GPU_TIME_ZONE,
    },
    provider: providerOf(kind, values),
    others: (['runpod', 'command'] as const)
      .filter((other) => other !== kind && needed.ending[other].every((name) => given[name] !== undefined))
      .map((other) => providerOf(other, values)),
  };
}

/**
 * What keeping one ready costs at most, by the price of the kind that is tried first.
 *
 * @returns null: none is kept ready, or nobody knows what it costs
 */
export function readyHoursCost({
  rules,
  provider,
}: GpuConfig): { hours: number; perDay: number; isMore: { day: boolean; month: boolean } } | null {
  const price = provider.kind === 'runpod' ? provider.kinds[0]?.cap : provider.pricePerHour;
  if (rules.readyHours === null || price === undefined || price === 0) return null;
  const { length } = hoursIn(rules.readyHours);
  const perDay = length * price;
  return {
    hours: length,
    perDay,
    isMore: { day: perDay > rules.dailyCap, month: perDay * 31 > rules.monthlyCap },
  };
}
