import { expect, test } from 'vitest';
import { understand } from '../../../scripts/tools/read-arguments.ts';

const usage = 'npm run thing -- [--json]';
const config = { options: { json: { type: 'boolean' as const } } };

test('a command line is read; --help and a wrong option are answered with how the command is called', () => {
  expect(understand(usage, { ...config, args: ['--json'] })).toMatchObject({
    parsed: { values: { json: true } },
  });
  expect(understand(usage, { ...config, args: ['--help'] })).toEqual({ said: { text: usage, status: 0 } });
  for (const args of [['--jsn'], ['a-file'], ['--json=yes']]) {
    const text = expect.stringMatching(/^\S[^\n]+\nnpm run thing -- \[--json\]$/);
    expect(understand(usage, { ...config, args })).toEqual({ said: { text, status: 1 } });
  }
});
