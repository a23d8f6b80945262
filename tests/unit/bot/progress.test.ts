import { DiscordAPIError, SnowflakeUtil } from 'discord.js';
import { pino } from 'pino';
import { beforeEach, expect, test } from 'vitest';
import { ProgressReporter } from '../../../src/bot/progress.ts';
import type { RenderedMessage } from '../../../src/commands/render/message.ts';
import { message } from '../../../src/commands/render/message.ts';
import { projectRoot } from '../../../src/config/environment.ts';
import { loadGenerateSettings } from '../../../src/config/generate.ts';
import type {
  Generation,
  GenerationEvent,
  GenerationProgress,
} from '../../../src/queue/contract/generation.ts';
import type { Admission, AuditEntry } from '../../../src/queue/moderation/moderation.ts';
import { generationWith } from '../../support/generation.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const settings = loadGenerateSettings(`${projectRoot}/generate.yaml`, 'official');

interface Edit {
  readonly at: number;
  readonly id: string;
  readonly content: string;
  readonly files: readonly string[] | null;
  readonly by: 'token' | 'bot';
}

let clock: ManualClock;
let records: Map<string, Generation>;
let edits: Edit[];
let emit: (event: GenerationEvent) => void;
let beforeEdit: (by: Edit['by'], files?: readonly unknown[]) => Promise<void>;
let admission: Admission;
let tell: (entry: AuditEntry) => void;
let reporter: ProgressReporter;
let waiting: number;
let pictures: Map<string, Buffer>;
let posted: {
  readonly at: number;
  readonly id: string;
  readonly content: string;
  readonly nonce: string | undefined;
}[];
let beforePost: () => Promise<void>;
let starts: () => number;
/** guilds that another process hears of */
let foreign: Set<string | null>;

beforeEach(async () => {
  clock = new ManualClock();
  admission = {
    ban: null,
    unlisted: null,
    pause: null,
    globalPause: null,
    draining: null,
    maintenance: null,
    wakingUntil: null,
    modelsAtWork: ['17b'],
    limits: { waiting: 10, gpuSecondsPerDay: null, cooldownSeconds: null, weight: 1 },
    queueLength: null,
    label: null,
    askEachTime: false,
  };
  records = new Map();
  edits = [];
  waiting = 1;
  pictures = new Map();
  posted = [];
  beforePost = async () => undefined;
  starts = () => 1_800_000_100_000;
  foreign = new Set();
  beforeEdit = async () => undefined;
  const record = async (by: Edit['by'], rendered: RenderedMessage, files?: readonly { name: string }[]) => {
    await beforeEdit(by, files);
    const id = /-# (\w+)/.exec(rendered.content)?.[1] ?? '';
    edits.push({
      at: clock.now(),
      id,
      content: rendered.content,
      files: files?.map(({ name }) => name) ?? null,
      by,
    });
  };
  reporter = new ProgressReporter({
    isOwn: (guildId) => !foreign.has(guildId),
    queue: {
      get: async (id) => records.get(id) ?? null,
      list: async () => [...records.values()],
      position: async () => ({
        position: waiting,
        waiting,
        expectedStartAt: starts(),
        expectedEndAt: 1_800_000_200_000,
        held: null,
        heldUntil: null,
        measured: true,
        guess: false,
        workers: 1,
      }),
      updateReply: async (id, { statusMessageId }) => {
        const { reply } = records.get(id) ?? never();
        change(id, { reply: { ...reply, statusMessageId: statusMessageId ?? null } });
      },
      watch: async (listener) => {
        emit = listener;
        return { close: async () => undefined };
      },
    },
    moderation: {
      admission: async () => admission,
      watchAudit: async (listener) => {
        tell = listener;
        return { close: async () => undefined };
      },
    },
    messages: {
      edit: (_place, rendered, options) => record('bot', rendered, options?.files),
      post: async (channelId, rendered, options) => {
        await beforePost();
        const id = SnowflakeUtil.generate({ timestamp: clock.now() }).toString();
        posted.push({ at: clock.now(), id, content: rendered.content, nonce: options?.nonce });
        return { channelId, messageId: id };
      },
      editOriginal: async (_token, rendered, options) => {
        await record('token', rendered, options?.files);
        return { channelId: '1', messageId: '2' };
      },
    },
    readPreview: async (key) => pictures.get(key) ?? null,
    settings,
    clock,
    logger: pino({ level: 'silent' }),
  });
});

