/**
 * The page in the browser: how long until a person can write on it and until all of it answers, cold and warm, alone and for ten people at once, and how soon a video of 10 MB
 * plays; what a browser works while a person merely waits; and how long ten people take who make videos at once, without browsers. Real page,
 * API, Redis and Chromium on this machine; the video is ready-made. The baselines are of the same run: a page of Gradio with one field, the API
 * asked without a page, and the same video from a bare server of files. Prints one JSON line.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { projectRoot } from '../src/config/environment.ts';
import { lastOf, portraitFile, speechFile, startApiScene } from '../tests/support/api.ts';
import type { Caller } from '../tests/support/api.ts';
import { resultWith } from '../tests/support/generation.ts';
import { visitPage } from '../tests/support/page-visitor.ts';
import { freePort, portOf } from '../tests/support/port.ts';
import { startBrowser, startWeb } from '../tests/support/web.ts';

const people = 10;
const rounds = 5;
/** Only ends what hangs: on a busy machine a figure is missed, and printed. Milliseconds. */
const patience = 180_000;
const limits = { firstView: 2_000, playing: 1_000, waiting: 0.1 };
/** How long a wait is looked at, and how often its video gets on by a step. Milliseconds. */
const wait = { looked: 20_000, step: 1_000, prompt: 'Somebody who waits' };

/** What is there when a person can begin to write, and what when all of the page answers. */
const ready = {
  page: { first: '#first-sight textarea, #prompt textarea', whole: ['#prompt textarea', '#pictures .drop'] },
  bare: { first: '#prompt textarea', whole: ['#prompt textarea'] },
};
type Ready = (typeof ready)['page'];

/** @returns milliseconds until a person can write, and until all of the page answers */
async function view(context: BrowserContext, url: string, { first, whole }: Ready) {
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  const began = performance.now();
  const since = () => Math.round(performance.now() - began);
  await page.goto(url, { waitUntil: 'commit' });
  await page.locator(first).first().waitFor();
  const seen = since();
  for (const part of whole) await page.locator(part).waitFor();
  await page.locator('#first-sight').waitFor({ state: 'detached' });
  const took = { seen, whole: since() };
  await page.close();
  return took;
}

/** @returns milliseconds for a browser that has never been here, and for the same one when it comes again */
async function views(browser: Browser, url: string, parts: Ready) {
  const context = await browser.newContext({ viewport: { width: 1366, height: 850 } });
  const cold = await view(context, url, parts);
  const warm = await view(context, url, parts);
  await context.close();
  return { cold, warm };
}

/** Several rounds of {@link views}, one after the other: the median of each figure. */
async function medians(browser: Browser, url: string, parts: Ready) {
  const all: Awaited<ReturnType<typeof views>>[] = [];
  for (let round = 0; round < rounds; round += 1) all.push(await views(browser, url, parts));
  const median = (when: 'cold' | 'warm', what: 'seen' | 'whole') =>
    all.map((one) => one[when][what]).toSorted((one, other) => one - other)[(rounds - 1) / 2];
  const figures = (when: 'cold' | 'warm') => ({ seen: median(when, 'seen'), whole: median(when, 'whole') });
  return { cold: figures('cold'), warm: figures('warm') };
}

/** @returns milliseconds of the slowest of so many people who come at once */
async function slowestTogether(browser: Browser, url: string, parts: Ready) {
  const all = await Promise.all(Array.from({ length: people }, () => views(browser, url, parts)));
  const slowest = (what: 'seen' | 'whole') => Math.max(...all.map(({ cold }) => cold[what]));
  return { seen: slowest('seen'), whole: slowest('whole') };
}

