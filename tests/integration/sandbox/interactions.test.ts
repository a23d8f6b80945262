import {
  ActionRowBuilder,
  ApplicationCommandType,
  ApplicationIntegrationType,
  ButtonBuilder,
  ButtonStyle,
  ContextMenuCommandBuilder,
  FileUploadBuilder,
  InteractionContextType,
  LabelBuilder,
  MessageFlags,
  ModalBuilder,
  PermissionFlagsBits,
  Routes,
  SlashCommandBuilder,
  StringSelectMenuBuilder,
  TextInputBuilder,
  TextInputStyle,
  UserSelectMenuBuilder,
} from 'discord.js';
import { describe, expect, test } from 'vitest';
import { file } from '../../../sandbox/start.ts';
import type { Sandbox } from '../../../sandbox/start.ts';
import { checkedSandbox, commandWithPrompt, lenientSandbox, refusal, restOf, startBot } from './support.ts';

/** A command everywhere, for guilds and for people who installed the application. */
const everywhere = new SlashCommandBuilder()
  .setName('humo')
  .setDescription('Makes a video')
  .setIntegrationTypes(ApplicationIntegrationType.GuildInstall, ApplicationIntegrationType.UserInstall)
  .setContexts(
    InteractionContextType.Guild,
    InteractionContextType.BotDM,
    InteractionContextType.PrivateChannel,
  )
  .toJSON();

function people(discord: Sandbox) {
  const guild = discord.createGuild();
  const channel = guild.createChannel('general');
  const ada = guild.addMember(discord.createUser('ada', { locale: 'de' }));
  return { guild, channel, ada };
}

describe('a slash command', () => {
  test('carries what Discord sends: options, files, locale, permissions, limits, owners', async () => {
    await using discord = await checkedSandbox();
    const { guild, channel, ada } = people(discord);
    guild.setBoostTier(2);
    await using bot = await startBot(discord);
    const png = Buffer.from('89504e470d0a1a0a0000000d4948445200000280000001e0', 'hex');
    const run = await ada.run(
      '/humo',
      { prompt: 'She speaks', image: file(png, 'my face.png', 'image/png') },
      { channel },
    );
    const interaction = await bot.nextInteraction();
    if (!interaction.isChatInputCommand()) throw new Error('no slash command');
    expect(interaction.options.getString('prompt')).toBe('She speaks');
    expect(interaction.options.getAttachment('image')).toMatchObject({
      name: 'my_face.png',
      size: png.length,
      contentType: 'image/png',
      width: 640,
      height: 480,
    });
    expect(interaction.locale).toBe('de');
    expect(interaction.guildLocale).toBe('en-US');
    expect(interaction.attachmentSizeLimit).toBe(50 * 1024 * 1024);
    expect(interaction.authorizingIntegrationOwners[ApplicationIntegrationType.GuildInstall]).toBe(guild.id);
    expect(interaction.context).toBe(InteractionContextType.Guild);
    expect(interaction.appPermissions.has(PermissionFlagsBits.AttachFiles)).toBe(true);
    expect(interaction.memberPermissions?.has(PermissionFlagsBits.ManageGuild)).toBe(false);
    await interaction.reply('done');
    expect(await run.firstResponse()).toMatchObject({ kind: 'message', ephemeral: false });
  });

  test('waits for its registration and is not offered where it does not belong', async () => {
    await using discord = await checkedSandbox();
    const { channel, ada } = people(discord);
    const run = ada.run('/humo', { prompt: 'early' }, { channel });
    await using bot = await startBot(discord, {
      onInteraction: async (interaction) => interaction.isRepliable() && interaction.reply('here'),
    });
    expect((await (await run).firstResponse()).message?.text).toBe('here');
    await expect(ada.run('/humo', {}, { channel })).rejects.toThrow('requires the option prompt');
    await expect(ada.run('/humo', { prompt: 'x', colour: 'red' }, { channel })).rejects.toThrow(
      'has no option colour',
    );
    const eve = discord.createUser('eve');
    await expect(eve.run('/humo', { prompt: 'x' }, { channel })).rejects.toThrow('do not see the channel');
    const other = discord.createGuild({ botIsMember: false });
    other.addMember(eve);
    const place = { channel: other.createChannel('there') };
    await expect(eve.run('/humo', { prompt: 'x' }, place)).rejects.toThrow('installed neither');
    expect(bot.failures).toEqual([]);
  });

  test('with default permissions is offered only to those who have them', async () => {
    await using discord = await checkedSandbox();
    const { guild, channel, ada } = people(discord);
    const command = { ...commandWithPrompt, default_member_permissions: '32' };
    await using bot = await startBot(discord, {
      commands: [command],
      onInteraction: async (interaction) => interaction.isRepliable() && interaction.reply('yes'),
    });
    await expect(ada.run('/humo', { prompt: 'x' }, { channel })).rejects.toThrow('needs the permissions 32');
    guild.addMember(ada, { roles: [guild.createRole('manager', ['ManageGuild'])] });
    const run = await ada.run('/humo', { prompt: 'x' }, { channel });
    expect((await run.firstResponse()).message?.text).toBe('yes');
    expect(bot.failures).toEqual([]);
  });
});

