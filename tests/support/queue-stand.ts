import { createGenerationQueue } from '../../src/queue/create-generation-queue.ts';
import type { Admission } from '../../src/queue/moderation/moderation.ts';
import type { NewGeneration } from '../../src/queue/contract/generation.ts';
import type { GenerationQueue, WorkQueue } from '../../src/queue/interfaces.ts';
import { createModeration } from '../../src/queue/moderation/redis-moderation.ts';
import { createWorkQueue } from '../../src/queue/jobs/create-work-queue.ts';
import { openDesk } from './desk.ts';
import type { Desk } from './desk.ts';
import { silent, testConfig, testDraft, testResult } from './queue-fixtures.ts';
import type { TestRedis } from './redis.ts';

type Work = Parameters<WorkQueue['consume']>[0]['work'];

/** One deployment of its own on a Redis: bots, workers and who takes deliveries, all with real parts. */
export interface Stand extends AsyncDisposable {
  readonly prefix: string;
  readonly queue: GenerationQueue;
  readonly moderation: ReturnType<typeof createModeration>;
  readonly desk: Desk;
  /** another bot's view of the same deployment */
  bot(): { queue: GenerationQueue; moderation: ReturnType<typeof createModeration> };
  /** Accepts a request of the person in the guild; with what they may use if it is given. */
  ask(userId: string, change?: Ask): Promise<string>;
  /** Starts a worker that does what it is told to, or is done at once. */
  worker(work?: Work, workerId?: string): Promise<{ close(): Promise<void> }>;
  /** ids in the order in which workers began them */
  readonly begun: string[];
}

export interface Ask extends Partial<Omit<NewGeneration, 'request'>> {
  readonly request?: Parameters<typeof testDraft>[1] extends { request?: infer R } | undefined ? R : never;
  readonly admission?: Pick<Admission, 'limits' | 'queueLength'>;
  readonly from?: GenerationQueue;
}

export async function openStand(redis: TestRedis, prefix: string): Promise<Stand> {
  const config = testConfig(redis.url, redis.folder, prefix);
  const closing: { close(): Promise<void> }[] = [];
  const track = <T extends { close(): Promise<void> }>(part: T): T => {
    closing.push(part);
    return part;
  };
  const bot = () => ({
    queue: track(createGenerationQueue(config, silent)),
    moderation: track(createModeration(config, silent)),
  });
  const { queue, moderation } = bot();
  const begun: string[] = [];
  return {
    ...{ prefix, queue, moderation, bot, begun },
    desk: await openDesk(queue),
    async ask(userId, change = {}) {
      const { admission, from = queue, request, ...rest } = change;
      const guildId = rest.guildId === undefined ? '2000' : rest.guildId;
      const draft = testDraft(userId, { ...rest, guildId, ...(request === undefined ? {} : { request }) });
      const { id } = await from.accept({ ...draft, reply: { ...draft.reply, guildId } }, admission);
      return id;
    },
    async worker(work, workerId = `w${closing.length}`) {
      const workers = track(createWorkQueue(config, silent));
      return workers.consume({
        models: ['17b', '1_7b'],
        workerId,
        work: async (generation, context) => {
          begun.push(generation.id);
          return work === undefined ? testResult(generation.id) : work(generation, context);
        },
      });
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(closing.map(async (part) => part.close()));
    },
  };
}
