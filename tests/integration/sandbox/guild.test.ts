import { Events, GatewayIntentBits, PermissionFlagsBits, Routes } from 'discord.js';
import { describe, expect, test } from 'vitest';
import { file } from '../../../sandbox/start.ts';
import { checkedSandbox, once, refusal, restOf, startBot } from './support.ts';

describe('changes that a connected bot is told of', () => {
  test('overwrites and roles change what discord.js computes', async () => {
    await using discord = await checkedSandbox();
    const guild = discord.createGuild();
    const channel = guild.createChannel('general');
    await using bot = await startBot(discord);
    const mine = async () => {
      const cached = await bot.client.channels.fetch(channel.id);
      if (cached === null || cached.isDMBased()) throw new Error('no channel of a guild');
      return cached.permissionsFor(bot.client.user);
    };
    expect((await mine())?.has(PermissionFlagsBits.AttachFiles)).toBe(true);
    const changed = once((done) => bot.client.once(Events.ChannelUpdate, done));
    channel.overwrite(discord.bot, { deny: ['AttachFiles'] });
    await changed;
    expect((await mine())?.has(PermissionFlagsBits.AttachFiles)).toBe(false);
    const updated = once((done) => bot.client.once(Events.GuildRoleUpdate, done));
    guild.botRole.setPermissions(['Administrator']);
    await updated;
    expect((await mine())?.has(PermissionFlagsBits.AttachFiles)).toBe(true);
  });

  test('boosts, new guilds, and being thrown out', async () => {
    await using discord = await checkedSandbox();
    const guild = discord.createGuild();
    await using bot = await startBot(discord);
    const boosted = once((done) => bot.client.once(Events.GuildUpdate, done));
    guild.setBoostTier(3);
    await boosted;
    expect(bot.client.guilds.cache.get(guild.id)?.premiumTier).toBe(3);
    const joined = once((done) => bot.client.once(Events.GuildCreate, done));
    const other = discord.createGuild({ name: 'Other' });
    await joined;
    expect(bot.client.guilds.cache.get(other.id)?.name).toBe('Other');
    const left = once((done) => bot.client.once(Events.GuildDelete, done));
    guild.removeBot();
    await left;
    expect(bot.client.guilds.cache.has(guild.id)).toBe(false);
  });

  test('a deleted channel is unknown: 10003', async () => {
    await using discord = await checkedSandbox();
    const channel = discord.createGuild().createChannel('general');
    await using bot = await startBot(discord);
    const gone = once((done) => bot.client.once(Events.ChannelDelete, done));
    channel.delete();
    await gone;
    const sending = restOf(discord).post(Routes.channelMessages(channel.id), { body: { content: 'x' } });
    expect(await refusal(sending)).toMatchObject({ status: 404, code: 10003 });
  });

  test('messages that come, change and go, and reactions that are cleared', async () => {
    await using discord = await checkedSandbox();
    const guild = discord.createGuild({ botPermissions: ['ManageMessages'] });
    const channel = guild.createChannel('general');
    const ada = guild.addMember(discord.createUser('ada'));
    const { Guilds, GuildMessages, GuildMessageReactions } = GatewayIntentBits;
    await using bot = await startBot(discord, { intents: [Guilds, GuildMessages, GuildMessageReactions] });
    const target = await bot.sendable(channel.id);
    const sent = await target.send('one');
    const updated = once((done) => bot.client.once(Events.MessageUpdate, (_before, after) => done(after)));
    await sent.edit('two');
    expect(await updated).toMatchObject({ content: 'two' });
    const message = await channel.waitForMessage(({ text }) => text === 'two');
    ada.react(message, '🔁');
    const cleared = once((done) => bot.client.once(Events.MessageReactionRemoveAll, done));
    await sent.reactions.removeAll();
    await cleared;
    expect(message.reactions).toEqual({});
    const deleted = once((done) => bot.client.once(Events.MessageDelete, done));
    await sent.delete();
    await deleted;
    expect(channel.messages).toEqual([]);
  });
});

test('members, roles, channels and threads are read over REST', async () => {
  await using discord = await checkedSandbox();
  const guild = discord.createGuild({ name: 'Studio' });
  const channel = guild.createChannel('general');
  const thread = guild.createThread(channel, 'thread');
  const role = guild.createRole('mod', ['ManageGuild']);
  const ada = guild.addMember(discord.createUser('ada'), { roles: [role] });
  const rest = restOf(discord);
  expect(await rest.get(Routes.guild(guild.id))).toMatchObject({ name: 'Studio' });
  expect(await rest.get(Routes.guildMember(guild.id, ada.id))).toMatchObject({ roles: [role.id] });
  expect(await rest.get(Routes.guildRoles(guild.id))).toHaveLength(3);
  expect(await rest.get(Routes.guildChannels(guild.id))).toMatchObject([{ id: channel.id }]);
  expect(await rest.get(Routes.guildActiveThreads(guild.id))).toMatchObject({ threads: [{ id: thread.id }] });
  expect(await rest.get(Routes.channel(thread.id))).toMatchObject({ parent_id: channel.id });
  const stranger = discord.createUser('stranger');
  expect(await refusal(rest.get(Routes.guildMember(guild.id, stranger.id)))).toMatchObject({ code: 10007 });
});

test('a forum post starts with a message that has the id of its thread; a voice message says how long it is', async () => {
  await using discord = await checkedSandbox();
  const guild = discord.createGuild();
  const ada = guild.addMember(discord.createUser('ada'));
  const post = await guild.createForumPost(guild.createForum('ideas'), 'post', ada, 'first');
  expect(post.messages[0]?.id).toBe(post.id);
  const voice = await ada.send(post, { files: [file(Buffer.of(1), 'voice-message.ogg')], voiceSeconds: 3.5 });
  const payload = await restOf(discord).get(Routes.channelMessage(post.id, voice.id));
  expect(payload).toMatchObject({
    flags: 8192,
    attachments: [{ duration_secs: 3.5, content_type: 'audio/ogg' }],
  });
});
