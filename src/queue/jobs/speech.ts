import { Queue, QueueEvents, Worker } from 'bullmq';
import { z } from 'zod';
import type { CommonConfig } from '../../config/environment.ts';
import { Failure } from '../../failure.ts';
import type { Logger } from '../../log.ts';
import { closeConnection, errorTeller, openConnection } from '../redis/connection.ts';
import { createNames, speechJobId } from '../redis/names.ts';
import type { Closable } from '../interfaces.ts';
import type { Ticket } from '../order/tickets.ts';
import { day } from '../../units.ts';

/** Words that nobody has spoken by then are forgotten: their request has its own copy. Milliseconds. */
const wordsLifetime = 10 * 60_000;
/** Voices that no worker has offered for so long are not offered any more. Milliseconds. */
const voicesLifetime = 30 * day;
/** A worker says again what it has, in case Redis has forgotten. Milliseconds. */
const offerInterval = 60_000;

/** Somebody who can speak. */
export const voiceSchema = z.object({
  name: z.string().regex(/^[a-z0-9_-]{1,32}$/),
  language: z.string().regex(/^[a-z]{2}$/),
  region: z.string().regex(/^[A-Z]{2}$/),
  kind: z.enum(['woman', 'man']),
});
export type Voice = z.infer<typeof voiceSchema>;

const wordsSchema = z.strictObject({
  version: z.literal(1),
  text: z.string(),
  voice: z.string().nullable(),
  language: z.string().nullable(),
  /** of the person, for words that give no hint */
  locale: z.string(),
});
/** What is to be said, and how. `voice` and `language` follow from the words where they are null. */
export type Words = Omit<z.infer<typeof wordsSchema>, 'version'>;

/** Why words cannot be spoken; each is the end of a failure's identifier, `speech_…`. */
export const speechReasons = ['empty', 'too_long', 'language', 'voice', 'unavailable'] as const;
export type SpeechReason = (typeof speechReasons)[number];

const answerSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('spoken'), file: z.string(), voice: z.string(), language: z.string() }),
  z.object({ kind: z.literal('refused'), reason: z.enum(speechReasons) }),
]);
type Answer = z.infer<typeof answerSchema>;
/** `file`: artifact key of the sound */
export type Spoken = Omit<Extract<Answer, { kind: 'spoken' }>, 'kind'>;

/** What a process that takes requests sees of speech. */
export interface SpeechDesk {
  /**
   * Has words spoken by a worker.
   *
   * @param id of the generation that it is for: the sound becomes one of its inputs
   * @returns null when nobody did within the time; the worker that makes the video speaks them then
   * @throws Failure `speech_…` when they cannot be spoken
   */
  say(id: string, words: Words, timeoutMilliseconds: number): Promise<Spoken | null>;
  /** Who can speak here, as the worker that started last said; empty when none has. */
  voices(): Promise<readonly Voice[]>;
  close(): Promise<void>;
}

/** Connects a process that takes requests to the workers' voices. */
export function createSpeechDesk(config: CommonConfig, log: Logger): SpeechDesk {
  const names = createNames(config.redis.prefix);
  const connection = openConnection(config.redis, 'producer', log);
  const queue = quiet(new Queue<Ticket, Answer>(names.speech, { connection, prefix: names.prefix }), log);
  // Opened for the first words: most deployments wait long for them.
  let listening: { events: QueueEvents; connection: ReturnType<typeof openConnection> } | undefined;
  const events = async (): Promise<QueueEvents> => {
    if (listening === undefined) {
      const own = openConnection(config.redis, 'worker', log);
      const opened = quiet(new QueueEvents(names.speech, { connection: own, prefix: names.prefix }), log);
      listening = { events: opened, connection: own };
    }
    await listening.events.waitUntilReady();
    return listening.events;
  };
  return {
    async say(id, words, timeoutMilliseconds) {
      const heard = await events();
      const stored = JSON.stringify(wordsSchema.parse({ version: 1, ...words }));
      await connection.set(names.words(id), stored, 'PX', wordsLifetime);
      const job = await queue.add(
        'speak',
        { id },
        { jobId: speechJobId(id), attempts: 2, removeOnFail: true },
      );
      try {
        return spoken(answerSchema.parse(await job.waitUntilFinished(heard, timeoutMilliseconds)));
      } catch (error) {
        if (error instanceof Failure) throw error;
        log.info({ generationId: id, error: String(error) }, 'the words were not spoken in time');
        return null;
      } finally {
        await connection.del(names.words(id));
        // One that a worker has is left to it: it finds no words, or is done.
        await queue.remove(job.id ?? '').catch(() => 0);
      }
    },
    async voices() {
      const text = await connection.get(names.voices);
      return text === null ? [] : z.array(voiceSchema).parse(JSON.parse(text));
    },
    async close() {
      await Promise.all([listening?.events.close(), queue.close()]).catch(() => undefined);
      if (listening !== undefined) closeConnection(listening.connection);
      closeConnection(connection);
    },
  };
}

function spoken(answer: Answer): Spoken {
  if (answer.kind === 'refused') throw speechFailure(answer.reason);
  const { file, voice, language } = answer;
  return { file, voice, language };
}

/** What a person is told about words that cannot be spoken. */
export function speechFailure(reason: SpeechReason): Failure {
  return new Failure(reason === 'unavailable' ? 'internal' : 'invalid_input', `speech_${reason}`);
}

/**
 * Speaks what is asked for, beside whatever else the worker does, one after another.
 *
 * @param options `speak` writes the sound to the store and returns its key; its `Failure` `speech_…` is the person's answer, any
 *   other error is tried once more
 */
export async function consumeSpeech(
  config: CommonConfig,
  options: {
    readonly voices: readonly Voice[];
    readonly speak: (id: string, words: Words) => Promise<Spoken>;
  },
  log: Logger,
): Promise<Closable> {
  const names = createNames(config.redis.prefix);
  const connection = openConnection(config.redis, 'worker', log);
  const offer = async () => {
    await connection.set(names.voices, JSON.stringify(options.voices), 'PX', voicesLifetime);
  };
  await offer();
  const offering = setInterval(() => void offer().catch(() => undefined), offerInterval);
  const worker = new Worker<Ticket, Answer>(
    names.speech,
    async ({ data: { id } }) => {
      const text = await connection.get(names.words(id));
      // Whoever asked has given up: the words are with their request.
      if (text === null) throw new Error('the words are gone');
      const { version: _, ...words } = wordsSchema.parse(JSON.parse(text));
      try {
        return { kind: 'spoken', ...(await options.speak(id, words)) };
      } catch (error) {
        const reason = reasonOf(error);
        if (reason === undefined) throw error;
        return { kind: 'refused', reason };
      }
    },
    { connection, prefix: names.prefix, concurrency: 1, removeOnComplete: { age: 60, count: 100 } },
  );
  quiet(worker, log);
  return {
    async close() {
      clearInterval(offering);
      await worker.close(true);
      closeConnection(connection);
    },
  };
}

function reasonOf(error: unknown): SpeechReason | undefined {
  if (!(error instanceof Failure)) return undefined;
  return speechReasons.find((reason) => error.identifier === `speech_${reason}`);
}

/** BullMQ's errors go to the log; that Redis is away stands there already. */
function quiet<T extends Queue<Ticket, Answer> | QueueEvents | Worker<Ticket, Answer>>(
  part: T,
  log: Logger,
): T {
  const tell = errorTeller(log, 'speech');
  if (part instanceof Worker) part.on('error', tell);
  else if (part instanceof Queue) part.on('error', tell);
  else part.on('error', tell);
  return part;
}