describe('the first answer', () => {
  test('comes too late after three seconds: 10062, and the person is told', async () => {
    await using discord = await checkedSandbox();
    const { channel, ada } = people(discord);
    await using bot = await startBot(discord);
    const run = await ada.run('/humo', { prompt: 'x' }, { channel });
    const interaction = await bot.nextInteraction();
    const answer = run.firstResponse();
    discord.clock.advance('3100ms');
    await expect(answer).rejects.toThrow('did not respond');
    expect(await refusal(interaction.deferReply())).toMatchObject({ status: 404, code: 10062 });
  });

  test('is given once: 40060', async () => {
    await using discord = await checkedSandbox();
    const { channel, ada } = people(discord);
    await using bot = await startBot(discord);
    await ada.run('/humo', { prompt: 'x' }, { channel });
    const interaction = await bot.nextInteraction();
    await interaction.deferReply();
    const rest = restOf(discord);
    const again = rest.post(Routes.interactionCallback(interaction.id, interaction.token), {
      body: { type: 4, data: { content: 'again' } },
      auth: false,
    });
    expect(await refusal(again)).toMatchObject({ status: 400, code: 40060 });
  });

  test('with its response gives the message back', async () => {
    await using discord = await checkedSandbox();
    const { channel, ada } = people(discord);
    await using bot = await startBot(discord);
    await ada.run('/humo', { prompt: 'x' }, { channel });
    const response = await (await bot.nextInteraction()).reply({ content: 'here', withResponse: true });
    expect(response.resource?.message?.content).toBe('here');
    expect(response.interaction.responseMessageId).toBe(channel.messages[0]?.id);
  });

  test('may not be a modal to a modal, nor an update to a command', async () => {
    await using discord = await lenientSandbox();
    const { channel, ada } = people(discord);
    await using bot = await startBot(discord);
    await ada.run('/humo', { prompt: 'x' }, { channel });
    const interaction = await bot.nextInteraction();
    const update = restOf(discord).post(Routes.interactionCallback(interaction.id, interaction.token), {
      body: { type: 6 },
      auth: false,
    });
    expect(await refusal(update)).toMatchObject({ code: 50035 });
  });
});