function change(id: string, by: Partial<Generation>): void {
  const record = records.get(id);
  if (record === undefined) throw new Error(`no record ${id}`);
  records.set(id, { ...record, ...by });
}

function progress(id: string, step: number, preview: string | null = null): void {
  const now: GenerationProgress = { stage: 'denoise', step, steps: 50, etaSeconds: 50 - step, preview };
  change(id, { status: 'running', progress: now });
  emit({ kind: 'progress', id, progress: now });
}

async function follow(change_: Parameters<typeof generationWith>[0] = {}): Promise<Generation> {
  const generation = generationWith({ createdAt: clock.now(), ...change_ });
  records.set(generation.id, generation);
  await reporter.follow(generation, [], async () => message(['first text']));
  return generation;
}

test('a job whose every step is reported is edited at most once in five seconds, with the newest step', async () => {
  await reporter.start();
  const { id } = await follow();
  emit({ kind: 'status', id, status: 'running' });
  for (let step = 1; step <= 50; step += 1) {
    progress(id, step);
    await clock.advance(1_000);
  }
  expect(edits.length).toBeGreaterThanOrEqual(9);
  const first = 1_800_000_000_000;
  const times = [first, ...edits.map(({ at }) => at)];
  const pauses = times.slice(1).map((at, index) => at - (times[index] ?? 0));
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(5_000);
  expect(edits.at(-1)?.content).toMatch(/step (4[5-9]|50) of 50/);
});

test('what Redis has lost says so, instead of waiting for ever', async () => {
  await reporter.start();
  const { id } = await follow();
  records.delete(id);
  emit({ kind: 'gone', id });
  await clock.advance(6_000);
  expect(edits.map(({ content }) => content)).toEqual([expect.stringContaining('no longer know of this')]);
});

test('nothing is edited while nothing changes', async () => {
  await reporter.start();
  const { id } = await follow();
  progress(id, 1);
  await clock.advance(10_000);
  expect(edits.length).toBe(1);
  emit({ kind: 'progress', id, progress: records.get(id)?.progress ?? never() });
  await clock.advance(60_000);
  expect(edits.length).toBe(1);
});

test('a new preview replaces the picture, an old one is not sent again, a lost one is left out', async () => {
  await reporter.start();
  const { id } = await follow();
  // All under one key, as the worker does it.
  for (const picture of ['first', 'first', 'second', null]) {
    if (picture === null) pictures.delete('previews/1.jpg');
    else pictures.set('previews/1.jpg', Buffer.from(picture));
    progress(id, edits.length, 'previews/1.jpg');
    await clock.advance(6_000);
  }
  const name = `preview-${id}.jpg`;
  expect(edits.map(({ files }) => files)).toEqual([[name], null, [name], null]);
});

test('those who wait see their position change when others move', async () => {
  await reporter.start();
  waiting = 2;
  const { id } = await follow();
  waiting = 1;
  emit({ kind: 'status', id: generationWith().id, status: 'running' });
  await clock.advance(20_000);
  expect(edits.map((edit) => edit.id)).toEqual([id]);
  expect(edits[0]?.content).toContain('You’re next');
});

