import { expect, test } from 'vitest';
import { hasStatus, picture, startScene } from './scene.ts';

test('what everyone reads is in the guild’s language, what one person reads in theirs', async () => {
  await using scene = await startScene();
  const { discord } = scene;
  await scene.work(scene.finish);
  const guild = discord.createGuild({ name: 'Atelier', locale: 'fr' });
  const channel = guild.createChannel('general');
  const kai = guild.addMember(discord.createUser('kai', { locale: 'ja' }));
  await kai.run('/humo', { prompt: 'x', image: picture(), preset: 'draft' }, { channel });
  const result = await channel.waitForMessage(({ attachments }) => attachments.length === 1);
  expect(result.text).toContain('ta vidéo est prête');
  expect(result.buttons.map(({ label }) => label)).toContain('🔁 Encore');
  const own = await kai.run('/humo', { prompt: 'x', image: picture(), private: true }, { channel });
  await own.waitForMessage(({ text }) => text.includes('あなただけに見えます'));
  const refused = await kai.run('/humo', { prompt: 'x' }, { channel });
  await refused.waitForMessage(({ text, ephemeral }) => ephemeral && text.includes('見るものか聞くもの'));
  const jobs = await kai.run('/history', {}, { channel });
  await jobs.waitForMessage(({ text }) => text.includes('あなたの動画'));
  const help = await kai.run('/help', {}, { channel });
  const shown = await help.waitForMessage(({ attachments }) => attachments.length === 1);
  expect(shown.text).toContain('`/履歴`');
  expect(shown.text).not.toContain('/queue');
});

test('a language that there is no catalogue for is English', async () => {
  await using scene = await startScene();
  const guild = scene.discord.createGuild({ name: 'Studio', locale: 'ko' });
  const channel = guild.createChannel('general');
  const kim = guild.addMember(scene.discord.createUser('kim', { locale: 'ko' }));
  await kim.run('/humo', { prompt: 'x', image: picture() }, { channel });
  expect((await channel.waitForMessage(hasStatus)).text).toContain('In the queue');
});
