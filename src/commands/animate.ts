import { ApplicationCommandType } from 'discord.js';
import { ulid } from 'ulid';
import { mostImages } from '../intake/bounds.ts';
import { chooseMode } from '../intake/mode.ts';
import { reachable } from '../queue/reachable.ts';
import { Refusal } from '../refusal.ts';
import { textsFor } from '../text/texts.ts';
import { newSeed } from '../intake/request.ts';
import { ask } from './support/ask.ts';
import { customId } from './support/definition.ts';
import type { MessageMenu, Modal } from './support/definition.ts';
import { everywhere } from './support/everywhere.ts';
import { firstFiles, givenFile, readForm, renderForm } from './support/form.ts';
import { localisedMenu } from './support/localise.ts';
import { preferredPreset, preferredShape } from './support/preferred.ts';

/** Takes the pictures and the sound of any message, and asks for the rest in a form. */
const menu: MessageMenu = {
  kind: 'message',
  name: 'Animate with HuMo',

  declare() {
    return {
      type: ApplicationCommandType.Message,
      ...localisedMenu('menu.animate'),
      ...everywhere(),
    };
  },

  async execute(interaction, services) {
    const { targetMessage } = interaction;
    // What was forwarded stands in a copy of the message that it comes from.
    const messages = [targetMessage, ...targetMessage.messageSnapshots.values()];
    const files = firstFiles(messages.flatMap(({ attachments }) => [...(attachments?.values() ?? [])]));
    if (files === null) throw new Refusal('animate.nothing');
    const { images, audio, isPart } = files;
    const userId = interaction.user.id;
    const id = ulid(services.now());
    await reachable(services.people.keepDraft(id, { version: 1, userId, images: [...images], audio }));
    const preferences = await reachable(services.people.preferences(userId));
    const texts = textsFor(interaction.locale);
    const values = {
      prompt: '',
      preset: preferredPreset(preferences, services.settings),
      shape: preferredShape(preferences, services.settings),
      audioStart: audio === null ? null : 0,
      say: audio === null ? '' : null,
      seed: null,
    };
    const form = {
      customId: customId('animate', id),
      title: texts.say('form.animate_title'),
      values,
      ...(isPart ? { filesNote: texts.say('animate.first_taken', { most: mostImages }) } : {}),
    };
    await interaction.showModal(renderForm(form, texts, services.settings));
  },
};

const modal: Modal = {
  kind: 'modal',
  name: 'animate',

  async submit(interaction, draftId, services) {
    const draft = await reachable(services.people.draft(draftId));
    if (draft === null || draft.userId !== interaction.user.id) throw new Refusal('animate.too_late');
    const answers = readForm(interaction);
    const preferences = await reachable(services.people.preferences(interaction.user.id));
    const images = answers.images.length > 0 ? answers.images : draft.images;
    const audio = answers.audio ?? draft.audio;
    const mode = chooseMode({
      images: images.length,
      hasAudio: audio !== null,
      hasAudioStart: answers.audioStart !== null,
      hasWords: answers.say !== null,
    });
    const said =
      answers.say === null
        ? null
        : { words: answers.say, voice: null, language: null, locale: interaction.locale };
    const { prompt, preset, shape } = answers;
    await ask(
      interaction,
      {
        choices: {
          prompt,
          preset,
          shape,
          mode,
          seed: answers.seed ?? newSeed(),
          negativePrompt: preferences.negativePrompt ?? undefined,
        },
        files: {
          images: images.map((file) => givenFile(file, interaction.locale)),
          audio: said ?? (audio === null ? null : givenFile(audio, interaction.locale)),
          audioStart: answers.audioStart ?? 0,
        },
        private: preferences.private,
      },
      services,
    );
  },
};

export default [menu, modal];