test('the fields of a modal have counts, lengths and options as those of messages have', async () => {
  await using discord = await lenientSandbox();
  const { channel, ada } = people(discord);
  await using bot = await startBot(discord);
  await ada.run('/humo', { prompt: 'x' }, { channel });
  const { id, token } = await bot.nextInteraction();
  const option = { label: 'a', value: 'a' };
  const fields = [
    { type: 4, custom_id: 'text', style: 3, min_length: 9, max_length: 5, value: 'longer' },
    { type: 19, custom_id: 'files', max_values: 11 },
    { type: 21, custom_id: 'radio', options: [option] },
    { type: 22, custom_id: 'boxes', options: [option, option], max_values: 3 },
    {
      type: 3,
      custom_id: 'select',
      options: [
        { ...option, default: true },
        { label: 'b', value: 'b', default: true },
      ],
    },
  ];
  const components = fields.map((component) => ({ type: 18, label: 'field', component }));
  const sent = restOf(discord).post(Routes.interactionCallback(id, token), {
    body: { type: 9, data: { custom_id: 'form', title: 'Form', components } },
    auth: false,
  });
  const { code, message } = await refusal(sent);
  expect(code).toBe(50035);
  for (const path of [
    '[0].component.style',
    '[0].component.min_length',
    '[0].component.value',
    '[1].component.max_values',
    '[2].component.options',
    '[3].component.options[1].value',
    '[3].component.max_values',
    '[4].component.options',
  ]) {
    expect(message).toContain(`data.components${path}[`);
  }

  const text = { type: 4, custom_id: 'same', style: 1 };
  const label = (component: object, change: object = {}) => ({
    type: 18,
    label: 'field',
    component,
    ...change,
  });
  const options = Array.from({ length: 26 }, (_, index) => ({ label: 'a', value: String(index) }));
  const open = async (data: object) =>
    (
      await refusal(
        restOf(discord).post(Routes.interactionCallback(id, token), { body: { type: 9, data }, auth: false }),
      )
    ).message;
  const said = await open({
    custom_id: 'x'.repeat(101),
    title: 'x'.repeat(46),
    components: [
      label(text, { label: 'x'.repeat(46), description: 'x'.repeat(101) }),
      label(text),
      label({ type: 2, style: 1, label: 'a button', custom_id: 'button' }),
      label({ type: 3, custom_id: 'many', options }),
      {
        type: 1,
        components: [{ type: 4, custom_id: 'old', style: 1, label: 'x'.repeat(46), max_length: 4001 }],
      },
    ],
  });
  for (const path of [
    'custom_id[',
    'title[',
    'components[0].label[',
    'components[0].description[',
    'components[1].component.custom_id[',
    'components[2].component.type[',
    'components[3].component.options[',
    'components[4].components[0].label[',
    'components[4].components[0].max_length[',
  ])
    expect(said).toContain(`data.${path}`);
  const form = { custom_id: 'form', title: 'Form' };
  const field = { type: 10, content: 'words' };
  for (const count of [0, 6])
    expect(await open({ ...form, components: Array.from({ length: count }, () => field) })).toContain(
      'Must be between 1 and 5 in length',
    );
  expect(await open({ ...form, components: [{ type: 18, label: 'empty' }] })).toContain(
    'This field is required',
  );
});

describe('after the first answer', () => {
  test('the token works for fifteen minutes: then 401 and 50027', async () => {
    await using discord = await checkedSandbox();
    const { channel, ada } = people(discord);
    await using bot = await startBot(discord);
    await ada.run('/humo', { prompt: 'x' }, { channel });
    const interaction = await bot.nextInteraction();
    await interaction.deferReply();
    discord.clock.advance('14m');
    await interaction.editReply('still here');
    discord.clock.advance('1m');
    expect(await refusal(interaction.editReply('too late'))).toMatchObject({ status: 401, code: 50027 });
    expect(channel.messages.map(({ text }) => text)).toEqual(['still here']);
  });

  test('the bot edits its public answer as itself once the token is dead', async () => {
    await using discord = await checkedSandbox();
    const { channel, ada } = people(discord);
    await using bot = await startBot(discord);
    await ada.run('/humo', { prompt: 'x' }, { channel });
    const reply = await (await bot.nextInteraction()).reply({ content: 'first', withResponse: true });
    discord.clock.advance('20m');
    await reply.resource?.message?.edit('second');
    expect(channel.messages[0]?.text).toBe('second');
  });

  test('a deferred answer says that it is loading, and the first follow-up becomes it', async () => {
    await using discord = await checkedSandbox();
    const { channel, ada } = people(discord);
    await using bot = await startBot(discord);
    const run = await ada.run('/humo', { prompt: 'x' }, { channel });
    const interaction = await bot.nextInteraction();
    await interaction.deferReply();
    const { message } = await run.firstResponse();
    expect(message).toMatchObject({ loading: true, text: '' });
    await interaction.followUp('the answer');
    await interaction.followUp('and another');
    expect(message).toMatchObject({ loading: false, text: 'the answer' });
    expect(run.messages().map(({ text }) => text)).toEqual(['the answer', 'and another']);
  });

  test('an ephemeral answer is seen by one person and unknown to the channel', async () => {
    await using discord = await checkedSandbox();
    const { guild, channel, ada } = people(discord);
    const ben = guild.addMember(discord.createUser('ben'));
    await using bot = await startBot(discord);
    const run = await ada.run('/humo', { prompt: 'x' }, { channel });
    await (await bot.nextInteraction()).reply({ content: 'only you', flags: MessageFlags.Ephemeral });
    const { message, ephemeral } = await run.firstResponse();
    expect(ephemeral).toBe(true);
    expect(ada.sees(channel).map(({ text }) => text)).toEqual(['only you']);
    expect(ben.sees(channel)).toEqual([]);
    const reading = restOf(discord).get(Routes.channelMessage(channel.id, message?.id ?? ''));
    expect(await refusal(reading)).toMatchObject({ status: 404, code: 10008 });
  });

  test('a deleted answer is unknown: 10008', async () => {
    await using discord = await checkedSandbox();
    const { channel, ada } = people(discord);
    await using bot = await startBot(discord);
    const run = await ada.run('/humo', { prompt: 'x' }, { channel });
    const interaction = await bot.nextInteraction();
    await interaction.reply('here');
    const message = await run.waitForMessage(({ text }) => text === 'here');
    await interaction.deleteReply();
    await message.waitForDeletion();
    expect(await refusal(interaction.editReply('gone'))).toMatchObject({ status: 404, code: 10008 });
  });
});

