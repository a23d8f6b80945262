import { reachable } from '../../queue/reachable.ts';
import type { Texts } from '../../text/texts.ts';
import { auditLine } from '../render/audit.ts';
import { message } from '../render/message.ts';
import type { RenderedMessage } from '../render/message.ts';
import type { Services } from '../support/services.ts';
import { page, pageSize } from './pages.ts';
import type { PagePlace } from './pages.ts';

/** @param guildId null: what owners did */
export async function auditPage(
  place: PagePlace,
  guildId: string | null,
  texts: Texts,
  { moderation }: Services,
): Promise<RenderedMessage> {
  const entries = await reachable(moderation.audit({ guildId, limit: (place.page + 1) * pageSize + 1 }));
  if (entries.length === 0) return message([texts.say('queue.audit.none')]);
  return page(entries, place, texts, {
    heading: [texts.say('queue.audit.heading')],
    line: (entry, characters) => auditLine(entry, texts, characters),
  });
}
