import { SentinelConnector } from 'ioredis';
import type { SentinelConnectionOptions } from 'ioredis';

/**
 * ioredis' way to a primary by its Sentinels, made safe for a primary that dies. Whoever connects anew then is still subscribed to what
 * Sentinels tell, and their word of the new primary comes while that connection is being made: ioredis breaks it off, takes that for the wish of its
 * owner, and never connects again.
 */
export class SteadySentinelConnector extends SentinelConnector {
  /** @param options those of the connection, which ioredis hands on without a type */
  constructor(options: unknown) {
    if (!areSentinelOptions(options)) throw new TypeError('no Sentinels are named');
    super(options);
  }

  override connect(
    ...given: Parameters<SentinelConnector['connect']>
  ): ReturnType<SentinelConnector['connect']> {
    // What is left of the last connection goes, its subscription included: the next one gets one of its own.
    super.disconnect();
    return super.connect(...given);
  }
}

function areSentinelOptions(options: unknown): options is SentinelConnectionOptions {
  return typeof options === 'object' && options !== null && 'sentinels' in options;
}
