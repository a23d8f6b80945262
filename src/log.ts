import { pino } from 'pino';
import type { Logger } from 'pino';

export type { Logger } from 'pino';

/**
 * The process's logger: JSON lines on stdout. At `info` and above there is never a secret, a token, a prompt or a user's
 * file; the paths below are a second line of defence, not the first.
 */
export function createLogger(name: string, level: string): Logger {
  return pino({
    name,
    level,
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
