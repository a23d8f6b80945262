import { inflateSync, constants } from 'node:zlib';
import { Client, Events, GatewayIntentBits, GatewayOpcodes } from 'discord.js';
import type { Message } from 'discord.js';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { checkedSandbox, once, startBot } from './support.ts';

const messages = [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages];

async function closeCode(socket: WebSocket): Promise<number> {
  return await once<number>((done) => socket.on('close', done));
}

describe('logging in', () => {
  test('a client becomes ready and knows its guilds, channels and roles', async () => {
    await using discord = await checkedSandbox();
    const guild = discord.createGuild({ name: 'Studio', boostTier: 2 });
    const channel = guild.createChannel('general');
    const thread = guild.createThread(channel, 'a thread');
    await using bot = await startBot(discord);

    expect(bot.client.user.id).toBe(discord.applicationId);
    expect(bot.client.guilds.cache.get(guild.id)).toMatchObject({ name: 'Studio', premiumTier: 2 });
    expect(bot.client.channels.cache.get(channel.id)).toMatchObject({ name: 'general' });
    expect(bot.client.channels.cache.get(thread.id)).toMatchObject({ parentId: channel.id });
    expect(bot.client.guilds.cache.get(guild.id)?.members.me?.roles.cache.has(guild.botRole.id)).toBe(true);
  });

  test('a wrong token is turned away with 401 before the gateway', async () => {
    await using discord = await checkedSandbox();
    const client = new Client({ intents: [], rest: { api: discord.apiUrl } });
    await expect(client.login('MTIzNDU2Nzg5MDEyMzQ1Njc4.abcdef.ghijklmnopqrstuvwxyz')).rejects.toThrow(
      /token/i,
    );
  });

  test('identifying with a wrong token closes with 4004', async () => {
    await using discord = await checkedSandbox();
    const socket = new WebSocket(`${discord.gatewayUrl}/?v=10&encoding=json`);
    await once((done) => socket.on('message', done));
    socket.send(JSON.stringify({ op: GatewayOpcodes.Identify, d: { token: 'wrong', intents: 0 } }));
    expect(await closeCode(socket)).toBe(4004);
  });

  test('a privileged intent that was not granted closes with 4014', async () => {
    await using discord = await checkedSandbox();
    const client = new Client({
      intents: [GatewayIntentBits.MessageContent],
      rest: { api: discord.apiUrl },
    });
    await expect(client.login(discord.token)).rejects.toThrow(/disallowed intents/i);
    await client.destroy();
  });

  test('an encoding that is not spoken is refused at the door', async () => {
    await using discord = await checkedSandbox();
    const socket = new WebSocket(`${discord.gatewayUrl}/?v=10&encoding=etf`);
    const error = await once<Error>((done) => socket.on('error', done));
    expect(error.message).toMatch(/401/);
  });

  test('zlib-stream is one deflate stream over the whole connection', async () => {
    await using discord = await checkedSandbox();
    const socket = new WebSocket(`${discord.gatewayUrl}/?v=10&encoding=json&compress=zlib-stream`);
    const frames: Buffer[] = [];
    const read = (): string =>
      String(inflateSync(Buffer.concat(frames), { finishFlush: constants.Z_SYNC_FLUSH }));
    const ready = new Promise<void>((resolve) => {
      socket.on('message', (frame: Buffer) => {
        frames.push(frame);
        if (read().includes('"READY"')) resolve();
      });
    });
    await once((done) => socket.on('open', done));
    socket.send(JSON.stringify({ op: GatewayOpcodes.Identify, d: { token: discord.token, intents: 0 } }));
    await ready;
    expect(read()).toMatch(/^\{"op":10,.*\}\{"op":0,"t":"READY"/);
    socket.terminate();
  });

  test('heartbeats are acknowledged', async () => {
    await using discord = await checkedSandbox({ heartbeatInterval: 50 });
    await using bot = await startBot(discord);
    const acknowledged = new Promise<void>((resolve) => {
      bot.client.on(Events.Debug, (text) => {
        if (/Heartbeat acknowledged/i.test(text)) resolve();
      });
    });
    await acknowledged;
    expect(bot.client.ws.ping).toBeGreaterThanOrEqual(0);
  });
});

test('a client that falls silent is cut off with 4009', async () => {
  await using discord = await checkedSandbox({ heartbeatInterval: 40 });
  const socket = new WebSocket(`${discord.gatewayUrl}/?v=10&encoding=json`);
  expect(await closeCode(socket)).toBe(4009);
});

describe('a connection that breaks', () => {
  test('is resumed, and what happened meanwhile arrives once and in order', async () => {
    await using discord = await checkedSandbox();
    const guild = discord.createGuild();
    const channel = guild.createChannel('general');
    const ada = guild.addMember(discord.createUser('ada'));
    await using bot = await startBot(discord, { intents: messages });
    const received: string[] = [];
    const resumed = once<number>((done) =>
      bot.client.once(Events.ShardResume, (_shard, replayed) => done(replayed)),
    );
    const third = new Promise<void>((resolve) => {
      bot.client.on(Events.MessageCreate, (message) => {
        received.push(message.id);
        if (received.length === 3) resolve();
      });
    });

    discord.gateway.disconnect({ resumable: true });
    const sent = [
      await ada.send(channel, 'one'),
      await ada.send(channel, 'two'),
      await ada.send(channel, 'three'),
    ];
    await Promise.all([resumed, third]);
    expect(received).toEqual(sent.map(({ id }) => id));
  });

  test('whose session is lost is identified anew', async () => {
    await using discord = await checkedSandbox();
    await using bot = await startBot(discord);
    const ready = once((done) => bot.client.once(Events.ShardReady, done));
    discord.gateway.disconnect({ resumable: false });
    await ready;
    expect(discord.gateway.connected).toBe(1);
  });

  test('is opened anew when Discord asks for it', async () => {
    await using discord = await checkedSandbox();
    await using bot = await startBot(discord);
    const resumed = once((done) => bot.client.once(Events.ShardResume, done));
    discord.gateway.requestReconnect();
    await resumed;
    expect(discord.gateway.connected).toBe(1);
  });

  test('can be resumed for five minutes, not longer', async () => {
    await using discord = await checkedSandbox();
    await using bot = await startBot(discord);
    const ready = once((done) => bot.client.once(Events.ShardReady, done));
    discord.gateway.disconnect({ resumable: true });
    discord.clock.advance('6m');
    await ready;
    expect(discord.gateway.connected).toBe(1);
  });
});

describe('intents', () => {
  test('without the message intent no message arrives, with it the content is hidden', async () => {
    await using discord = await checkedSandbox();
    const guild = discord.createGuild();
    const channel = guild.createChannel('general');
    const ada = guild.addMember(discord.createUser('ada'));
    await using deaf = await startBot(discord, { commands: [] });
    await using hearing = await startBot(discord, { intents: messages, commands: [] });
    const heard: string[] = [];
    deaf.client.on(Events.MessageCreate, (message) => heard.push(message.id));
    const plain = once<Message>((done) => hearing.client.once(Events.MessageCreate, done));
    await ada.send(channel, 'hello');
    expect((await plain).content).toBe('');
    const toBot = once<Message>((done) => hearing.client.once(Events.MessageCreate, done));
    await ada.send(channel, `<@${discord.applicationId}> hello`);
    expect((await toBot).content).toContain('hello');
    expect(heard).toEqual([]);
  });

  test('reactions arrive in guilds and direct messages, each under its own intent', async () => {
    await using discord = await checkedSandbox();
    const guild = discord.createGuild();
    const channel = guild.createChannel('general');
    const ada = guild.addMember(discord.createUser('ada'));
    await using bot = await startBot(discord, {
      intents: [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessageReactions],
    });
    const seen: unknown[] = [];
    bot.client.on(Events.Raw, (packet: { t: string; d: { emoji: unknown; channel_id: string } }) => {
      if (packet.t.startsWith('MESSAGE_REACTION')) seen.push([packet.t, packet.d.channel_id]);
    });
    const inGuild = await ada.send(channel, 'in the guild');
    const direct = await ada.send(ada.directMessage, 'direct');
    const removed = new Promise<void>((resolve) => {
      bot.client.on(Events.Raw, (packet: { t: string }) => {
        if (packet.t === 'MESSAGE_REACTION_REMOVE') resolve();
      });
    });
    ada.react(direct, '🔁');
    ada.react(inGuild, '🔁');
    ada.unreact(inGuild, '🔁');
    await removed;
    expect(seen).toEqual([
      ['MESSAGE_REACTION_ADD', channel.id],
      ['MESSAGE_REACTION_REMOVE', channel.id],
    ]);
  });

  test('a channel that the bot does not see stays silent', async () => {
    await using discord = await checkedSandbox();
    const guild = discord.createGuild();
    const hidden = guild.createChannel('hidden', {
      overwrites: [{ target: discord.bot, deny: ['ViewChannel'] }],
    });
    const open = guild.createChannel('open');
    const ada = guild.addMember(discord.createUser('ada'));
    await using bot = await startBot(discord, { intents: messages });
    const first = once<Message>((done) => bot.client.once(Events.MessageCreate, done));
    await ada.send(hidden, 'whisper');
    await ada.send(open, 'aloud');
    expect((await first).channelId).toBe(open.id);
  });
});
