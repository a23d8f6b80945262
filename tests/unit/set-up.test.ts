import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { execute } from '../../scripts/setup/shared.mjs';
import { projectRoot } from '../../src/config/environment.ts';

test('what Python compiles while packages are set up is kept, also where it is told not to', async () => {
  vi.stubEnv('PYTHONDONTWRITEBYTECODE', '1');
  try {
    const python = join(projectRoot, '.venv/bin/python');
    const { output } = await execute(python, ['-c', 'import sys; print(sys.dont_write_bytecode)']);
    expect(output.trim()).toBe('False');
  } finally {
    vi.unstubAllEnvs();
  }
});
