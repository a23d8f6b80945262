import { createHash, randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { ulid } from 'ulid';
import { z } from 'zod';
import type { CommonConfig } from '../config/environment.ts';
import type { Logger } from '../log.ts';
import { closeConnection, openConnection } from './redis/connection.ts';
import { keepKey, releaseKey } from './redis/held-key.ts';
import { generationIdSchema } from './contract/generation.ts';
import { createNames } from './redis/names.ts';
import type { Names } from './redis/names.ts';
import { day } from '../units.ts';

/** How long a key is known, as callers are told: milliseconds. */
const idempotencyLifetime = day;

/** A process that dies leaves its keys alone after this; one that works says so three times as often. Milliseconds. */
const lockLifetime = 30_000;

const stateSchema = z.object({
  version: z.literal(1),
  /** of the generation that comes of it, whoever takes it on in the end */
  id: generationIdSchema,
  /** of the request, all that was sent with it included */
  fingerprint: z.string(),
  /** whether somebody has been answered: then there was such a generation */
  answered: z.boolean().default(false),
});
type State = z.infer<typeof stateSchema>;

/** One request with a key, while this process works on it. */
export interface Attempt {
  readonly id: string;
  /** of whoever came first with the key; null: nobody did */
  readonly fingerprint: string | null;
  /** what was answered, as JSON; it goes with its generation. null: nobody was, or it is gone */
  readonly answer: string | null;
  /** whether whoever came first was answered */
  readonly answered: boolean;
  /** Notes what the request is, before anything comes of it. */
  bind(fingerprint: string): Promise<void>;
  /** Notes the answer, for whoever asks again. */
  finish(answer: string): Promise<void>;
  /** Nothing came of it: the key is as good as new. */
  forget(): Promise<void>;
  /** Lets others go on with the key. */
  end(): Promise<void>;
}

/** Whoever asks whose key it is: a token's key is nobody else's. */
export interface KeyOwner {
  readonly userId: string;
  /** name of the token */
  readonly token: string;
}

/** Requests that are known again by a key: what came of the first is the answer to the second. */
export interface Idempotency {
  /** @returns null while somebody else works on a request with this key */
  begin(owner: KeyOwner, key: string): Promise<Attempt | null>;
  close(): Promise<void>;
}

export function createIdempotency(config: Pick<CommonConfig, 'redis'>, log: Logger): Idempotency {
  const connection = openConnection(config.redis, 'producer', log);
  const names = createNames(config.redis.prefix);
  return {
    async begin({ userId, token }, key) {
      const digest = createHash('sha256')
        .update(JSON.stringify([token, key]))
        .digest('hex');
      return begin(connection, names, names.idempotency(userId, digest));
    },
    close: () => Promise.resolve(closeConnection(connection)),
  };
}

async function begin(connection: Redis, names: Names, name: string): Promise<Attempt | null> {
  const lock = `${name}:lock`;
  const holder = randomUUID();
  if ((await connection.set(lock, holder, 'PX', lockLifetime, 'NX')) !== 'OK') return null;
  const renewing = setInterval(() => {
    keepKey(connection, lock, holder, lockLifetime).catch(() => undefined);
  }, lockLifetime / 3);
  const end = async (): Promise<void> => {
    clearInterval(renewing);
    await releaseKey(connection, lock, holder).catch(() => undefined);
  };
  try {
    const text = await connection.get(name);
    const known = text === null ? null : stateSchema.parse(JSON.parse(text));
    const id = known?.id ?? ulid();
    let fingerprint = known?.fingerprint ?? '';
    const answered = known?.answered ?? false;
    const write = (state: Pick<State, 'answered'>) =>
      connection.set(
        name,
        JSON.stringify({ version: 1, id, fingerprint, ...state } satisfies State),
        'PX',
        idempotencyLifetime,
      );
    return {
      id,
      fingerprint: known?.fingerprint ?? null,
      answer: answered ? await connection.get(names.answer(id)) : null,
      answered,
      async bind(given) {
        fingerprint = given;
        await write({ answered: false });
      },
      async finish(answer) {
        // Apart from the key, by its generation: whoever deletes that deletes the words in its answer as well.
        await connection.set(names.answer(id), answer, 'PX', idempotencyLifetime);
        await write({ answered: true });
      },
      async forget() {
        await connection.del(name);
      },
      end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}
