import type { GenerateSettings } from '../config/generate.ts';
import { reachable } from '../queue/reachable.ts';
import type { Generation } from '../queue/contract/generation.ts';
import { Refusal } from '../refusal.ts';
import { oneBetter, sameAgain } from '../intake/rerun.ts';
import { isPrivateFor, onFirstTap, parentOf, reactedTo } from './support/find-generation.ts';
import { ask, askByReaction } from './support/ask.ts';
import type { Wish } from './support/ask.ts';
import type { Button, Reaction } from './support/definition.ts';

type Way = (parent: Generation, settings: GenerateSettings) => Omit<Wish, 'private'>;

/** One tap: the button and the reaction of the same name do the same. */
function oneTap(name: string, emoji: string, way: Way): readonly [Button, Reaction] {
  return [
    {
      kind: 'button',
      name,
      async press(interaction, generationId, services) {
        const asker = { userId: interaction.user.id, guildId: interaction.guildId };
        const parent = await parentOf(await reachable(services.queue.get(generationId)), asker, services);
        const wish = way(parent, services.settings);
        const isPrivate = await isPrivateFor(asker.userId, parent, services);
        const tap = { way: name, userId: asker.userId, parentId: parent.id, id: interaction.id };
        const isFirst = await onFirstTap(tap, services, () =>
          ask(interaction, { ...wish, private: isPrivate }, services),
        );
        if (!isFirst) throw new Refusal('again.twice');
      },
    },
    {
      kind: 'reaction',
      name,
      emoji,
      async react(reaction, services) {
        const generation = await reactedTo(reaction, services);
        if (generation === null) return;
        const parent = await parentOf(generation, reaction, services);
        const wish = way(parent, services.settings);
        // Only an interaction can be answered for one person's eyes.
        if (reaction.guildId !== null && (await isPrivateFor(reaction.userId, parent, services))) {
          throw new Refusal('again.private_by_button');
        }
        const tap = { way: name, userId: reaction.userId, parentId: parent.id };
        await onFirstTap(tap, services, () => askByReaction(reaction, wish, services));
      },
    },
  ];
}

/** 🔁 the same inputs with a new seed; ⬆ the same seed with the next preset up. */
export default [...oneTap('again', '🔁', sameAgain), ...oneTap('better', '⬆', oneBetter)];
