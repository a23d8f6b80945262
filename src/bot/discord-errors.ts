import { DiscordAPIError, HTTPError, RESTJSONErrorCodes } from 'discord.js';

/** The channel takes nothing from the bot, now or later: gone, hidden or closed. */
const closedChannelCodes: ReadonlySet<number | string> = new Set([
  RESTJSONErrorCodes.UnknownChannel,
  RESTJSONErrorCodes.UnknownGuild,
  RESTJSONErrorCodes.MissingAccess,
  RESTJSONErrorCodes.MissingPermissions,
  RESTJSONErrorCodes.CannotSendMessagesInNonTextChannel,
  RESTJSONErrorCodes.CannotExecuteActionOnThisChannelType,
  RESTJSONErrorCodes.ThreadLocked,
  RESTJSONErrorCodes.InvalidActionOnArchivedThread,
  // Posting in a thread that sleeps wakes it, and the server has as many awake as it may.
  RESTJSONErrorCodes.MaximumActiveThreads,
  RESTJSONErrorCodes.MaximumActiveAnnouncementThreads,
  // A conversation with the bot is a channel, too.
  RESTJSONErrorCodes.CannotSendMessagesToThisUser,
  RESTJSONErrorCodes.CannotSendMessagesToThisUserDueToHavingNoMutualGuilds,
]);

const closedDirectMessageCodes: ReadonlySet<number | string> = new Set([
  RESTJSONErrorCodes.CannotSendMessagesToThisUser,
  RESTJSONErrorCodes.CannotSendMessagesToThisUserDueToHavingNoMutualGuilds,
  RESTJSONErrorCodes.UnknownUser,
  RESTJSONErrorCodes.InvalidRecipients,
  RESTJSONErrorCodes.UnknownChannel,
  RESTJSONErrorCodes.MissingAccess,
]);

export function isClosedChannel(error: unknown): boolean {
  return error instanceof DiscordAPIError && closedChannelCodes.has(error.code);
}

/** What the message says or shows is refused, and will be each time. */
const contentCodes: ReadonlySet<number | string> = new Set([
  RESTJSONErrorCodes.ExplicitContentCannotBeSentToTheDesiredRecipient,
  RESTJSONErrorCodes.MessageWasBlockedByAutomaticModeration,
  RESTJSONErrorCodes.TitleWasBlockedByAutomaticModeration,
  RESTJSONErrorCodes.MessageBlockedByHarmfulLinksFilter,
]);

/** Discord refuses for now: too much at once, an account under review, a part of it that is ill. */
const passingCodes: ReadonlySet<number | string> = new Set([
  0,
  RESTJSONErrorCodes.Unauthorized,
  RESTJSONErrorCodes.APIResourceOverloaded,
  RESTJSONErrorCodes.ActionCannotBePerformedDueToSlowmodeRateLimit,
  RESTJSONErrorCodes.ChannelWriteRateLimit,
  RESTJSONErrorCodes.ServerWriteRateLimit,
  RESTJSONErrorCodes.RequestEntityTooLarge,
  RESTJSONErrorCodes.ServiceResourceIsBeingRateLimited,
  // "Your bot has been flagged by our anti-spam system", "opening direct messages too fast", "send messages has been disabled".
  20_026,
  40_003,
  40_004,
  // "You need to verify your account": its owner does. "Internal network error": what stands before Discord, with a code of its own.
  40_002,
  40_333,
]);

/** Discord will not have what the message says or shows, here or by another way. */
export function isContentRefused(error: unknown): boolean {
  return error instanceof DiscordAPIError && contentCodes.has(error.code);
}

/**
 * Whether asking again brings the same answer: Discord understood the request and said no, with a reason of its own. What has no
 * such reason comes from something in between, and passes.
 */
export function isLastingRefusal(error: unknown): boolean {
  if (!(error instanceof DiscordAPIError) || typeof error.code !== 'number') return false;
  const isForNow = error.status === 401 || error.status === 408 || error.status === 429;
  return error.status >= 400 && error.status < 500 && !isForNow && !passingCodes.has(error.code);
}

export function isClosedDirectMessages(error: unknown): boolean {
  return error instanceof DiscordAPIError && closedDirectMessageCodes.has(error.code);
}

/** The person and the bot are on no server together, and the person has not added the bot as an app: nothing that they could open helps. */
export function isWithoutSharedServer(error: unknown): boolean {
  return (
    error instanceof DiscordAPIError &&
    error.code === RESTJSONErrorCodes.CannotSendMessagesToThisUserDueToHavingNoMutualGuilds
  );
}

export function isUnknownMessage(error: unknown): boolean {
  return error instanceof DiscordAPIError && error.code === RESTJSONErrorCodes.UnknownMessage;
}

/** Replying to a message takes the permission to read the history; posting does not. */
export function isReplyForbidden(error: unknown): boolean {
  return (
    error instanceof DiscordAPIError &&
    error.code === RESTJSONErrorCodes.CannotReplyWithoutPermissionToReadMessageHistory
  );
}

/** Discord says it with its own code, or a proxy in front of it with the status alone. */
export function isTooLarge(error: unknown): boolean {
  return (
    (error instanceof DiscordAPIError &&
      (error.code === RESTJSONErrorCodes.RequestEntityTooLarge || error.status === 413)) ||
    (error instanceof HTTPError && error.status === 413)
  );
}

/** The interaction's token is dead, or its application or message is gone: nothing more goes this way. */
export function isDeadToken(error: unknown): boolean {
  return (
    error instanceof DiscordAPIError &&
    (error.code === RESTJSONErrorCodes.InvalidWebhookToken ||
      error.code === RESTJSONErrorCodes.UnknownWebhook ||
      error.code === RESTJSONErrorCodes.UnknownInteraction ||
      error.status === 401)
  );
}

/** An edit of a message older than an hour that came too soon after others. */
export function isOldMessageLimit(error: unknown): boolean {
  return (
    error instanceof DiscordAPIError &&
    error.code === RESTJSONErrorCodes.MaximumNumberOfEditsToMessagesOlderThanOneHourReached
  );
}
