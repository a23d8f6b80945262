import { reachable } from '../../intake/take-on.ts';
import type { GuildSettings, NewAuditEntry } from '../../queue/moderation.ts';
import { Refusal } from '../../refusal.ts';
import type { Texts } from '../../text/texts.ts';
import { message } from '../render/message.ts';
import type { RenderedMessage } from '../render/message.ts';
import { missingPermissions } from '../support/permissions.ts';
import type { Moderating } from './acting.ts';

function entry(
  { guildId, actorId }: Moderating,
  action: NewAuditEntry['action'],
  details: NewAuditEntry['details'],
): NewAuditEntry {
  return { guildId, actorId, action, targetUserId: null, generationId: null, reason: null, details };
}

/** Where the log is posted, too. A channel that the bot cannot post in is refused at once, not when something happens. */
export async function log(moderating: Moderating): Promise<RenderedMessage> {
  const { interaction, texts, services, guildId } = moderating;
  const channel = interaction.options.getChannel('channel');
  const isOff = interaction.options.getBoolean('off') === true;
  if (channel === null && !isOff) {
    const { logChannelId } = await reachable(services.moderation.guild(guildId));
    return message([
      logChannelId === null
        ? texts.say('queue.log.nowhere')
        : texts.say('queue.log.now', { channelId: logChannelId }),
    ]);
  }
  const logChannelId = isOff ? null : (channel?.id ?? null);
  if (logChannelId !== null) await requirePostable(moderating, logChannelId);
  await reachable(
    services.moderation.changeGuild(
      guildId,
      (settings) => ({ ...settings, logChannelId }),
      entry(moderating, 'log_channel', { channel: logChannelId }),
    ),
  );
  return message([
    logChannelId === null
      ? texts.say('queue.log.off')
      : texts.say('queue.log.done', { channelId: logChannelId }),
  ]);
}

async function requirePostable({ texts, services, guildId }: Moderating, channelId: string): Promise<void> {
  const place = await services.channels.place(channelId);
  if (place === null || place.guildId !== guildId) throw new Refusal('queue.log.unseen', { channelId });
  const missing = missingPermissions(place.permissions, place.isThread).filter(
    (name) => name !== 'AttachFiles' && name !== 'ReadMessageHistory',
  );
  if (missing.length === 0) return;
  const permissions = new Intl.ListFormat(texts.language).format(
    missing.map((name) => texts.say(`permission.${name}`)),
  );
  throw new Refusal('queue.log.cannot', { channelId, permissions });
}

/** The rules that are no limits. Without an option it only shows them. */
export async function rules(moderating: Moderating): Promise<RenderedMessage> {
  const { interaction, texts, services, guildId } = moderating;
  const rerunOthers = interaction.options.getBoolean('rerun_others');
  const keepInputsDays = interaction.options.getInteger('keep_days');
  if (rerunOthers === null && keepInputsDays === null) {
    return shown(await reachable(services.moderation.guild(guildId)), texts);
  }
  const change = {
    ...(rerunOthers === null ? {} : { rerunOthers }),
    ...(keepInputsDays === null ? {} : { keepInputsDays }),
  };
  const settings = await reachable(
    services.moderation.changeGuild(
      guildId,
      (before) => ({ ...before, ...change }),
      entry(moderating, 'settings', change),
    ),
  );
  return shown(settings, texts);
}

function shown({ rerunOthers, keepInputsDays }: GuildSettings, texts: Texts): RenderedMessage {
  return message([
    texts.say('queue.settings.heading'),
    texts.say('queue.settings.rerun_others', {
      value: texts.say(rerunOthers ? 'settings.yes' : 'settings.no'),
    }),
    texts.say('queue.settings.keep_days', { days: keepInputsDays }),
  ]);
}
