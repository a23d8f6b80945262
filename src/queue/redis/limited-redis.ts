import { Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import { afterSilence } from '../../silence.ts';

/** What ioredis says of a command that took longer than its `commandTimeout`: whoever knows that one knows this, too. */
export const unansweredMessage = 'Command timed out';

/**
 * A connection on which each command fails when it has no answer within a limit, in which this process listens: ioredis' `commandTimeout` also
 * fails those whose answer lies in the socket, read by nobody yet, because something kept the process.
 */
export class LimitedRedis extends Redis {
  readonly #limit: number;
  /** A command comes more than once where it is sent again. */
  readonly #limited = new WeakSet<Parameters<Redis['sendCommand']>[0]>();

  /** @param limit milliseconds */
  constructor(options: Omit<RedisOptions, 'replyMapping'>, limit: number) {
    super(options);
    this.#limit = limit;
  }

  override sendCommand(...[command, stream]: Parameters<Redis['sendCommand']>): unknown {
    if (!this.#limited.has(command)) {
      this.#limited.add(command);
      const answered = afterSilence(this.#limit, () => command.reject(new Error(unansweredMessage)));
      command.promise.then(answered, answered);
    }
    return super.sendCommand(command, stream);
  }
}
