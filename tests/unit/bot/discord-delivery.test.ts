import { DiscordAPIError } from 'discord.js';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { Delivery } from '../../../src/bot/discord-delivery.ts';
import { isForLater } from '../../../src/bot/messages.ts';
import type { DeliveryOptions } from '../../../src/bot/discord-delivery.ts';
import { projectRoot } from '../../../src/config/environment.ts';
import { loadGenerateSettings } from '../../../src/config/generate.ts';
import { deliveryPause } from '../../../src/queue/delivery/delivery-consumer.ts';
import { NotBefore } from '../../../src/queue/delivery/not-before.ts';
import { Failure } from '../../../src/failure.ts';
import { generationWith, resultWith } from '../../support/generation.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const settings = loadGenerateSettings(`${projectRoot}/generate.yaml`, 'official');

const delivering = () =>
  generationWith({
    status: 'delivering',
    result: resultWith(),
    reply: { interactionToken: null, tokenExpiresAt: null },
  });

const never = async () => {
  throw new Error('cannot happen');
};

/** Of what Discord answers while it is away. */
const unavailable = (method: string) =>
  new DiscordAPIError({ code: 0, message: 'No' }, 0, 503, method, '/', { files: undefined, body: undefined });

/** To a channel in which the bot is a member, with a video that fits. */
function deliveryWith({
  get,
  post,
  edit,
  remove = never,
  original = async (result) => ({ data: Buffer.alloc(10), result }),
  clock = new ManualClock(),
}: Pick<DeliveryOptions['queue'], 'get'> &
  Pick<DeliveryOptions['messages'], 'post' | 'edit'> &
  Partial<Pick<DeliveryOptions['messages'], 'remove'>> &
  Partial<Pick<DeliveryOptions['videos'], 'original'>> & { readonly clock?: ManualClock }): Delivery {
  return new Delivery({
    queue: { get, updateReply: async () => undefined },
    messages: {
      ...{ post, edit, editOriginal: never, followUp: never, editFollowUp: never, openDirect: never },
      findOwn: async () => null,
      typing: never,
      remove,
    },
    videos: {
      original,
      smaller: async () => null,
    },
    releaseStatus: async () => 0,
    settings,
    clock,
    logger: pino({ level: 'silent' }),
    stopping: new AbortController().signal,
  });
}

test.each([false, true])(
  'Discord is out: only the last try says so in the status message (last: %s)',
  async (isLast) => {
    const said: string[] = [];
    const generation = delivering();
    let posts = 0;
    const delivery = deliveryWith({
      get: async () => generation,
      post: async () => {
        posts += 1;
        throw unavailable('POST');
      },
      edit: async (_place, { content }) => {
        said.push(content);
      },
    });
    const { signal } = new AbortController();
    await expect(delivery.deliver(generation, signal, isLast)).rejects.toBeInstanceOf(DiscordAPIError);
    await delivery.close();
    expect(posts).toBe(1);
    expect(said.map((content) => content.includes('neither here nor'))).toEqual(isLast ? [true] : []);
  },
);

test.each(['Redis', 'Discord'])(
  'delivered, and then %s is away for a minute: the status message points to the result all the same',
  async (whose) => {
    const generation = delivering();
    const clock = new ManualClock();
    const backAt = clock.now() + 60_000;
    const requireBack = (what: string) => {
      if (what === whose && clock.now() < backAt) throw unavailable('PATCH');
    };
    const pointed: string[] = [];
    const delivery = deliveryWith({
      get: async () => (requireBack('Redis'), generation),
      post: async () => ({ channelId: '7', messageId: '8' }),
      edit: async (_place, { content }) => {
        requireBack('Discord');
        pointed.push(content);
      },
      clock,
    });
    await delivery.deliver(generation, new AbortController().signal);
    await clock.advance(59_000);
    expect(pointed).toEqual([]);
    await clock.advance(600_000);
    expect(pointed).toEqual([expect.stringContaining('/7/8')]);
    await delivery.close();
  },
);

