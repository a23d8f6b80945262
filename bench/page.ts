/**
 * The page in the browser: how long its first view takes, alone and for ten people at once, and how soon a video of 10 MB plays. Real
 * page, API, Redis and Chromium on this machine; the video is ready-made. Prints one JSON line.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Browser, Page } from 'playwright-core';
import { startApiScene } from '../tests/support/api.ts';
import { resultWith } from '../tests/support/generation.ts';
import { startBrowser, startWeb } from '../tests/support/web.ts';

const people = 10;
/** Only ends what hangs: on a busy machine a figure is missed, and printed. Milliseconds. */
const patience = 180_000;
const limits = { firstView: 2_000, playing: 1_000 };

/** @returns milliseconds until a person can write, in a browser that has never been here */
async function firstView(browser: Browser, url: string): Promise<number> {
  const context = await browser.newContext({ viewport: { width: 1366, height: 850 } });
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  const began = performance.now();
  await page.goto(url);
  await page.locator('#prompt textarea').waitFor();
  await page.locator('#pictures .drop').waitFor();
  const took = performance.now() - began;
  await context.close();
  return Math.round(took);
}

/** @returns milliseconds from opening a video to its first moving picture, and how much of it had come by then */
async function playing(page: Page): Promise<{ milliseconds: number; share: number }> {
  await page.locator('#gallery button').first().click();
  await page.locator('#result video').waitFor();
  // As text: what runs in the browser knows other types than what runs here.
  return page.evaluate(`(async () => {
    const old = document.querySelector('#result video');
    const video = document.createElement('video');
    video.muted = true;
    const began = performance.now();
    video.src = old.src + '?bench';
    document.body.append(video);
    const moves = new Promise((resolve) => video.addEventListener('timeupdate', resolve, { once: true }));
    await video.play();
    await moves;
    const buffered = video.buffered.length === 0 ? 0 : video.buffered.end(video.buffered.length - 1);
    return { milliseconds: Math.round(performance.now() - began), share: Math.round((buffered / video.duration) * 100) / 100 };
  })()`);
}

const scene = await startApiScene();
const { token } = await scene.token('page', ['generate', 'read', 'cancel', 'people']);
const file = join(scene.folder, 'large.mp4');
const noise = [
  '-f',
  'lavfi',
  '-i',
  'testsrc2=s=640x360:r=25:d=20,noise=alls=60:allf=t',
  '-pix_fmt',
  'yuv420p',
];
const coded = [
  '-c:v',
  'libx264',
  '-preset',
  'ultrafast',
  '-b:v',
  '4200k',
  '-maxrate',
  '4200k',
  '-bufsize',
  '4M',
];
await execa('ffmpeg', ['-v', 'error', '-y', ...noise, ...coded, '-movflags', '+faststart', file]);
const video = await readFile(file);
const worker = await scene.work(async ({ id }) => {
  await scene.store.put(`videos/${id}.mp4`, video);
  return resultWith({ video: `videos/${id}.mp4`, bytes: video.length, width: 640, height: 360, seconds: 20 });
});
const web = await startWeb({ WEB_API_URL: scene.url, WEB_API_TOKEN: token });
const browser = await startBrowser();
try {
  await firstView(browser, web.url); // reads the page's files from disk
  const views = [];
  for (let view = 0; view < 5; view += 1) views.push(await firstView(browser, web.url));
  const together = await Promise.all(Array.from({ length: people }, () => firstView(browser, web.url)));
  const page = await browser.newPage();
  page.setDefaultTimeout(patience);
  await page.goto(web.url);
  await page.locator('#prompt textarea').fill('A test picture');
  await page.locator('#pictures input').setInputFiles('examples/person.png');
  await page.locator('#pictures .thumbs img').waitFor();
  await page.locator('#create').click();
  await page.locator('#result video[controls]').waitFor();
  await page.reload();
  const { milliseconds, share } = await playing(page);
  const median = views.toSorted((one, other) => one - other)[2];
  process.stdout.write(
    `${JSON.stringify({ limits, firstView: { median, max: Math.max(...views) }, together: { people, max: Math.max(...together) }, playing: { milliseconds, share, bytes: video.length } })}\n`,
  );
} finally {
  await browser.close();
  await web.stop();
  await worker.close();
  await scene[Symbol.asyncDispose]();
}
