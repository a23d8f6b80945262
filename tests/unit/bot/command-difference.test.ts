import { ApplicationCommandType } from 'discord.js';
import { expect, test } from 'vitest';
import { compareCommands, describeDifference, isSame } from '../../../src/bot/command-difference.ts';
import { loadHandlers } from '../../../src/bot/load-handlers.ts';
import { declarations } from '../../../src/bot/register-commands.ts';
import { projectRoot } from '../../../src/config/environment.ts';
import { loadGenerateSettings } from '../../../src/config/generate.ts';

const settings = loadGenerateSettings(`${projectRoot}/generate.yaml`, 'official');
const ours = declarations(await loadHandlers(), settings);

/** What Discord gives back for a command: ids, defaults filled in, sets in another order. */
function asReported(command: (typeof ours)[number]): { name: string; [field: string]: unknown } {
  return {
    ...structuredClone(command),
    id: '1',
    application_id: '2',
    version: '3',
    nsfw: false,
    default_member_permissions: command.default_member_permissions ?? null,
    contexts: [...(command.contexts ?? [])].toReversed(),
    options: (('options' in command ? command.options : undefined) ?? []).map((option) => ({
      ...option,
      required: option.required ?? false,
    })),
  };
}

test('a registered command equals ours whatever defaults Discord adds', () => {
  const reported = ours.map(asReported);
  const difference = compareCommands(reported, ours);
  expect(difference.changed).toEqual([]);
  expect(isSame(difference)).toBe(true);
});

test('added, changed and removed commands are told apart, with the fields that differ', () => {
  const humo = ours.find(({ name }) => name === 'humo');
  if (humo === undefined) throw new Error('there is no command');
  const registered = [
    { ...asReported(humo), description: 'something else', contexts: [0] },
    { name: 'old', type: 1, description: 'goes' },
  ];
  const added = { name: 'new', description: 'comes' };
  const difference = compareCommands(registered, [humo, added]);
  expect(difference).toEqual({
    added: ['new'],
    changed: [{ name: 'humo', fields: ['description', 'contexts'] }],
    removed: ['old'],
    unchanged: [],
  });
  expect(describeDifference(difference)).toBe('+ new\n~ humo (description, contexts)\n- old');
});

test('a context menu of the same name is another command', () => {
  const menu = { name: 'humo', type: ApplicationCommandType.Message } as const;
  expect(compareCommands([{ name: 'humo', type: 1, description: 'x' }], [menu])).toMatchObject({
    added: ['humo'],
    removed: ['humo'],
  });
});

test('/humo offers every preset of generate.yaml and can be installed for servers and for people', () => {
  const humo = ours.find(({ name }) => name === 'humo');
  expect(humo?.integration_types).toEqual([0, 1]);
  expect(humo?.contexts).toEqual([0, 1, 2]);
  const options = humo !== undefined && 'options' in humo ? (humo.options ?? []) : [];
  expect(options.map(({ name }) => name).join(' ')).toBe(
    'prompt image image2 image3 image4 audio say voice audio_start audio_end clean seconds preset shape seed private',
  );
  const presets = options.find(({ name }) => name === 'preset');
  expect(presets).toMatchObject({
    choices: settings.presetNames.map((value) => ({ value, name: expect.stringContaining(': ') })),
  });
});
