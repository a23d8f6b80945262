import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Signer } from '../../../src/worker/signer.ts';
import { patience } from '../../support/patience.ts';
import { silent } from '../../support/queue-fixtures.ts';

/** Stands in for the program that signs; `stamping` is what it does when it is to ask an authority. */
const program = (stamping: string) => `#!/bin/sh
case "$4" in --json) echo '{"chain":"c","ends":"2100-01-01","subject":"s"}'; exit;; esac
request=$(cat)
case "$request" in
  *'"timeStampAuthority":null'*) echo '{"bytes":1,"manifestBytes":1}';;
  *) echo asked >> ../asked; ${stamping};;
esac
`;

const request = {
  ...{ source: 'a.mp4', target: 'b.mp4', modelTitle: 'HuMo', watermark: true, parent: null, limitBytes: 100 },
  facts: { generation: 'one', model: '17b', preset: 'draft', weights: 'mini' },
  signal: new AbortController().signal,
} as const;

async function signing(
  stamping: string,
  stampTimeout: number,
  look: (signer: Signer, projectRoot: string) => Promise<void>,
) {
  const projectRoot = await mkdtemp(join(tmpdir(), 'humo-signer-'));
  try {
    await mkdir(join(projectRoot, '.venv', 'bin'), { recursive: true });
    await mkdir(join(projectRoot, 'engine'));
    await writeFile(join(projectRoot, '.venv', 'bin', 'python'), program(stamping), { mode: 0o700 });
    await writeFile(join(projectRoot, 'asked'), '');
    const signer = new Signer({
      config: {
        ...{ certificateFile: 'certificate.pem', keyFile: 'key.pem', isOwn: false },
        timeStampAuthority: 'http://127.0.0.1:9/',
      },
      projectRoot,
      register: async () => {},
      log: silent,
      stampTimeout,
    });
    await look(signer, projectRoot);
  } finally {
    await rm(projectRoot, { recursive: true, force: true });
  }
}

test('an authority that keeps a video waiting to the end is not asked by the next one', async () => {
  // Whatever the machine, one that waits for ever brings nothing within it.
  await signing('exec tail -f /dev/null', 1500, async (signer, projectRoot) => {
    for (let video = 0; video < 3; video += 1)
      expect(await signer.sign(request)).toEqual({ outcome: 'unstamped', bytes: 1 });
    expect((await readFile(join(projectRoot, 'asked'), 'utf8')).length).toBeLessThanOrEqual('asked\n'.length);
  });
});

test('a stamp that the video has no room for is left out, not the signature', async () => {
  await signing(`echo '{"bytes":101,"manifestBytes":99}'`, patience.timeout, async (signer) => {
    expect(await signer.sign(request)).toEqual({ outcome: 'unstamped', bytes: 1 });
    expect(await signer.sign({ ...request, limitBytes: 101 })).toMatchObject({
      outcome: expect.stringMatching('stamped'),
    });
  });
});
