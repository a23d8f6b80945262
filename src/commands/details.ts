import { basename } from 'node:path';
import { ApplicationCommandType, MessageFlags } from 'discord.js';
import type { Generation } from '../queue/contract/generation.ts';
import { Refusal } from '../refusal.ts';
import { textsFor } from '../text/texts.ts';
import { detailLines } from './render/details.ts';
import { message } from './render/message.ts';
import { generationShown, isSeenBy } from './support/find-generation.ts';
import type { MessageMenu } from './support/definition.ts';
import { everywhere } from './support/everywhere.ts';
import { localisedMenu } from './support/localise.ts';
import { toReply } from './support/reply.ts';

/** Everything that is needed to make the same video again, here or elsewhere. */
export default {
  kind: 'message',
  name: 'HuMo details',

  declare() {
    return {
      type: ApplicationCommandType.Message,
      ...localisedMenu('menu.details'),
      ...everywhere(),
    };
  },

  async execute(interaction, services) {
    await interaction.deferReply({ flags: MessageFlags.Ephemeral });
    const { id: messageId, channelId, author } = interaction.targetMessage;
    const isOurs = author.id === interaction.client.user.id;
    const generation = isOurs ? await generationShown({ channelId, messageId }, services) : null;
    const asker = { userId: interaction.user.id, guildId: interaction.guildId };
    if (generation === null || generation.deletedAt !== null || !isSeenBy(generation, asker)) {
      throw new Refusal('details.not_ours');
    }
    const texts = textsFor(interaction.locale);
    const lines = detailLines(generation, texts, services.settings);
    const rendered = message([...lines, texts.say('details.file')]);
    const data = Buffer.from(`${JSON.stringify(recipe(generation), null, 2)}\n`);
    await interaction.editReply({
      ...toReply(rendered),
      files: [{ attachment: data, name: `humo-${generation.id}.json` }],
    });
  },
} satisfies MessageMenu;

/** What the engine was told, whole: the message has no room for a long prompt. No person, no place, no key of a file. */
function recipe({ id, parentId, createdAt, request, result, reply }: Generation) {
  const {
    images,
    audio: _audio,
    soundtrack: _soundtrack,
    originalAudio: _original,
    limitBytes: _limit,
    ...settings
  } = request;
  return {
    id,
    parentId,
    createdAt: new Date(createdAt).toISOString(),
    request: { ...settings, ...shortcutsShown(request), images: images.length },
    result:
      result === null
        ? null
        : {
            seed: result.seed,
            width: result.width,
            height: result.height,
            seconds: result.seconds,
            weights: result.weights,
            engineSeconds: result.engineSeconds,
            peakGiB: result.peakGiB,
            ...(result.spared === undefined ? {} : { spared: result.spared }),
            ...(result.marking === undefined
              ? {}
              : {
                  marking: {
                    ...result.marking,
                    signature: result.marking.signature && reply.finalIsSmaller !== true,
                  },
                }),
          },
  };
}

/** Names of files without folders: where they lie is the deployment's own business. */
function shortcutsShown({ shortcuts }: Generation['request']) {
  if (shortcuts?.loras === undefined) return {};
  const loras = shortcuts.loras.map(({ file, strength }) => ({ file: basename(file), strength }));
  return { shortcuts: { ...shortcuts, loras } };
}
