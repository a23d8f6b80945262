import { mkdtemp, rm } from 'node:fs/promises';
import { request as ask } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest';
import { readableTail, startPart } from '../../scripts/support/part.ts';
import type { Part } from '../../scripts/support/part.ts';
import { createToken } from '../../src/api/tokens.ts';
import { projectRoot } from '../../src/config/environment.ts';
import { probeVideo } from '../../src/media/probe.ts';
import { startRedis } from '../support/redis.ts';
import type { TestRedis } from '../support/redis.ts';
import { startBrowser, startWeb } from '../support/web.ts';
import type { WebProcess } from '../support/web.ts';

/** A person with a browser: the page, the API without a bot, a worker and the real engine at toy size. */

const portrait = join(projectRoot, 'examples', 'portrait.png');
const speech = join(projectRoot, 'examples', 'speech.ogg');
const login = { WEB_USERNAME: 'ada', WEB_PASSWORD: 'a-long-password' };

/** For a clip of the tiny profile on a busy machine, a cold start of the engine included. */
const patience = { timeout: 150_000 };

let folder: string;
let redis: TestRedis;
let api: Part;
let worker: Part;
let web: WebProcess;
let browser: Browser;
let page: Page;
let apiUrl: string;
let ownersToken: string;
const hosts = new Set<string>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'humo-web-'));
  redis = await startRedis();
  const environment = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    REDIS_URL: redis.url,
    DATA_DIRECTORY: folder,
    HUMO_PROFILE: 'tiny',
    HUMO_MODELS: '17b',
    API_PORT: '0',
    BULL_BOARD: 'true',
  };
  const { token } = await createToken(join(folder, 'api-tokens.json'), {
    name: 'web',
    scopes: ['generate', 'read', 'cancel'],
    userId: null,
  });
  const owner = { name: 'owner', scopes: ['admin'], userId: null } as const;
  ({ token: ownersToken } = await createToken(join(folder, 'api-tokens.json'), owner));
  api = startPart({ name: 'api', file: 'src/api/main.ts', environment });
  worker = startPart({ name: 'worker', file: 'src/worker/main.ts', environment });
  const { address } = await api.logged('the API listens');
  apiUrl = String(address);
  [web, browser] = await Promise.all([
    startWeb({ WEB_API_URL: apiUrl, WEB_API_TOKEN: token, ...login }),
    startBrowser(),
    worker.logged('taking jobs'),
  ]);
  page = await browser.newPage();
  page.setDefaultTimeout(20_000);
  page.on('request', (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol.startsWith('http') || protocol.startsWith('ws')) hosts.add(host);
  });
});
afterAll(async () => {
  await browser.close();
  await web.stop();
  await Promise.all([api.stop(), worker.stop()]);
  await redis.stop();
  await rm(folder, { recursive: true, force: true });
});

function explainFailure(): void {
  onTestFailed(async () => {
    console.error(`— page —\n${web.log.slice(-30).join('\n')}\n${await page.locator('body').innerText()}`);
    for (const part of [api, worker]) console.error(`— ${part.name} —\n${readableTail(part.lines, 20)}`);
  });
}

const status = () => page.locator('#status');

test('nobody gets in without the name and the password', async () => {
  explainFailure();
  await page.goto(web.url);
  await page.getByLabel('username').fill(login.WEB_USERNAME);
  await page.getByLabel('password').fill('wrong');
  await page.getByRole('button', { name: 'Login' }).click();
  await page.getByText('Incorrect Credentials').waitFor();
  expect(await page.locator('#prompt').count()).toBe(0);
  await page.getByLabel('username').fill(login.WEB_USERNAME);
  await page.getByLabel('password').fill(login.WEB_PASSWORD);
  await page.getByRole('button', { name: 'Login' }).click();
  await page.locator('#prompt').waitFor();
});

test('what is missing is said in the words of the API', async () => {
  explainFailure();
  await page.locator('#prompt textarea').fill('A friendly robot speaks');
  await page.locator('#create').click();
  const said = status().getByText('I need something to look at');
  await said.waitFor();
  expect(await said.innerText()).toContain('add an image, a sound, or both');
});

test('who has no sound types words, and chooses who says them', async () => {
  explainFailure();
  await page.locator('#words textarea').fill('Hi there!');
  await page.locator('#window').getByText('as long as the words take').waitFor();
  await page.locator('#voice input').click();
  await page.getByRole('option', { name: 'Joe · English (US) · man' }).click();
  // Words with a sound: the refusal shows that both have been sent.
  await page.locator('#audio input[type=file]').first().setInputFiles(speech);
  await page.locator('#window').getByText('Used:').waitFor();
  await page.locator('#create').click();
  const said = status().getByText('words to be said and a sound');
  await said.waitFor();
  expect(await said.count()).toBe(1);
  await page.reload();
  await page.locator('#prompt textarea').fill('A friendly robot speaks');
});

