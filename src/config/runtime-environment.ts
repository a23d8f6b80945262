import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from './environment.ts';

/**
 * Where this runs: in the repository, where there is `npm run`; in one of the images under Compose; or in one on RunPod, where people type in the
 * container itself.
 */
export type Place = 'repository' | 'compose' | 'pod';

function placeHere(): Place {
  // The images hold no `npm run`. RUNPOD_POD_ID is set in every pod.
  if (existsSync(join(projectRoot, 'scripts/run.mjs'))) return 'repository';
  return (process.env['RUNPOD_POD_ID'] ?? '') === '' ? 'compose' : 'pod';
}

export const place = placeHere();

export interface OwnProgram {
  /** the script of package.json, such as `api-token` */
  readonly npm: string;
  /** whose container has the program */
  readonly service: 'bot' | 'worker';
  /** what runs it there */
  readonly inContainer: string;
}

/** Programs of ours that people are told to run. */
export const programs = {
  apiToken: { npm: 'api-token', service: 'bot', inContainer: 'node src/api/token-command.ts' },
  register: { npm: 'register', service: 'bot', inContainer: 'node src/bot/register-commands.ts' },
  doctor: { npm: 'doctor', service: 'bot', inContainer: 'node scripts/tools/doctor.ts' },
  workerDoctor: {
    npm: 'doctor',
    service: 'worker',
    inContainer: 'node scripts/tools/doctor.ts --for worker',
  },
  eraseUser: { npm: 'erase-user', service: 'bot', inContainer: 'node scripts/tools/erase-user.ts' },
  trace: { npm: 'trace', service: 'bot', inContainer: 'node scripts/tools/trace.ts' },
  verify: { npm: 'verify', service: 'bot', inContainer: 'node scripts/tools/verify.ts' },
  engine: { npm: 'engine', service: 'worker', inContainer: 'humo-engine' },
  provenance: { npm: 'provenance', service: 'worker', inContainer: 'humo-provenance' },
} as const satisfies Readonly<Record<string, OwnProgram>>;

/**
 * What people type, where this runs, to start a program of ours. Words for people name commands through this and never by themselves: in a
 * container there is no `npm run`. The engine says the same by `humo_engine/runtime_environment.py`.
 *
 * @param args what follows it; empty: nothing
 */
export function ownCommand(program: keyof typeof programs, args = '', where: Place = place): string {
  const { npm, service, inContainer } = programs[program];
  const tail = args === '' ? '' : ` ${args}`;
  if (where === 'repository') return `npm run ${npm}${args === '' ? '' : ` --${tail}`}`;
  return `${where === 'compose' ? `docker compose exec ${service} ` : ''}${inContainer}${tail}`;
}
