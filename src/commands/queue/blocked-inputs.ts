import { reachable } from '../../queue/reachable.ts';
import type { Texts } from '../../text/texts.ts';
import { action, message } from '../render/message.ts';
import type { RenderedMessage } from '../render/message.ts';
import type { Services } from '../support/services.ts';
import { page } from './pages.ts';
import type { PagePlace } from './pages.ts';

/** Which pictures and sounds are not taken in this guild, with a button for each that lifts it. */
export async function blocksPage(
  place: PagePlace,
  guildId: string,
  texts: Texts,
  { moderation }: Services,
): Promise<RenderedMessage> {
  const blocks = await reachable(moderation.blocks(guildId));
  if (blocks.length === 0) return message([texts.say('queue.blocks.none')]);
  return page(blocks, place, texts, {
    heading: [texts.say('queue.blocks.heading')],
    line: ({ generationId, at, pictures, sounds }, _characters, index) =>
      texts.say('queue.blocks.line', {
        number: index + 1,
        time: Math.round(at / 1000),
        id: generationId,
        pictures: pictures.length,
        sound: sounds.length > 0 ? 'yes' : 'no',
      }),
    action: ({ generationId }, index) =>
      action('unblock', '🔓', texts.say('button.unblock_number', { number: index + 1 }), generationId),
  });
}
