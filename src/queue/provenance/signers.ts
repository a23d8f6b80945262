import { createHash, X509Certificate } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Names } from '../redis/names.ts';

/**
 * The certificates with which this deployment signs or has signed. Public parts alone: no key ever comes here. Each worker says which one
 * it has, so that a bot knows a signature as the deployment's own without sharing a disk with it.
 */
export class Signers {
  readonly #redis: Redis;
  readonly #names: Names;

  constructor(redis: Redis, names: Names) {
    this.#redis = redis;
    this.#names = names;
  }

  /**
   * @param chain PEM, the signer's certificate first
   * @throws Error when there is no certificate in it
   */
  async register(chain: string): Promise<void> {
    const fingerprint = createHash('sha256').update(new X509Certificate(chain).raw).digest('hex');
    await this.#redis.hset(this.#names.signers, fingerprint, chain);
  }

  async all(): Promise<readonly string[]> {
    return this.#redis.hvals(this.#names.signers);
  }
}
