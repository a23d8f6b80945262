import { hoursIn } from '../config/rented-gpus.ts';
import type { GpuConfig, ProviderConfig } from '../config/rented-gpus.ts';
import { errorFields } from '../error-fields.ts';
import type { Logger } from '../log.ts';
import type { QueueDepth } from '../queue/order/depth.ts';
import type { Gpus } from '../queue/rented-gpus.ts';
import type { Moderation } from '../queue/moderation/moderation.ts';
import type { GenerationQueue } from '../queue/interfaces.ts';
import { createCommandProvider } from './command-provider.ts';
import type { GpuProvider } from './provider.ts';
import { createRunpod } from './runpod-provider.ts';
import { Scaler } from './scaler.ts';
import type { QueueView } from './scaler.ts';

/** Between two looks. What a look costs is a dozen commands of Redis, and one request to the provider while anything is rented. */
const tickSeconds = 15;

export interface ScalerServices {
  readonly config: GpuConfig;
  /** of the deployment: names of machines begin with it */
  readonly prefix: string;
  readonly gpus: Gpus;
  readonly queue: Pick<GenerationQueue, 'depth'>;
  readonly moderation: Pick<Moderation, 'workers'>;
  readonly log: Logger;
}

/**
 * Starts to look every {@link tickSeconds}, and now. A look that fails is logged, and the next one comes in its time.
 *
 * @returns stops it, after the look that is under way; rented GPUs stay as they are
 */
export function startScaler(services: ScalerServices): { stop(): Promise<void> } {
  const { config, prefix, gpus, queue, moderation, log } = services;
  const scaler = new Scaler({
    provider: createProvider(config.provider, config.rules),
    providerName: config.provider.kind,
    others: new Map(config.others.map((other) => [other.kind, createProvider(other, config.rules)])),
    state: gpus,
    queue: queueView(queue, moderation),
    rules: { ...config.rules, tickSeconds },
    namePrefix: `${prefix}-gpu`,
    log,
    now: Date.now,
  });
  let looking: Promise<void> = Promise.resolve();
  let isLooking = false;
  const look = (): void => {
    if (isLooking) return;
    isLooking = true;
    looking = scaler
      .look()
      .then(() => undefined)
      .catch((error: unknown) =>
        log.warn({ error: errorFields(error) }, 'rented GPUs could not be looked at'),
      )
      .finally(() => {
        isLooking = false;
      });
  };
  look();
  const timer = setInterval(look, tickSeconds * 1000);
  log.info(
    { provider: config.provider.kind, maximum: config.rules.maximumPods },
    'GPUs are rented when they are needed',
  );
  return {
    async stop() {
      clearInterval(timer);
      await looking;
      await scaler.close().catch(() => undefined);
    },
  };
}

function createProvider(provider: ProviderConfig, rules: GpuConfig['rules']): GpuProvider {
  if (provider.kind === 'runpod')
    return createRunpod({ ...provider, idleExitMinutes: idleExitMinutes(rules) });
  return createCommandProvider({
    ...provider,
    patienceSeconds: commandPatienceSeconds,
    kind: 'command',
    // The commands are the owner's own, and log in with what the owner's shell has: never with Discord's or Redis' secrets.
    environment: Object.fromEntries(
      Object.entries(process.env).flatMap(([name, value]) =>
        value !== undefined && (name === 'PATH' || name === 'HOME' || name.startsWith('GPU_COMMAND_'))
          ? [[name, value]]
          : [],
      ),
    ),
  });
}

/** What a command of the owner's may take. One that starts a machine need not wait until it is up. */
const commandPatienceSeconds = 120;

/**
 * After how long without work a rented worker ends by itself: well after the scaler would have ended its machine, so that it only does when
 * nobody looks after it any more.
 */
export function idleExitMinutes({
  idleSeconds,
  readyHours,
}: Pick<GpuConfig['rules'], 'idleSeconds' | 'readyHours'>): number {
  return Math.ceil((2 * idleSeconds) / 60) + 60 * (readyHours === null ? 0 : hoursIn(readyHours).length);
}

/** What the scaler goes by: the queue's own figures. */
function queueView(
  queue: Pick<GenerationQueue, 'depth'>,
  moderation: Pick<Moderation, 'workers'>,
): QueueView {
  return {
    waiting: async () => waitingIn(await queue.depth()),
    workers: async () =>
      (await moderation.workers())
        .filter(({ alive }) => alive)
        .map(({ id, runningId }) => ({ id, isBusy: runningId !== null })),
  };
}

function waitingIn({ models }: QueueDepth): { count: number; seconds: number } {
  return models.reduce(
    (sum, model) => ({
      count: sum.count + model.waiting,
      seconds: sum.seconds + model.waitingSeconds,
    }),
    { count: 0, seconds: 0 },
  );
}
