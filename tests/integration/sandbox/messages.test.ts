import {
  AttachmentBuilder,
  ContainerBuilder,
  MediaGalleryBuilder,
  MessageFlags,
  Routes,
  TextDisplayBuilder,
} from 'discord.js';
import { describe, expect, test } from 'vitest';
import type { Sandbox } from '../../../sandbox/start.ts';
import { checkedSandbox, lenientSandbox, refusal, restOf, startBot } from './support.ts';

function place(discord: Sandbox) {
  const guild = discord.createGuild();
  const channel = guild.createChannel('general');
  const ada = guild.addMember(discord.createUser('ada'));
  return { guild, channel, ada };
}

function upload(name: string): AttachmentBuilder {
  return new AttachmentBuilder(Buffer.from(name), { name });
}

describe('posting', () => {
  test('a file arrives byte by byte, with its description and type', async () => {
    await using discord = await checkedSandbox();
    const { channel } = place(discord);
    await using bot = await startBot(discord, { commands: [] });
    const target = await bot.sendable(channel.id);
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 251));
    const video = new AttachmentBuilder(bytes, { name: 'out.mp4', description: 'She speaks' });
    const sent = await target.send({ content: 'here', files: [video] });
    const [attachment] = channel.messages[0]?.attachments ?? [];
    expect(await attachment?.bytes()).toEqual(bytes);
    expect(sent.attachments.first()).toMatchObject({
      name: 'out.mp4',
      size: 70_000,
      description: 'She speaks',
      contentType: 'video/mp4',
    });
  });

  test('the same nonce within minutes gives the first message back, and later a new one', async () => {
    await using discord = await checkedSandbox();
    const { channel } = place(discord);
    await using bot = await startBot(discord, { commands: [] });
    const target = await bot.sendable(channel.id);
    const message = { content: 'result', nonce: 'd-01JABC', enforceNonce: true };
    const first = await target.send(message);
    expect((await target.send(message)).id).toBe(first.id);
    expect(channel.messages).toHaveLength(1);
    discord.clock.advance('6m');
    expect((await target.send(message)).id).not.toBe(first.id);
  });

  test('two deliveries of one nonce at the same moment make one message', async () => {
    await using discord = await checkedSandbox();
    const { channel } = place(discord);
    const files = [{ name: 'out.mp4', data: Buffer.alloc(2_000_000) }];
    const deliver = async () =>
      await restOf(discord).post(Routes.channelMessages(channel.id), {
        body: { content: 'result', nonce: 'd-01JABC', enforce_nonce: true },
        files,
      });
    const [one, two] = await Promise.all([deliver(), deliver()]);
    expect(channel.messages).toHaveLength(1);
    expect(one).toEqual(expect.objectContaining({ id: channel.messages[0]?.id }));
    expect(two).toEqual(expect.objectContaining({ id: channel.messages[0]?.id }));
  });

  test('a nonce without its enforcement does not hold a second message back', async () => {
    await using discord = await checkedSandbox();
    const { channel } = place(discord);
    await using bot = await startBot(discord, { commands: [] });
    const target = await bot.sendable(channel.id);
    await target.send({ content: 'result', nonce: '1' });
    await target.send({ content: 'result', nonce: '1' });
    expect(channel.messages).toHaveLength(2);
  });

  test('a reply mentions and links, unless the message is gone', async () => {
    await using discord = await checkedSandbox();
    const { channel, ada } = place(discord);
    await using bot = await startBot(discord, { commands: [] });
    const target = await bot.sendable(channel.id);
    const question = await ada.send(channel, 'a question');
    await target.send({ content: 'an answer', reply: { messageReference: question.id } });
    const answer = await channel.waitForMessage(({ text }) => text === 'an answer');
    expect(answer).toMatchObject({ repliesTo: question.id, mentions: [ada.id] });
    ada.delete(question);
    const broken = target.send({ content: 'again', reply: { messageReference: question.id } });
    expect(await refusal(broken)).toMatchObject({ code: 50035 });
    const plain = { messageReference: question.id, failIfNotExists: false };
    const sent = await target.send({ content: 'alone', reply: plain });
    expect(sent.reference).toBeNull();
  });

  test('allowed mentions decide who is notified', async () => {
    await using discord = await checkedSandbox();
    const { guild, channel, ada } = place(discord);
    const ben = guild.addMember(discord.createUser('ben'));
    await using bot = await startBot(discord, { commands: [] });
    const target = await bot.sendable(channel.id);
    await target.send({
      content: `${ada.mention} and ${ben.mention}`,
      allowedMentions: { users: [ben.id] },
    });
    expect(channel.messages[0]?.mentions).toEqual([ben.id]);
  });

  test('an empty message is refused with 50006', async () => {
    await using discord = await lenientSandbox();
    const { channel } = place(discord);
    const sending = restOf(discord).post(Routes.channelMessages(channel.id), { body: { content: ' ' } });
    expect(await refusal(sending)).toMatchObject({ status: 400, code: 50006 });
  });

  test('what the form does not allow is told field by field', async () => {
    await using discord = await lenientSandbox();
    const { channel } = place(discord);
    const sending = restOf(discord).post(Routes.channelMessages(channel.id), {
      body: {
        content: 'x'.repeat(2001),
        embeds: [{ title: 'y'.repeat(257), fields: [{ name: '', value: 'z' }] }],
      },
    });
    const { code, rawError } = await refusal(sending);
    expect(code).toBe(50035);
    expect(rawError).toMatchObject({
      message: 'Invalid Form Body',
      errors: {
        content: {
          _errors: [{ code: 'BASE_TYPE_MAX_LENGTH', message: 'Must be 2000 or fewer in length.' }],
        },
        embeds: {
          0: {
            title: { _errors: [{ code: 'BASE_TYPE_MAX_LENGTH' }] },
            fields: { 0: { name: { _errors: [{ code: 'BASE_TYPE_BAD_LENGTH' }] } } },
          },
        },
      },
    });
  });

  test('an attachment that was not uploaded is not found', async () => {
    await using discord = await lenientSandbox();
    const { channel } = place(discord);
    const sending = restOf(discord).post(Routes.channelMessages(channel.id), {
      body: { content: 'x', attachments: [{ id: 3, filename: 'a.mp4' }] },
    });
    expect(JSON.stringify((await refusal(sending)).rawError)).toContain('ATTACHMENT_NOT_FOUND');
  });
});

