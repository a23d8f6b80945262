import { Routes } from 'discord.js';
import { expect, test } from 'vitest';
import { checkedSandbox, refusal, restOf } from './support.ts';

test('an answer that is lost after the effect leaves the message there, and the nonce finds it', async () => {
  await using discord = await checkedSandbox();
  const channel = discord.createGuild().createChannel('general');
  discord.faults.add({ method: 'POST', path: Routes.channelMessages(channel.id), when: 'after' });
  const body = { content: 'result', nonce: 'd-1', enforce_nonce: true };
  const rest = restOf(discord);
  await expect(rest.post(Routes.channelMessages(channel.id), { body })).rejects.toThrow(
    /socket|fetch|other side/i,
  );
  expect(channel.messages.map(({ text }) => text)).toEqual(['result']);
  const again = await rest.post(Routes.channelMessages(channel.id), { body });
  expect(again).toMatchObject({ id: channel.messages[0]?.id });
  expect(channel.messages).toHaveLength(1);
  expect(discord.requests.map(({ status }) => status)).toEqual([0, 200]);
});

test('a failure before the effect leaves nothing', async () => {
  await using discord = await checkedSandbox();
  const channel = discord.createGuild().createChannel('general');
  discord.faults.add({ method: 'POST', status: 500, times: 2 });
  const rest = restOf(discord, 3);
  await rest.post(Routes.channelMessages(channel.id), { body: { content: 'third time' } });
  expect(channel.messages).toHaveLength(1);
  expect(discord.requests.map(({ status }) => status)).toEqual([500, 500, 200]);
});

test('a chosen refusal carries its code', async () => {
  await using discord = await checkedSandbox();
  const channel = discord.createGuild().createChannel('general');
  discord.faults.add({ path: /messages$/, status: 413, code: 40005, message: 'Request entity too large' });
  const sending = restOf(discord).post(Routes.channelMessages(channel.id), { body: { content: 'x' } });
  expect(await refusal(sending)).toMatchObject({ status: 413, code: 40005 });
});

test('a held upload has no effect until it is released, and none when its sender is gone', async () => {
  await using discord = await checkedSandbox();
  const channel = discord.createGuild().createChannel('general');
  const form = new FormData();
  form.append('payload_json', JSON.stringify({ content: 'video' }));
  form.append('files[0]', new Blob([Buffer.alloc(4_000_000)]), 'out.mp4');
  const encoded = new Response(form);
  const contentType = encoded.headers.get('content-type') ?? '';
  const bytes = await encoded.bytes();
  const upload = async (body: NonNullable<RequestInit['body']>, signal: AbortSignal | null = null) =>
    await fetch(`${discord.apiUrl}/v10${Routes.channelMessages(channel.id)}`, {
      method: 'POST',
      headers: { authorization: `Bot ${discord.token}`, 'content-type': contentType },
      body,
      duplex: 'half',
      signal,
    });
  // The second half is never sent: an upload that is whole in the system's buffers arrives though its sender is gone.
  const firstHalf = new ReadableStream<Uint8Array>({
    start: (stream) => stream.enqueue(bytes.subarray(0, bytes.length / 2)),
  });
  const path = Routes.channelMessages(channel.id);
  const held = discord.faults.pause({ method: 'POST', path, when: 'arrival' });
  const sender = new AbortController();
  const lost = upload(firstHalf, sender.signal);
  expect(await held.reached).toEqual({ method: 'POST', path });
  const answered = new Promise((resolve) => discord.onRequest(resolve));
  sender.abort();
  held.release();
  const [record] = await Promise.all([answered, expect(lost).rejects.toThrow(/abort/i)]);
  expect(record).toMatchObject({ status: 0 });
  expect(channel.messages).toEqual([]);

  const heldAgain = discord.faults.pause({ method: 'POST', path, when: 'arrival' });
  const sent = upload(bytes);
  await heldAgain.reached;
  expect(channel.messages).toEqual([]);
  heldAgain.release();
  expect((await sent).status).toBe(200);
  expect(channel.messages[0]?.attachments[0]?.size).toBe(4_000_000);
});

test('requests are recorded with body, parts and status', async () => {
  await using discord = await checkedSandbox({ requestsKept: 2 });
  const channel = discord.createGuild().createChannel('general');
  const seen: unknown[] = [];
  discord.onRequest((request) => seen.push(request));
  const rest = restOf(discord);
  await rest.post(Routes.channelMessages(channel.id), {
    body: { content: 'x' },
    files: [{ name: 'a.txt', data: Buffer.from('abc'), contentType: 'text/plain' }],
  });
  expect(seen).toEqual([
    expect.objectContaining({
      method: 'POST',
      path: `/channels/${channel.id}/messages`,
      body: { content: 'x' },
      parts: [{ name: 'files[0]', filename: 'a.txt', contentType: 'text/plain', size: 3 }],
      status: 200,
    }),
  ]);
  const waiting = discord.waitForRequest(({ path }) => path === '/users/@me');
  for (let count = 0; count < 5; count += 1) await rest.get(Routes.user());
  expect(await waiting).toMatchObject({ method: 'GET', status: 200 });
  await expect(discord.waitForRequest(() => false, { timeout: 20 })).rejects.toThrow('GET /users/@me 200');
  expect(discord.requests.length).toBeLessThanOrEqual(4);
});
