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

export function isClosedDirectMessages(error: unknown): boolean {
  return error instanceof DiscordAPIError && closedDirectMessageCodes.has(error.code);
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
