import { pino } from 'pino';
import type { Logger } from 'pino';
import { errorFields } from './error-fields.ts';

export type { Logger } from 'pino';

/**
 * The process's logger: JSON lines on stdout. At `info` and above there is never a secret, a token, a prompt or a user's
 * file; the paths below are a second line of defence, not the first.
 */
export function createLogger(name: string, level: string): Logger {
  return pino({
    name,
    level,
    // pino's own shows every property of an error. Those of ioredis hold the command that failed, a password or a record in it;
    // those of discord.js the request, tokens in its address and what somebody wrote in its body; those of execa all output.
    serializers: { err: errorFields },
    redact: {
      paths: [
        'token',
        'prompt',
        '*.token',
        '*.prompt',
        '*.*.prompt',
        '*.negativePrompt',
        '*.interactionToken',
        '*.*.interactionToken',
        'url',
        '*.url',
      ],
      censor: '[redacted]',
    },
  });
}
