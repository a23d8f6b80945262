import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as ask } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import sharp from 'sharp';
import { ulid } from 'ulid';
import { afterAll, beforeAll, expect, onTestFailed, test, vi } from 'vitest';
import { z } from 'zod';
import { readableTail, startPart } from '../../scripts/support/part.ts';
import type { Part } from '../../scripts/support/part.ts';
import { createToken, ownUserId, revokeToken } from '../../src/api/tokens.ts';
import { loadApiConfig, projectRoot } from '../../src/config/environment.ts';
import { probeVideo } from '../../src/media/probe.ts';
import { apiReply } from '../../src/queue/contract/generation.ts';
import { createGenerationQueue } from '../../src/queue/create-generation-queue.ts';
import { createModeration } from '../../src/queue/moderation/redis-moderation.ts';
import { createWorkQueue } from '../../src/queue/jobs/create-work-queue.ts';
import { createArtifactStore } from '../../src/storage/create.ts';
import { generationWith, resultWith } from '../support/generation.ts';
import { visitPage } from '../support/page-visitor.ts';
import { startRedis } from '../support/redis.ts';
import { scriptedEngineCommand } from '../support/scripted-engine.ts';
import type { TestRedis } from '../support/redis.ts';
import { startBrowser, startWeb } from '../support/web.ts';
import type { WebProcess } from '../support/web.ts';
import { patience } from '../support/patience.ts';

/**
 * A person with a browser: the page, the API without a bot, a worker and the real engine at toy size. What the page shows in each state
 * is looked at in both sizes, by axe-core, too. With PAGE_PICTURES=FOLDER the same run keeps a picture of each state there, made by the
 * small model that draws people: `npm run pictures`.
 */

const person = join(projectRoot, 'examples', 'person.png');
const speech = join(projectRoot, 'examples', 'speech.ogg');
const login = { WEB_USERNAME: 'ada', WEB_PASSWORD: 'a-long-password' };
const sizes = { desktop: { width: 1366, height: 850 }, phone: { width: 390, height: 844 } } as const;
/** Nobody is here whom motion would please: drawing it takes a tenth of what all else takes. One page, which is to draw nothing, has it. */
const motionless = { reducedMotion: 'reduce' } as const;
const pictures = process.env['PAGE_PICTURES'];
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** For a clip of the tiny profile on a busy machine, a cold start of the engine included. */

let folder: string;
let redis: TestRedis;
let environment: Record<string, string | undefined>;
let api: Part;
let worker: Part;
let web: WebProcess;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let apiUrl: string;
let ownersToken: string;
const hosts = new Set<string>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'humo-web-'));
  redis = await startRedis();
  environment = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    REDIS_URL: redis.url,
    DATA_DIRECTORY: folder,
    HUMO_PROFILE: pictures === undefined ? 'tiny' : 'mini',
    HUMO_MODELS: '17b',
    API_PORT: '0',
    BULL_BOARD: 'true',
  };
  const { token } = await createToken(tokensFile(), {
    name: 'web',
    scopes: ['generate', 'read', 'cancel', 'people'],
    userId: null,
  });
  const owner = { name: 'owner', scopes: ['admin'], userId: null } as const;
  ({ token: ownersToken } = await createToken(tokensFile(), owner));
  api = startPart({ name: 'api', file: 'src/api/main.ts', environment });
  worker = startWorker();
  const { address } = await api.logged('the API listens');
  apiUrl = String(address);
  [web, browser] = await Promise.all([
    startWeb({ WEB_API_URL: apiUrl, WEB_API_TOKEN: token, WEB_SHARE_DAYS: '7', ...login }),
    startBrowser(),
    worker.logged('taking jobs'),
  ]);
  context = await browser.newContext({ ...motionless, viewport: sizes.desktop, locale: 'en-GB' });
  context.setDefaultTimeout(patience.timeout);
  page = await context.newPage();
  // Choosers are intercepted from here on: told only when one is waited for, the browser may open its own before it hears of it.
  page.on('filechooser', () => undefined);
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

const startWorker = (more: Record<string, string> = {}) =>
  startPart({ name: 'worker', file: 'src/worker/main.ts', environment: { ...environment, ...more } });
const tokensFile = () => join(folder, 'api-tokens.json');

function explainFailure(): void {
  onTestFailed(async () => {
    console.error(`— page —\n${web.log.slice(-30).join('\n')}\n${await page.locator('body').innerText()}`);
    for (const part of [api, worker]) console.error(`— ${part.name} —\n${readableTail(part.lines, 20)}`);
  });
}

const status = () => page.locator('#status');
const refusedAt = (part: string) => page.locator(`#refused-${part} .refusal`);

