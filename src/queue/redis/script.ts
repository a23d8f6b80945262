import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { modelIdSchema } from '../../config/model-id.ts';

const source = [
  'local prefix = KEYS[1]',
  `local models = { ${modelIdSchema.options.map((model) => `'${model}'`).join(', ')} }`,
  ...['common', 'share', 'pause', 'limits', 'records', 'moderation'].map((name) =>
    readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8'),
  ),
  'return commands[ARGV[1]](cjson.decode(ARGV[2]))',
].join('\n');
const digest = createHash('sha1').update(source).digest('hex');

/**
 * Runs one command of the Lua functions in `lua/`: atomic, and one round trip. A server that was restarted has forgotten the
 * script and gets it again.
 *
 * One key stands for all, so this needs a single Redis server (or one with replicas), not a cluster.
 */
export async function runScript(
  connection: Redis,
  prefix: string,
  command: string,
  input: object,
): Promise<unknown> {
  const text = JSON.stringify(input);
  try {
    return await connection.evalsha(digest, 1, prefix, command, text);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    return connection.eval(source, 1, prefix, command, text);
  }
}