test('with hundreds of jobs the edits of all together stay below ten a second, and everyone gets a turn', async () => {
  await reporter.start();
  const ids: string[] = [];
  for (let index = 0; index < 120; index += 1) ids.push((await follow()).id);
  for (const id of ids) progress(id, 1);
  await clock.advance(25_000);
  expect(new Set(edits.map(({ id }) => id)).size).toBe(120);
  for (const { at } of edits) {
    expect(edits.filter((other) => other.at >= at && other.at < at + 1_000).length).toBeLessThanOrEqual(10);
  }
});

test('a failing edit harms neither the job nor the edits after it', async () => {
  await reporter.start();
  const { id } = await follow();
  beforeEdit = async () => {
    throw new Error('the connection was cut');
  };
  progress(id, 1);
  await clock.advance(6_000);
  beforeEdit = async () => undefined;
  progress(id, 2);
  await clock.advance(6_000);
  expect(edits.map(({ content }) => /step \d+/.exec(content)?.[0])).toEqual(['step 2']);
});

test('a deleted status message is not tried again', async () => {
  await reporter.start();
  const { id } = await follow();
  let tries = 0;
  beforeEdit = async () => {
    tries += 1;
    throw discordError(10_008);
  };
  for (let step = 1; step < 10; step += 1) {
    progress(id, step);
    await clock.advance(6_000);
  }
  expect(tries).toBe(1);
});

test('after the death of the token the bot edits by itself; an ephemeral message says before that where it goes on', async () => {
  await reporter.start();
  const open = await follow({ reply: { tokenExpiresAt: clock.now() + 900_000 } });
  const hidden = await follow({
    reply: { kind: 'direct', private: true, tokenExpiresAt: clock.now() + 900_000 },
  });
  await clock.advance(901_000);
  expect(edits.every(({ by }) => by === 'token')).toBe(true);
  const last = edits.filter(({ id }) => id === hidden.id).at(-1);
  expect(last?.content).toContain('/jobs');
  expect(last?.content).not.toMatch(/<t:\d+/);
  edits = [];
  progress(open.id, 3);
  progress(hidden.id, 3);
  await clock.advance(10_000);
  expect(edits.map(({ id, by }) => [id, by])).toEqual([[open.id, 'bot']]);
});

test('last words that Discord does not take at once are tried again while the token lives', async () => {
  await reporter.start();
  const reply = { kind: 'direct', private: true, tokenExpiresAt: clock.now() + 900_000 } as const;
  const { id } = await follow({ reply });
  await clock.advance(840_000);
  let tries = 0;
  beforeEdit = async () => {
    tries += 1;
    if (tries < 3) throw new Error('socket hang up');
  };
  await clock.advance(60_000);
  expect(tries).toBe(3);
  expect(edits.at(-1)?.content).toContain('/jobs');
  expect(edits.at(-1)?.id).toBe(id);
});

test('a token that died before its time is replaced by the bot itself', async () => {
  await reporter.start();
  const { id } = await follow();
  beforeEdit = async (by) => {
    if (by === 'token') throw discordError(50_027);
  };
  progress(id, 1);
  await clock.advance(6_000);
  expect(edits.map(({ by }) => by)).toEqual(['bot']);
});

test('a message of almost an hour gives over to a new one, to which it points, for as long as the job lives', async () => {
  await reporter.start();
  const { id } = await follow();
  emit({ kind: 'status', id, status: 'running' });
  for (let minute = 1; minute <= 180; minute += 1) {
    progress(id, minute);
    await clock.advance(60_000);
  }
  const minutes = posted.map(({ at }) => Math.round((at - 1_800_000_000_000) / 60_000));
  expect(minutes).toEqual([55, 110, 165]);
  const pointers = edits.filter(({ content }) => content.includes('Continued here'));
  expect(pointers.map(({ content }) => posted.findIndex((one) => content.includes(`/${one.id}`)))).toEqual([
    0, 1, 2,
  ]);
  // Each message is edited while it is young, and once more at its end.
  expect(edits.at(-1)?.content).toContain('step');
  expect(records.get(id)?.reply.statusMessageId).toBe(posted[2]?.id);
  expect(new Set(posted.map(({ nonce }) => nonce)).size).toBe(3);
  for (const { nonce } of posted) expect(nonce?.length).toBeLessThanOrEqual(25);
});

