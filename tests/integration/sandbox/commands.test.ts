import { Routes } from 'discord.js';
import { describe, expect, test } from 'vitest';
import { idOf } from '../../../sandbox/json.ts';
import { checkedSandbox, commandWithPrompt, lenientSandbox, refusal, restOf } from './support.ts';

const text = { type: 3, name: 'prompt', description: 'x' };

function hundred(prefix: string): object[] {
  return Array.from({ length: 100 }, (_, index) => ({ name: `${prefix}${index}`, description: 'x' }));
}

describe('registering commands', () => {
  test('a bulk overwrite replaces all and keeps the ids of those that stay', async () => {
    await using discord = await checkedSandbox();
    const rest = restOf(discord);
    const put = async (body: object[]) =>
      await rest.put(Routes.applicationCommands(discord.applicationId), { body });
    await put([commandWithPrompt, { name: 'queue', description: 'The queue' }]);
    const [humo] = discord.commands;
    const after = await put([{ ...commandWithPrompt, description: 'Makes another video' }]);
    expect(after).toEqual([
      expect.objectContaining({ id: humo?.['id'], description: 'Makes another video' }),
    ]);
    expect(after).toEqual(discord.commands);
    expect(discord.commands[0]?.['version']).not.toBe(humo?.['version']);
  });

  test('one is created, read, changed and removed; those of a guild stand apart', async () => {
    await using discord = await checkedSandbox();
    const guild = discord.createGuild();
    const rest = restOf(discord);
    const { applicationId } = discord;
    await rest.post(Routes.applicationGuildCommands(applicationId, guild.id), { body: commandWithPrompt });
    const id = idOf(discord.commands[0]?.['id']) ?? '';
    expect(await rest.get(Routes.applicationCommands(applicationId))).toEqual([]);
    const route = Routes.applicationGuildCommand(applicationId, guild.id, id);
    await rest.patch(route, { body: { description: 'Changed' } });
    expect(await rest.get(route)).toMatchObject({ description: 'Changed', guild_id: guild.id });
    await rest.delete(route);
    expect(await refusal(rest.get(route))).toMatchObject({ status: 404, code: 10063 });
  });

  test('what comes back is tidied as Discord tidies it', async () => {
    await using discord = await checkedSandbox();
    await restOf(discord).put(Routes.applicationCommands(discord.applicationId), {
      body: [commandWithPrompt],
    });
    const [command] = discord.commands;
    expect(command?.['options']).toEqual([
      { type: 3, name: 'prompt', description: 'What happens', required: true },
      { type: 11, name: 'image', description: 'Who' },
    ]);
    expect(command).toMatchObject({
      nsfw: false,
      default_member_permissions: null,
      contexts: [0, 1, 2],
      integration_types: [0],
    });
  });

  test('two hundred are created in a day, not more: 30034', async () => {
    await using discord = await lenientSandbox({ rateLimits: false });
    const rest = restOf(discord);
    const put = async (body: object[]) =>
      await rest.put(Routes.applicationCommands(discord.applicationId), { body });
    await put(hundred('a'));
    await put(hundred('a'));
    await put(hundred('b'));
    expect(await refusal(put([{ name: 'one-more', description: 'x' }]))).toMatchObject({ code: 30034 });
    discord.clock.advance('25h');
    await put([{ name: 'one-more', description: 'x' }]);
  });

  const refused: readonly [string, object, string][] = [
    ['a name with capitals', { name: 'Humo', description: 'x' }, 'APPLICATION_COMMAND_INVALID_NAME'],
    ['a name with a space', { name: 'hu mo', description: 'x' }, 'APPLICATION_COMMAND_INVALID_NAME'],
    ['no description', { name: 'humo' }, 'BASE_TYPE_REQUIRED'],
    ['a long description', { name: 'humo', description: 'x'.repeat(101) }, 'BASE_TYPE_BAD_LENGTH'],
    [
      'a required option after an optional one',
      { name: 'humo', description: 'x', options: [text, { ...text, name: 'b', required: true }] },
      'OPTIONS_REQUIRED_INVALID',
    ],
    [
      'two options of a name',
      { name: 'humo', description: 'x', options: [text, text] },
      'NAME_ALREADY_EXISTS',
    ],
    [
      'twenty-six options',
      {
        name: 'humo',
        description: 'x',
        options: Array.from({ length: 26 }, (_, index) => ({ ...text, name: `o${index}` })),
      },
      'BASE_TYPE_MAX_LENGTH',
    ],
    [
      'choices beside autocompletion',
      {
        name: 'humo',
        description: 'x',
        options: [{ ...text, autocomplete: true, choices: [{ name: 'a', value: 'a' }] }],
      },
      'CHOICES_INVALID',
    ],
    [
      'a subcommand beside an option',
      { name: 'humo', description: 'x', options: [text, { type: 1, name: 'list', description: 'x' }] },
      'OPTIONS_TYPE_INVALID',
    ],
    [
      'a described context menu',
      { type: 3, name: 'Run again', description: 'x' },
      'CONTEXT_MENU_DESCRIPTION',
    ],
    ['an unknown context', { name: 'humo', description: 'x', contexts: [7] }, 'BASE_TYPE_CHOICES'],
    [
      'more than 8,000 characters',
      {
        name: 'humo',
        description: 'x',
        options: Array.from({ length: 25 }, (_, index) => ({
          ...text,
          name: `o${index}`,
          choices: Array.from({ length: 4 }, (__, choice) => ({
            name: `${choice}${'n'.repeat(60)}`,
            value: `${choice}${'v'.repeat(60)}`,
          })),
        })),
      },
      'TOO_LARGE',
    ],
  ];
  test.each(refused)('%s is refused', async (_name, body, code) => {
    await using discord = await lenientSandbox();
    const posting = restOf(discord).post(Routes.applicationCommands(discord.applicationId), { body });
    const error = await refusal(posting);
    expect(error).toMatchObject({ status: 400, code: 50035 });
    expect(JSON.stringify(error.rawError)).toContain(code);
  });

  test('another application’s commands are out of reach', async () => {
    await using discord = await checkedSandbox();
    const reading = restOf(discord).get(Routes.applicationCommands('123456789012345678'));
    expect(await refusal(reading)).toMatchObject({ status: 403, code: 20012 });
  });
});