/** @returns milliseconds until the slowest of so many people has a video of their own, and only that, in their list */
async function slowestMaking(url: string): Promise<number> {
  const [picture, sound] = [await portraitFile(), await speechFile()];
  const began = performance.now();
  await Promise.all(
    Array.from({ length: people }, async (_, number) => {
      const visitor = await visitPage(url);
      const files = [[await visitor.send('me.png', picture.data)], await visitor.send('me.ogg', sound.data)];
      const choices = ['', '', 'standard', 'landscape', '', '', '', 5.5, 5, 'auto', true, null];
      await visitor.press('create', [`Person ${number}`, ...files, ...choices]);
      const { ids, html } = await visitor.listed();
      if (ids.length !== 1 || !html.includes(`Person ${number}`))
        throw new Error(`not theirs alone: ${html}`);
    }),
  );
  return Math.round(performance.now() - began);
}

/** The same without a page: each has a token of the API. */
async function slowestAsking(callers: readonly Caller[]): Promise<number> {
  const began = performance.now();
  await Promise.all(
    callers.map(async (caller) => {
      const { id } = await caller.accepted();
      await lastOf(await caller.fetch(`/v1/generations/${id}/events`));
    }),
  );
  return Math.round(performance.now() - began);
}

/** @returns milliseconds from naming a video to its first moving picture, and the part of it that had come by then */
async function playing(page: Page, source: string): Promise<{ milliseconds: number; share: number }> {
  // As text: what runs in the browser knows other types than what runs here.
  return page.evaluate(`(async () => {
    const video = document.createElement('video');
    video.muted = true;
    const began = performance.now();
    video.src = ${JSON.stringify(source)};
    document.body.append(video);
    const moves = new Promise((resolve) => video.addEventListener('timeupdate', resolve, { once: true }));
    await video.play();
    await moves;
    const milliseconds = Math.round(performance.now() - began);
    const buffered = video.buffered.length === 0 ? 0 : video.buffered.end(video.buffered.length - 1);
    video.remove();
    return { milliseconds, share: Math.round((buffered / video.duration) * 100) / 100 };
  })()`);
}

/** @returns the part of a core that all processes of the browser use together, one as 1 */
async function coreUsedBy(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const seconds = async () => {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
  };
  const [before, began] = [await seconds(), performance.now()];
  await sleep(wait.looked);
  const share = ((await seconds()) - before) / ((performance.now() - began) / 1_000);
  await session.detach();
  return Math.round(share * 1_000) / 1_000;
}

/** The same with a page of Gradio with one field, on which nothing happens. */
async function coreUsedByBare(browser: Browser, url: string): Promise<number> {
  const page = await browser.newPage();
  await page.goto(url);
  await page.locator(ready.bare.first).waitFor();
  const used = await coreUsedBy(browser);
  await page.close();
  return used;
}