/** A guild without the bot, a member who installed the application, and the bot. */
async function elsewhere(discord: Sandbox) {
  const guild = discord.createGuild({ botIsMember: false });
  const channel = guild.createChannel('general');
  const eve = guild.addMember(discord.createUser('eve', { hasInstalledApplication: true }));
  const bot = await startBot(discord, { commands: [everywhere] });
  const run = await eve.run('/humo', {}, { channel });
  const interaction = await bot.nextInteraction();
  return { channel, eve, run, interaction, [Symbol.asyncDispose]: () => bot[Symbol.asyncDispose]() };
}

describe('where only a person installed the application', () => {
  test('the payload names the person as the owner, and the channel is out of reach', async () => {
    await using discord = await checkedSandbox();
    await using place = await elsewhere(discord);
    const { channel, eve, interaction } = place;

    expect(interaction.authorizingIntegrationOwners).toMatchObject({ guildId: null, userId: eve.id });
    await interaction.reply('through the token');
    const direct = restOf(discord).post(Routes.channelMessages(channel.id), { body: { content: 'direct' } });
    expect(await refusal(direct)).toMatchObject({ status: 403, code: 50001 });
  });

  test('five follow-ups are the most: 40094', async () => {
    await using discord = await checkedSandbox({ rateLimits: false });
    await using place = await elsewhere(discord);
    const { interaction, run } = place;

    await interaction.reply('answer');
    for (const number of [1, 2, 3, 4, 5]) await interaction.followUp(`follow-up ${number}`);
    expect(await refusal(interaction.followUp('one too many'))).toMatchObject({ status: 400, code: 40094 });
    expect(run.messages()).toHaveLength(6);
  });

  test('someone who may not use external apps is answered alone', async () => {
    await using discord = await checkedSandbox();
    const guild = discord.createGuild({ botIsMember: false });
    guild.everyone.setPermissions(['ViewChannel', 'SendMessages', 'UseApplicationCommands']);
    const channel = guild.createChannel('general');
    const eve = guild.addMember(discord.createUser('eve', { hasInstalledApplication: true }));
    await using bot = await startBot(discord, {
      commands: [everywhere],
      onInteraction: async (interaction) => interaction.isRepliable() && interaction.reply('hush'),
    });
    const run = await eve.run('/humo', {}, { channel });
    expect(await run.firstResponse()).toMatchObject({ kind: 'message', ephemeral: true });
    expect(channel.messages).toEqual([]);
    expect(bot.failures).toEqual([]);
  });

  test("somebody else's click goes by the one who installed the application", async () => {
    await using discord = await checkedSandbox();
    const guild = discord.createGuild({ botIsMember: false });
    const channel = guild.createChannel('general');
    const eve = guild.addMember(discord.createUser('eve', { hasInstalledApplication: true }));
    const ben = guild.addMember(discord.createUser('ben'));
    await using bot = await startBot(discord, { commands: [everywhere] });
    const run = await eve.run('/humo', {}, { channel });
    const again = new ButtonBuilder().setCustomId('again').setLabel('Again').setStyle(ButtonStyle.Primary);
    const components = [new ActionRowBuilder<ButtonBuilder>().addComponents(again)];
    await (await bot.nextInteraction()).reply({ content: 'here', components });
    const message = await run.waitForMessage(({ buttons }) => buttons.length === 1);
    await ben.click(message, 'Again');
    const click = await bot.nextInteraction();
    expect(click.user.id).toBe(ben.id);
    expect(click.authorizingIntegrationOwners).toMatchObject({ guildId: null, userId: eve.id });
    await click.reply('again!');
  });

  test('a group conversation works through the token', async () => {
    await using discord = await checkedSandbox();
    const eve = discord.createUser('eve', { hasInstalledApplication: true });
    const group = discord.createGroup([eve, discord.createUser('ben')]);
    await using bot = await startBot(discord, { commands: [everywhere] });
    await eve.run('/humo', {}, { channel: group });
    const interaction = await bot.nextInteraction();
    expect(interaction.context).toBe(InteractionContextType.PrivateChannel);
    await interaction.reply('hello all');
    await group.waitForMessage(({ text }) => text === 'hello all');
  });
});