describe('upload limits', () => {
  const tooLarge = { status: 413, code: 40005 };

  test('follow the boosts of the guild', async () => {
    await using discord = await checkedSandbox({ uploadLimit: 1000 });
    const { guild, channel } = place(discord);
    await using bot = await startBot(discord, { commands: [] });
    const target = await bot.sendable(channel.id);
    const send = async (size: number) =>
      await target.send({ files: [new AttachmentBuilder(Buffer.alloc(size), { name: 'a' })] });
    await send(1000);
    expect(await refusal(send(1001))).toMatchObject(tooLarge);
    guild.setBoostTier(2);
    await send(50 * 1024 * 1024);
  });

  test('of an interaction go by the person, too', async () => {
    await using discord = await checkedSandbox({ uploadLimit: 1000 });
    const { guild, channel } = place(discord);
    const nora = guild.addMember(discord.createUser('nora', { uploadLimit: 5000 }));
    await using bot = await startBot(discord, {
      onInteraction: async (interaction) => {
        if (!interaction.isRepliable()) return;
        await interaction.deferReply();
        const files = [new AttachmentBuilder(Buffer.alloc(interaction.attachmentSizeLimit), { name: 'a' })];
        await interaction.editReply({ files });
        await interaction.followUp({ files: [new AttachmentBuilder(Buffer.alloc(5001), { name: 'b' })] });
      },
    });
    const run = await nora.run('/humo', { prompt: 'x' }, { channel });
    const message = await run.waitForMessage(({ attachments }) => attachments.length === 1);
    expect(message.attachments[0]?.size).toBe(5000);
    await expect.poll(() => bot.failures[0]).toMatchObject(tooLarge);
  });
});

