import { expect, test, vi } from 'vitest';
import { hasStatus, picture, speech, startScene } from './scene.ts';
import { patience } from '../../support/patience.ts';

test('Redis answers nothing: whoever presses or types anything is told so while Discord still waits', async () => {
  await using scene = await startScene({}, { hurries: true });
  const { ada, channel, discord, guild } = scene;
  await scene.work(scene.finish);
  await ada.run('/humo', { prompt: 'She speaks', image: picture(), audio: speech() }, { channel });
  const result = await channel.waitForMessage(({ attachments }) => attachments.length === 1);
  const mod = guild.addMember(discord.createUser('mod'), {
    roles: [guild.createRole('moderator', ['ManageMessages'])],
  });
  const form = await ada.click(result, 'Edit');
  await form.firstResponse();
  const fresh = { prompt: 'Another', image: picture(), audio: speech() };
  const source = await ada.send(channel, { content: 'look', files: [picture()] });
  const resume = scene.silenceRedis();
  try {
    const asked = await Promise.all([
      ada.run('/humo', fresh, { channel }),
      ada.run('/settings', {}, { channel }),
      ada.run('/history', {}, { channel }),
      ada.run('/jobs', {}, { channel }),
      ada.run('/limits', {}, { channel }),
      ada.run('/forget', {}, { channel }),
      mod.run('/queue reports', {}, { channel }),
      mod.run('/queue stats', {}, { channel }),
      mod.click(result, 'That’s me'),
      mod.contextMenu('Was this made here?', result),
      mod.run('/queue list', {}, { channel }),
      ada.click(result, 'Again'),
      ada.click(result, 'Better'),
      ada.click(result, 'Edit'),
      ada.click(result, 'Delete'),
      ada.contextMenu('Animate with HuMo', source),
      ada.contextMenu('HuMo details', result),
    ]);
    const told = asked.map((one) => one.waitForMessage(({ text }) => text.includes('can’t reach my queue')));
    expect((await Promise.all(told)).every(({ ephemeral }) => ephemeral)).toBe(true);
    // It has reached Redis, which may do it when it goes on: nobody is told that nothing was done.
    const change = await mod.run('/queue pause', {}, { channel });
    await change.waitForMessage(({ text }) => text.includes('don’t know whether this was done'));
    expect(await mod.autocomplete('/queue show', {}, 'id', { channel })).toEqual([]);
    expect(await ada.autocomplete('/humo', {}, 'voice', { channel })).toEqual([]);
  } finally {
    resume();
  }
  // Nothing of it was taken on unseen, and the result stands.
  await vi.waitFor(async () => expect(await scene.queue.list({})).toHaveLength(1), patience);
  expect((await scene.queue.list({}))[0]?.deletedAt).toBeNull();
  const again = await ada.run('/humo', fresh, { channel });
  await again.waitForMessage(hasStatus);
});

test('Redis answers nothing when somebody agrees: what they asked for waits, and goes on when they agree again', async () => {
  await using scene = await startScene({}, { hurries: true, asksForConsent: true });
  const { ada, channel } = scene;
  const fresh = { prompt: 'She speaks', image: picture(), audio: speech() };
  const command = await ada.run('/humo', fresh, { channel });
  const question = await command.waitForMessage(({ buttons }) => buttons.length === 2);
  const resume = scene.silenceRedis();
  const unheard = await ada.click(question, 'Yes, go ahead');
  await unheard.waitForMessage(({ text }) => text.includes('can’t reach my queue'));
  resume();
  const heard = await ada.click(question, 'Yes, go ahead');
  await heard.waitForMessage(hasStatus);
  expect(await scene.queue.list({})).toHaveLength(1);
});

test('Redis answers nothing when somebody reports a video: they are told', async () => {
  await using scene = await startScene({}, { hurries: true });
  const { ada, channel, guild, discord } = scene;
  await scene.work(scene.finish);
  await ada.run('/humo', { prompt: 'She speaks', image: picture(), audio: speech() }, { channel });
  const result = await channel.waitForMessage(({ attachments }) => attachments.length === 1);
  const ben = guild.addMember(discord.createUser('ben'));
  const resume = scene.silenceRedis();
  ben.react(result, '🚩');
  await ben.directMessage.waitForMessage(({ text }) => text.includes('can’t reach my queue'));
  resume();
  expect(await scene.moderation.reports(guild.id)).toEqual([]);
});
