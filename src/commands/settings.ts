import { ApplicationCommandType, ComponentType, MessageFlags, TextInputStyle } from 'discord.js';
import type { APIModalInteractionResponseCallbackData } from 'discord.js';
import { shapeSchema } from '../config/generate.ts';
import type { GenerateSettings } from '../config/generate.ts';
import { promptCharacters } from '../intake/bounds.ts';
import { changing, reachable } from '../queue/reachable.ts';
import type { Preferences } from '../queue/people/people.ts';
import { beginning, quoted } from '../text/format.ts';
import { textsFor } from '../text/texts.ts';
import type { Texts } from '../text/texts.ts';
import { message } from './render/message.ts';
import { presetTitle } from './render/preset.ts';
import { customId } from './support/definition.ts';
import type { Modal, SlashCommand } from './support/definition.ts';
import { everywhere } from './support/everywhere.ts';
import { localised } from './support/localise.ts';
import { toReply } from './support/reply.ts';
import { meantPrompt } from '../intake/prompt.ts';

const fields = {
  preset: 'preset',
  shape: 'shape',
  negative: 'negative',
  private: 'private',
  notify: 'notify',
} as const;

/** The choice that leaves it to the deployment. */
const asHere = '-';

/** A person's own defaults, in one form. */
const command: SlashCommand = {
  kind: 'slash',
  name: 'settings',

  declare() {
    return {
      type: ApplicationCommandType.ChatInput,
      ...localised('settings', 'command.settings'),
      ...everywhere(),
    };
  },

  async execute(interaction, services) {
    const preferences = await reachable(services.people.preferences(interaction.user.id));
    await interaction.showModal(form(preferences, textsFor(interaction.locale), services.settings));
  },
};

const modal: Modal = {
  kind: 'modal',
  name: 'settings',

  async submit(interaction, _argument, services) {
    const { fields: given } = interaction;
    const shape = shapeSchema.safeParse(given.getStringSelectValues(fields.shape)[0]);
    const preset = given.getStringSelectValues(fields.preset)[0];
    const negative = meantPrompt(given.getTextInputValue(fields.negative));
    const preferences: Preferences = {
      preset: preset === undefined || preset === asHere ? null : preset,
      shape: shape.success ? shape.data : null,
      negativePrompt: negative === '' ? null : negative,
      private: given.getCheckbox(fields.private),
      notify: given.getCheckbox(fields.notify),
    };
    await interaction.deferReply({ flags: MessageFlags.Ephemeral });
    await changing(services.people.setPreferences(interaction.user.id, preferences));
    const texts = textsFor(interaction.locale);
    await interaction.editReply(toReply(message(summary(preferences, texts, services.settings))));
  },
};

export default [command, modal];

function form(
  preferences: Preferences,
  texts: Texts,
  settings: GenerateSettings,
): APIModalInteractionResponseCallbackData {
  const choice = (value: string, label: string, chosen: boolean) => ({
    value,
    label: beginning(label, 100),
    default: chosen,
  });
  const { preset, shape } = preferences;
  const known = preset !== null && settings.presetNames.includes(preset);
  return {
    custom_id: customId('settings', 'mine'),
    title: texts.say('settings.title'),
    components: [
      {
        type: ComponentType.Label,
        label: texts.say('settings.preset'),
        component: {
          type: ComponentType.StringSelect,
          custom_id: fields.preset,
          required: true,
          options: [
            choice(asHere, texts.say('settings.as_here'), !known),
            // Twenty-five choices are the most that Discord shows; one of them is the first.
            ...settings.presetNames
              .slice(0, 24)
              .map((name) => choice(name, presetTitle(settings, name, texts), name === preset)),
          ],
        },
      },
      {
        type: ComponentType.Label,
        label: texts.say('settings.shape'),
        component: {
          type: ComponentType.StringSelect,
          custom_id: fields.shape,
          required: true,
          options: [
            choice(asHere, texts.say('settings.as_here'), shape === null),
            ...shapeSchema.options.map((one) => choice(one, texts.say(`shape.${one}`), one === shape)),
          ],
        },
      },
      {
        type: ComponentType.Label,
        label: texts.say('settings.negative'),
        description: texts.say('settings.negative_description'),
        component: {
          type: ComponentType.TextInput,
          custom_id: fields.negative,
          style: TextInputStyle.Paragraph,
          required: false,
          max_length: promptCharacters,
          ...(preferences.negativePrompt === null ? {} : { value: preferences.negativePrompt }),
        },
      },
      {
        type: ComponentType.Label,
        label: texts.say('settings.private'),
        description: texts.say('settings.private_description'),
        component: { type: ComponentType.Checkbox, custom_id: fields.private, default: preferences.private },
      },
      {
        type: ComponentType.Label,
        label: texts.say('settings.notify'),
        description: texts.say('settings.notify_description'),
        component: { type: ComponentType.Checkbox, custom_id: fields.notify, default: preferences.notify },
      },
    ],
  };
}

function summary(preferences: Preferences, texts: Texts, settings: GenerateSettings): string[] {
  const { preset, shape, negativePrompt } = preferences;
  const asIs = texts.say('settings.as_here');
  return [
    texts.say('settings.saved'),
    `- ${texts.say('settings.preset')}: ${preset === null ? asIs : presetTitle(settings, preset, texts)}`,
    `- ${texts.say('settings.shape')}: ${shape === null ? asIs : texts.say(`shape.${shape}`)}`,
    `- ${texts.say('settings.negative')}: ${negativePrompt === null ? asIs : quoted(negativePrompt, 200)}`,
    `- ${texts.say('settings.private')}: ${texts.say(preferences.private ? 'settings.yes' : 'settings.no')}`,
    `- ${texts.say('settings.notify')}: ${texts.say(preferences.notify ? 'settings.yes' : 'settings.no')}`,
  ];
}
