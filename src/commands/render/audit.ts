import type { AuditEntry } from '../../queue/moderation.ts';
import { quoted } from '../../text/format.ts';
import type { Texts } from '../../text/texts.ts';
import { messageLink } from './message.ts';

/** Who did what, to whom, when and why, in one line: in the list of the log and in the channel that a server has chosen. People's words have so many characters at most. */
export function auditLine(entry: AuditEntry, texts: Texts, characters = 200): string {
  const { at, actorId, targetUserId, generationId, reason, details } = entry;
  const parts = [
    `<t:${Math.round(at / 1000)}:f> <@${actorId}> **${actionText(entry, texts)}**`,
    targetUserId === null || targetUserId === actorId ? null : `<@${targetUserId}>`,
    generationId === null ? null : `\`${generationId}\``,
    linkOf(entry),
    ...Object.entries(details).map(([name, value]) =>
      detailText(name, value, texts, Math.min(80, characters)),
    ),
    reason === null ? null : texts.say('queue.reason', { reason: quoted(reason, characters) }),
  ];
  return parts.filter((part) => part !== null).join(' · ');
}

/** The message that it was about. */
function linkOf({ guildId, details }: AuditEntry): string | null {
  const { channelId, messageId } = details;
  if (typeof channelId !== 'string' || typeof messageId !== 'string') return null;
  return messageLink(guildId, channelId, messageId);
}

function actionText({ action, details }: AuditEntry, texts: Texts): string {
  if (action === 'report' && details['shown'] === true) return texts.say('queue.audit.report_shown');
  if (action === 'drain' && details['on'] === false) return texts.say('queue.audit.drain_ended');
  if (action === 'maintenance' && details['on'] === false) return texts.say('queue.audit.maintenance_ended');
  return texts.say(`queue.audit.${action}`);
}

/** Numbers and short words, under the names that the program gives them; ids as what they stand for. */
function detailText(
  name: string,
  value: string | number | boolean | null,
  texts: Texts,
  characters: number,
): string | null {
  switch (name) {
    case 'shown':
    case 'on':
    case 'messageId':
      return null;
    case 'until':
      return typeof value === 'number' ? texts.say('queue.until', { until: Math.round(value / 1000) }) : null;
    case 'channel':
    case 'channelId':
      return typeof value === 'string' ? `<#${value}>` : texts.say('queue.audit.nowhere');
    case 'role':
      return `<@&${String(value)}>`;
    default:
      return `${name}: ${value === null ? texts.say('queue.limits.none') : quoted(String(value), characters)}`;
  }
}