describe('editing', () => {
  test('files stay, go and come as the request says', async () => {
    await using discord = await checkedSandbox();
    const { channel } = place(discord);
    await using bot = await startBot(discord, { commands: [] });
    const target = await bot.sendable(channel.id);
    const sent = await target.send({ content: 'x', files: [upload('one.txt'), upload('two.txt')] });
    const names = () => channel.messages[0]?.attachments.map(({ filename }) => filename);
    await sent.edit({ content: 'y' });
    expect(names()).toEqual(['one.txt', 'two.txt']);
    const two = sent.attachments.find(({ name }) => name === 'two.txt');
    await sent.edit({ attachments: two === undefined ? [] : [two], files: [upload('three.txt')] });
    expect(names()).toEqual(['two.txt', 'three.txt']);
    await sent.edit({ attachments: [] });
    expect(channel.messages[0]).toMatchObject({ attachments: [], text: 'y' });
  });

  test('a message older than an hour takes three edits in six seconds: then 30046', async () => {
    await using discord = await checkedSandbox();
    const { channel } = place(discord);
    await restOf(discord).post(Routes.channelMessages(channel.id), { body: { content: 'old' } });
    const [sent] = channel.messages;
    const edit = async (content: string) => {
      const response = await fetch(
        `${discord.apiUrl}/v10${Routes.channelMessage(channel.id, sent?.id ?? '')}`,
        {
          method: 'PATCH',
          headers: { authorization: `Bot ${discord.token}`, 'content-type': 'application/json' },
          body: JSON.stringify({ content }),
        },
      );
      const retryAfter = Number(response.headers.get('retry-after') ?? 0);
      return { status: response.status, retryAfter, body: await response.json() };
    };
    discord.clock.advance('61m');
    for (const number of [1, 2, 3]) expect((await edit(`edit ${number}`)).status).toBe(200);
    const refused = await edit('edit 4');
    expect(refused).toMatchObject({ status: 429, body: { code: 30046 } });
    expect(refused.retryAfter).toBeGreaterThan(0);
    expect(refused.retryAfter).toBeLessThanOrEqual(6);
    discord.clock.advance('6s');
    expect((await edit('edit 5')).status).toBe(200);
  });

  test("somebody else's message is out of reach: 50005", async () => {
    await using discord = await checkedSandbox();
    const { channel, ada } = place(discord);
    const hers = await ada.send(channel, 'mine');
    const editing = restOf(discord).patch(Routes.channelMessage(channel.id, hers.id), {
      body: { content: 'yours' },
    });
    expect(await refusal(editing)).toMatchObject({ status: 403, code: 50005 });
  });
});

