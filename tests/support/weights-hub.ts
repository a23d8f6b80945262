import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { projectRoot } from '../../src/config/environment.ts';

/** The engine's own stand-in for the hub that weights come from (engine/tests/hub_server.py), with two files of the small model. */
export interface WeightsHub extends AsyncDisposable {
  /** value of HF_ENDPOINT */
  readonly endpoint: string;
  /** the Range header, or null, of each GET of the large file, so far */
  readonly ranges: readonly (string | null)[];
  /** Resolves when the large file has been asked for that many times. */
  asked(times: number): Promise<void>;
  /** Lets transfers that stalled go on. */
  release(): void;
}

/** huggingface_hub writes what arrives in pieces of 10 MiB; less than a piece is lost in a cut. */
export const pieceBytes = 10 * 2 ** 20;
const largeBytes = 2 * pieceBytes + 1_000_000;
export const largeFile = 'HuMo/large.bin';
export const smallFile = 'HuMo/small.json';

const script = `
import hashlib, json, random, sys
from hub_server import Hub, serving

class Told(list):
    def append(self, request):
        super().append(request)
        print(json.dumps(request), flush=True)

options = json.loads(sys.argv[1])
large = random.Random(1).randbytes(options.pop("bytes"))
hub = Hub({"someone/model": {"large.bin": large, "small.json": b"{}"}}, large={"large.bin"}, requests=Told(),
          damaged=set(options.pop("damaged", [])), **options)
with serving(hub):
    print(json.dumps({"endpoint": hub.endpoint, "sum": hashlib.sha256(large).hexdigest()}), flush=True)
    for line in sys.stdin:
        hub.released.set()
`;

/**
 * Starts the hub, and writes a lock file of its files to `lockFile` (value of HUMO_WEIGHTS_LOCK).
 *
 * @param faults after how many bytes the next transfers of the large file stop until released, or break; files that arrive damaged
 */
export async function startWeightsHub(
  lockFile: string,
  faults: { readonly stalls?: number[]; readonly cuts?: number[]; readonly damaged?: string[] } = {},
): Promise<WeightsHub> {
  const options = {
    bytes: largeBytes,
    stalls: { 'large.bin': faults.stalls ?? [] },
    cuts: { 'large.bin': faults.cuts ?? [] },
    damaged: faults.damaged ?? [],
  };
  const child = spawn(
    join(projectRoot, '.venv', 'bin', 'python'),
    ['-u', '-c', script, JSON.stringify(options)],
    { cwd: join(projectRoot, 'engine', 'tests'), stdio: ['pipe', 'pipe', 'inherit'] },
  );
  // Writing to nobody is how a test ends that has ended the hub.
  child.stdin.on('error', () => undefined);
  const ranges: (string | null)[] = [];
  const listeners = new Set<() => void>();
  const lines = createInterface({ input: child.stdout });
  const [first = '']: string[] = await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(() => {
      throw new Error('the hub did not start');
    }),
  ]);
  const { endpoint, sum }: { endpoint: string; sum: string } = JSON.parse(first);
  lines.on('line', (line) => {
    const [method, path, range]: [string, string, string | null] = JSON.parse(line);
    if (method === 'GET' && path === 'large.bin') ranges.push(range);
    for (const look of listeners) look();
  });
  const repository = {
    repository: 'someone/model',
    revision: 'c'.repeat(40),
    folder: 'HuMo',
    files: [
      { path: 'large.bin', size: largeBytes, sha256: sum, models: ['1_7b'] },
      { path: 'small.json', size: 2, sha256: null, models: ['1_7b'] },
    ],
  };
  await writeFile(lockFile, JSON.stringify({ version: 1, repositories: [repository] }));
  return {
    endpoint,
    ranges,
    async asked(times) {
      const enough = Promise.withResolvers<void>();
      const look = () => {
        if (ranges.length >= times) enough.resolve();
      };
      listeners.add(look);
      look();
      await enough.promise;
      listeners.delete(look);
    },
    release() {
      child.stdin.write('\n');
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}
