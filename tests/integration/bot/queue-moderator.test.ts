import { pino } from 'pino';
import { expect, test } from 'vitest';
import { AuditPoster } from '../../../src/bot/audit-poster.ts';
import { hasStatus, idOf, picture, startScene, until } from './scene.ts';
import type { Scene } from './scene.ts';

/** A moderator of the scene's guild, and one of another guild where the bot is, too. */
function moderators({ discord, guild }: Scene) {
  const mia = guild.addMember(discord.createUser('mia'), {
    roles: [guild.createRole('moderator', ['ManageMessages'])],
  });
  const other = discord.createGuild({ name: 'Other' });
  const bob = other.addMember(discord.createUser('bob'), {
    roles: [other.createRole('moderator', ['ManageMessages'])],
  });
  return { mia, other, bob, lobby: other.createChannel('lobby') };
}

/** Asks for a video that waits, since nobody works. */
async function waiting({ ada, channel }: Scene, prompt = 'She speaks') {
  const before = new Set(channel.messages.map(({ id }) => id));
  await ada.run('/humo', { prompt, image: picture() }, { channel });
  const status = await channel.waitForMessage((one) => !before.has(one.id) && hasStatus(one));
  return { status, id: idOf(status.text) };
}

test('a pause holds and says why, through a restart of the bot, until it is resumed', async () => {
  await using scene = await startScene();
  const { mia } = moderators(scene);
  const { channel, ada } = scene;
  const { status, id } = await waiting(scene);
  const paused = await mia.run('/queue pause', { reason: 'A *party*', for: '2h' }, { channel });
  const said = await paused.waitForMessage(({ text }) => text.includes('Paused.'));
  expect(said.ephemeral).toBe(true);
  expect(said.text).toContain('One video is waiting');
  await status.waitUntil(({ text }) => text.includes('moderators have paused it'));
  expect(status.text).toContain(String.raw`Why: A \*party\*`);
  expect(status.text).toContain('It resumes <t:');
  const jobs = await ada.run('/jobs', {}, { channel });
  await jobs.waitForMessage(({ text }) => text.includes('moderators have paused it'));

  await scene.restartBot();
  const done: string[] = [];
  await scene.work((generation, context) => {
    done.push(generation.id);
    return scene.finish(generation, context);
  });
  const second = await waiting(scene, 'He sings');
  expect(second.status.text).toContain('moderators have paused it');
  const list = await mia.run('/queue list', {}, { channel });
  const listed = await list.waitForMessage(({ text }) => text.includes('This server’s queue'));
  expect(listed.text).toContain('**Paused**');
  expect(listed.text).toContain(id);
  expect(done).toEqual([]);

  const resumed = await mia.run('/queue resume', {}, { channel });
  await resumed.waitForMessage(({ text }) => text.includes('Resumed, with 2 videos waiting'));
  await until(async () => (done.length === 2 ? true : undefined));
  const again = await mia.run('/queue resume', {}, { channel });
  await again.waitForMessage(({ text }) => text.includes('Nothing is paused'));
});

test('a moderator cancels with a reason: the person reads it, the log has it, the chosen channel shows it', async () => {
  await using scene = await startScene();
  const { mia } = moderators(scene);
  const { channel, guild, ada, moderation } = scene;
  const journal = guild.createChannel('journal');
  const chosen = await mia.run('/queue log', { channel: journal }, { channel });
  await chosen.waitForMessage(({ text }) => text.includes('now gets a log of what moderators do'));
  await journal.waitForMessage(({ text }) => text.includes('changed where this is posted'));

  const { id } = await waiting(scene);
  const answer = await mia.run(
    '/queue cancel',
    { id: id.toLowerCase(), reason: 'No @everyone here' },
    { channel },
  );
  const said = await answer.waitForMessage(({ text }) => text.includes('Cancelled.'));
  expect(said.ephemeral).toBe(true);
  const ending = await channel.waitForMessage(({ text }) => text.includes('A moderator cancelled it'));
  expect(ending.text).toMatch(/Reason: No @\u2060everyone here/);
  expect(ending.mentions).toEqual([ada.id]);
  const posted = await journal.waitForMessage(({ text }) => text.includes('cancelled a video'));
  for (const part of [mia.mention, ada.mention, id, 'No @\u2060everyone here'])
    expect(posted.text).toContain(part);
  expect(posted.mentions).toEqual([]);
  const entries = await moderation.audit({ guildId: guild.id, limit: 5 });
  expect(entries[0]).toMatchObject({
    action: 'cancel',
    actorId: mia.id,
    targetUserId: ada.id,
    generationId: id,
    reason: 'No @everyone here',
  });
  expect(journal.messages).toHaveLength(2);

  const gone = await mia.run('/queue cancel', { id }, { channel });
  await gone.waitForMessage(({ text }) => text.includes('already finished'));
});

