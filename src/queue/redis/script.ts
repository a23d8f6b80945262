import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { modelIdSchema } from '../../config/model-id.ts';

const read = (name: string) => readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8');

/** What a file names after `@include`: parts of `lua/shared/`, which are put before it, each once. */
function included(source: string, known: Set<string>): string[] {
  const names = /^-- @include (.+)$/m.exec(source)?.[1]?.split(' ') ?? [];
  return names.flatMap((name) => {
    if (known.has(name)) return [];
    known.add(name);
    const part = read(`shared/${name}`);
    return [...included(part, known), part];
  });
}

const scripts = new Map<string, { readonly source: string; readonly digest: string }>();

/** Looks up the right to each command of a script before it has changed anything, since Redis undoes nothing. Redis 6 cannot say. */
function rightsOf(source: string): string {
  const commands = new Set([...source.matchAll(/redis\.call\('([A-Z]+)'/g)].map((match) => match[1] ?? ''));
  return [
    `for _, command in ipairs(redis.acl_check_cmd and { ${[...commands].map((name) => `'${name}'`).join(', ')} } or {}) do`,
    `  local place = prefix .. (command == 'PUBLISH' and ':events' or ':open')`,
    `  if not redis.acl_check_cmd(command, place) then return redis.error_reply('NOPERM no right to ' .. command .. ' ' .. place) end`,
    'end',
  ].join('\n');
}

/** One script: `prefix` and `models`, the shared parts that the command names, and the command as a function of its input. */
function scriptOf(command: string) {
  const known = scripts.get(command);
  if (known !== undefined) return known;
  const body = read(command);
  const parts = [...included(body, new Set()), `local function run(input)\n${body}\nend`];
  const source = [
    'local prefix = string.sub(KEYS[1], 1, -2)',
    `local models = { ${modelIdSchema.options.map((model) => `'${model}'`).join(', ')} }`,
    rightsOf(parts.join('\n')),
    ...parts,
    // In parentheses: a command that returns nothing replies null.
    'return cjson.encode((run(cjson.decode(ARGV[1]))))',
  ].join('\n');
  const script = { source, digest: createHash('sha1').update(source).digest('hex') };
  scripts.set(command, script);
  return script;
}

/**
 * Runs one command, a file of `lua/`: atomic, and one round trip. Its first lines say what it takes and what it replies. A server that
 * was restarted has forgotten the script and gets it again. Where Redis does not let its user do all of it, nothing has changed.
 *
 * One key stands for all, so this needs a single Redis server (or one with replicas), not a cluster.
 *
 * @returns the reply, parsed from JSON and not checked yet
 */
export async function runScript(
  connection: Redis,
  prefix: string,
  command: string,
  input: object,
): Promise<unknown> {
  const { source, digest } = scriptOf(command);
  const text = JSON.stringify(input);
  // With the colon: a user whose keys are `prefix:*` may not name the prefix alone.
  const key = `${prefix}:`;
  const answer = await connection.evalsha(digest, 1, key, text).catch(async (error: unknown) => {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    return connection.eval(source, 1, key, text);
  });
  return JSON.parse(String(answer));
}
