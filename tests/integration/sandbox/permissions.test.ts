import { Routes } from 'discord.js';
import type { REST } from 'discord.js';
import { describe, expect, test } from 'vitest';
import type { Channel, Guild, Sandbox } from '../../../sandbox/start.ts';
import { checkedSandbox, refusal, restOf } from './support.ts';

const post = async (rest: REST, channel: Channel, body: object = { content: 'x' }) =>
  await rest.post(Routes.channelMessages(channel.id), { body });

function place(discord: Sandbox): { guild: Guild; channel: Channel; rest: REST } {
  const guild = discord.createGuild();
  return { guild, channel: guild.createChannel('general'), rest: restOf(discord) };
}

describe('what the bot may do in a channel', () => {
  test('not seeing it is 50001', async () => {
    await using discord = await checkedSandbox();
    const { guild, channel, rest } = place(discord);
    channel.overwrite(guild.everyone, { deny: ['ViewChannel'] });
    expect(await refusal(post(rest, channel))).toMatchObject({ status: 403, code: 50001 });
    expect(await refusal(rest.get(Routes.channel(channel.id)))).toMatchObject({ code: 50001 });
  });

  test('not sending is 50013; an overwrite for the bot outdoes one for everyone', async () => {
    await using discord = await checkedSandbox();
    const { guild, channel, rest } = place(discord);
    channel.overwrite(guild.everyone, { deny: ['SendMessages'] });
    expect(await refusal(post(rest, channel))).toMatchObject({ status: 403, code: 50013 });
    channel.overwrite(guild.botRole, { allow: ['SendMessages'] });
    await post(rest, channel);
    channel.overwrite(discord.bot, { deny: ['SendMessages'] });
    expect(await refusal(post(rest, channel))).toMatchObject({ code: 50013 });
  });

  test('an administrator is held back by no overwrite', async () => {
    await using discord = await checkedSandbox();
    const { guild, channel, rest } = place(discord);
    guild.botRole.setPermissions(['Administrator']);
    channel.overwrite(discord.bot, { deny: ['ViewChannel', 'SendMessages'] });
    await post(rest, channel);
    expect(channel.messages).toHaveLength(1);
  });

  test('files need their own permission', async () => {
    await using discord = await checkedSandbox();
    const { channel, rest } = place(discord);
    channel.overwrite(discord.bot, { deny: ['AttachFiles'] });
    const upload = rest.post(Routes.channelMessages(channel.id), {
      body: {},
      files: [{ name: 'a.mp4', data: Buffer.alloc(3) }],
    });
    expect(await refusal(upload)).toMatchObject({ code: 50013 });
    await post(rest, channel);
  });

  test('embeds need theirs', async () => {
    await using discord = await checkedSandbox();
    const { channel, rest } = place(discord);
    channel.overwrite(discord.bot, { deny: ['EmbedLinks'] });
    expect(await refusal(post(rest, channel, { embeds: [{ title: 'x' }] }))).toMatchObject({ code: 50013 });
  });

  test('a reply needs the history', async () => {
    await using discord = await checkedSandbox();
    const { guild, channel, rest } = place(discord);
    const ada = guild.addMember(discord.createUser('ada'));
    const question = await ada.send(channel, 'well?');
    channel.overwrite(discord.bot, { deny: ['ReadMessageHistory'] });
    const reply = post(rest, channel, { content: 'x', message_reference: { message_id: question.id } });
    expect(await refusal(reply)).toMatchObject({ status: 400, code: 160002 });
  });

  test('threads and forum posts ask for sending in threads, and take their channel’s overwrites', async () => {
    await using discord = await checkedSandbox();
    const { guild, channel, rest } = place(discord);
    const ada = guild.addMember(discord.createUser('ada'));
    const thread = guild.createThread(channel, 'thread');
    const forumPost = await guild.createForumPost(guild.createForum('ideas'), 'post', ada, 'first');
    channel.overwrite(discord.bot, { deny: ['SendMessages'] });
    await post(rest, thread);
    await post(rest, forumPost);
    channel.overwrite(discord.bot, { deny: ['SendMessagesInThreads'] });
    expect(await refusal(post(rest, thread))).toMatchObject({ code: 50013 });
  });

  test('a locked thread takes nothing, an archived one wakes up', async () => {
    await using discord = await checkedSandbox();
    const { guild, channel, rest } = place(discord);
    const thread = guild.createThread(channel, 'thread');
    thread.archive();
    await post(rest, thread);
    thread.archive({ locked: true });
    expect(await refusal(post(rest, thread))).toMatchObject({ status: 400, code: 50083 });
  });

  test('a forum itself holds no messages', async () => {
    await using discord = await checkedSandbox();
    const { guild, rest } = place(discord);
    expect(await refusal(post(rest, guild.createForum('ideas')))).toMatchObject({ code: 50008 });
  });

  test('reactions need permission only when they are the first of their emoji', async () => {
    await using discord = await checkedSandbox();
    const { guild, channel, rest } = place(discord);
    const ada = guild.addMember(discord.createUser('ada'));
    const message = await ada.send(channel, 'hello');
    channel.overwrite(discord.bot, { deny: ['AddReactions'] });
    const react = async () =>
      await rest.put(Routes.channelMessageOwnReaction(channel.id, message.id, encodeURIComponent('🔁')));
    expect(await refusal(react())).toMatchObject({ code: 50013 });
    ada.react(message, '🔁');
    await react();
    expect(message.reactions).toEqual({ '🔁': 2 });
    const nonsense = rest.put(Routes.channelMessageOwnReaction(channel.id, message.id, 'nonsense'));
    expect(await refusal(nonsense)).toMatchObject({ code: 10014 });
  });

  test('other people’s messages are removed with the right to manage them', async () => {
    await using discord = await checkedSandbox();
    const { guild, channel, rest } = place(discord);
    const ada = guild.addMember(discord.createUser('ada'));
    const message = await ada.send(channel, 'hello');
    const remove = async () => await rest.delete(Routes.channelMessage(channel.id, message.id));
    expect(await refusal(remove())).toMatchObject({ code: 50013 });
    guild.botRole.setPermissions(['ManageMessages']);
    await remove();
    expect(message.deleted).toBe(true);
  });

  test('a guild that threw the bot out is out of reach', async () => {
    await using discord = await checkedSandbox();
    const { guild, channel, rest } = place(discord);
    guild.removeBot();
    expect(await refusal(post(rest, channel))).toMatchObject({ code: 50001 });
    expect(await refusal(rest.get(Routes.guild(guild.id)))).toMatchObject({ code: 50001 });
  });
});
