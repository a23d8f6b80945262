import { expect, test } from 'vitest';
import { file } from '../../../sandbox/start.ts';
import { lenientSandbox, startBot } from './support.ts';

// How soon they are answered, `npm run bench` says.
test('two hundred people with files at once are answered, each with a message of their own', async () => {
  await using discord = await lenientSandbox();
  const guild = discord.createGuild();
  const channel = guild.createChannel('general');
  await using bot = await startBot(discord, {
    onInteraction: async (interaction) => {
      if (interaction.isChatInputCommand()) await interaction.deferReply();
    },
  });
  const picture = file(Buffer.alloc(500_000, 7), 'face.png');
  const answers = await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      const person = guild.addMember(discord.createUser(`person${index}`));
      const run = await person.run('/humo', { prompt: 'x', image: picture }, { channel });
      return await run.firstResponse();
    }),
  );
  expect(answers).toHaveLength(200);
  expect(channel.messages).toHaveLength(200);
  expect(bot.failures).toEqual([]);
});
