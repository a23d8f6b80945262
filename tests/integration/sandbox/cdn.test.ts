import { Agent, get } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { file } from '../../../sandbox/start.ts';
import type { Sandbox } from '../../../sandbox/start.ts';
import { checkedSandbox } from './support.ts';

async function download(
  url: string,
  authority?: string,
): Promise<{ status: number | undefined; bytes: Buffer }> {
  const agent = authority === undefined ? new Agent() : new Agent({ ca: authority });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { agent }, resolve).on('error', reject);
  });
  return { status: response.statusCode, bytes: await buffer(response) };
}

async function upload(discord: Sandbox, content = 'abc', name = 'a.txt') {
  const guild = discord.createGuild();
  const ada = guild.addMember(discord.createUser('ada'));
  const channel = guild.createChannel('general');
  return await ada.send(channel, { files: [file(Buffer.from(content), name)] });
}

test('a link is served over https to whoever trusts the authority', async () => {
  await using discord = await checkedSandbox();
  const message = await upload(discord);
  const url = message.attachments[0]?.url ?? '';
  expect(url).toMatch(
    /^https:\/\/127\.0\.0\.1:\d+\/attachments\/\d+\/\d+\/a\.txt\?ex=[0-9a-f]+&is=[0-9a-f]+&hm=[0-9a-f]{64}&$/,
  );
  await expect(download(url)).rejects.toThrow(/self-signed|certificate/i);
  const { status, bytes } = await download(url, discord.certificateAuthority.pem);
  expect([status, String(bytes)]).toEqual([200, 'abc']);
});

test('a link ends after a day, and reading the message again brings a new one', async () => {
  await using discord = await checkedSandbox();
  const { pem } = discord.certificateAuthority;
  const message = await upload(discord);
  const url = message.attachments[0]?.url ?? '';
  discord.clock.advance('25h');
  expect((await download(url, pem)).status).toBe(404);
  expect((await download(message.attachments[0]?.url ?? '', pem)).status).toBe(200);
});

test('a link without its signature, or with that of another, opens nothing', async () => {
  await using discord = await checkedSandbox();
  const { pem } = discord.certificateAuthority;
  const [one, two] = [await upload(discord), await upload(discord, 'secret')];
  const url = new URL(one.attachments[0]?.url ?? '');
  const other = new URL(two.attachments[0]?.url ?? '');
  expect((await download(`${other.origin}${other.pathname}`, pem)).status).toBe(404);
  expect((await download(`${other.origin}${other.pathname}${url.search}`, pem)).status).toBe(404);
});

test('bytes beyond what is kept are forgotten, oldest first', async () => {
  await using discord = await checkedSandbox({ attachmentBytes: 25 });
  const { pem } = discord.certificateAuthority;
  const messages = [await upload(discord, 'x'.repeat(10)), await upload(discord, 'y'.repeat(10))];
  messages.push(await upload(discord, 'z'.repeat(10)));
  const statuses = await Promise.all(
    messages.map(async (message) => (await download(message.attachments[0]?.url ?? '', pem)).status),
  );
  expect(statuses).toEqual([404, 200, 200]);
});

test('names keep nothing that leads elsewhere', async () => {
  await using discord = await checkedSandbox();
  const message = await upload(discord, 'abc', '../../etc/pass wd?.png');
  expect(message.attachments[0]?.filename).toBe('pass_wd_.png');
  const { status } = await download(message.attachments[0]?.url ?? '', discord.certificateAuthority.pem);
  expect(status).toBe(200);
});

test('a download can be made to fail and to hang', async () => {
  await using discord = await checkedSandbox();
  const { pem } = discord.certificateAuthority;
  const url = (await upload(discord)).attachments[0]?.url ?? '';
  discord.cdnFaults.add({ path: /a\.txt$/, status: 503 });
  expect((await download(url, pem)).status).toBe(503);
  discord.cdnFaults.add({ path: /a\.txt$/ });
  await expect(download(url, pem)).rejects.toThrow(/hang up|ECONNRESET/);
  const held = discord.cdnFaults.pause({ path: /a\.txt$/ });
  const late = download(url, pem);
  await held.reached;
  held.release();
  expect(String((await late).bytes)).toBe('abc');
});

test('where SANDBOX_HOST says, all of it listens, is told to clients, and is named in the certificate', async () => {
  const host = '127.0.0.2';
  await using discord = await checkedSandbox({ host });
  for (const url of [discord.apiUrl, discord.gatewayUrl, discord.cdnUrl])
    expect(new URL(url).hostname).toBe(host);
  const message = await upload(discord);
  const url = message.attachments[0]?.url ?? '';
  expect((await download(url, discord.certificateAuthority.pem)).status).toBe(200);
  // It listens there, and not everywhere.
  await expect(download(url.replace(host, '127.0.0.3'), discord.certificateAuthority.pem)).rejects.toThrow(
    'ECONNREFUSED',
  );
  for (const all of ['0.0.0.0', '::'])
    await expect(checkedSandbox({ host: all })).rejects.toThrow(`SANDBOX_HOST must be an IPv4 address`);
});
