import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { startApiScene } from '../../support/api.ts';
import { resultWith } from '../../support/generation.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const example = (name: string) => join(root, 'examples', name);

test('the example clients ask, wait and fetch, and say what is refused in the API’s own words', async () => {
  await using scene = await startApiScene();
  const worker = await scene.work(async ({ id }) => {
    const video = `videos/${id}.mp4`;
    await scene.store.put(video, Buffer.from(`the video ${id}`));
    return resultWith({ video });
  });
  const { token, userId } = await scene.token('client');
  await using between = await startStumbling(scene.url);
  const run = (program: string, script: string, ...args: string[]) =>
    execa(program, [example(script), ...args], { env: { API: between.url, TOKEN: token }, reject: false });
  for (const [program, script] of [
    ['python3', 'client.py'],
    [process.execPath, 'client.ts'],
  ] as const) {
    const target = join(scene.folder, `${script}.mp4`);
    between.stumble();
    const made = await run(
      program,
      script,
      target,
      'A robot',
      example('portrait.png'),
      example('speech.ogg'),
    );
    expect(made.stderr).toBe('');
    const [newest, ...others] = await scene.queue.list({ userId });
    // The answer that was lost was to a request that was carried out: it was asked for with the same key, and made once.
    expect(others).toHaveLength(script === 'client.py' ? 0 : 1);
    expect(newest?.request).toMatchObject({ prompt: 'A robot', mode: 'TIA' });
    expect(await readFile(target, 'utf8')).toBe(`the video ${newest?.id}`);
    const refused = await run(program, script, target, 'A robot', example('test_case.json'));
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('don’t know this kind of image');
  }
  await worker.close();
});

/** The API behind something that stumbles: the first request is one too many, and the answer to the second is lost. */
async function startStumbling(api: string) {
  let count = 2;
  const server = createServer((incoming, outgoing) => {
    count += 1;
    const answer = async (): Promise<Response> => {
      const body = await buffer(incoming);
      const again = { 'retry-after': '0' };
      if (count === 1) return Response.json({ detail: 'Too many.' }, { status: 429, headers: again });
      const { 'content-type': type = '', authorization = '', 'idempotency-key': key } = incoming.headers;
      const given = await fetch(new URL(incoming.url ?? '/', api), {
        method: incoming.method ?? 'GET',
        headers: {
          authorization,
          ...(type === '' ? {} : { 'content-type': type }),
          ...(typeof key === 'string' ? { 'idempotency-key': key } : {}),
        },
        ...(body.length === 0 ? {} : { body: new Uint8Array(body) }),
      });
      return count === 2 ? Response.json({ detail: 'Away.' }, { status: 503, headers: again }) : given;
    };
    const pass = async () => {
      const given = await answer();
      outgoing.writeHead(given.status, {
        'content-type': given.headers.get('content-type') ?? '',
        ...(given.headers.has('retry-after')
          ? { 'retry-after': given.headers.get('retry-after') ?? '' }
          : {}),
      });
      outgoing.end(Buffer.from(await given.arrayBuffer()));
    };
    void pass();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    stumble: () => {
      count = 0;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