test('a person uploads, sees which seconds are used, waits, plays the video and keeps it', async () => {
  explainFailure();
  await page.locator('#images input[type=file]').first().setInputFiles(portrait);
  await page.locator('#images img').first().waitFor();
  await page.locator('#audio input[type=file]').first().setInputFiles(speech);
  await page.locator('#window').getByText('Used: 0:00.0–0:06.4 of 0:06.4.').waitFor();
  await page.locator('#start input[type=number]').fill('5');
  await page.locator('#start input[type=number]').blur();
  await page.locator('#window').getByText('Used: 0:05.0–0:06.4 of 0:06.4.').waitFor();

  await page.locator('#create').click();
  await status().getByText('Painting the frames').waitFor(patience);
  await page.locator('#preview img').waitFor(patience);
  // Whoever loads the page again meanwhile finds what they wait for, however far it has come by then.
  await page.reload();
  await status()
    .getByText(/Painting the frames|Developing the film|Packing the video|Here it is/)
    .waitFor(patience);
  await status().getByText('Here it is.').waitFor(patience);
  await status().getByText('noise, not your person').waitFor();

  const video = page.locator('#video video');
  await video.waitFor();
  // As text: what runs in the browser knows other types than what runs here.
  const seconds: { now: number; whole: number; width: number } = await page.evaluate(`(async () => {
    const video = document.querySelector('#video video');
    const happens = (name) => new Promise((resolve) => video.addEventListener(name, resolve, { once: true }));
    video.muted = true;
    await video.play();
    await happens('timeupdate');
    video.currentTime = 1;
    await happens('seeked');
    return { now: video.currentTime, whole: video.duration, width: video.videoWidth };
  })()`);
  expect(seconds.now).toBeGreaterThanOrEqual(1);
  expect(seconds.whole).toBeCloseTo(1.4, 0);
  expect(seconds.width).toBe(192);

  const downloading = page.waitForEvent('download');
  await page.locator('#download').click();
  const path = join(folder, 'downloaded.mp4');
  await (await downloading).saveAs(path);
  const probed = await probeVideo(path, { scratch: folder, timeoutMilliseconds: 60_000 });
  expect(JSON.stringify(probed)).toContain('h264');
});

test('it stands among the recent ones, also for the next visit', async () => {
  explainFailure();
  await page.reload();
  const line = page.locator('#recent').getByText('A friendly robot speaks').filter({ visible: true }).first();
  await line.click();
  await status().getByText('Here it is.').waitFor();
  await page.locator('#video video').waitFor();
  expect(await page.locator('#download').isVisible()).toBe(true);
});

test('one that is not wanted any more is cancelled', async () => {
  explainFailure();
  await page.locator('#prompt textarea').fill('A second robot');
  await page.locator('#images input[type=file]').first().setInputFiles(portrait);
  await page.locator('#images img').first().waitFor();
  await page.locator('#create').click();
  await page.locator('#cancel').click();
  await status().getByText('You cancelled it.').waitFor(patience);
  await page.locator('#cancel').waitFor({ state: 'hidden' });
  expect(await page.locator('#create').isEnabled()).toBe(true);
});

test('the page fits a phone, and shows a prompt as the words it is', async () => {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
  const phone = await context.newPage();
  phone.on('dialog', (dialog) => expect.unreachable(dialog.message()));
  await phone.goto(web.url);
  await phone.getByLabel('username').fill(login.WEB_USERNAME);
  await phone.getByLabel('password').fill(login.WEB_PASSWORD);
  await phone.getByRole('button', { name: 'Login' }).click();
  await phone
    .locator('#prompt textarea')
    .fill('<img src=x onerror=alert(1)> looks into the camera and speaks');
  await phone.locator('#images input[type=file]').first().setInputFiles(portrait);
  await phone.locator('#images img').first().waitFor();
  await phone.locator('#create').click();
  await phone.locator('#cancel').click(patience);
  await phone.locator('#status').getByText('You cancelled it.').waitFor(patience);
  await phone.locator('#recent').getByText('<img src=x').filter({ visible: true }).first().waitFor();
  expect(await phone.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
  await context.close();
});

test('a page of somebody else’s in the same browser learns nothing, with a cookie or by another name', async () => {
  const { port } = new URL(web.url);
  const as = (headers: Record<string, string>, method = 'GET') =>
    new Promise<number>((resolve, reject) => {
      ask({ port, host: '127.0.0.1', path: '/gradio_api/info', method, headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      })
        .on('error', reject)
        .end();
    });
  const cookies = await page.context().cookies(web.url);
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  const own = { host: 'humo.example.org', cookie };
  expect(await as({ ...own, origin: 'https://humo.example.org' })).toBe(200);
  expect(await as({ ...own, origin: 'https://evil.example' })).toBe(403);
  expect(await as({ ...own, 'sec-fetch-site': 'cross-site' })).toBe(403);
});

test('the browser spoke to the page alone', () => {
  expect([...hosts]).toEqual([new URL(web.url).host]);
});

test('an owner sees the queues, and nobody else hears of it', async () => {
  const context = await browser.newContext({ httpCredentials: { username: 'me', password: ownersToken } });
  const board = await context.newPage();
  const answered = new Set<string>();
  board.on('response', (response) => answered.add(new URL(response.url()).host));
  await board.goto(`${apiUrl}/admin/queues`);
  await board.getByText('generations.17b').first().waitFor();
  expect([...answered]).toEqual([new URL(apiUrl).host]);
  await context.close();
});

test('others are let in only with a login', async () => {
  const open = await startWeb({ WEB_HOST: '0.0.0.0', WEB_API_TOKEN: 'x' });
  expect(await open.ended).toBe(78);
  expect(open.log.join('\n')).toContain('set WEB_USERNAME and WEB_PASSWORD');
});
