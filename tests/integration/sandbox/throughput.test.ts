import { expect, test } from 'vitest';
import { file } from '../../../sandbox/start.ts';
import { lenientSandbox, startBot } from './support.ts';

test('two hundred people with files are answered without the sandbox being in the way', async () => {
  await using discord = await lenientSandbox();
  const guild = discord.createGuild();
  const channel = guild.createChannel('general');
  await using bot = await startBot(discord, {
    onInteraction: async (interaction) => {
      if (interaction.isChatInputCommand()) await interaction.deferReply();
    },
  });
  const picture = file(Buffer.alloc(500_000, 7), 'face.png');
  const started = performance.now();
  const took = await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      const person = guild.addMember(discord.createUser(`person${index}`));
      const run = await person.run('/humo', { prompt: 'x', image: picture }, { channel });
      return (await run.firstResponse()).took;
    }),
  );
  expect(performance.now() - started).toBeLessThan(10_000);
  expect(Math.max(...took)).toBeLessThan(2_500);
  expect(channel.messages).toHaveLength(200);
  expect(bot.failures).toEqual([]);
}, 20_000);