describe('components of version 2', () => {
  test('carry texts and a gallery that plays an upload', async () => {
    await using discord = await checkedSandbox();
    const { channel } = place(discord);
    await using bot = await startBot(discord, { commands: [] });
    const target = await bot.sendable(channel.id);
    const container = new ContainerBuilder()
      .addTextDisplayComponents(new TextDisplayBuilder().setContent('A **result**'))
      .addMediaGalleryComponents(
        new MediaGalleryBuilder().addItems((item) => item.setURL('attachment://out.mp4')),
      );
    const sent = await target.send({
      flags: MessageFlags.IsComponentsV2,
      components: [container],
      files: [new AttachmentBuilder(Buffer.alloc(10), { name: 'out.mp4' })],
    });
    expect(channel.messages[0]?.text).toBe('A **result**');
    expect(JSON.stringify(sent.components)).toContain('/out.mp4?ex=');
    const legacy = sent.edit({ content: 'plain again' });
    expect(JSON.stringify((await refusal(legacy)).rawError)).toContain(
      'MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2',
    );
  });

  const button = { type: 2, style: 1, label: 'x', custom_id: 'same' };
  const refused: readonly [string, object, string][] = [
    ['without the flag', { components: [{ type: 10, content: 'x' }] }, 'UNION_TYPE_CHOICES'],
    [
      'with content',
      { flags: 32768, content: 'x', components: [{ type: 10, content: 'x' }] },
      'LEGACY_FIELDS',
    ],
    [
      'more than forty',
      { flags: 32768, components: Array.from({ length: 41 }, () => ({ type: 14 })) },
      'MAX_TOTAL_COMPONENTS',
    ],
    ['too much text', { flags: 32768, components: [{ type: 10, content: 'x'.repeat(4001) }] }, 'BAD_LENGTH'],
    [
      'an upload that is not there',
      { flags: 32768, components: [{ type: 12, items: [{ media: { url: 'attachment://a.mp4' } }] }] },
      'ATTACHMENT_NOT_FOUND',
    ],
    [
      'a doubled custom id',
      { content: 'x', components: [{ type: 1, components: [button, button] }] },
      'CUSTOM_ID_DUPLICATED',
    ],
    [
      'a long custom id',
      { content: 'x', components: [{ type: 1, components: [{ ...button, custom_id: 'x'.repeat(101) }] }] },
      'BAD_LENGTH',
    ],
    [
      'six buttons in a row',
      {
        content: 'x',
        components: [
          {
            type: 1,
            components: [1, 2, 3, 4, 5, 6].map((number) => ({ ...button, custom_id: `${number}` })),
          },
        ],
      },
      'BAD_LENGTH',
    ],
    [
      'a link with a custom id',
      { content: 'x', components: [{ type: 1, components: [{ ...button, style: 5, url: 'https://a.b' }] }] },
      'MUTUALLY_EXCLUSIVE',
    ],
  ];
  test.each(refused)('%s is refused', async (_name, body, code) => {
    await using discord = await lenientSandbox();
    const { channel } = place(discord);
    const error = await refusal(restOf(discord).post(Routes.channelMessages(channel.id), { body }));
    expect(error.code).toBe(50035);
    expect(JSON.stringify(error.rawError)).toContain(code);
  });
});

describe('reading', () => {
  test('pages go backwards from a message and forwards from one', async () => {
    await using discord = await checkedSandbox();
    const { channel, ada } = place(discord);
    await using bot = await startBot(discord, { commands: [] });
    const target = await bot.sendable(channel.id);
    const ids: string[] = [];
    for (const text of ['one', 'two', 'three', 'four']) ids.push((await ada.send(channel, text)).id);
    const contents = async (options: object) =>
      [...(await target.messages.fetch({ limit: 2, ...options })).values()].map(({ id }) => ids.indexOf(id));
    expect(await contents({})).toEqual([3, 2]);
    expect(await contents({ before: ids[2] })).toEqual([1, 0]);
    expect(await contents({ after: ids[0] })).toEqual([2, 1]);
  });

  test('only so many messages are kept', async () => {
    await using discord = await checkedSandbox({ messagesKept: 3 });
    const { channel, ada } = place(discord);
    const first = await ada.send(channel, 'first');
    for (const text of ['a', 'b', 'c']) await ada.send(channel, text);
    const reading = restOf(discord).get(Routes.channelMessage(channel.id, first.id));
    expect(await refusal(reading)).toMatchObject({ status: 404, code: 10008 });
  });
});

test('a direct message opens once, and not to a person out of reach', async () => {
  await using discord = await checkedSandbox();
  const { ada } = place(discord);
  await using bot = await startBot(discord, { commands: [] });
  const open = async (id: string) => await (await bot.client.users.fetch(id)).createDM(true);
  const direct = await open(ada.id);
  expect((await open(ada.id)).id).toBe(direct.id);
  await direct.send('hello');
  expect(ada.directMessage.messages[0]?.text).toBe('hello');
  ada.acceptDirectMessages(false);
  expect(await refusal(direct.send('hello?'))).toMatchObject({ status: 403, code: 50007 });
  const stranger = await open(discord.createUser('stranger').id);
  expect(await refusal(stranger.send('hello'))).toMatchObject({ status: 403, code: 50278 });
});
