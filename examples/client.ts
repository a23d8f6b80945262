/**
 * Asks the HTTP API for a video, waits for it and writes it to a file. Needs Node 24 and nothing else.
 *
 *     API=http://127.0.0.1:8080 TOKEN=… node examples/client.ts video.mp4 "A friendly robot speaks" portrait.png speech.ogg
 *
 * Whoever is to be seen and heard has to agree first: `agreed` says that they do. docs/api.md tells what else can be asked for.
 */
import { openAsBlob } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

interface Generation {
  readonly id: string;
  readonly status: string;
  readonly request: { readonly seed: number };
  readonly failure: { readonly message: string } | null;
}

const { API = 'http://127.0.0.1:8080', TOKEN = '' } = process.env;
const sounds = /\.(?:aac|aiff?|amr|avi|flac|m4[av]|mk[av]|mov|mp[34]|og[ag]|opus|wav|webm|wma)$/i;

/** One request. A refusal is an Error with the API's own words; what is over soon is asked again when the API says so. */
async function call(path: string, options: RequestInit = {}, attempt = 1): Promise<Response> {
  const headers = new Headers(options.headers);
  headers.set('authorization', `Bearer ${TOKEN}`);
  let seconds = 5;
  try {
    const answer = await fetch(`${API}${path}`, { ...options, headers });
    if (answer.ok) return answer;
    seconds = Number(answer.headers.get('retry-after') ?? Infinity);
    if (seconds > 60 || attempt === 5) {
      const { detail }: { detail: string } = JSON.parse(await answer.text());
      throw new Error(detail);
    }
  } catch (error) {
    // `fetch` throws a TypeError where nobody answers.
    if (!(error instanceof TypeError) || attempt === 5) throw error;
  }
  await pause(seconds * 1000);
  return call(path, options, attempt + 1);
}

async function generation(path: string, options?: RequestInit): Promise<Generation> {
  const view: Generation = JSON.parse(await (await call(path, options)).text());
  return view;
}

const [target = 'video.mp4', prompt = '', ...files] = process.argv.slice(2);
const body = new FormData();
body.set('request', JSON.stringify({ prompt, agreed: true }));
for (const file of files) body.append(sounds.test(file) ? 'audio' : 'image', await openAsBlob(file));
// The same key makes one video, however often the request is sent.
const headers = { 'idempotency-key': crypto.randomUUID() };
let made = await generation('/v1/generations', { method: 'POST', body, headers });
while (!['delivered', 'failed', 'cancelled'].includes(made.status)) {
  await pause(1000);
  made = await generation(`/v1/generations/${made.id}`);
}
if (made.status !== 'delivered') throw new Error(made.failure?.message ?? made.status);
const video = await call(`/v1/generations/${made.id}/video`);
await writeFile(target, Buffer.from(await video.arrayBuffer()));
console.log(`${target}: seed ${made.request.seed}`);
