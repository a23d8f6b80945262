/**
 * A thread that reads Content Credentials: hashing a hundred megabytes would hold up a bot's answers. c2pa-rs as WebAssembly, which runs
 * wherever Node does and reaches nothing but the bytes that it is given.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { initSync, WasmReader } from '@contentauth/c2pa-wasm';
import { z } from 'zod';

const taskSchema = z.object({ path: z.string(), format: z.string(), settings: z.string() });

const { path, format, settings } = taskSchema.parse(workerData);
const program = createRequire(import.meta.url).resolve('@contentauth/c2pa-wasm/c2pa.wasm');
initSync({ module: await readFile(program) });
let answer: unknown;
try {
  using reader = await WasmReader.fromBytes(format, await readFile(path), settings);
  answer = { store: JSON.parse(reader.json()), detailed: JSON.parse(reader.crJson()) };
} catch (error) {
  answer = { error: String(error) };
}
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread of Node's, not a window
parentPort?.postMessage(answer);
