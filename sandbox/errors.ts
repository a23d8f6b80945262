import { RESTJSONErrorCodes } from 'discord-api-types/v10';

/** What Discord answers a refused REST request with: an HTTP status and a JSON body with `code` and `message`. */
export class DiscordError extends Error {
  override readonly name = 'DiscordError';
  readonly status: number;
  readonly code: number;
  readonly details: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: number,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
    this.headers = headers;
  }

  /** The JSON body that goes on the wire. */
  body(): Record<string, unknown> {
    return { message: this.message, code: this.code, ...this.details };
  }
}

interface FaultNode {
  readonly below: Record<string, FaultNode>;
  readonly faults: { readonly code: string; readonly message: string }[];
}

function nested(node: FaultNode): Record<string, unknown> {
  return {
    ...(node.faults.length === 0 ? {} : { _errors: node.faults }),
    ...Object.fromEntries(Object.entries(node.below).map(([name, child]) => [name, nested(child)])),
  };
}

/** Collects the faults of one request body, in the nested form that Discord reports them in. */
export class FormErrors {
  private readonly root: FaultNode = { below: {}, faults: [] };
  private count = 0;

  /** @param path e.g. `embeds.0.title`; empty for the body as a whole */
  add(path: string, code: string, message: string): void {
    this.count += 1;
    let node = this.root;
    for (const part of path.split('.').filter((name) => name !== ''))
      node = node.below[part] ??= { below: {}, faults: [] };
    node.faults.push({ code, message });
  }

  /** Adds a fault when a string is outside the given lengths, counted in UTF-16 units as Discord does. */
  length(path: string, value: unknown, minimum: number, maximum: number): void {
    if (typeof value !== 'string') {
      this.add(path, 'BASE_TYPE_REQUIRED', 'This field is required');
    } else if (value.length < minimum || value.length > maximum) {
      if (minimum > 0) {
        this.add(path, 'BASE_TYPE_BAD_LENGTH', `Must be between ${minimum} and ${maximum} in length.`);
      } else {
        this.add(path, 'BASE_TYPE_MAX_LENGTH', `Must be ${maximum} or fewer in length.`);
      }
    }
  }

  get any(): boolean {
    return this.count > 0;
  }

  /** @throws DiscordError 50035 when something was added */
  throwIfAny(): void {
    if (this.any) throw this.toError();
  }

  toError(): DiscordError {
    return new DiscordError(400, RESTJSONErrorCodes.InvalidFormBodyOrContentType, 'Invalid Form Body', {
      errors: nested(this.root),
    });
  }
}

/** The refusals that more than one part of the sandbox gives, one function each. */
export const refuse = {
  unauthorized: () => new DiscordError(401, 0, '401: Unauthorized'),
  notFound: () => new DiscordError(404, 0, '404: Not Found'),
  methodNotAllowed: () => new DiscordError(405, 0, '405: Method Not Allowed'),
  unknownChannel: () => new DiscordError(404, RESTJSONErrorCodes.UnknownChannel, 'Unknown Channel'),
  unknownGuild: () => new DiscordError(404, RESTJSONErrorCodes.UnknownGuild, 'Unknown Guild'),
  unknownMember: () => new DiscordError(404, RESTJSONErrorCodes.UnknownMember, 'Unknown Member'),
  unknownMessage: () => new DiscordError(404, RESTJSONErrorCodes.UnknownMessage, 'Unknown Message'),
  unknownRole: () => new DiscordError(404, RESTJSONErrorCodes.UnknownRole, 'Unknown Role'),
  unknownUser: () => new DiscordError(404, RESTJSONErrorCodes.UnknownUser, 'Unknown User'),
  unknownEmoji: () => new DiscordError(400, RESTJSONErrorCodes.UnknownEmoji, 'Unknown Emoji'),
  unknownWebhook: () => new DiscordError(404, RESTJSONErrorCodes.UnknownWebhook, 'Unknown Webhook'),
  unknownApplication: () =>
    new DiscordError(404, RESTJSONErrorCodes.UnknownApplication, 'Unknown Application'),
  unknownCommand: () =>
    new DiscordError(404, RESTJSONErrorCodes.UnknownApplicationCommand, 'Unknown application command'),
  unknownInteraction: () =>
    new DiscordError(404, RESTJSONErrorCodes.UnknownInteraction, 'Unknown interaction'),
  alreadyAcknowledged: () =>
    new DiscordError(
      400,
      RESTJSONErrorCodes.InteractionHasAlreadyBeenAcknowledged,
      'Interaction has already been acknowledged.',
    ),
  deadToken: () => new DiscordError(401, RESTJSONErrorCodes.InvalidWebhookToken, 'Invalid Webhook Token'),
  tooManyFollowUps: () =>
    new DiscordError(
      400,
      RESTJSONErrorCodes.ThisInteractionHasHitTheMaximumNumberOfFollowUpMessages,
      'This interaction has hit the maximum number of follow up messages',
    ),
  missingAccess: () => new DiscordError(403, RESTJSONErrorCodes.MissingAccess, 'Missing Access'),
  missingPermissions: () =>
    new DiscordError(403, RESTJSONErrorCodes.MissingPermissions, 'Missing Permissions'),
  tooLarge: () => new DiscordError(413, RESTJSONErrorCodes.RequestEntityTooLarge, 'Request entity too large'),
  emptyMessage: () =>
    new DiscordError(400, RESTJSONErrorCodes.CannotSendAnEmptyMessage, 'Cannot send an empty message'),
  foreignMessage: () =>
    new DiscordError(
      403,
      RESTJSONErrorCodes.CannotEditMessageAuthoredByAnotherUser,
      'Cannot edit a message authored by another user',
    ),
  cannotMessageUser: () =>
    new DiscordError(
      403,
      RESTJSONErrorCodes.CannotSendMessagesToThisUser,
      'Cannot send messages to this user',
    ),
  noMutualGuild: () =>
    new DiscordError(
      403,
      RESTJSONErrorCodes.CannotSendMessagesToThisUserDueToHavingNoMutualGuilds,
      'Cannot send messages to this user due to having no mutual guilds',
    ),
  replyWithoutHistory: () =>
    new DiscordError(
      400,
      RESTJSONErrorCodes.CannotReplyWithoutPermissionToReadMessageHistory,
      'Cannot reply without permission to read message history',
    ),
  invalidJson: () =>
    new DiscordError(
      400,
      RESTJSONErrorCodes.RequestBodyContainsInvalidJSON,
      'The request body contains invalid JSON.',
    ),
} as const;