async function enter(on: Page, path = '/'): Promise<void> {
  await on.goto(web.url + path);
  await on.locator('#name').fill(login.WEB_USERNAME);
  await on.locator('#password').fill(login.WEB_PASSWORD);
  await on.locator('#password').press('Enter');
  await on.locator('#create').waitFor();
  await on.locator('#gallery :is(.nothing, .gallery)').waitFor();
}

/** Looks at the page as it is now in both sizes: nothing is cut off, the status and `place` are in view, and axe-core finds nothing. */
async function look(name: string, on: Page = page, place = '#create'): Promise<void> {
  for (const [size, viewport] of Object.entries(sizes)) {
    await on.setViewportSize(viewport);
    await on.evaluate('new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown)))');
    expect(await on.evaluate('document.documentElement.scrollWidth'), `${name}, ${size}`).toBeLessThanOrEqual(
      viewport.width,
    );
    if (place !== '#create') await on.locator(place).scrollIntoViewIfNeeded();
    const first =
      name === 'empty'
        ? ['#prompt', '#pictures .add', '#sound .add', '#sound .record', '#words', '#price']
        : [];
    for (const part of ['#status .lead', ...first, place]) {
      const box = await on.locator(part).boundingBox();
      expect(box, part).not.toBeNull();
      expect(box?.y, `${name}, ${size}, ${part}`).toBeGreaterThanOrEqual(0);
      expect((box?.y ?? 0) + (box?.height ?? 0), `${name}, ${size}, ${part}`).toBeLessThanOrEqual(
        viewport.height,
      );
    }
    expect(await violationsOn(on), `${name}, ${size}`).toEqual([]);
    expect(await on.evaluate(idsGivenTwice)).toEqual([]);
    if (pictures === undefined) continue;
    await mkdir(pictures, { recursive: true });
    const shot = sharp(await on.screenshot());
    await shot.webp({ quality: 70, effort: 6 }).toFile(join(pictures, `page-${name}-${size}.webp`));
  }
  await on.setViewportSize(sizes.desktop);
  expect(await darkContrast(on), `${name}, in the dark`).toEqual([]);
}

const idsGivenTwice = `[...document.querySelectorAll('[id]:not([id=""])')].map(({ id }) => id).filter((id, place, all) => all.indexOf(id) !== place)`;

/** What axe-core finds of a page that is seen in the other light: contrast alone, since nothing else is different. */
async function darkContrast(on: Page): Promise<unknown[]> {
  const turn = () => on.evaluate("document.body.classList.toggle('dark')");
  await turn();
  const found = await violationsOn(on, { runOnly: ['color-contrast'] });
  await turn();
  return found;
}

/** What axe-core finds: rules with the elements that break them. */
async function violationsOn(on: Page, options: object = {}): Promise<unknown[]> {
  if (!(await on.evaluate("'axe' in globalThis"))) await on.evaluate(axe);
  const found = await on.evaluate(
    `axe.run(document, ${JSON.stringify({ resultTypes: ['violations'], ...options })})`,
  );
  return violations.parse(found).violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
}
const violations = z.object({
  violations: z.array(z.object({ id: z.string(), nodes: z.array(z.object({ html: z.string() })) })),
});

/** The next file finds the page's disk full: what it is told then, tests/integration/page/disk.test.ts has from one that is. */
const fullDiskOnce = () =>
  page.route('**/gradio_api/upload*', (route) => route.fulfill({ status: 507, body: 'The disk is full.' }), {
    times: 1,
  });

/** Says that the picture may be used, where the API asks for it. */
async function agree(on: Page): Promise<void> {
  const box = on.locator('#agreed input');
  if ((await box.count()) > 0) await box.check();
}

/** The page as somebody finds it who has written nothing yet. */
async function openAfresh(): Promise<void> {
  // From where nothing keeps what stands in the form any more.
  await page.goto(`${web.url}/examples/person.png`);
  await page.evaluate('sessionStorage.clear()');
  await page.goto(web.url);
  await page.locator('#gallery :is(.nothing, .gallery)').waitFor();
}

