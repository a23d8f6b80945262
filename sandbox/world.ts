import type { Clock } from './clock.ts';
import type { Faults } from './faults.ts';
import type { AttachmentFiles } from './files.ts';
import type { Gateway } from './gateway.ts';
import type { RateLimiter } from './limits.ts';
import type { OpenApi } from './openapi.ts';
import type { Recorder } from './recorder.ts';
import type { Snowflakes } from './snowflake.ts';
import type { State } from './state.ts';
import type { Violations } from './violations.ts';

/** The application that the bot under test logs in as. */
export interface Application {
  readonly id: string;
  readonly name: string;
  readonly token: string;
  readonly ownerId: string;
  /** equal to the application's id, as for every application made since 2016 */
  readonly botId: string;
}

/** Everything that the parts of the sandbox share. */
export interface World {
  readonly application: Application;
  readonly clock: Clock;
  readonly ids: Snowflakes;
  readonly state: State;
  readonly files: AttachmentFiles;
  readonly gateway: Gateway;
  readonly rateLimiter: RateLimiter;
  readonly faults: Faults;
  /** those of the CDN's requests */
  readonly cdnFaults: Faults;
  readonly recorder: Recorder;
  readonly violations: Violations;
  readonly openApi: OpenApi | undefined;
  /** whether the sandbox's own answers are checked against the OpenAPI document too */
  readonly checkAnswers: boolean;
  /** bytes per file without boosts */
  readonly uploadLimit: number;
  /** milliseconds until an interaction without an answer has failed */
  readonly firstResponse: number;
  /** connections that the bot is asked to open */
  readonly shards: number;
  readonly urls: { readonly api: string; readonly gateway: string; readonly cdn: string };
}
