/**
 * `npm run trace -- <id> [--log FILE …] [--json]`: one generation's life in order, from its record, the moderators' log and, where given,
 * the logs of bot, worker and engine. `-` reads a log from stdin.
 */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { loadCommonConfig } from '../../src/config/environment.ts';
import { createLogger } from '../../src/log.ts';
import { environmentHere } from './environment.ts';
import { argumentsOf } from './read-arguments.ts';
import { generationIdSchema } from '../../src/queue/contract/generation.ts';
import type { Generation } from '../../src/queue/contract/generation.ts';
import { createGenerationQueue } from '../../src/queue/create-generation-queue.ts';
import type { Moderation } from '../../src/queue/moderation/moderation.ts';
import { createModeration } from '../../src/queue/moderation/redis-moderation.ts';
import { ownCommand } from '../../src/config/runtime-environment.ts';

interface Moment {
  /** milliseconds since 1970 */
  readonly at: number;
  readonly source: string;
  readonly what: string;
}

/** A line of a log, as far as it matters here. */
const lineSchema = z.looseObject({
  time: z.union([z.number(), z.string()]),
  msg: z.string().default(''),
  name: z.string().optional(),
  generationId: z.string().optional(),
});

/** Entries of the moderators' log that are looked through. */
const mostEntries = 10_000;

async function main(): Promise<number> {
  const usage = `${ownCommand('trace', '<id> [--log FILE …] [--json]')}   <id> stands under every message of the bot: 26 letters and digits`;
  const { values, positionals } = argumentsOf(usage, {
    allowPositionals: true,
    options: {
      log: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
    },
  });
  const id = generationIdSchema.safeParse(positionals[0]);
  if (!id.success || positionals.length > 1) {
    console.error(usage);
    return 1;
  }
  const config = loadCommonConfig(environmentHere());
  const log = createLogger('trace', 'warn');
  const queue = createGenerationQueue(config, log);
  const moderation = createModeration(config, log);
  try {
    const generation = await queue.get(id.data);
    const moments: Moment[] = [];
    if (generation !== null) {
      moments.push(...ofRecord(generation), ...(await ofModerators(generation, moderation)));
      const children = (await queue.list({ limit: mostEntries })).filter(
        ({ parentId }) => parentId === generation.id,
      );
      for (const child of children) {
        moments.push({
          at: child.createdAt,
          source: 'record',
          what: `run again as ${child.id} (${child.status})`,
        });
      }
    }
    for (const file of values.log) moments.push(...(await ofLog(file, id.data)));
    if (generation === null && moments.length === 0) {
      console.error(
        `There is no record of ${id.data}: it never was, or its 30 days are over. Its logs may still know it: --log FILE`,
      );
      return 1;
    }
    moments.sort((left, right) => left.at - right.at);
    if (values.json)
      console.log(JSON.stringify({ id: id.data, status: generation?.status ?? null, moments }, null, 2));
    else print(generation, moments);
    return 0;
  } finally {
    await Promise.all([queue.close(), moderation.close()]);
  }
}

function ofRecord(generation: Generation): Moment[] {
  const { request, createdAt, startedAt, finishedAt, deliveredAt, hiddenAt, deletedAt, result, failure } =
    generation;
  const { reply, parentId, attempts, workerId, costSeconds } = generation;
  const moments: Moment[] = [];
  const add = (at: number | null, what: string): void => {
    if (at !== null) moments.push({ at, source: 'record', what });
  };
  const from = parentId === null ? '' : `, from ${parentId}`;
  add(
    createdAt,
    `accepted: ${request.mode}, ${request.preset} (${request.model}), ${request.width}×${request.height}, ${request.frames} frames, ${request.steps} steps, about ${Math.round(costSeconds)} GPU seconds${from}`,
  );
  add(startedAt, `started on ${workerId ?? 'a worker'}, attempt ${attempts}`);
  const done =
    result === null
      ? 'ended'
      : `done: ${result.engineSeconds} s on the GPU, ${result.encodeSeconds} s of encoding, ${result.bytes} bytes, weights ${result.weights}`;
  add(
    finishedAt,
    failure === null
      ? done
      : `${failure.code === 'cancelled' ? 'cancelled' : 'failed'}: ${failure.code} (${failure.identifier})`,
  );
  const place =
    reply.kind === 'api'
      ? 'over the API'
      : `as message ${reply.finalMessageId ?? '?'} in channel ${reply.finalChannelId ?? '?'}`;
  add(deliveredAt, `delivered ${place}`);
  add(hiddenAt, 'reported, and hidden');
  add(deletedAt, 'deleted');
  return moments;
}

async function ofModerators({ id, guildId }: Generation, moderation: Moderation): Promise<Moment[]> {
  const entries = await moderation.audit({ guildId, limit: mostEntries });
  return entries
    .filter((entry) => entry.generationId === id)
    .map(({ at, action, actorId, reason }) => ({
      at,
      source: 'moderators',
      what: `${action} by ${actorId}${reason === null ? '' : `: ${reason}`}`,
    }));
}

/**
 * Lines that carry the id. `npm start` and `docker compose logs` put a name before each; what is no JSON behind that, as a shell's own
 * lines, is passed over.
 *
 * @throws Error when the file cannot be read
 */
async function ofLog(file: string, id: string): Promise<Moment[]> {
  const input = file === '-' ? process.stdin : createReadStream(file);
  const moments: Moment[] = [];
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    if (!line.includes(id)) continue;
    const parsed = lineSchema.safeParse(parseOrNull(line.slice(line.indexOf('{'))));
    if (!parsed.success) continue;
    const {
      time,
      msg,
      name,
      generationId: _id,
      level: _level,
      pid: _pid,
      hostname: _host,
      ...rest
    } = parsed.data;
    const more = Object.keys(rest).length === 0 ? '' : ` ${JSON.stringify(rest)}`;
    moments.push({ at: new Date(time).getTime(), source: name ?? file, what: `${msg}${more}` });
  }
  return moments;
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function print(generation: Generation | null, moments: readonly Moment[]): void {
  if (generation !== null) {
    const { id, status, userId, guildId } = generation;
    console.log(
      `${id}: ${status}, of user ${userId} in ${guildId === null ? 'direct messages' : `guild ${guildId}`}`,
    );
  }
  const width = Math.max(...moments.map(({ source }) => source.length));
  let before = moments[0]?.at ?? 0;
  for (const { at, source, what } of moments) {
    const since = `+${((at - before) / 1000).toFixed(3)} s`.padStart(12);
    console.log(`${new Date(at).toISOString()} ${since}  ${source.padEnd(width)}  ${what}`);
    before = at;
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