test('with several bots each entry is posted once, in order', async () => {
  await using scene = await startScene();
  const { mia } = moderators(scene);
  const { channel, guild, moderation, queue } = scene;
  const journal = guild.createChannel('journal');
  const others: string[] = [];
  const second = new AuditPoster({
    moderation,
    queue,
    channels: { place: async () => null },
    speaker: {
      async post(channelId, { content }) {
        others.push(content);
        return { channelId, messageId: '1' };
      },
    },
    logger: pino({ level: 'silent' }),
  });
  await second.start();
  const heard = Promise.withResolvers<void>();
  const watching = await moderation.watchAudit(({ action }) => {
    if (action === 'resume') heard.resolve();
  });
  await mia.run('/queue log', { channel: journal }, { channel });
  await until(async () => ((await moderation.guild(guild.id)).logChannelId === null ? undefined : true));
  for (let count = 0; count < 6; count += 1) {
    await moderation.ban(guild.id, { userId: '7', by: mia.id, reason: `ban ${count}`, until: null });
  }
  await moderation.pause(guild.id, { by: mia.id, reason: null, until: null });
  await moderation.resume(guild.id, mia.id);
  await heard.promise;
  await second.close();
  await watching.close();
  const posted = () => [...others, ...journal.messages.map(({ text }) => text)];
  await until(async () => (posted().length >= 9 ? true : undefined));
  // What the first bot has heard is posted when it has stopped.
  await scene.restartBot();
  const bans = posted().flatMap((text) => /ban \d/.exec(text)?.[0] ?? []);
  expect(bans.toSorted()).toEqual(['ban 0', 'ban 1', 'ban 2', 'ban 3', 'ban 4', 'ban 5']);
  expect(posted()).toHaveLength(9);
});

test('a channel that the bot cannot post in is refused at once, and nothing changes', async () => {
  await using scene = await startScene();
  const { mia } = moderators(scene);
  const { channel, guild, discord, moderation } = scene;
  const quiet = guild.createChannel('quiet', {
    overwrites: [{ target: discord.bot, deny: ['SendMessages'] }],
  });
  const refused = await mia.run('/queue log', { channel: quiet }, { channel });
  await refused.waitForMessage(({ text }) => text.includes('I need **Send Messages**'));
  expect((await moderation.guild(guild.id)).logChannelId).toBeNull();
  expect(await moderation.audit({ guildId: guild.id, limit: 5 })).toEqual([]);
});

test('when the channel of the log closes or goes later, the action stands and the moderator is told', async () => {
  await using scene = await startScene();
  const { mia } = moderators(scene);
  const { ada, channel, guild, discord, moderation } = scene;
  const said = async (...[command, values]: [string, Parameters<typeof mia.run>[1]]) => {
    const answer = await mia.run(command, values, { channel });
    return (await answer.waitForMessage(({ loading, text }) => !loading && text !== '')).text;
  };
  const log = guild.createChannel('log');
  expect(await said('/queue log', { channel: log })).not.toContain('couldn’t post');
  log.overwrite(discord.bot, { deny: ['SendMessages'] });
  const banned = await said('/queue ban', { user: ada });
  expect(banned).toContain(`couldn’t post this in <#${log.id}>: I need **Send Messages**`);
  expect(await said('/queue bans', {})).not.toContain('couldn’t post this');
  log.delete();
  expect(await said('/queue unban', { user: ada })).toContain('log’s channel is gone');
  const done = (await moderation.audit({ guildId: guild.id, limit: 5 })).map(({ action }) => action);
  expect(done).toEqual(['unban', 'ban', 'log_channel']);
});

