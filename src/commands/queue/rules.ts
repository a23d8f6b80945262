import { errorFields } from '../../error-fields.ts';
import { changing, reachable } from '../../queue/reachable.ts';
import type { GuildSettings, NewAuditEntry } from '../../queue/moderation/moderation.ts';
import { labelStyleSchema } from '../../marking/label.ts';
import { Refusal } from '../../refusal.ts';
import { textsFor } from '../../text/texts.ts';
import { message } from '../render/message.ts';
import type { RenderedMessage } from '../render/message.ts';
import { missingPermissions } from '../support/permissions.ts';
import type { Moderating } from './command-context.ts';

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
  await changing(
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

async function requirePostable(moderating: Moderating, channelId: string): Promise<void> {
  const permissions = await lackingIn(channelId, moderating);
  if (permissions === 'unseen') throw new Refusal('queue.log.unseen', { channelId });
  if (permissions !== null) throw new Refusal('queue.log.cannot', { channelId, permissions });
}

/** What the bot lacks to post there, in words; null when nothing is in the way. */
async function lackingIn(
  channelId: string,
  { texts, services, guildId }: Pick<Moderating, 'texts' | 'services' | 'guildId'>,
): Promise<string | null> {
  const place = await services.channels.place(channelId);
  if (place === null || place.guildId !== guildId) return 'unseen';
  const missing = missingPermissions(place.permissions, place.isThread).filter(
    (name) => name !== 'AttachFiles' && name !== 'ReadMessageHistory',
  );
  if (missing.length === 0) return null;
  return new Intl.ListFormat(texts.language).format(missing.map((name) => texts.say(`permission.${name}`)));
}

/**
 * What a moderator has to know who did something while the log's channel is gone or closed to the bot; null when all is well. What
 * was done stands, so this never rejects.
 */
export async function logWarning(moderating: Moderating): Promise<string | null> {
  const { texts, services, guildId } = moderating;
  try {
    const { logChannelId: channelId } = await services.moderation.guild(guildId);
    if (channelId === null) return null;
    const permissions = await lackingIn(channelId, moderating);
    if (permissions === null) return null;
    return permissions === 'unseen'
      ? texts.say('queue.log.gone')
      : texts.say('queue.log.forbidden', { channelId, permissions });
  } catch (error) {
    services.logger.info({ guildId, error: errorFields(error) }, 'the log channel could not be looked at');
    return null;
  }
}

/** The rules that are no limits. Without an option it only shows them. */
export async function rules(moderating: Moderating): Promise<RenderedMessage> {
  const { interaction, services, guildId } = moderating;
  const rerunOthers = interaction.options.getBoolean('rerun_others');
  const keepInputsDays = interaction.options.getInteger('keep_days');
  const askEachTime = interaction.options.getBoolean('ask_each_time');
  const label = givenLabel(interaction);
  const isShown =
    rerunOthers === null &&
    keepInputsDays === null &&
    askEachTime === null &&
    Object.keys(label).length === 0;
  if (isShown) return shown(await reachable(services.moderation.guild(guildId)), moderating);
  const change = {
    ...(rerunOthers === null ? {} : { rerunOthers }),
    ...(keepInputsDays === null ? {} : { keepInputsDays }),
    ...(askEachTime === null ? {} : { askEachTime }),
  };
  const settings = await changing(
    services.moderation.changeGuild(
      guildId,
      (before) => ({ ...before, ...change, label: labelStyleSchema.parse({ ...before.label, ...label }) }),
      entry(moderating, 'settings', { ...change, ...label }),
    ),
  );
  return shown(settings, moderating);
}

/** What is said of the label. Discord lets nobody choose what is not offered; a client that does is not understood. @throws Refusal */
function givenLabel({ options }: Moderating['interaction']): Record<string, string> {
  const given = {
    words: options.getString('label_words'),
    size: options.getString('label_size'),
    corner: options.getString('label_corner'),
  };
  const said = Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
  );
  if (!labelStyleSchema.partial().safeParse(said).success) throw new Refusal('refused.not_understood');
  return said;
}

async function shown(
  { rerunOthers, keepInputsDays, askEachTime, label: { words, size, corner } }: GuildSettings,
  { texts, services, interaction }: Moderating,
): Promise<RenderedMessage> {
  const isLabelled = (await reachable(services.moderation.deployment())).label;
  // The words stand in videos in the server's language.
  const drawn = textsFor(interaction.guildLocale ?? interaction.locale).say(`label.${words}`);
  const label = { words: drawn, size: texts.say(`label.${size}`), corner: texts.say(`label.${corner}`) };
  return message([
    texts.say('queue.settings.heading'),
    texts.say('queue.settings.rerun_others', {
      value: texts.say(rerunOthers ? 'settings.yes' : 'settings.no'),
    }),
    texts.say('queue.settings.keep_days', { days: keepInputsDays }),
    texts.say('queue.settings.ask_each_time', {
      value: texts.say(askEachTime ? 'settings.yes' : 'settings.no'),
    }),
    isLabelled ? texts.say('queue.settings.label', label) : texts.say('queue.settings.label_off'),
  ]);
}
