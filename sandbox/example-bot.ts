import {
  ActionRowBuilder,
  ButtonBuilder,
  ButtonStyle,
  Client,
  Events,
  GatewayIntentBits,
  SlashCommandBuilder,
} from 'discord.js';
import type { Interaction } from 'discord.js';

/** The smallest bot that shows something of everything: `/frame` answers later, posts a file, and has a button. */
const client = new Client({
  intents: [GatewayIntentBits.Guilds],
  rest: { api: process.env['DISCORD_API_URL'] ?? 'https://discord.com/api' },
});
const frame = new SlashCommandBuilder()
  .setName('frame')
  .setDescription('Puts a frame around a picture')
  .addAttachmentOption((option) => option.setName('picture').setDescription('The picture').setRequired(true));

client.on(Events.ClientReady, ({ application }) => void application.commands.set([frame]));
client.on(Events.InteractionCreate, (interaction) => void answer(interaction));
process.once('SIGTERM', () => void client.destroy());
await client.login(process.env['DISCORD_TOKEN']);

async function answer(interaction: Interaction): Promise<void> {
  if (interaction.isChatInputCommand()) {
    await interaction.deferReply();
    const picture = interaction.options.getAttachment('picture', true);
    const bytes = Buffer.from(await (await fetch(picture.url)).arrayBuffer());
    const again = new ButtonBuilder().setCustomId('again').setLabel('Again').setStyle(ButtonStyle.Primary);
    await interaction.editReply({
      content: `Framed ${picture.name}, ${bytes.length} bytes`,
      files: [{ attachment: bytes, name: `framed-${picture.name}` }],
      components: [new ActionRowBuilder<ButtonBuilder>().addComponents(again)],
    });
  } else if (interaction.isButton()) {
    await interaction.reply({ content: 'Once more!', flags: 'Ephemeral' });
  }
}
