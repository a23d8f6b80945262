import { Client, Events, GatewayIntentBits, SlashCommandBuilder } from 'discord.js';

/** The smallest bot that shows something of everything: `/frame` answers later, posts a file, and has a button. */
const client = new Client({
  intents: [GatewayIntentBits.Guilds],
  rest: { api: process.env['DISCORD_API_URL'] ?? 'https://discord.com/api' },
});
const frame = new SlashCommandBuilder()
  .setName('frame')
  .setDescription('Puts a frame around a picture')
  .addAttachmentOption((option) => option.setName('picture').setDescription('The picture').setRequired(true));

client.on(Events.ClientReady, async ({ application }) => {
  await application.commands.set([frame]);
});
client.on(Events.InteractionCreate, async (interaction) => {
  if (interaction.isChatInputCommand()) {
    await interaction.deferReply();
    const picture = interaction.options.getAttachment('picture', true);
    const bytes = Buffer.from(await (await fetch(picture.url)).arrayBuffer());
    const again = { type: 2, style: 1, label: 'Again', custom_id: 'again' };
    await interaction.editReply({
      content: `Framed ${picture.name}, ${bytes.length} bytes`,
      files: [{ attachment: bytes, name: `framed-${picture.name}` }],
      components: [{ type: 1, components: [again] }],
    });
  } else if (interaction.isButton()) {
    await interaction.reply({ content: 'Once more!', flags: 'Ephemeral' });
  }
});
process.once('SIGTERM', () => void client.destroy());
await client.login(process.env['DISCORD_TOKEN']);
