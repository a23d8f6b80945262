import { RESTEvents, Routes } from 'discord.js';
import { describe, expect, test } from 'vitest';
import { checkedSandbox, restOf } from './support.ts';

/** On a busy machine a window would end between two requests. */
const standingStill = { clock: () => 1_800_000_000_000 };

describe('rate limits', () => {
  test('every answer says what is left of its window', async () => {
    await using discord = await checkedSandbox(standingStill);
    const channel = discord.createGuild().createChannel('general');
    const rest = restOf(discord);
    const headers: (string | null)[] = [];
    rest.on(RESTEvents.Response, (_request, response) =>
      headers.push(response.headers.get('x-ratelimit-remaining')),
    );
    for (const content of ['a', 'b', 'c'])
      await rest.post(Routes.channelMessages(channel.id), { body: { content } });
    expect(headers).toEqual(['4', '3', '2']);
  });

  test('beyond it is 429 with the seconds to wait, and nothing posted', async () => {
    await using discord = await checkedSandbox(standingStill);
    const guild = discord.createGuild();
    const [channel, other] = [guild.createChannel('general'), guild.createChannel('other')];
    const send = async (id: string) => {
      const response = await fetch(`${discord.apiUrl}/v10${Routes.channelMessages(id)}`, {
        method: 'POST',
        headers: { authorization: `Bot ${discord.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ content: 'x' }),
      });
      return { status: response.status, headers: response.headers, body: await response.json() };
    };
    for (let count = 0; count < 5; count += 1) expect((await send(channel.id)).status).toBe(200);
    const refused = await send(channel.id);
    expect(refused).toMatchObject({
      status: 429,
      body: {
        message: 'You are being rate limited.',
        retry_after: expect.any(Number),
        global: false,
      },
    });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(channel.messages).toHaveLength(5);
    expect((await send(other.id)).status).toBe(200);
    discord.clock.advance('5s');
    expect((await send(channel.id)).status).toBe(200);
  });

  test('discord.js waits as it is told and loses nothing', async () => {
    await using discord = await checkedSandbox();
    const channel = discord.createGuild().createChannel('general');
    const rest = restOf(discord);
    const sending = Array.from({ length: 7 }, async (_, index) =>
      rest.post(Routes.channelMessages(channel.id), { body: { content: `message ${index}` } }),
    );
    await Promise.all(sending);
    expect(channel.messages).toHaveLength(7);
    expect(discord.requests.filter(({ status }) => status === 429)).toEqual([]);
  });

  test('over all routes there are fifty a second', async () => {
    await using discord = await checkedSandbox(standingStill);
    const guild = discord.createGuild();
    const request = async (index: number) => {
      const channel = guild.createChannel(`channel ${index}`);
      const response = await fetch(`${discord.apiUrl}/v10${Routes.channel(channel.id)}`, {
        headers: { authorization: `Bot ${discord.token}` },
      });
      return response.headers.get('x-ratelimit-global') ?? String(response.status);
    };
    const answers = await Promise.all(Array.from({ length: 52 }, async (_, index) => request(index)));
    expect(answers.filter((answer) => answer === '200')).toHaveLength(50);
    expect(answers.filter((answer) => answer === 'true')).toHaveLength(2);
  });

  test('can be switched off', async () => {
    await using discord = await checkedSandbox({ rateLimits: false });
    const channel = discord.createGuild().createChannel('general');
    const rest = restOf(discord);
    for (let count = 0; count < 12; count += 1) {
      await rest.post(Routes.channelMessages(channel.id), { body: { content: 'x' } });
    }
    expect(channel.messages).toHaveLength(12);
  });
});
