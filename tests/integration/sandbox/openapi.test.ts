import { Routes } from 'discord.js';
import { describe, expect, test } from 'vitest';
import { startSandbox } from '../../../sandbox/start.ts';
import { openApiDocument, refusal, restOf } from './support.ts';

async function checked() {
  return await startSandbox({ openapi: openApiDocument });
}

describe.skipIf(openApiDocument === '')("with Discord's OpenAPI document", () => {
  test('a body that it does not allow is a violation, and closing fails', async () => {
    const discord = await checked();
    const channel = discord.createGuild().createChannel('general');
    const body = { content: 'x', allowed_mentions: { parse: ['nobody'] } };
    await restOf(discord).post(Routes.channelMessages(channel.id), { body });
    expect(discord.violations).toEqual([
      expect.objectContaining({
        method: 'POST',
        path: `/channels/${channel.id}/messages`,
        problem: expect.stringContaining('/allowed_mentions/parse/0'),
      }),
    ]);
    expect(() => discord.assertNoViolations()).toThrow(/allowed_mentions/);
    await expect(discord.close()).rejects.toThrow(/violate Discord's API/);
  });

  test('the payload of a multipart body is held against it too', async () => {
    const discord = await checked();
    const channel = discord.createGuild().createChannel('general');
    await restOf(discord).post(Routes.channelMessages(channel.id), {
      body: { content: 'x', tts: 'loudly' },
      files: [{ name: 'a', data: Buffer.of(1) }],
    });
    await expect(discord.close()).rejects.toThrow('at /tts must be boolean');
  });

  test('an unknown query parameter, a wrong one and a wrong id are violations', async () => {
    const discord = await checked();
    const channel = discord.createGuild().createChannel('general');
    const rest = restOf(discord);
    await rest.get(Routes.channelMessages(channel.id), {
      query: new URLSearchParams({ limit: '1000', colour: 'red' }),
    });
    await refusal(rest.get('/channels/abc'));
    const problems = discord.violations.map(({ problem }) => problem);
    expect(problems).toEqual([
      expect.stringContaining('limit must be <= 100'),
      expect.stringContaining('colour does not exist'),
      expect.stringContaining('channel_id must match pattern'),
    ]);
    await expect(discord.close()).rejects.toThrow('limit must be <= 100');
  });

  test('permissions of commands go as a string, as the reference says', async () => {
    await using discord = await checked();
    await restOf(discord).put(Routes.applicationCommands(discord.applicationId), {
      body: [{ name: 'queue', description: 'x', default_member_permissions: '32' }],
    });
    expect(discord.violations).toEqual([]);
  });
});

test('a request that the sandbox does not know is a violation in any case', async () => {
  const discord = await startSandbox({ openapi: '' });
  expect(await refusal(restOf(discord).get('/channels/1/followers/all'))).toMatchObject({ status: 404 });
  await expect(discord.close()).rejects.toThrow('does not know this request');
});

test('a document that cannot be read stops the start, and says so', async () => {
  await expect(startSandbox({ openapi: '/nonexistent/openapi.json' })).rejects.toThrow(
    'unset SANDBOX_OPENAPI to go without',
  );
});
