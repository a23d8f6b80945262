import { createHash, randomInt } from 'node:crypto';
import type { Redis } from 'ioredis';
import { mostKnown } from '../../marking/known-marks.ts';
import type { Names } from '../redis/names.ts';
import { recordRetention } from '../../retention.ts';

const deploymentBits = 24;
const generationBits = 40n;

/** What a watermark says: 24 bits that name the deployment, drawn once, and 40 of a hash of the generation's id. */
export class Marks {
  readonly #redis: Redis;
  readonly #names: Names;

  constructor(redis: Redis, names: Names) {
    this.#redis = redis;
    this.#names = names;
  }

  /** The payload of a generation's watermark, which is known again for twice as long as its record. The same for the same id. */
  async register(generationId: string): Promise<bigint> {
    const tag = tagOf(generationId);
    const deployment = await this.deployment();
    await this.#redis.set(this.#names.mark(tag), generationId, 'PX', recordRetention * 2);
    return (deployment << generationBits) | tag;
  }

  /** Whose a payload is. `generationId` is null where this deployment made it and does not know any more which it was. */
  async find(payload: bigint): Promise<{ readonly isOurs: boolean; readonly generationId: string | null }> {
    const isOurs = payload >> generationBits === (await this.deployment());
    if (!isOurs) return { isOurs, generationId: null };
    const tag = payload & ((1n << generationBits) - 1n);
    return { isOurs, generationId: await this.#redis.get(this.#names.mark(tag)) };
  }

  /** What a watermark of this deployment may say: those of its last requests of which there is a record, whatever became of them, latest first. */
  async own(): Promise<{ readonly deployment: bigint; readonly generations: readonly bigint[] }> {
    const ids = await this.#redis.zrevrange(this.#names.indexOfTime, 0, mostKnown - 1);
    return { deployment: await this.deployment(), generations: ids.map(tagOf) };
  }

  /** What the payloads of all watermarks of this deployment begin with. */
  async deployment(): Promise<bigint> {
    const drawn = randomInt(2 ** deploymentBits);
    await this.#redis.set(this.#names.deployment, String(drawn), 'NX');
    return BigInt((await this.#redis.get(this.#names.deployment)) ?? drawn);
  }
}

/** 40 bits of SHA-256: of a hundred thousand videos, two have the same with a chance of one in two hundred. */
function tagOf(generationId: string): bigint {
  return createHash('sha256').update(generationId).digest().readBigUInt64BE() >> (64n - generationBits);
}
