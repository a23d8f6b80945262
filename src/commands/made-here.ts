import { ApplicationCommandType, MessageFlags, PermissionFlagsBits } from 'discord.js';
import type { Verdict } from '../provenance/verify-video.ts';
import { mostVerifiedBytes } from '../provenance/verify-video.ts';
import { Refusal } from '../refusal.ts';
import { quoted } from '../text/format.ts';
import { textsFor } from '../text/texts.ts';
import type { Texts } from '../text/texts.ts';
import { mebibyte } from '../units.ts';
import { weightsLine } from './render/details.ts';
import { message } from './render/message.ts';
import { presetTitle } from './render/preset.ts';
import type { MessageMenu } from './support/definition.ts';
import { everywhere } from './support/everywhere.ts';
import { localisedMenu } from './support/localise.ts';
import { toReply } from './support/reply.ts';
import { videosOn } from './support/posted-videos.ts';
import type { Services } from './support/services.ts';

/** More files than this in one message are somebody's archive. */
const mostFiles = 4;
const nameCharacters = 60;

/** Whether a video, wherever it was posted and whatever was done to it, comes from this bot: by its signature and its watermark. */
export default {
  kind: 'message',
  name: 'Was this made here?',

  declare() {
    return {
      type: ApplicationCommandType.Message,
      ...localisedMenu('menu.made_here'),
      ...everywhere(),
    };
  },

  async execute(interaction, services) {
    const { targetMessage } = interaction;
    const files = videosOn([targetMessage, ...targetMessage.messageSnapshots.values()]);
    if (files.length === 0) throw new Refusal('made_here.nothing');
    await interaction.deferReply({ flags: MessageFlags.Ephemeral });
    const texts = textsFor(interaction.locale);
    const lines: string[] = [];
    for (const { url, name, size } of files.slice(0, mostFiles)) {
      const verdict = await services.origins.find({ url, size }, services.stopping);
      lines.push(`**${quoted(name, nameCharacters)}**`);
      if (typeof verdict === 'string') {
        lines.push(texts.say(`made_here.${verdict}`, { megabytes: mostVerifiedBytes / mebibyte }));
        continue;
      }
      lines.push(
        originLine(verdict, texts, services),
        ...weightsLines(verdict, texts),
        ...evidenceLines(verdict, texts),
      );
      const { generation } = verdict;
      // Who asked for it is a moderator's business, of the server it was asked for in.
      const isModerator = interaction.memberPermissions?.has(PermissionFlagsBits.ManageMessages) === true;
      if (generation !== null && isModerator && generation.guildId === interaction.guildId) {
        lines.push(texts.say('made_here.asked_by', { user: generation.userId }));
      }
    }
    const count = files.length - mostFiles;
    if (count > 0) lines.push(texts.say('made_here.more', { count, most: mostFiles }));
    await interaction.editReply(toReply(message(lines)));
  },
} satisfies MessageMenu;

/** What a member may know: that, when and with what; never who. */
function originLine(
  { origin, signature, watermark, generation, madeWithAi }: Verdict,
  texts: Texts,
  { settings }: Pick<Services, 'settings'>,
): string {
  if (origin === 'here') {
    if (generation === null) return texts.say('made_here.ours_forgotten');
    return texts.say('made_here.ours', {
      when: Math.round(generation.createdAt / 1000),
      model: settings.models[generation.request.model].title,
      preset: presetTitle(settings, generation.request.preset, texts),
      id: generation.id,
    });
  }
  if (origin === 'unknown') {
    return texts.say(signature === null ? 'made_here.unmarked' : 'made_here.signature_says_nothing');
  }
  if (watermark !== null) return texts.say('made_here.elsewhere');
  const generator = quoted(signature?.generator ?? '?', nameCharacters);
  return texts.say(madeWithAi === true ? 'made_here.elsewhere_ai' : 'made_here.elsewhere_signed', {
    generator,
  });
}

/** Whose work the model is, where it is not HuMo's: the record knows, or the signature. */
function weightsLines({ origin, generation, signature }: Verdict, texts: Texts): string[] {
  if (origin !== 'here') return [];
  const line = weightsLine(generation?.result?.weights ?? signature?.generation?.weights, texts);
  return line === null ? [] : [`-# ${line}`];
}

/** By what it is known: the signature, or the watermark alone. */
function evidenceLines({ signature, watermark }: Verdict, texts: Texts): string[] {
  if (signature === null) return watermark === null ? [] : [texts.say('made_here.watermark_only')];
  const signer = signature.name ?? signature.issuer;
  if (signer === null && !signature.intact) return [texts.say('made_here.damaged')];
  const name = quoted(signer ?? '?', nameCharacters);
  return [
    signature.intact
      ? texts.say(`made_here.signed_${signature.signer}`, { name })
      : texts.say('made_here.changed', { name }),
    ...(signature.intact && signature.expired ? [texts.say('made_here.expired')] : []),
  ];
}
