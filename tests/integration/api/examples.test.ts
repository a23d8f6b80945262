import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
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
  const run = (program: string, script: string, ...args: string[]) =>
    execa(program, [example(script), ...args], { env: { API: scene.url, TOKEN: token }, reject: false });
  for (const [program, script] of [
    ['python3', 'client.py'],
    [process.execPath, 'client.ts'],
  ] as const) {
    const target = join(scene.folder, `${script}.mp4`);
    const made = await run(
      program,
      script,
      target,
      'A robot',
      example('portrait.png'),
      example('speech.ogg'),
    );
    expect(made.stderr).toBe('');
    const [newest] = await scene.queue.list({ userId, limit: 1 });
    expect(newest?.request).toMatchObject({ prompt: 'A robot', mode: 'TIA' });
    expect(await readFile(target, 'utf8')).toBe(`the video ${newest?.id}`);
    const refused = await run(program, script, target, 'A robot', example('test_case.json'));
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('isn’t an image that I know');
  }
  await worker.close();
});