/** A page of Gradio with one field and nothing else: what any page that is made with it takes. */
async function startBareGradio(): Promise<{ url: string; stop: () => void }> {
  const port = await freePort();
  const program = [
    'import gradio as gr',
    'with gr.Blocks(analytics_enabled=False) as page:',
    '    gr.Textbox(elem_id="prompt", lines=2)',
    // Its own fonts come from another host, which a machine without a way out waits for.
    "theme = gr.themes.Base(font=['system-ui'], font_mono=['monospace'])",
    `page.launch(theme=theme, prevent_thread_lock=True, quiet=True, ssr_mode=False, server_name='127.0.0.1', server_port=${port})`,
    'print("ready", flush=True)',
    'page.block_thread()',
  ].join('\n');
  const child = spawn(join(projectRoot, '.venv-web', 'bin', 'python'), ['-c', program], {
    env: { ...process.env, GRADIO_ANALYTICS_ENABLED: 'False', HF_HUB_OFFLINE: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'ready') return { url: `http://127.0.0.1:${port}`, stop: () => void child.kill() };
  }
  throw new Error('the bare page did not start');
}

/** The file, whole or in parts, and nothing else. */
async function startFileServer(path: string, bytes: number) {
  const server = createServer((request, response) => {
    const [, from = '0', to = ''] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    const [start, end] = [Number(from), to === '' ? bytes - 1 : Number(to)];
    response.writeHead(206, {
      'content-type': 'video/mp4',
      'content-range': `bytes ${start}-${end}/${bytes}`,
      'content-length': end - start + 1,
      'accept-ranges': 'bytes',
    });
    createReadStream(path, { start, end }).pipe(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${portOf(server)}/video.mp4`, stop: () => void server.close() };
}

const scene = await startApiScene();
const { token } = await scene.token('page', ['generate', 'read', 'cancel', 'people']);
const file = join(scene.folder, 'large.mp4');
const noise = ['-f', 'lavfi', '-i', 'testsrc2=s=640x360:r=25:d=20,noise=alls=60:allf=t'];
const rate = ['-b:v', '4200k', '-maxrate', '4200k', '-bufsize', '4M'];
const coded = ['-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-preset', 'ultrafast', ...rate];
await execa('ffmpeg', ['-v', 'error', '-y', ...noise, ...coded, '-movflags', '+faststart', file]);
const video = await readFile(file);
const waited = Promise.withResolvers<void>();
const worker = await scene.work(async ({ id, request }, { report }) => {
  for (let step = 0, isLooking = request.prompt === wait.prompt; isLooking; step += 1) {
    report({ stage: 'denoise', step, steps: 1_000, etaSeconds: 1_000 - step, preview: null });
    isLooking = await Promise.race([sleep(wait.step, true), waited.promise.then(() => false)]);
  }
  await scene.store.put(`videos/${id}.mp4`, video);
  return resultWith({ video: `videos/${id}.mp4`, bytes: video.length, width: 640, height: 360, seconds: 20 });
});
const [web, bare, files, browser] = await Promise.all([
  startWeb({ WEB_API_URL: scene.url, WEB_API_TOKEN: token }),
  startBareGradio(),
  startFileServer(file, video.length),
  startBrowser(),
]);
try {
  // The very first one, of a page that has just started and of a browser as well.
  const { cold: first } = await views(browser, web.url, ready.page);
  await views(browser, bare.url, ready.bare);
  const alone = await medians(browser, web.url, ready.page);
  const bareAlone = await medians(browser, bare.url, ready.bare);
  const together = await slowestTogether(browser, web.url, ready.page);
  const bareTogether = await slowestTogether(browser, bare.url, ready.bare);

  const making = await slowestMaking(web.url);
  const callers: Caller[] = [];
  // One after the other: they are written to one file.
  for (let number = 0; number < people; number += 1) callers.push(await scene.token(`person-${number}`));
  const asking = await slowestAsking(callers);

  const bareWaiting = await coreUsedByBare(browser, bare.url);
  const page = await browser.newPage();
  page.setDefaultTimeout(patience);
  await page.goto(web.url);
  await page.locator('#prompt textarea').fill(wait.prompt);
  await page.locator('#pictures input').setInputFiles(join(projectRoot, 'examples', 'person.png'));
  await page.locator('#pictures .thumbs img').waitFor();
  await page.locator('#agreed input').check();
  await page.locator('#create').click();
  await page.locator('#status progress').waitFor();
  const waiting = await coreUsedBy(browser);
  waited.resolve();
  const shown = page.locator('#result video[controls]');
  await shown.waitFor();
  const source = (await shown.getAttribute('src')) ?? '';
  const played = await playing(page, `${source}?bench`);
  const barePlayed = await playing(page, files.url);
  const figures = {
    ...{ limits, people, first, alone, together, making, waiting },
    playing: { ...played, bytes: video.length },
    bare: {
      alone: bareAlone,
      together: bareTogether,
      making: asking,
      playing: barePlayed,
      waiting: bareWaiting,
    },
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
} finally {
  await browser.close();
  await web.stop();
  bare.stop();
  files.stop();
  await worker.close();
  await scene[Symbol.asyncDispose]();
}