test('suggestions of ids have the person’s name, and are found by it', async () => {
  await using scene = await startScene();
  const { mia } = moderators(scene);
  const { id } = await waiting(scene, 'A pirate sings');
  const suggested = await mia.autocomplete('/queue cancel', { id: 'ADA' }, 'id', { channel: scene.channel });
  expect(suggested).toEqual([{ name: expect.stringMatching(/ · ada · A pirate sings$/), value: id }]);
});

test('a moderator of another server neither sees nor touches anything of this one', async () => {
  await using scene = await startScene();
  const { mia, bob, lobby } = moderators(scene);
  const { channel, queue, guild, moderation } = scene;
  const { id } = await waiting(scene, 'A secret of this server');
  for (const command of ['/queue show', '/queue cancel', '/queue bump']) {
    const answer = await bob.run(command, { id }, { channel: lobby });
    const { text } = await answer.waitForMessage((one) => one.text !== '' && !one.loading);
    const unknown = await bob.run(command, { id: '01JZZZZZZZZZZZZZZZZZZZZZZZ' }, { channel: lobby });
    expect((await unknown.waitForMessage((one) => one.text !== '' && !one.loading)).text).toBe(text);
    expect(text).toContain('no video with this ID on this server');
    expect(await bob.autocomplete(command, {}, 'id', { channel: lobby })).toEqual([]);
    expect(await bob.autocomplete(command, { id }, 'id', { channel: lobby })).toEqual([]);
  }
  const list = await bob.run('/queue list', {}, { channel: lobby });
  await list.waitForMessage(({ text }) => text.includes('Nothing is waiting or running'));
  const cleared = await bob.run('/queue clear', {}, { channel: lobby });
  await cleared.waitForMessage(({ text }) => text.includes('Nothing was waiting'));
  await bob.run('/queue pause', {}, { channel: lobby });
  expect(await queue.get(id)).toMatchObject({ status: 'queued' });
  expect((await queue.position(id)).held).toBeNull();
  expect(await moderation.audit({ guildId: guild.id, limit: 5 })).toEqual([]);
  // Here it is all there.
  const choices = await mia.autocomplete('/queue bump', { id: 'secret' }, 'id', { channel });
  expect(choices).toEqual([{ name: 'waiting · ada · A secret of this server', value: id }]);
  const shown = await mia.run('/queue show', { id }, { channel });
  const details = await shown.waitForMessage(({ text }) => text.includes('A secret of this server'));
  expect(details.text).toContain('GPU time');
});

test('what is private stays so: a moderator can cancel it, and reads no prompt', async () => {
  await using scene = await startScene();
  const { mia } = moderators(scene);
  const { ada, channel, queue, guild } = scene;
  await ada.run('/humo', { prompt: 'Between us', image: picture(), private: true }, { channel });
  const [generation] = await until(async () => {
    const found = await queue.list({ guildId: guild.id });
    return found.length > 0 ? found : undefined;
  });
  const id = generation?.id ?? '';
  const texts = [];
  for (const command of ['/queue list', '/queue show']) {
    const answer = await mia.run(command, command === '/queue show' ? { id } : {}, { channel });
    texts.push((await answer.waitForMessage(({ text }) => text.includes(id))).text);
  }
  const names = (await mia.autocomplete('/queue show', {}, 'id', { channel })).map(({ name }) => name);
  expect([...texts, ...names].join('\n')).not.toContain('Between us');
  const answer = await mia.run('/queue cancel', { id }, { channel });
  await answer.waitForMessage(({ text }) => text.includes('Cancelled.'));
});