test('what another bot has posted anew is followed there and not posted again', async () => {
  await reporter.start();
  const { id } = await follow();
  await clock.advance(54 * 60_000);
  const { reply } = records.get(id) ?? never();
  const statusMessageId = SnowflakeUtil.generate({ timestamp: clock.now() }).toString();
  change(id, { reply: { ...reply, statusMessageId } });
  await clock.advance(3 * 60_000);
  progress(id, 9);
  await clock.advance(60_000);
  expect(posted).toEqual([]);
  expect(edits.at(-1)?.content).toContain('step 9');
});

test('Discord says first that it is edited too often: a new message takes over at once', async () => {
  await reporter.start();
  const { id } = await follow();
  beforeEdit = async () => {
    beforeEdit = async () => undefined;
    throw discordError(30_046);
  };
  progress(id, 1);
  await clock.advance(15_000);
  expect(posted).toHaveLength(1);
  expect(edits.map(({ content }) => content.includes('Continued here'))).toEqual([true]);
});

test('where the bot may not post, the old message keeps its last text until it may again, which is tried now and then', async () => {
  await reporter.start();
  const { id } = await follow();
  let tries = 0;
  beforePost = async () => {
    tries += 1;
    throw discordError(50_013);
  };
  await clock.advance(56 * 60_000);
  const before = edits.length;
  for (let step = 1; step <= 20; step += 1) {
    progress(id, step);
    await clock.advance(30_000);
  }
  expect([tries, edits.length - before]).toEqual([3, 0]);
  beforePost = async () => undefined;
  await clock.advance(5 * 60_000);
  expect(posted.map(({ content }) => content.includes('step 20'))).toEqual([true]);
});

test.each([50_083, 50_001, 200_000])(
  'a channel that takes nothing for a while (%i) is left alone meanwhile, and its status goes on afterwards',
  async (code) => {
    await reporter.start();
    const { id } = await follow();
    let tries = 0;
    beforeEdit = async () => {
      tries += 1;
      throw discordError(code);
    };
    for (let step = 1; step <= 40; step += 1) {
      progress(id, step);
      await clock.advance(15_000);
    }
    expect(tries).toBe(2);
    beforeEdit = async () => undefined;
    await clock.advance(5 * 60_000);
    expect(edits.map(({ content }) => /step \d+/.exec(content)?.[0])).toEqual(['step 40']);
  },
);

test('a preview that Discord will not have is shown to it once: the words go on without pictures', async () => {
  await reporter.start();
  const { id } = await follow();
  let refused = 0;
  beforeEdit = async (_by, files) => {
    if (files !== undefined) {
      refused += 1;
      throw discordError(20_009);
    }
  };
  for (const step of [1, 2, 3]) {
    pictures.set('previews/1.jpg', Buffer.from(String(step)));
    progress(id, step, 'previews/1.jpg');
    await clock.advance(11_000);
  }
  expect(refused).toBe(1);
  expect(edits.map(({ content, files }) => [/step \d+/.exec(content)?.[0], files])).toEqual([
    ['step 1', null],
    ['step 2', null],
    ['step 3', null],
  ]);
});

test('those who wait see another start once theirs has passed, though nothing happens', async () => {
  await reporter.start();
  starts = () => 1_800_000_060_000;
  const { id } = await follow();
  emit({ kind: 'status', id, status: 'queued' });
  await clock.advance(30_000);
  expect(edits.at(-1)?.content).toContain('1800000060');
  starts = () => clock.now() + 60_000;
  await clock.advance(60_000);
  expect(edits.at(-1)?.content).not.toContain('1800000060');
  for (let minute = 0; minute < 5; minute += 1) {
    await clock.advance(60_000);
    const start = Number(/<t:(\d+)/.exec(edits.at(-1)?.content ?? '')?.[1]);
    expect(start * 1000).toBeGreaterThan(clock.now() - 15_000);
  }
});