/** With the keyboard alone: Tab until the cursor is there. */
async function tabTo(selector: string): Promise<void> {
  for (let presses = 0; presses < 60; presses += 1) {
    if (await page.evaluate(`document.activeElement?.matches(${JSON.stringify(selector)}) ?? false`)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not lead to ${selector}`);
}

test('nobody gets in without the name and the password', async () => {
  explainFailure();
  await page.goto(web.url);
  await page.getByLabel('Name').fill(login.WEB_USERNAME);
  await page.getByLabel('Password').fill('wrong');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByText('The name or the password is wrong.').waitFor();
  expect(await violationsOn(page)).toEqual([]);
  expect(await page.locator('#prompt').count()).toBe(0);
  await enter(page);
  expect(new URL(page.url()).pathname).toBe('/en/');
  await page.locator('#preset').getByText('Standard · 112p ·').waitFor();
  await look('empty');
});

test('who has no sound types words, and sees what they cost before anything is asked for', async () => {
  explainFailure();
  await page.locator('#pictures input').setInputFiles(person);
  await page.locator('#pictures .thumbs img').waitFor();
  await page.locator('#words textarea').fill('Hi there!');
  await page.locator('#voice input').click();
  await page.getByRole('option', { name: 'Joe · English (US) · man' }).click();
  await page
    .locator('#price')
    .getByText(/Takes \w+ .+ · done in/)
    .waitFor();
  expect(await page.locator('#voice input').inputValue()).toBe('Joe · English (US) · man');
  await page.locator('#words textarea').fill('');
  await page.getByRole('button', { name: 'Remove image 1' }).click();
});

test('what is refused is said at its field, and the cursor is there', async () => {
  explainFailure();
  await page.locator('#prompt textarea').press('Control+Enter');
  await refusedAt('prompt').getByText('Describe the scene in a sentence.').waitFor();
  await page.locator('#prompt textarea').fill('A woman on the beach talks to the camera');
  await page.locator('#prompt textarea').press('Control+Enter');
  await refusedAt('pictures').getByText('I need something to see or hear').waitFor();
  expect(await refusedAt('prompt').count()).toBe(0);
  expect(await page.evaluate("document.activeElement.matches('#pictures input')")).toBe(true);
  const file = join(folder, 'picture.png');
  await writeFile(file, 'This is no picture, whatever its name says.');
  await page.locator('#pictures input').setInputFiles(file);
  await page.getByText('The browser can’t show image 1').waitFor();
  await page.locator('#pictures .unshown').getByText('picture.png').waitFor();
  await agree(page);
  await page.locator('#create').click();
  await refusedAt('pictures').getByText('PNG, JPEG, WebP').waitFor();
  await status().getByText('Something in the form isn’t right yet.').waitFor();
  await look('refused');
  await page.getByRole('button', { name: 'Remove image 1' }).click();
  await refusedAt('pictures').waitFor({ state: 'detached' });

  await fullDiskOnce();
  await page.locator('#pictures input').setInputFiles(person);
  await page.locator('#pictures .hint').getByText('My disk is full').waitFor();
  // In the page's words alone: Gradio shows what a server answers.
  expect(await page.getByText('507').count()).toBe(0);

  // More than fit, by their number; and a number that is none, in a part of the form that is closed.
  await page.locator('#pictures input').setInputFiles([person, person, person, person, person]);
  await page.locator('#pictures').getByText('Up to 4 images fit').waitFor();
  expect(await page.locator('#pictures .thumbs img').count()).toBe(4);
  const finer = page.locator('#more button').first();
  await finer.click();
  // The form has to know it: what is written into a part that is still being opened, quicker than a person can, it does not hear.
  await vi.waitFor(async () => {
    await page.locator('#seed :is(input, textarea)').fill('');
    await page.locator('#seed :is(input, textarea)').fill('lucky');
    expect(await page.evaluate('JSON.stringify(Object.values(sessionStorage))')).toContain('lucky');
  }, patience);
  await finer.click();
  await page.locator('#seed').waitFor({ state: 'hidden' });
  await page.locator('#create').click();
  await refusedAt('more').getByText('The seed is a whole number').waitFor();
  await page.waitForFunction("document.activeElement?.matches('#seed :is(input, textarea)')");
});

test('with the keyboard alone: a picture, a sound and its window, a wait, a video that plays and is kept', async () => {
  explainFailure();
  await openAfresh();
  await tabTo('#prompt textarea');
  await page.keyboard.type('A woman on the beach talks to the camera');
  await choose('#pictures input', person);
  await page.locator('#pictures .thumbs img').waitFor();
  await choose('#sound input[type=file]', speech);
  await page.locator('#sound').getByText('Used: 0:00.0–0:06.4 of 0:06.4').waitFor();
  await tabTo('#sound .wave input');
  for (let press = 0; press < 50; press += 1) await page.keyboard.press('ArrowRight');
  await page.locator('#sound').getByText('Used: 0:05.0–0:06.4 of 0:06.4').waitFor();
  await page
    .locator('#price')
    .getByText(/Takes \w+ .+ · done in/)
    .waitFor();
  await look('filled');
  if ((await page.locator('#agreed input').count()) > 0) {
    await tabTo('#agreed input');
    await page.keyboard.press('Space');
  }
  await tabTo('#create');
  await page.keyboard.press('Enter');
  await status().getByText('Painting the frames').waitFor(patience);
  await page.locator('#result .stage img').waitFor(patience);
  if (pictures !== undefined) await look('running');
  // Whoever loads the page again meanwhile finds what they wait for, however far it has come by then.
  await page.reload();
  await status()
    .getByText(/Painting the frames|Developing the film|Packing the video|Here it is/)
    .waitFor(patience);
  await status().getByText('Here it is.').waitFor(patience);
  await page
    .locator('#result')
    .getByText(/noise, not a person|Small demo model/)
    .waitFor();

  const parts: number[] = [];
  page.on('response', (answer) => {
    if (answer.url().includes('/video')) parts.push(answer.status());
  });
  // As text: what runs in the browser knows other types than what runs here.
  const seconds: { now: number; whole: number; width: number } = await page.evaluate(`(async () => {
    const video = document.querySelector('#result video');
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
  expect(parts.every((code) => code === 206)).toBe(true);
  await look('result');

  const downloading = page.waitForEvent('download');
  await tabTo('#download a');
  await page.keyboard.press('Enter');
  const path = join(folder, 'downloaded.mp4');
  await (await downloading).saveAs(path);
  const probed = await probeVideo(path, { scratch: folder, timeoutMilliseconds: 60_000 });
  expect(JSON.stringify(probed)).toContain('h264');

  async function choose(input: string, file: string) {
    await tabTo(input);
    const choosing = page.waitForEvent('filechooser');
    await page.keyboard.press('Space');
    await (await choosing).setFiles(file);
  }
});

test('before all of the page is there, it can be written on, and what was written goes over', async () => {
  explainFailure();
  const early = await page.context().newPage();
  let scripts = Promise.withResolvers<boolean>();
  await early.route(/assets\/.*\.js$/, async (route) => {
    await ((await scripts.promise) ? route.continue() : route.abort());
  });
  // As quick as nobody is: the field has just come, and what listens to it stands below.
  await early.addInitScript(`if (sessionStorage.getItem('quick') === null) {
    new MutationObserver((_, observer) => {
      const field = document.querySelector('#first-prompt');
      if (field === null) return;
      observer.disconnect();
      sessionStorage.setItem('quick', 'once');
      field.value = 'Written early';
    }).observe(document, { childList: true, subtree: true });
  }`);
  await early.goto(page.url(), { waitUntil: 'commit' });
  const first = early.getByLabel('Describe the scene');
  scripts.resolve(false);
  await early.getByText('This page didn’t load completely').waitFor();
  scripts = Promise.withResolvers();
  await early.reload({ waitUntil: 'commit' });
  await early.waitForFunction("document.querySelector('#first-prompt')?.value === 'Written early'");
  await first.focus();
  expect(await early.locator('#prompt').count()).toBe(0);
  scripts.resolve(true);
  await early.locator('#first-sight').waitFor({ state: 'detached' });
  await early.waitForFunction("document.querySelector('#prompt textarea')?.value === 'Written early'");
  await early.locator('#prompt textarea:focus').pressSequentially(', and on');
  await early.waitForFunction("sessionStorage.getItem('humo-form').includes('Written early, and on')");
  scripts = Promise.withResolvers();
  await early.reload({ waitUntil: 'commit' });
  await early.waitForFunction("document.querySelector('#first-prompt')?.value === 'Written early, and on'");
  scripts.resolve(true);
  await early.locator('#first-sight').waitFor({ state: 'detached' });
  await early.close();
});

test('a page names in its first bytes all that it asks for, and draws nothing once it stands', async () => {
  explainFailure();
  const fresh = await context.newPage();
  await fresh.emulateMedia({ reducedMotion: 'no-preference' });
  // Gradio's parts take hold of it when they are loaded.
  await fresh.addInitScript(`{
    const draw = requestAnimationFrame.bind(globalThis);
    let drawn = 0;
    globalThis.requestAnimationFrame = (callback) => {
      drawn += 1;
      return draw(callback);
    };
    globalThis.drawnMeanwhile = async () => {
      drawn = 0;
      for (let picture = 0; picture < 20; picture += 1) await new Promise(draw);
      return drawn;
    };
  }`);
  const asked: string[] = [];
  fresh.on('request', (request) => void asked.push(request.url()));
  const html = await (await fresh.goto(`${web.url}/en/`))?.text();
  await fresh.locator('#gallery :is(.nothing, .gallery)').waitFor();
  const filesIn = (text: string) =>
    [...new Set([...text.matchAll(/\/assets\/([\w.-]+)/g)].map(([, file = '']) => file))].toSorted();
  // web/humo_web/ahead.txt. The styles are in one file.
  const named = filesIn(html ?? '').filter((file) => !file.endsWith('.css'));
  expect(filesIn(asked.join('\n'))).toEqual(named);
  expect(asked.filter((url) => url.endsWith('.css'))).toHaveLength(1);
  await expect.poll(() => fresh.evaluate('drawnMeanwhile()'), patience).toBe(0);
  await fresh.close();
});

test('a video is edited, and what was written stays in another language; it is shared, and nobody else’s otherwise', async () => {
  explainFailure();
  await openAfresh();
  await page.locator('#gallery .gallery button').first().click();
  await status().getByText('Here it is.').waitFor();
  await page.locator('#edit').click();
  await page.locator('#base').getByText('are used again').waitFor();
  const prompt = page.locator('#prompt textarea');
  expect(await prompt.inputValue()).toBe('A woman on the beach talks to the camera');
  await prompt.fill('A woman on the beach sings');
  await page.locator('#pictures input').setInputFiles(person);
  await page.locator('#pictures .thumbs img').waitFor();
  await page.locator('#price').getByText('done in').waitFor();
  await look('edit');
  await page.getByRole('link', { name: 'Deutsch' }).click();
  await page.locator('#base').getByText('werden wieder verwendet').waitFor();
  await page.locator('#create').getByText('Mit diesen Änderungen machen').waitFor();
  expect(await prompt.inputValue()).toBe('A woman on the beach sings');
  await page.locator('#pictures .thumbs img').waitFor();
  await page.getByRole('link', { name: 'English' }).click();
  await page.locator('#base').getByText('are used again').waitFor();
  await page.locator('#base button').click();
  await page.locator('#create').getByText('Make the video').waitFor();

  await page.locator('#made-here button').first().click();
  await page.locator('#check-file').setInputFiles(person);
  await page.locator('#verdict .refusal').getByText('MP4').waitFor();
  await page.locator('#check-file').setInputFiles(join(folder, 'downloaded.mp4'));
  await page.locator('#verdict').getByText('Yes, this was made here.').waitFor();
  await page.locator('#verdict').getByText('(Standard)').waitFor();
  await look('verify', page, '#verdict .lead');

  await page.locator('#share').click();
  const link = await page.locator('#shared-link').inputValue();
  await page.getByRole('button', { name: 'Copy' }).click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  const video = await page.locator('#result video').getAttribute('src');
  const others = await browser.newContext({ ...motionless, colorScheme: 'dark' });
  others.setDefaultTimeout(patience.timeout);
  const stranger = await others.newPage();
  expect((await stranger.goto(link))?.status()).toBe(200);
  await stranger.getByText('Made with AI.').waitFor();
  expect(await violationsOn(stranger)).toEqual([]);
  expect((await others.request.get(`${link}/video`, { headers: { range: 'bytes=0-9' } })).status()).toBe(206);
  expect((await others.request.get(`${link}x/video`)).status()).toBe(410);
  expect((await others.request.get(web.url + video)).status()).toBe(401);
  await enter(stranger);
  await stranger.locator('#gallery').getByText('Nothing yet.').waitFor();
  expect((await others.request.get(web.url + video)).status()).toBe(404);
  await others.close();
});

test('the page speaks the language of the browser, in the dark, on a phone, and shows a prompt as the words it is', async () => {
  const german = await browser.newContext({
    ...motionless,
    viewport: sizes.phone,
    locale: 'de-AT',
    colorScheme: 'dark',
  });
  german.setDefaultTimeout(patience.timeout);
  const phone = await german.newPage();
  phone.on('dialog', (dialog) => expect.unreachable(dialog.message()));
  await enter(phone);
  expect(new URL(phone.url()).pathname).toBe('/de/');
  expect(await phone.evaluate('document.documentElement.lang')).toBe('de');
  await phone.getByLabel('Beschreib die Szene').fill('<img src=x onerror=alert(1)> looks into the camera');
  await phone.locator('#pictures input').setInputFiles(person);
  await phone.locator('#pictures .thumbs img').waitFor();
  await agree(phone);
  await phone.locator('#create').click();
  await phone.locator('#cancel').click(patience);
  await phone.locator('#status').getByText('Du hast es abgebrochen.').waitFor(patience);
  await phone.locator('#gallery').getByText('<img src=x').first().waitFor();
  // There is no video to share, and none that could be better.
  for (const button of ['#share', '#better']) await phone.locator(button).waitFor({ state: 'hidden' });
  await look('dark', phone);
  await german.close();
});

test('a far face, a film, a part of it, a recording, and a voice alone', async () => {
  explainFailure();
  await openAfresh();
  await page.locator('#prompt textarea').fill('Somebody far away');
  const figure = await sharp(person).resize(360).toBuffer();
  const scene = sharp({ create: { width: 1600, height: 1067, channels: 3, background: '#8fb4d0' } });
  const far = join(folder, 'far.jpg');
  await scene.composite([{ input: figure, left: 900, top: 500 }]).toFile(far);
  await page.locator('#pictures input').setInputFiles(far);
  await page.locator('#pictures .hint').getByText('The face in image 1 is small.').waitFor();
  await page.getByRole('button', { name: 'Crop image 1' }).click();
  await page.getByRole('dialog').waitFor();
  await look('crop');
  await fullDiskOnce();
  await page.getByRole('button', { name: 'Use it' }).click();
  await page.getByRole('dialog').getByText('My disk is full').waitFor();
  await page.getByRole('button', { name: 'Use it' }).click();
  await page.waitForFunction("document.activeElement?.ariaLabel === 'Crop image 1'");
  await page.locator('#pictures .hint').waitFor({ state: 'hidden' });
  const cropped: [number, number] = await page.evaluate(
    `(async () => { const image = document.querySelector('#pictures img'); await image.decode(); return [image.naturalWidth, image.naturalHeight]; })()`,
  );
  // Not a pixel less than the page advises, whatever the sliders round it to.
  expect(cropped).toEqual([404, 404]);

  // Named as no film is, and with a window that the mouse draws.
  const buffer = await readFile(join(projectRoot, 'examples', 'person.mp4'));
  const soundInput = page.locator('#sound input[type=file]');
  await soundInput.setInputFiles({ name: 'film.txt', mimeType: 'text/plain', buffer });
  const used = page.locator('#sound .used');
  await used.getByText('Used: 0:00.0–0:03.9 of 0:03.9').waitFor();
  const wave = await page.locator('#sound .wave').boundingBox();
  if (wave === null) throw new Error('there is no wave');
  const middle = wave.y + 24;
  await page.mouse.move(wave.x + 6, middle);
  await page.mouse.down();
  await page.mouse.move(wave.x + wave.width / 2, middle, { steps: 5 });
  await page.mouse.up();
  await used.getByText(/^Used: 0:0(1\.[89]|2\.[012])–0:03\.9/).waitFor();
  await page.getByRole('button', { name: 'Remove the audio' }).click();
  await soundInput.setInputFiles({
    name: 'song.mp3',
    mimeType: 'audio/mpeg',
    buffer: await readFile(person),
  });
  await page.locator('#sound .hint.refusal').getByText(/\w/).waitFor();
  await page.getByRole('button', { name: 'Remove the audio' }).click();

  await context.grantPermissions(['microphone']);
  await page.getByRole('button', { name: 'Record' }).click();
  await page.getByRole('button', { name: 'Stop' }).waitFor();
  // No wait for anything: somebody speaks for so long. The browser's own microphone rings once a second.
  await page.waitForTimeout(1_500);
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.locator('#sound').getByText('Your recording').waitFor();
  await used.getByText(/^Used: 0:00/).waitFor();
  await page.locator('#more button').first().click();
  await page.locator('#clean').getByText('always').click();
  await page.locator('#create').click();
  await refusedAt('agreed').getByText('Tick the box').waitFor();
  expect(await page.evaluate("document.activeElement.matches('#agreed input')")).toBe(true);
  await page.keyboard.press('Space');
  await refusedAt('agreed').waitFor({ state: 'detached' });

  // An engine of which only the order of its steps is real: from here on it is about what is pressed.
  await worker.stop();
  const goOn = join(folder, 'go-on');
  const command = scriptedEngineCommand({ gate: { beforeStep: 2, file: goOn } });
  worker = startWorker({ ENGINE_COMMAND: command.join(' ') });
  await worker.logged('taking jobs');
  await page.keyboard.press('Control+Enter');
  await status().getByText('Step 1 of').waitFor(patience);
  await page.locator('#result .stage img').waitFor();
  if (pictures === undefined) await look('running');
  await writeFile(goOn, '');
  await status().getByText('Here it is.').waitFor(patience);
  await page.locator('#gallery').getByText('Somebody far away').waitFor();
});

test('an example, again, variations, better, an edit with another sound, and an end to one of them', async () => {
  explainFailure();
  await openAfresh();
  await page.locator('#delete').click();
  // The button takes the cursor, so that a keyboard needs no way to it.
  await page.waitForFunction("document.activeElement?.id === 'really'");
  await page.keyboard.press('Enter');
  await status().getByText('It’s gone.').waitFor();
  const cards = page.locator('#gallery .gallery li');
  const finished = () => status().getByText('Here it is.').waitFor(patience);
  await page.locator('#gallery').getByText('Somebody far away').waitFor({ state: 'detached' });
  const before = await cards.count();
  await page.locator('#result [data-example=person-curls]').click();
  await page.locator('#result').getByText('A woman in the city at night').waitFor();
  await finished();
  expect(await page.locator('#prompt textarea').inputValue()).toBe(
    'A woman in the city at night talks to the camera',
  );
  const facts = async () => (await page.locator('#result .facts').textContent()) ?? '';
  const first = await facts();
  await page.locator('#again').click();
  await page.locator('#cancel').waitFor();
  await finished();
  expect(await facts()).not.toBe(first);

  await page.locator('#count input').click();
  await page.getByRole('option', { name: '2' }).click();
  await page.locator('#vary').click();
  // All of them at once, before the first is done.
  await cards.nth(before + 3).waitFor();
  await finished();
  // The list looks again by itself, until there is nothing to wait for.
  await page.waitForFunction(
    `[...document.querySelectorAll('#gallery .when')].every((one) => /^(done|cancelled)/.test(one.textContent))`,
    undefined,
    patience,
  );
  const seeds = new Set<string>();
  // The first of them is shown, and the last in the list: newest stand first.
  for (let place = 0; place < 2; place += 1) {
    const known = await facts();
    await cards.nth(place).locator('button').click();
    await page.locator('#result .facts').getByText(known).waitFor({ state: 'detached' });
    seeds.add(await facts());
  }
  expect(seeds.size).toBe(2);

  const varied = (await facts()).split('seed ')[1] ?? '';
  await page.locator('#better').click();
  await page.locator('#result').getByText(`Final · 144p · `).getByText(`seed ${varied}`).waitFor();
  await finished();
  expect(await page.locator('#better').isVisible()).toBe(false);

  await page.locator('#edit').click();
  await page.locator('#base').getByText('are used again').waitFor();
  expect(await page.locator('#preset input:checked').inputValue()).toBe('final');
  await page.locator('#prompt textarea').fill('A woman in the city hums');
  await page.locator('#sound input[type=file]').setInputFiles(speech);
  await page.locator('#sound').getByText('of 0:06.4').waitFor();
  await agree(page);
  await page.locator('#create').click();
  await page.locator('#result .caption').getByText('A woman in the city hums').waitFor();
  await finished();
  expect(await facts()).toContain(`· 6.4 s · seed ${varied}`);

  // Pictures of the list come when they come into view.
  await page.setViewportSize(sizes.phone);
  const still = cards.last().locator('img');
  expect(await still.getAttribute('loading')).toBe('lazy');
  await still.scrollIntoViewIfNeeded();
  await page.waitForFunction(
    `[...document.querySelectorAll('#gallery li:last-child img')].every((one) => one.naturalWidth > 0)`,
  );
  await page.setViewportSize(sizes.desktop);
});

test('ten people at once: each gets their own video, and sees nothing of anybody else’s', async () => {
  explainFailure();
  // In this process, a worker whose video is a word: who gets which is what counts here.
  await worker.stop();
  const config = loadApiConfig(environment);
  const works = createWorkQueue(config, pino({ level: 'silent' }));
  const store = createArtifactStore(config);
  const consumer = await works.consume({
    models: ['17b'],
    workerId: 'in-test',
    async work({ id, request: { prompt } }) {
      const video = Buffer.from(`of ${prompt}`);
      await store.put(`videos/${id}.mp4`, video);
      return resultWith({ video: `videos/${id}.mp4`, bytes: video.length, width: 192, height: 112 });
    },
  });
  try {
    const names = Array.from({ length: 10 }, (_, number) => `person ${number}`);
    const loggedIn = (await context.cookies(web.url)).find(({ name }) => name === 'humo-session');
    const picture = new Uint8Array(await readFile(person));
    const sound = new Uint8Array(await readFile(speech));
    const people = await Promise.all(
      names.map(async (name) => {
        const visitor = await visitPage(web.url, `humo-session=${loggedIn?.value}`);
        const files = [[await visitor.send('me.png', picture)], await visitor.send('me.ogg', sound)];
        const choices = ['', '', 'standard', 'landscape', '', '', '', 5.5, 5, 'auto', true, null];
        await visitor.press('create', [name, ...files, ...choices]);
        const { ids, html } = await visitor.listed();
        expect(ids, name).toHaveLength(1);
        expect(names.filter((one) => html.includes(one))).toEqual([name]);
        expect(await (await visitor.get(`/media/${ids[0]}/video`)).text()).toBe(`of ${name}`);
        return { visitor, id: ids[0] };
      }),
    );
    expect(new Set(people.map(({ id }) => id)).size).toBe(names.length);
    const [first] = people;
    for (const { id } of people.slice(1))
      expect((await first?.visitor.get(`/media/${id}/video`))?.status).toBe(404);
  } finally {
    await consumer.close();
    await Promise.all([works.close(), store.close()]);
  }
});

test('an owner sees the queues, and nobody else hears of it', async () => {
  const boardContext = await browser.newContext({
    httpCredentials: { username: 'me', password: ownersToken },
  });
  boardContext.setDefaultTimeout(patience.timeout);
  const board = await boardContext.newPage();
  const answered = new Set<string>();
  board.on('response', (response) => answered.add(new URL(response.url()).host));
  await board.goto(`${apiUrl}/admin/queues`);
  await board.getByText('generations.17b').first().waitFor();
  expect([...answered]).toEqual([new URL(apiUrl).host]);
  await boardContext.close();
});

test('a pause, no machine, and two hundred others have words, and a way on', async () => {
  explainFailure();
  const config = loadApiConfig(environment);
  const logger = pino({ level: 'silent' });
  const moderation = createModeration(config, logger);
  const queue = createGenerationQueue(config, logger);
  try {
    await moderation.globalPause({ by: '1', reason: 'New cards are put in', until: null });
    await openAfresh();
    await page.locator('#prompt textarea').fill('While all is paused');
    await page.locator('#pictures input').setInputFiles(person);
    await page.locator('#pictures .thumbs img').waitFor();
    await agree(page);
    await page.locator('#create').click();
    await status().getByText('Why: New cards are put in').waitFor();
    await look('paused');
    await cancelled();
    await moderation.globalResume('1');
    for (let number = 0; number < 200; number += 1) {
      const { request } = generationWith({ request: { width: 192, height: 112 } });
      const draft = {
        id: ulid(),
        userId: ownUserId(`other ${number}`),
        guildId: null,
        locale: 'en',
        parentId: null,
      };
      await queue.accept({ ...draft, reply: apiReply, request, costSeconds: 60 });
    }
    await page.locator('#prompt textarea').fill('Behind many');
    await page.locator('#create').click();
    await status()
      .getByText(/number \d+ of 201/)
      .waitFor();
    await status().getByText('No machine is online').waitFor();
    await look('queue');
    await cancelled();
  } finally {
    await Promise.all([moderation.close(), queue.close()]);
  }

  async function cancelled() {
    await page.locator('#cancel').click();
    await status().getByText('You cancelled it.').waitFor();
    await page.locator('#cancel').waitFor({ state: 'hidden' });
    expect(await page.locator('#create').isEnabled()).toBe(true);
  }
});

test('an API that is away, and a token that was revoked, have words; what was written stays', async () => {
  explainFailure();
  await api.stop();
  await page.locator('#prompt textarea').fill('This stays here');
  await page.locator('#create').click();
  await status().getByText('I can’t reach the server right now.').waitFor();
  expect(await page.locator('#prompt textarea').inputValue()).toBe('This stays here');
  await look('away');
  api = startPart({
    name: 'api',
    file: 'src/api/main.ts',
    environment: { ...environment, API_PORT: new URL(apiUrl).port },
  });
  await api.logged('the API listens');
  await page.locator('#create').click();
  await page.locator('#cancel').click();
  await status().getByText('You cancelled it.').waitFor();
  await revokeToken(tokensFile(), 'web');
  await page.locator('#create').click();
  await status().getByText('This page no longer has access.').waitFor();
  await look('revoked');
});

test('a page of somebody else’s in the same browser learns nothing, with a cookie or by another name', async () => {
  const { port } = new URL(web.url);
  const as = (headers: Record<string, string>, method = 'GET') =>
    new Promise<number>((resolve, reject) => {
      ask({ port, host: '127.0.0.1', path: '/en/gradio_api/info', method, headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      })
        .on('error', reject)
        .end();
    });
  const cookies = await context.cookies(web.url);
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  const own = { host: 'humo.example.org', cookie };
  expect(await as({ ...own, origin: 'https://humo.example.org' })).toBe(200);
  expect(await as({ ...own, origin: 'https://evil.example' })).toBe(403);
  expect(await as({ ...own, 'sec-fetch-site': 'cross-site' })).toBe(403);
});

test('the browser spoke to the page alone', () => {
  expect([...hosts]).toEqual([new URL(web.url).host]);
});

test('others are let in only with a login', async () => {
  const open = await startWeb({ WEB_HOST: '0.0.0.0', WEB_API_TOKEN: 'x' });
  expect(await open.ended).toBe(78);
  expect(open.log.join('\n')).toContain('set WEB_USERNAME and WEB_PASSWORD');
});