describe('components and forms', () => {
  const row = new ActionRowBuilder<ButtonBuilder>().addComponents(
    new ButtonBuilder().setCustomId('again:1').setLabel('Again').setStyle(ButtonStyle.Primary),
    new ButtonBuilder()
      .setCustomId('grey')
      .setLabel('Not now')
      .setStyle(ButtonStyle.Secondary)
      .setDisabled(true),
  );

  test('a click updates its message', async () => {
    await using discord = await checkedSandbox();
    const { channel, ada } = people(discord);
    await using bot = await startBot(discord, {
      onInteraction: async (interaction) => {
        if (interaction.isChatInputCommand())
          await interaction.reply({ content: 'press', components: [row] });
        if (interaction.isButton()) {
          await interaction.update({ content: `pressed ${interaction.customId}`, components: [] });
        }
      },
    });
    const run = await ada.run('/humo', { prompt: 'x' }, { channel });
    const message = await run.waitForMessage(({ buttons }) => buttons.length === 2);
    await expect(ada.click(message, 'Not now')).rejects.toThrow('greyed out');
    await expect(ada.click(message, 'Nothing')).rejects.toThrow('its buttons are: Again, Not now');
    const click = await ada.click(message, 'Again');
    expect(await click.firstResponse()).toMatchObject({ kind: 'update' });
    expect(message).toMatchObject({ text: 'pressed again:1', buttons: [] });
    expect(bot.failures).toEqual([]);
  });

  test('a select menu takes its own options', async () => {
    await using discord = await checkedSandbox();
    const { channel, ada } = people(discord);
    const menu = new StringSelectMenuBuilder()
      .setCustomId('preset')
      .addOptions({ label: 'Fast', value: 'fast' }, { label: 'Fine', value: 'fine' });
    await using bot = await startBot(discord, {
      onInteraction: async (interaction) => {
        if (interaction.isChatInputCommand()) {
          const components = [new ActionRowBuilder<StringSelectMenuBuilder>().addComponents(menu)];
          await interaction.reply({ content: 'choose', components });
        }
        if (interaction.isStringSelectMenu()) await interaction.reply(`chose ${interaction.values.join()}`);
      },
    });
    const run = await ada.run('/humo', { prompt: 'x' }, { channel });
    const { message } = await run.firstResponse();
    if (message === undefined) throw new Error('no message');
    await expect(ada.select(message, 'preset', ['slow'])).rejects.toThrow('has no option slow');
    const chosen = await ada.select(message, 'preset', ['fine']);
    expect((await chosen.firstResponse()).message?.text).toBe('chose fine');
    expect(bot.failures).toEqual([]);
  });

  test('a form with a text and a file is opened, filled in and submitted', async () => {
    await using discord = await checkedSandbox();
    const { channel, ada } = people(discord);
    const modal = new ModalBuilder()
      .setCustomId('edit')
      .setTitle('Again with changes')
      .addLabelComponents(
        new LabelBuilder()
          .setLabel('Prompt')
          .setTextInputComponent(
            new TextInputBuilder()
              .setCustomId('prompt')
              .setStyle(TextInputStyle.Paragraph)
              .setMinLength(2)
              .setMaxLength(8),
          ),
        new LabelBuilder()
          .setLabel('Picture')
          .setFileUploadComponent(new FileUploadBuilder().setCustomId('picture').setRequired(false)),
        new LabelBuilder().setLabel('Look').setStringSelectMenuComponent(
          new StringSelectMenuBuilder()
            .setCustomId('look')
            .setMinValues(2)
            .setMaxValues(3)
            .addOptions(['a', 'b', 'c', 'd'].map((value) => ({ label: value, value }))),
        ),
        new LabelBuilder()
          .setLabel('Who')
          .setUserSelectMenuComponent(new UserSelectMenuBuilder().setCustomId('who').setRequired(false)),
      );
    await using bot = await startBot(discord, {
      onInteraction: async (interaction) => {
        if (interaction.isChatInputCommand()) await interaction.showModal(modal);
        if (interaction.isModalSubmit()) {
          const files = interaction.fields.getUploadedFiles('picture');
          const names = [...(files?.values() ?? [])].map(({ name }) => name);
          await interaction.reply(`${interaction.fields.getTextInputValue('prompt')} with ${names.join()}`);
        }
      },
    });
    const run = await ada.run('/humo', { prompt: 'x' }, { channel });
    expect((await run.firstResponse()).kind).toBe('modal');
    const [picture, look] = [file(Buffer.of(1), 'a.png'), ['a', 'b']];
    for (const [values, why] of [
      [{ picture, look }, 'prompt is required'],
      [{ prompt: 'x', look }, 'prompt is too short'],
      [{ prompt: 'x'.repeat(9), look }, 'prompt is too long'],
      [{ prompt: true, look }, 'prompt takes a text'],
      [{ prompt: 'another', look, picture: [picture, picture] }, 'picture takes at most 1'],
      [{ prompt: 'another', look, picture: 'a.png' }, 'picture takes files'],
      [{ prompt: 'another' }, 'look needs at least 2'],
      [{ prompt: 'another', look: ['a', 'b', 'c', 'd'] }, 'look takes at most 3'],
      [{ prompt: 'another', look: ['a', 'a'] }, 'look takes each option once'],
      [{ prompt: 'another', look: ['a', 'e'] }, 'look has no option "e"'],
      [{ prompt: 'another', look, who: [ada.id, '2'] }, 'who takes at most 1'],
    ] as const) {
      await expect(ada.submitModal(run, values)).rejects.toThrow(why);
    }
    const submitted = await ada.submitModal(run, {
      prompt: 'another',
      look,
      Picture: file(Buffer.of(1), 'a.png'),
    });
    expect((await submitted.firstResponse()).message?.text).toBe('another with a.png');
    expect(bot.failures).toEqual([]);
  });

  test('autocompletion answers while typing', async () => {
    await using discord = await checkedSandbox();
    const { channel, ada } = people(discord);
    const again = new SlashCommandBuilder()
      .setName('again')
      .setDescription('Runs it again')
      .addStringOption((option) =>
        option.setName('generation').setDescription('Which').setRequired(true).setAutocomplete(true),
      )
      .toJSON();
    await using bot = await startBot(discord, {
      commands: [again],
      onInteraction: async (interaction) => {
        if (!interaction.isAutocomplete()) return;
        const typed = interaction.options.getFocused();
        await interaction.respond([{ name: `${typed}…`, value: 'g-1' }]);
      },
    });
    const choices = await ada.autocomplete('/again', { generation: 'kat' }, 'generation', { channel });
    expect(choices).toEqual([{ name: 'kat…', value: 'g-1' }]);
    expect(bot.failures).toEqual([]);
  });

  test('context menus carry their message or person', async () => {
    await using discord = await checkedSandbox();
    const { guild, channel, ada } = people(discord);
    const ben = guild.addMember(discord.createUser('ben'));
    const commands = [
      new ContextMenuCommandBuilder().setName('Run again').setType(ApplicationCommandType.Message).toJSON(),
      new ContextMenuCommandBuilder().setName('History').setType(ApplicationCommandType.User).toJSON(),
    ];
    await using bot = await startBot(discord, {
      commands,
      onInteraction: async (interaction) => {
        if (interaction.isMessageContextMenuCommand())
          await interaction.reply(interaction.targetMessage.content);
        if (interaction.isUserContextMenuCommand()) await interaction.reply(interaction.targetUser.username);
      },
    });
    const message = await ben.send(channel, 'a message');
    const onMessage = await ada.contextMenu('Run again', message);
    expect((await onMessage.firstResponse()).message?.text).toBe('a message');
    const onPerson = await ada.contextMenu('History', ben, { channel });
    expect((await onPerson.firstResponse()).message?.text).toBe('ben');
    expect(bot.failures).toEqual([]);
  });
});
