import { ButtonStyle, ComponentType } from 'discord.js';
import { reachable } from '../queue/reachable.ts';
import type { Generation, GenerationRequest } from '../queue/contract/generation.ts';
import { Refusal } from '../refusal.ts';
import { textsFor } from '../text/texts.ts';
import { message } from './render/message.ts';
import { isPrivateFor, parentOf, reactedTo } from './support/find-generation.ts';
import { edited, keptSound } from '../intake/rerun.ts';
import { newSeed } from '../intake/request.ts';
import { ask } from './support/ask.ts';
import { customId } from './support/definition.ts';
import type { Button, Modal, Reaction } from './support/definition.ts';
import type { GivenFiles } from '../intake/intake.ts';
import { givenFile, readForm, renderForm } from './support/form.ts';
import type { FormAnswers } from './support/form.ts';

/** Opens the form with what the generation was made from. */
const button: Button = {
  kind: 'button',
  name: 'edit',
  async press(interaction, generationId, services) {
    const asker = { userId: interaction.user.id, guildId: interaction.guildId };
    const parent = await parentOf(await reachable(services.queue.get(generationId)), asker, services);
    const { prompt, preset, shape, seed, audioWindow, speech } = parent.request;
    const texts = textsFor(interaction.locale);
    // The form has room for one of the two: words have no start.
    const say = speech !== null ? speech.text : audioWindow === null ? '' : null;
    const values = {
      prompt,
      preset,
      shape,
      seed,
      say,
      audioStart: say === null ? startOf(audioWindow) : null,
    };
    const form = { customId: customId('edit', parent.id), title: texts.say('form.edit_title'), values };
    await interaction.showModal(renderForm(form, texts, services.settings));
  },
};

const modal: Modal = {
  kind: 'modal',
  name: 'edit',
  async submit(interaction, generationId, services) {
    const asker = { userId: interaction.user.id, guildId: interaction.guildId };
    const parent = await parentOf(await reachable(services.queue.get(generationId)), asker, services);
    const answers = readForm(interaction);
    const wish = edited(
      parent,
      {
        ...answers,
        seed: answers.seed ?? newSeed(),
        images:
          answers.images.length === 0
            ? { kept: parent.request.images }
            : answers.images.map((file) => givenFile(file, interaction.locale)),
        audio: soundOf(answers, parent, interaction.locale),
      },
      services.settings,
    );
    const isPrivate = await isPrivateFor(asker.userId, parent, services);
    await ask(interaction, { ...wish, private: isPrivate }, services);
  },
};

/** Where the sound began, as the form shows it: older records know it to more than a millisecond. */
function startOf(window: GenerationRequest['audioWindow']): number | null {
  return window === null ? null : Math.round(window.startSeconds * 1000) / 1000;
}

/** A new sound, the old one from another start, or the old one as it is. */
function soundOf(answers: FormAnswers, { request }: Generation, locale: string): GivenFiles['audio'] {
  const { say } = answers;
  if (answers.audio !== null) {
    // Words that stood there already give way to a sound; new ones are meant, too.
    if (say !== null && say !== request.speech?.text) throw new Refusal('refused.say_and_audio');
    return givenFile(answers.audio, locale);
  }
  if (say !== null && say !== request.speech?.text) {
    const { voice = null, language = null } = request.speech ?? {};
    return { words: say, voice, language, locale };
  }
  if (request.speech !== null) return say === null ? null : { kept: keptSound(request) };
  const before = startOf(request.audioWindow);
  // An empty field is the beginning.
  if (before === null || (answers.audioStart ?? 0) === before) return { kept: keptSound(request) };
  if (request.originalAudio === null) throw new Refusal('again.sound_gone');
  return {
    stored: request.originalAudio,
    seconds: request.audioWindow?.sourceSeconds,
    option: textsFor(locale).say('command.humo.audio.name'),
  };
}

/** A form needs an interaction, and a reaction is none: a button stands in between. */
const reaction: Reaction = {
  kind: 'reaction',
  name: 'edit',
  emoji: '✏',
  async react(given, services) {
    const generation = await reactedTo(given, services);
    if (generation === null) return;
    const parent = await parentOf(generation, given, services);
    if (!(await services.queue.claim(`edit:${given.userId}:${parent.id}`, 60_000))) return;
    const texts = textsFor(generation.locale);
    const components = [
      {
        type: ComponentType.ActionRow as const,
        components: [
          {
            type: ComponentType.Button as const,
            style: ButtonStyle.Primary as const,
            emoji: { name: '✏️' },
            label: texts.say('button.edit'),
            custom_id: customId('edit', parent.id),
          },
        ],
      },
    ];
    const text = texts.say('again.edit_here', { userId: given.userId });
    const rendered = message([text], { mention: given.userId, components });
    await services.speaker.post(given.channelId, rendered, { replyTo: given.messageId });
  },
};

export default [button, modal, reaction];