test.each([
  [
    'one in a busy second, before it is sent',
    { retryAfter: 900, timeToReset: 900, sublimitTimeout: 0 },
    false,
  ],
  ['one that was refused', { retryAfter: 900, timeToReset: 0, sublimitTimeout: 0 }, true],
  [
    'one where others were told: in an hour',
    { retryAfter: 3.6e6, timeToReset: 3.6e6, sublimitTimeout: 0 },
    true,
  ],
])('limits: %s is for later: %s', (_name, limit, is) => {
  expect(isForLater(limit)).toBe(is);
});

test('what somebody deletes with all that belongs to it while it is uploaded does not stay', async () => {
  const generation = delivering();
  const removed: string[] = [];
  const delivery = deliveryWith({
    get: async () => ({ ...generation, deletedAt: 1 }),
    post: async () => ({ channelId: '7', messageId: '8' }),
    edit: async () => undefined,
    remove: async ({ messageId }) => {
      removed.push(messageId);
    },
  });
  await delivery.deliver(generation, new AbortController().signal);
  await delivery.close();
  expect(removed).toEqual(['8']);
});

test('what its person has erased while it is uploaded does not stay, and its status message points nowhere', async () => {
  const generation = delivering();
  const [removed, said]: [string[], string[]] = [[], []];
  const delivery = deliveryWith({
    get: async () => null,
    post: async () => ({ channelId: '7', messageId: '8' }),
    edit: async (_place, { content }) => {
      said.push(content);
    },
    remove: async ({ messageId }) => {
      removed.push(messageId);
    },
  });
  await delivery.deliver(generation, new AbortController().signal);
  await delivery.close();
  expect(removed).toEqual(['8']);
  expect(said).toEqual([expect.stringContaining('deleted')]);
  expect(said[0]).not.toContain('/7/8');
});

test('erased while it waits for its next try: what the last one may have posted goes, and the person hears that it was stopped', async () => {
  const { reply, ...rest } = delivering();
  const failure = { code: 'cancelled', identifier: 'cancelled_by_user', context: {} } as const;
  const abandoned = {
    ...rest,
    ...({ status: 'cancelled', failure, deletedAt: 1 } as const),
    reply: { ...reply, finalChannelId: '7', finalMessageId: '8' },
  };
  const [removed, files]: [string[], number[]] = [[], []];
  const delivery = deliveryWith({
    get: async () => abandoned,
    post: async (_channel, _rendered, options) => {
      files.push(options?.files?.length ?? 0);
      return { channelId: '7', messageId: '9' };
    },
    edit: async () => undefined,
    remove: async ({ messageId }) => {
      removed.push(messageId);
    },
  });
  expect(await delivery.deliver(abandoned, new AbortController().signal)).toMatchObject({ messageId: '9' });
  await delivery.close();
  expect({ removed, files }).toEqual({ removed: ['8'], files: [0] });
});

test('a video that is gone from the store is no video that came: the failure goes with the message that says so', async () => {
  const generation = delivering();
  const pointed: string[] = [];
  const delivery = deliveryWith({
    get: async () => generation,
    original: async () => {
      throw new Failure('invalid_input', 'files_expired');
    },
    post: async () => ({ channelId: '7', messageId: '8' }),
    edit: async (_place, { content }) => {
      pointed.push(content);
    },
  });
  expect(await delivery.deliver(generation, new AbortController().signal)).toMatchObject({
    messageId: '8',
    failure: { identifier: 'files_expired' },
  });
  await delivery.close();
  expect(pointed).toEqual([expect.not.stringContaining('ready')]);
});

test('an outage of 25 seconds costs four uploads, and one of a day fewer than 300', () => {
  const triesWithin = (milliseconds: number) => {
    let [tries, at] = [0, 0];
    while (at <= milliseconds) {
      tries += 1;
      at += deliveryPause(tries);
    }
    return tries;
  };
  expect(triesWithin(25_000)).toBe(4);
  expect(triesWithin(24 * 3600_000)).toBeLessThan(300);
  // Whoever says for how long is believed, within reason.
  const pause = (milliseconds: number) => deliveryPause(1, new NotBefore(milliseconds, {}));
  expect([20, 90_000, Number.NaN].map(pause)).toEqual([1_000, 90_000, 1_000]);
  expect(pause(1e12)).toBe(24 * 3600_000);
});
