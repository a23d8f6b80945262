import type { AuditEntry } from '../../queue/moderation/moderation.ts';
import { quoted } from '../../text/format.ts';
import { isTextKey } from '../../text/texts.ts';
import type { Texts } from '../../text/texts.ts';
import { isLimitName, limitText } from '../queue/limits.ts';
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
      detailText(entry, name, value, texts, Math.min(80, characters)),
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
  if (action === 'report' && details['me'] === true) return texts.say('queue.audit.claimed');
  if (action === 'drain' && details['on'] === false) return texts.say('queue.audit.drain_ended');
  if (action === 'maintenance' && details['on'] === false) return texts.say('queue.audit.maintenance_ended');
  if (action === 'allow' && details['on'] === false) return texts.say('queue.audit.allow_ended');
  return texts.say(`queue.audit.${action}`);
}

/** Numbers and short words as the answers to the commands say them; ids as what they stand for. */
function detailText(
  entry: AuditEntry,
  name: string,
  value: string | number | boolean | null,
  texts: Texts,
  characters: number,
): string | null {
  const isNumber = typeof value === 'number';
  // How many a pause holds, not how many a person may have waiting.
  if (name === 'waiting' && entry.action !== 'limits') {
    return isNumber ? texts.say('queue.audit.waiting', { count: value }) : null;
  }
  if (isLimitName(name) && (isNumber || value === null || value === 'default')) {
    return limitText(name, value, texts);
  }
  switch (name) {
    case 'shown':
    case 'on':
    case 'me':
    case 'messageId':
    // A filter is known by its text.
    case 'filter':
      return null;
    case 'until':
      return isNumber ? texts.say('queue.ends', { until: Math.round(value / 1000) }) : null;
    case 'channel':
    case 'channelId':
      return typeof value === 'string' ? `<#${value}>` : texts.say('queue.audit.nowhere');
    case 'server':
      return `\`${String(value)}\``;
    case 'role':
      return `<@&${String(value)}>`;
    case 'count':
    case 'retried':
      return isNumber ? texts.say('queue.audit.videos', { count: value }) : null;
    case 'code':
      return texts.say('queue.audit.code', { code: `\`${String(value)}\`` });
    case 'kind':
      return value === 'word' || value === 'pattern' ? texts.say(`queue.filter.${value}`) : null;
    case 'text':
      // Nobody has to read it who does not want to: the channel may have more readers than moderators.
      return `||${quoted(String(value), characters)}||`;
    case 'rerunOthers':
      return texts.say('queue.settings.rerun_others', {
        value: texts.say(value === true ? 'settings.yes' : 'settings.no'),
      });
    case 'askEachTime':
      return texts.say('queue.settings.ask_each_time', {
        value: texts.say(value === true ? 'settings.yes' : 'settings.no'),
      });
    case 'words':
    case 'size':
    case 'corner': {
      const key = `label.${String(value)}`;
      return texts.say('queue.audit.label', { value: isTextKey(key) ? texts.say(key) : String(value) });
    }
    case 'label':
      return texts.say('queue.audit.label', {
        value: texts.say(value === true ? 'settings.yes' : 'settings.no'),
      });
    case 'keepInputsDays':
      return isNumber ? texts.say('queue.settings.keep_days', { days: value }) : null;
    default:
      // Written by another version of the program.
      return `${name}: ${value === null ? '–' : quoted(String(value), characters)}`;
  }
}
