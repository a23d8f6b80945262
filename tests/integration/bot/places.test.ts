import { expect, test } from 'vitest';
import { hasStatus, idOf, picture, speech, startScene } from './scene.ts';

test('in a channel: an answer at once, then a new message with the video that answers it and mentions the person', async () => {
  await using scene = await startScene();
  const { discord, channel, ada, guild } = scene;
  await scene.work(scene.finish);
  const command = await ada.run(
    '/humo',
    {
      prompt: 'A woman tells **a joke** to @everyone',
      image: picture(),
      audio: speech(),
      audio_start: 1,
      seed: 7,
    },
    { channel },
  );
  const first = await command.firstResponse();
  expect(first.kind).toBe('deferred');
  expect(first.ephemeral).toBe(false);

  const result = await channel.waitForMessage(
    (message) => message.attachments.length === 1 && message.fromBot,
  );
  const [status] = channel.messages;
  expect(result.repliesTo).toBe(status?.id);
  expect(result.mentions).toEqual([ada.id]);
  expect(result.text).toContain('seed `7`');
  expect(result.text).not.toContain('@everyone');
  expect(result.text).toContain('**`weights: random`**');
  expect(result.attachments[0]?.contentType).toBe('video/mp4');
  await expect(scene.probe(result)).resolves.toMatchObject({ video: 'h264', audio: 'aac' });

  await status?.waitUntil(({ text }) => text.includes(`channels/${guild.id}/${channel.id}/${result.id}`));
  expect(status?.buttons).toEqual([]);
  expect(channel.messages.length).toBe(2);
  discord.assertNoViolations();
});

test('the status message says position, start, the used seconds of the sound, frames and seed', async () => {
  await using scene = await startScene();
  const { channel, ada } = scene;
  await ada.run(
    '/humo',
    { prompt: 'She speaks', image: picture(), audio: speech(8), audio_start: 1.5, seed: 11 },
    { channel },
  );
  const status = await channel.waitForMessage(hasStatus);
  expect(status.text).toContain('number 1 of 1');
  expect(status.text).toMatch(/0:01\.5–0:08\.0 of 0:08\.0/);
  expect(status.text).toContain('165 frames (6.60 s)');
  expect(status.text).toContain('seed 11');
  expect(status.buttons.map(({ label }) => label)).toEqual(['❌ Cancel']);
});

test('in a thread and in a forum post', async () => {
  await using scene = await startScene();
  const { guild, channel, ada } = scene;
  await scene.work(scene.finish);
  const thread = guild.createThread(channel, 'a thread');
  const post = await guild.createForumPost(guild.createForum('ideas'), 'a post', ada, 'look at this');
  for (const place of [thread, post]) {
    await ada.run('/humo', { prompt: 'She speaks', audio: speech() }, { channel: place });
    const result = await place.waitForMessage(
      ({ attachments, fromBot }) => fromBot && attachments.length === 1,
    );
    expect(result.repliesTo).toBeDefined();
  }
});

test('in direct messages, where a private answer is an ordinary one', async () => {
  await using scene = await startScene();
  const { ada } = scene;
  await scene.work(scene.finish);
  await ada.run(
    '/humo',
    { prompt: 'She looks around', image: picture(), private: true },
    { channel: ada.directMessage },
  );
  const result = await ada.directMessage.waitForMessage(({ attachments }) => attachments.length === 1);
  expect(result.ephemeral).toBe(false);
  const status = ada.directMessage.messages.find(({ id }) => id === result.repliesTo);
  await status?.waitUntil(({ text }) => text.includes(`channels/@me/${ada.directMessage.id}/${result.id}`));
});

test.each(['ViewChannel', 'SendMessages', 'AttachFiles', 'ReadMessageHistory'] as const)(
  'without %s the person is told before anything is accepted, and alone',
  async (permission) => {
    await using scene = await startScene();
    const { discord, channel, ada, queue } = scene;
    channel.overwrite(discord.bot, { deny: [permission] });
    const command = await ada.run('/humo', { prompt: 'She speaks', image: picture() }, { channel });
    const answer = await command.firstResponse();
    expect(answer.kind).toBe('message');
    expect(answer.ephemeral).toBe(true);
    const text = command.messages()[0]?.text ?? '';
    expect(text).toContain('Nothing was queued');
    expect(text).toMatch(
      permission === 'ViewChannel' ? /View Channel/ : /Send Messages|Attach Files|Read Message/,
    );
    expect(await queue.list({})).toEqual([]);
  },
);

test('in a thread the permission for threads counts', async () => {
  await using scene = await startScene();
  const { discord, guild, channel, ada } = scene;
  const thread = guild.createThread(channel, 'a thread');
  channel.overwrite(discord.bot, { deny: ['SendMessagesInThreads'] });
  const command = await ada.run('/humo', { prompt: 'She speaks', image: picture() }, { channel: thread });
  const answer = await command.waitForMessage(() => true);
  expect(answer.text).toContain('Send Messages in Threads');
});

test('a prompt alone is refused kindly, with an example, and for the person alone', async () => {
  await using scene = await startScene();
  const { channel, ada } = scene;
  const command = await ada.run('/humo', { prompt: 'She speaks' }, { channel });
  const answer = await command.firstResponse();
  expect(answer.ephemeral).toBe(true);
  expect(command.messages()[0]?.text).toContain('Example: `/humo prompt:');
  expect(channel.messages).toEqual([]);
});

