import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Fault } from '../../../sandbox/start.ts';
import { hasStatus, idOf, picture, startScene, until } from './scene.ts';
import type { Scene } from './scene.ts';

/** One scene for all: what differs is what Discord says to the video, and how often it is uploaded for that. */
let scene: Scene;
beforeAll(async () => {
  scene = await startScene();
  await scene.work((generation) => scene.finish(generation, {}, 900_000));
});
afterAll(async () => scene[Symbol.asyncDispose]());

type Refusal = Pick<Fault, 'status' | 'code' | 'times' | 'retryAfter' | 'drop'>;

/** A new channel with a video on its way, which is refused. @returns how often the video was uploaded until all was said, and where it is */
async function uploadsWhen(refusals: readonly Refusal[], isClosed = false) {
  const { discord, guild, queue } = scene;
  const eve = guild.addMember(discord.createUser('eve'));
  const channel = guild.createChannel('uploads');
  eve.acceptDirectMessages(!isClosed);
  const held = discord.faults.pause({
    method: 'POST',
    path: `/channels/${channel.id}/messages`,
    when: 'arrival',
  });
  await eve.run('/humo', { prompt: 'She speaks', image: picture() }, { channel });
  const status = await channel.waitForMessage(hasStatus);
  await held.reached;
  for (const refusal of refusals) {
    discord.faults.add({
      method: 'POST',
      path: new RegExp(`^/channels/${channel.id}/(messages|typing)$`),
      ...refusal,
    });
  }
  let uploads = 0;
  const stop = discord.onRequest(({ method, parts }) => {
    if (method === 'POST' && parts.length > 0) uploads += 1;
  });
  held.release();
  const id = idOf(status.text);
  const { failure } = await until(async () => {
    const found = await queue.get(id);
    return found !== null && (found.deliveredAt !== null || found.failure !== null) ? found : undefined;
  });
  stop();
  discord.faults.clear();
  const isThere = ({ attachments, fromBot }: { attachments: readonly unknown[]; fromBot: boolean }) =>
    fromBot && attachments.length === 1;
  const place = channel.messages.some(isThere)
    ? 'channel'
    : eve.directMessage.messages.some(isThere)
      ? 'direct'
      : (failure?.identifier ?? 'nowhere');
  return { uploads, place };
}

test.each([20_009, 240_000, 200_000, 200_001])(
  'what it shows or says is refused (%s): one upload, and never again',
  async (code) => {
    const ended = await uploadsWhen([{ status: 403, code }]);
    expect(ended).toEqual({ uploads: 1, place: 'discord_refused_content' });
  },
);

test.each([160_006, 50_013, 50_001, 10_003, 50_083])(
  'the channel is refused for good (%s): one upload there, one in direct messages',
  async (code) => {
    expect(await uploadsWhen([{ status: 403, code }])).toEqual({ uploads: 2, place: 'direct' });
  },
);

test('every way is closed (50007): two uploads, and no more', async () => {
  const ended = await uploadsWhen([{ status: 403, code: 50_001 }], true);
  expect(ended).toEqual({ uploads: 2, place: 'direct_messages_closed' });
});

test('too large (40005): one upload, and one of a smaller video', async () => {
  expect(await uploadsWhen([{ status: 413, code: 40_005 }])).toEqual({ uploads: 2, place: 'channel' });
});

test.each([
  ['5xx, twice', { status: 503, code: 0, times: 2 }],
  ['too many requests', { status: 429, code: 0, retryAfter: 0.5 }],
  ['a connection that is cut', { drop: true }],
])('for now (%s): later tries ask first, without the video', async (_name, refusal) => {
  expect(await uploadsWhen([refusal])).toEqual({ uploads: 2, place: 'channel' });
});

test.each([
  ['whose direct messages Discord opens later', 403, { method: 'POST', path: '/users/@me/channels' }],
  ['whose channel Discord shows later', undefined, { method: 'GET', path: /^\/channels\/\d+\/messages$/ }],
] as const)('nine people %s, an hour, keep nobody else waiting', async (_name, status, route) => {
  const { discord, guild, queue } = scene;
  const far = guild.createChannel('far');
  discord.faults.add({
    ...{ method: 'POST', path: `/channels/${far.id}/messages`, times: 9 },
    ...(status === undefined ? { drop: true } : { status, code: 50_013 }),
  });
  discord.faults.add({ ...route, status: 429, retryAfter: 3600, times: 9 });
  let refused = 0;
  const stop = discord.onRequest((request) => {
    if (request.status === 429) refused += 1;
  });
  for (let count = 0; count < 9; count += 1) {
    const person = guild.addMember(discord.createUser(`far ${count}`));
    await person.run('/humo', { prompt: 'She speaks', image: picture() }, { channel: far });
  }
  await until(async () => (refused === 9 ? true : undefined));
  stop();
  discord.faults.clear();
  expect(await uploadsWhen([])).toEqual({ uploads: 1, place: 'channel' });
  // None of them is given up.
  const open = await queue.list({ statuses: ['delivering'], limit: 100 });
  expect(open.filter(({ reply }) => reply.channelId === far.id)).toHaveLength(9);
});