test('clear cancels what waits, of one person or of all; bump puts one before the others', async () => {
  await using scene = await startScene();
  const { mia } = moderators(scene);
  const { channel, ada, discord, guild, queue } = scene;
  const ben = guild.addMember(discord.createUser('ben'));
  const first = await waiting(scene, 'first');
  const second = await waiting(scene, 'second');
  const bens = await waiting({ ...scene, ada: ben }, 'third');
  const bumped = await mia.run('/queue bump', { id: second.id }, { channel });
  await bumped.waitForMessage(({ text }) => text.includes('ahead of the others'));
  expect((await queue.position(second.id)).position).toBe(1);
  const list = await mia.run('/queue list', {}, { channel });
  const { text: listed } = await list.waitForMessage(({ text }) => text.includes('3 waiting'));
  expect(listed.indexOf(second.id)).toBeLessThan(listed.indexOf(first.id));

  const one = await mia.run('/queue clear', { user: ben }, { channel });
  await one.waitForMessage(({ text }) => text.includes('One waiting video was cancelled'));
  expect((await queue.get(bens.id))?.status).toBe('cancelled');
  expect((await queue.get(first.id))?.status).toBe('queued');
  const all = await mia.run('/queue clear', {}, { channel });
  await all.waitForMessage(({ text }) => text.includes('2 waiting videos were cancelled'));
  await channel.waitForMessage(
    ({ text, mentions }) => text.includes('A moderator cancelled it') && mentions.includes(ada.id),
  );
  const audit = await mia.run('/queue audit', {}, { channel });
  const { text } = await audit.waitForMessage((shown) => shown.text.includes('Who did what'));
  expect(text).toMatch(
    /cleared the queue\*\* · 2 videos[^]*cleared the queue\*\* · <@\d+> · 1 video[^]*bumped a video/,
  );
});