test('a clock that is set back by an hour stops no status', async () => {
  await reporter.start();
  const { id } = await follow({ status: 'running' });
  progress(id, 1);
  await clock.advance(20_000);
  const before = edits.length;
  const now = clock.now.bind(clock);
  clock.now = () => now() - 3_600_000;
  progress(id, 2);
  await clock.advance(6_000);
  expect(edits.slice(before).map(({ content }) => content)).toEqual([expect.stringContaining('step 2')]);
  progress(id, 3);
  expect(await reporter.release(id)).toBeLessThanOrEqual(5_000);
});

test('release waits for the edit under way, and nothing follows it', async () => {
  await reporter.start();
  const { id } = await follow();
  const gate = Promise.withResolvers<void>();
  beforeEdit = () => gate.promise;
  progress(id, 1);
  await clock.advance(6_000);
  let released = false;
  const release = reporter.release(id).then((wait) => {
    released = true;
    return wait;
  });
  await clock.advance(1_000);
  expect(released).toBe(false);
  gate.resolve();
  expect(await release).toBeGreaterThan(0);
  progress(id, 2);
  await clock.advance(20_000);
  expect(edits.length).toBe(1);
});

test('release waits for the first text, too', async () => {
  await reporter.start();
  const generation = generationWith({ createdAt: clock.now() });
  records.set(generation.id, generation);
  const gate = Promise.withResolvers<RenderedMessage>();
  const following = reporter.follow(generation, [], () => gate.promise);
  let released = false;
  const release = reporter.release(generation.id).finally(() => {
    released = true;
  });
  await clock.advance(1_000);
  expect(released).toBe(false);
  gate.resolve(message(['first']));
  await following;
  await release;
});

test('after a restart, what waits and runs is taken up again', async () => {
  const generation = generationWith({
    createdAt: clock.now(),
    status: 'running',
    progress: { stage: 'decode', step: 0, steps: 0, etaSeconds: 3, preview: null },
  });
  records.set(generation.id, generation);
  await reporter.start();
  await clock.advance(6_000);
  expect(edits.map(({ id }) => id)).toEqual([generation.id]);
});

function discordError(code: number): DiscordAPIError {
  return new DiscordAPIError({ code, message: 'No' }, code, 400, 'PATCH', '/', {
    files: undefined,
    body: undefined,
  });
}

function never(): never {
  throw new Error('cannot happen');
}

test('after a restart, what another process hears of is left to it', async () => {
  const theirs = generationWith({ id: '01JC5W8V3Q0000000000000009', guildId: '300000000000000009' });
  records.set(theirs.id, { ...theirs, status: 'queued', createdAt: clock.now() });
  foreign.add(theirs.guildId);
  await reporter.start();
  await clock.advance(30_000);
  expect(edits).toEqual([]);
  foreign.clear();
  await reporter.start();
  await clock.advance(30_000);
  expect(edits.length).toBeGreaterThan(0);
});

test('what owners want to be read comes into every status message within seconds', async () => {
  await reporter.start();
  const { id } = await follow();
  await clock.advance(1_000);
  admission = { ...admission, maintenance: 'Back at nine' };
  const entry = { id, at: clock.now(), guildId: null, actorId: '1', reason: 'Back at nine', details: {} };
  tell({ ...entry, action: 'drain', targetUserId: null, generationId: null });
  await clock.advance(10_000);
  expect(edits).toEqual([]);
  tell({ ...entry, action: 'maintenance', targetUserId: null, generationId: null });
  await clock.advance(6_000);
  expect(edits[0]?.content).toContain('Back at nine');
});
