import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Signer } from '../../../src/worker/signer.ts';
import { silent } from '../../support/queue-fixtures.ts';

/** Stands in for the program that signs: one that is to ask an authority waits for it for ever. */
const program = `#!/bin/sh
case "$4" in --json) echo '{"chain":"c","ends":"2100-01-01","subject":"s"}'; exit;; esac
request=$(cat)
case "$request" in
  *'"timeStampAuthority":null'*) echo '{"bytes":1,"manifestBytes":1}';;
  *) echo asked >> ../asked; exec tail -f /dev/null;;
esac
`;

test('an authority that keeps a video waiting to the end is not asked by the next one', async () => {
  const projectRoot = await mkdtemp(join(tmpdir(), 'humo-signer-'));
  try {
    await mkdir(join(projectRoot, '.venv', 'bin'), { recursive: true });
    await mkdir(join(projectRoot, 'engine'));
    await writeFile(join(projectRoot, '.venv', 'bin', 'python'), program, { mode: 0o700 });
    await writeFile(join(projectRoot, 'asked'), '');
    const signer = new Signer({
      config: {
        ...{ certificateFile: 'certificate.pem', keyFile: 'key.pem', isOwn: false },
        timeStampAuthority: 'http://127.0.0.1:9/',
      },
      projectRoot,
      register: async () => {},
      log: silent,
      // Whatever the machine, nothing comes within it.
      stampTimeout: 1500,
    });
    const request = {
      ...{ source: 'a.mp4', target: 'b.mp4', modelTitle: 'HuMo', watermark: true, parent: null },
      facts: { generation: 'one', model: '17b', preset: 'draft', weights: 'mini' },
      signal: new AbortController().signal,
    } as const;
    for (let video = 0; video < 3; video += 1)
      expect(await signer.sign(request)).toEqual({ outcome: 'unstamped', bytes: 1 });
    expect((await readFile(join(projectRoot, 'asked'), 'utf8')).length).toBeLessThanOrEqual('asked\n'.length);
  } finally {
    await rm(projectRoot, { recursive: true, force: true });
  }
});