test('bans, limits, filters and rules: what is set is shown, counts, and is in the log', async () => {
  await using scene = await startScene();
  const { mia } = moderators(scene);
  const { channel, ada, guild, moderation } = scene;
  const say = async (command: string, values: Parameters<typeof mia.run>[1], ...parts: string[]) => {
    const answer = await mia.run(command, values, { channel });
    const { text, ephemeral } = await answer.waitForMessage((one) => one.text !== '' && !one.loading);
    expect(ephemeral).toBe(true);
    for (const part of parts) expect(text).toContain(part);
    return text;
  };
  await say('/queue ban', { user: ada, for: '1d12h', reason: 'spam' }, ada.mention, 'Until <t:', 'spam');
  await say('/queue bans', {}, ada.mention, mia.mention, 'spam');
  const admission = await moderation.admission({ userId: ada.id, guildId: guild.id, roleIds: [] });
  expect(admission.ban?.until).toBeGreaterThan(Date.now() + 35 * 3600_000);
  await say('/queue unban', { user: ada }, 'again');
  await say('/queue unban', { user: ada }, 'isn’t banned');
  await say('/queue ban', { user: ada, for: 'a while' }, '“a while”', '`1d12h`');
  await say('/queue pause', { for: '5s' }, 'from 1m to 365d');

  const fans = guild.createRole('fans');
  await say(
    '/queue limits set',
    { waiting: '3', gpu_minutes: '30', cooldown: '30s', queue_length: '40' },
    'waiting: 3 ·',
    'GPU time a day: 30 min ·',
    'between requests: 30s ·',
    'weight: 1 (default)',
    'longest queue: 40',
  );
  await say(
    '/queue limits set',
    { role: fans, waiting: 'none', weight: '2,5' },
    'waiting: no limit',
    'weight: 2.5',
  );
  expect((await moderation.guild(guild.id)).limits).toEqual({
    everyone: { waiting: 3, gpuSecondsPerDay: 1800, cooldownSeconds: 30 },
    roles: { [fans.id]: { waiting: null, weight: 2.5 } },
  });
  await say(
    '/queue limits set',
    { waiting: 'default', gpu_minutes: '0' },
    'waiting: 10 (default) · GPU time a day: no limit ·',
  );
  await say('/queue limits set', { role: fans, waiting: 'default', weight: 'default' });
  expect((await moderation.guild(guild.id)).limits).toEqual({
    everyone: { gpuSecondsPerDay: null, cooldownSeconds: 30 },
    roles: {},
  });
  await say('/queue limits set', {}, 'Choose what to change');
  await say(
    '/queue limits set',
    { waiting: '１２', gpu_minutes: 'なし' },
    'waiting: 12',
    'GPU time a day: no limit',
  );
  await say('/queue limits set', { waiting: 'default' });
  await say('/queue limits set', { waiting: 'many' }, '`waiting` must be a number from 1 to 1,000');
  await say('/queue limits set', { weight: 'none' }, '`weight` must be a number from 0.1 to 10');
  await say('/queue limits set', { role: fans, queue_length: '5' }, 'whole server');
  await say('/queue limits show', {}, 'longest queue: 40');

  await say('/queue filter add', { text: 'Gore*' }, String.raw`Gore\*`);
  await say('/queue filter add', { text: 'blo+d', kind: 'pattern' }, 'pattern');
  const odd = await say('/queue filter add', { text: '(<@123> **x', kind: 'pattern' }, 'don’t understand');
  expect(odd).not.toMatch(/<@123>|[^\\]\*\*/);
  await say('/queue filter list', {}, 'blo', 'Gore');
  await say('/queue filter test', { text: 'so much bloood' }, 'would block that text', 'pattern');
  await say('/queue filter test', { text: 'a tree' }, 'No filter');
  const [choice] = await mia.autocomplete('/queue filter remove', { filter: 'blo' }, 'filter', { channel });
  expect(choice?.name).toBe('pattern · blo+d');
  await say('/queue filter remove', { filter: choice?.value }, 'Removed');
  await say('/queue filter remove', { filter: choice?.value }, 'no such filter');

  const changed = { rerun_others: false, keep_days: 7, label_words: 'generated', label_corner: 'top_left' };
  await say('/queue settings', changed, 'again: no', '7 days', '“AI-generated”, medium, top left');
  await say('/queue settings', {}, 'again: no', '7 days', '“AI-generated”');
  const { label } = await moderation.admission({ userId: '1', guildId: guild.id, roleIds: [] });
  expect(label).toEqual({ words: 'generated', size: 'medium', corner: 'top_left' });
  const logged = await moderation.audit({ guildId: guild.id, limit: 20 });
  expect(logged.map(({ action }) => action).toReversed()).toEqual([
    'ban',
    'unban',
    'limits',
    'limits',
    'limits',
    'limits',
    'limits',
    'limits',
    'filter_add',
    'filter_add',
    'filter_remove',
    'settings',
  ]);

  // More than a page: the buttons lead on, also after a restart.
  const audit = await mia.run('/queue audit', {}, { channel });
  const page = await audit.waitForMessage(({ text }) => text.includes('Who did what'));
  expect(page.text).not.toContain('**banned**');
  await scene.restartBot();
  await mia.click(page, '▶');
  await page.waitUntil(({ text }) => text.includes('**banned**'));
  await mia.click(page, '◀');
  await page.waitUntil(({ text }) => text.includes('changed the rules'));
});

test('who may manage messages in one channel alone does not moderate the server', async () => {
  await using scene = await startScene();
  const { discord, guild, channel } = scene;
  const leo = guild.addMember(discord.createUser('leo'));
  channel.overwrite({ id: leo.id, kind: 'member' }, { allow: ['ManageMessages'] });
  const asked = await leo.run('/queue list', {}, { channel });
  const answer = await asked.waitForMessage(({ text }) => text !== '');
  expect(answer.text).toContain('Only moderators can do this');
});
