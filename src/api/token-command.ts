import { parseArgs } from 'node:util';
import { tokensFileOf } from '../config/environment.ts';
import { ownCommand } from '../config/runtime-environment.ts';
import { DiskFull } from '../full-disk.ts';
import { createToken, readTokens, revokeToken, scopes, TokensError } from './tokens.ts';
import type { Scope } from './tokens.ts';

const usage = `Usage:
  ${ownCommand('apiToken', 'create --name NAME [--scopes generate,read,cancel] [--user DISCORD_ID]')}
  ${ownCommand('apiToken', 'list')}
  ${ownCommand('apiToken', 'revoke --name NAME')}

Scopes: ${scopes.join(', ')}. A token without --user acts as a person of its own, with limits of its own; with --user it
shares that person's limits and sees what they made in Discord, too. The tokens' hashes are kept in API_TOKENS_FILE.
`;

/** Where it runs: a process, or as much of one. */
export interface Terminal {
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/** `npm run api-token`. @returns the exit status */
export async function tokenCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    await run(args, terminal);
    return 0;
  } catch (error) {
    if (error instanceof TokensError || error instanceof DiskFull)
      terminal.stderr.write(`${error.message}\n`);
    else if (error instanceof TypeError) terminal.stderr.write(`${error.message}\n\n${usage}`);
    else throw error;
    return 1;
  }
}

async function run(args: readonly string[], { env, stdout, stderr }: Terminal): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      name: { type: 'string' },
      scopes: { type: 'string', default: 'generate,read,cancel' },
      user: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const file = tokensFileOf(env);
  const [action = ''] = positionals;
  if (values.help) {
    stdout.write(usage);
  } else if (action === 'create' && values.name !== undefined) {
    const { token, stored } = await createToken(file, {
      name: values.name,
      scopes: readScopes(values.scopes),
      userId: values.user ?? null,
    });
    stderr.write(
      `Made '${stored.name}' (${stored.scopes.join(', ')}), acting as ${stored.userId}. It is shown this once:\n`,
    );
    stdout.write(`${token}\n`);
  } else if (action === 'list') {
    for (const { name, scopes: granted, userId, createdAt } of await readTokens(file)) {
      stdout.write(`${name}\t${granted.join(',')}\t${userId}\t${new Date(createdAt).toISOString()}\n`);
    }
  } else if (action === 'revoke' && values.name !== undefined) {
    await revokeToken(file, values.name);
    stderr.write(`'${values.name}' no longer works.\n`);
  } else {
    throw new TypeError(action === '' ? 'Say what to do.' : 'I do not understand this.');
  }
}

function readScopes(text: string): Scope[] {
  return text.split(',').map((part) => {
    const scope = scopes.find((name) => name === part.trim());
    if (scope === undefined)
      throw new TokensError(`There is no scope '${part}'; there are: ${scopes.join(', ')}.`);
    return scope;
  });
}

if (import.meta.main) process.exitCode = await tokenCommand(process.argv.slice(2), process);