test('half a character and words of nothing to be seen are refused at once, whatever the command', async () => {
  await using scene = await startScene();
  const { channel, ada, discord, guild, queue } = scene;
  const mia = guild.addMember(discord.createUser('mia'), {
    roles: [guild.createRole('moderator', ['ManageMessages'])],
  });
  const answerTo = async (command: string, options: Parameters<typeof ada.run>[1], who = ada) => {
    const ran = await who.run(command, options, { channel });
    await ran.firstResponse();
    return ran.messages()[0]?.text ?? '';
  };
  expect(await answerTo('/humo', { prompt: 'She \uD83D speaks', image: picture() })).toContain(
    'a broken character',
  );
  expect(await answerTo('/humo', { prompt: '\u200B\u2060', image: picture() })).toContain(
    '`prompt` is empty',
  );
  expect(await answerTo('/humo', { prompt: 'She speaks', say: '\u200B\u3164' })).toContain(
    'nothing in it to speak',
  );
  expect(await answerTo('/queue filter add', { text: '\uDE00', kind: 'word' }, mia)).toContain(
    'a broken character',
  );
  expect(await queue.list({})).toEqual([]);
});

test('answers come in the language of the person', async () => {
  await using scene = await startScene();
  const { discord, guild, channel } = scene;
  const berta = guild.addMember(discord.createUser('berta', { locale: 'de' }));
  const command = await berta.run('/humo', { prompt: 'Sie spricht' }, { channel });
  const answer = await command.waitForMessage(() => true);
  expect(answer.text).toContain('Beispiel');
});

test('as a guest in a server: the answer comes there while Discord allows it', async () => {
  await using scene = await startScene();
  const { discord } = scene;
  const { eve, elsewhere } = scene.asGuest();
  await scene.work(scene.finish);
  await eve.run('/humo', { prompt: 'She speaks', image: picture() }, { channel: elsewhere });
  const result = await elsewhere.waitForMessage(({ attachments }) => attachments.length === 1);
  expect(result.mentions).toEqual([eve.id]);
  const status = elsewhere.messages.find(({ id }) => id !== result.id);
  await status?.waitUntil(({ text }) => text.includes(result.id));
  expect(eve.directMessage.messages.map(({ text }) => text)).toEqual([
    expect.stringContaining('send it here'),
  ]);
  discord.assertNoViolations();
});

test('as a guest, after the quarter of an hour: a direct message, as was said beforehand', async () => {
  await using scene = await startScene();
  const { discord } = scene;
  const { eve, elsewhere } = scene.asGuest();
  await eve.run('/humo', { prompt: 'She speaks', image: picture() }, { channel: elsewhere });
  const status = await elsewhere.waitForMessage(({ text }) => text.includes('not a member of this server'));
  discord.clock.advance('16m');
  await scene.work(scene.finish);
  const result = await eve.directMessage.waitForMessage(({ attachments }) => attachments.length === 1);
  expect(result.text).toContain(idOf(status.text));
  expect(elsewhere.messages.length).toBe(1);
});

test('as a guest with closed direct messages: refused, with the reason', async () => {
  await using scene = await startScene();
  const { eve, elsewhere } = scene.asGuest();
  eve.acceptDirectMessages(false);
  const command = await eve.run('/humo', { prompt: 'She speaks', image: picture() }, { channel: elsewhere });
  const answer = await command.waitForMessage(({ text }) => text.includes('DMs are closed'));
  expect(answer.text).toContain('Nothing was queued');
  expect(await scene.queue.list({})).toEqual([]);
});

test('private: status and video are for the person’s eyes only', async () => {
  await using scene = await startScene();
  const { channel, ada } = scene;
  await scene.work(scene.finish);
  await ada.run('/humo', { prompt: 'She speaks', image: picture(), private: true }, { channel });
  const result = await ada.waitForMessage(channel, ({ attachments }) => attachments.length === 1);
  expect(result.ephemeral).toBe(true);
  expect(channel.messages).toEqual([]);
  const [status] = ada.sees(channel);
  await status?.waitUntil(({ text }) => text.includes('Your video is below'));
});

test('private, after the token’s death: a direct message, said beforehand', async () => {
  await using scene = await startScene();
  const { discord, channel, ada } = scene;
  await ada.run('/humo', { prompt: 'She speaks', image: picture(), private: true }, { channel });
  await ada.waitForMessage(channel, ({ text }) => text.includes('longer than 15 minutes'));
  discord.clock.advance('16m');
  await scene.work(scene.finish);
  const result = await ada.directMessage.waitForMessage(({ attachments }) => attachments.length === 1);
  expect(result.ephemeral).toBe(false);
  expect(channel.messages).toEqual([]);
});

test('a person who has reached the limit is told so, and others are not', async () => {
  await using scene = await startScene({ MAXIMUM_WAITING_PER_USER: '2' });
  const { discord, guild, channel, ada } = scene;
  const run = (who: typeof ada) => who.run('/humo', { prompt: 'She speaks', image: picture() }, { channel });
  const commands = await Promise.all([run(ada), run(ada), run(ada)]);
  const answers = await Promise.all(
    commands.map((command) => command.waitForMessage(({ text }) => /number|most one person/.test(text))),
  );
  expect(answers.filter(({ text }) => text.includes('most one person')).length).toBe(1);
  const ben = guild.addMember(discord.createUser('ben'));
  const other = await run(ben);
  await other.waitForMessage(({ text }) => text.includes('number 2 of 3'));
});
