import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ulid } from 'ulid';
import { z } from 'zod';
import { hasCode } from '../error-code.ts';
import { withFileLock } from '../file-lock.ts';
import { namingFullDisk } from '../full-disk.ts';
import { snowflakeSchema } from '../snowflake.ts';

/** What a token may do. `people` speaks for persons of its own, one at a time; `admin` may do everything, and sees everybody's generations. */
export const scopes = ['generate', 'read', 'cancel', 'people', 'admin'] as const;
export type Scope = (typeof scopes)[number];

const tokenNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'must be lower-case letters, digits and dashes, at most 32');

const tokenSchema = z.strictObject({
  name: tokenNameSchema,
  /** SHA-256 of the whole token, in hex: what is stored opens nothing */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  scopes: z.array(z.enum(scopes)).min(1),
  /** the person that it acts as: a Discord id, or an id of {@link ownUserId} */
  userId: snowflakeSchema,
  /** milliseconds since 1970 */
  createdAt: z.number().int().nonnegative(),
});
export type StoredToken = z.infer<typeof tokenSchema>;

const fileSchema = z.strictObject({ version: z.literal(1), tokens: z.array(tokenSchema) });

/** A problem that the person at the keyboard can mend. */
export class TokensError extends Error {
  override readonly name = 'TokensError';
}

/**
 * A person of the API's own: 20 digits that begin with 9. That is more than 64 bits hold, so no Discord id can ever be the same.
 *
 * @param seed the same text gives the same person
 */
export function ownUserId(seed: string): string {
  const digest = createHash('sha256').update(seed).digest();
  return `9${String(digest.readBigUInt64BE() % 10n ** 19n).padStart(19, '0')}`;
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** @throws TokensError when there is a file that is no such list */
export async function readTokens(file: string): Promise<readonly StoredToken[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw new TokensError(`${file} cannot be read: ${String(error)}`);
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw new TokensError(`${file} is not JSON. Fix it, or delete it and create new tokens.`);
  }
  const parsed = fileSchema.safeParse(content);
  if (parsed.success) return parsed.data.tokens;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  throw new TokensError(`${file} is no list of tokens: ${problems}`);
}

/** @returns the token, which nobody can ever show again, and what was stored of it */
export async function createToken(
  file: string,
  wanted: { readonly name: string; readonly scopes: readonly Scope[]; readonly userId: string | null },
): Promise<{ token: string; stored: StoredToken }> {
  return changeTokens(file, (known) => {
    if (known.some(({ name }) => name === wanted.name)) {
      throw new TokensError(
        `There already is a token '${wanted.name}'. Choose another name, or revoke it first.`,
      );
    }
    const token = `humo_${randomBytes(32).toString('base64url')}`;
    const parsed = tokenSchema.safeParse({
      name: wanted.name,
      hash: hashOf(token),
      scopes: [...new Set(wanted.scopes)],
      userId: wanted.userId ?? ownUserId(ulid()),
      createdAt: Date.now(),
    });
    if (!parsed.success) {
      throw new TokensError(
        parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '),
      );
    }
    return { tokens: [...known, parsed.data], answer: { token, stored: parsed.data } };
  });
}

/** @throws TokensError when there is no such token */
export async function revokeToken(file: string, name: string): Promise<void> {
  await changeTokens(file, (known) => {
    const left = known.filter((token) => token.name !== name);
    if (left.length === known.length) throw new TokensError(`There is no token '${name}'.`);
    return { tokens: left, answer: null };
  });
}

/** One after the other: what two change at once, both have changed. */
async function changeTokens<T>(
  file: string,
  change: (known: readonly StoredToken[]) => { readonly tokens: readonly StoredToken[]; readonly answer: T },
): Promise<T> {
  // What cannot be read is said before anything is made.
  await readTokens(file);
  return namingFullDisk(dirname(file), async () => {
    await mkdir(dirname(file), { recursive: true });
    return withFileLock(file, async () => {
      const { tokens, answer } = change(await readTokens(file));
      await writeTokens(file, tokens);
      return answer;
    });
  });
}

async function writeTokens(file: string, tokens: readonly StoredToken[]): Promise<void> {
  const partial = `${file}.${process.pid}`;
  try {
    await writeFile(partial, `${JSON.stringify({ version: 1, tokens }, null, 2)}\n`, { mode: 0o600 });
    await rename(partial, file);
  } finally {
    await rm(partial, { force: true });
  }
}

/** The tokens as they are now: a revoked one stops working with the next request, without a restart. */
export class TokenFile {
  readonly #file: string;
  #seen = '';
  #byHash: ReadonlyMap<string, StoredToken> = new Map();

  constructor(file: string) {
    this.#file = file;
  }

  /** @throws TokensError when the file has been damaged */
  async find(token: string): Promise<StoredToken | null> {
    await this.#refresh();
    return this.#byHash.get(hashOf(token)) ?? null;
  }

  /** @throws TokensError when the file has been damaged */
  async named(name: string): Promise<StoredToken | null> {
    await this.#refresh();
    return [...this.#byHash.values()].find((token) => token.name === name) ?? null;
  }

  async count(): Promise<number> {
    await this.#refresh();
    return this.#byHash.size;
  }

  async #refresh(): Promise<void> {
    const found = await stat(this.#file, { bigint: true }).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return null;
      throw error;
    });
    const now = found === null ? '' : `${found.ino} ${found.mtimeNs} ${found.size}`;
    if (now === this.#seen) return;
    const tokens = await readTokens(this.#file);
    this.#byHash = new Map(tokens.map((token) => [token.hash, token]));
    this.#seen = now;
  }
}
