import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createToken, readTokens, revokeToken } from '../../../src/api/tokens.ts';

test('tokens that are made and revoked at once all count, also where somebody died over the list', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tokens-'));
  try {
    const file = join(folder, 'api-tokens.json');
    const make = (name: string) => createToken(file, { name, scopes: ['read'], userId: null });
    await writeFile(`${file}.lock`, '');
    await utimes(`${file}.lock`, 0, 0);
    await Promise.all(['a', 'b', 'c', 'd'].map(make));
    await Promise.all([make('e'), revokeToken(file, 'a'), make('f'), revokeToken(file, 'c')]);
    await expect(make('f')).rejects.toThrow('already is a token');
    const names = (await readTokens(file)).map(({ name }) => name);
    expect(names.toSorted()).toEqual(['b', 'd', 'e', 'f']);
    expect(await readdir(folder)).toEqual(['api-tokens.json']);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
