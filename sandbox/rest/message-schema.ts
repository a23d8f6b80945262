import { AllowedMentionsTypes, MessageFlags } from 'discord-api-types/v10';
import { FormErrors, refuse } from '../errors.ts';
import { limits } from '../limits.ts';
import type { JsonObject, MessageRecord } from '../model.ts';
import type { UploadedFile } from './body.ts';
import { idOf, isObject, objects, textOf } from '../json.ts';
import { checkMessageComponents, flattenComponents, numberComponents } from './component-schema.ts';

/** What a valid request asks to be in a message. Undefined: leave as it is (an edit), or nothing (a new message). */
export interface MessageDraft {
  readonly content: string | undefined;
  readonly embeds: JsonObject[] | undefined;
  readonly components: JsonObject[] | undefined;
  /** those of MessageFlags that a request may set */
  readonly flags: number;
  /** ids of the message's attachments that stay; undefined: all of them */
  readonly keptAttachments: { readonly id: string; readonly description: string | undefined }[] | undefined;
  readonly newFiles: NewUpload[];
  readonly mentions: AllowedMentions;
  readonly reference: { readonly messageId: string; readonly failIfMissing: boolean } | undefined;
  readonly nonce: string | undefined;
  readonly enforceNonce: boolean;
}

interface NewUpload {
  readonly filename: string;
  readonly contentType: string;
  readonly bytes: Buffer;
  readonly description: string | undefined;
}

interface AllowedMentions {
  readonly everyone: boolean;
  /** undefined: all of them */
  readonly users: ReadonlySet<string> | undefined;
  readonly roles: ReadonlySet<string> | undefined;
  readonly repliedUser: boolean;
}

const settable =
  MessageFlags.SuppressEmbeds |
  MessageFlags.Ephemeral |
  MessageFlags.SuppressNotifications |
  MessageFlags.IsVoiceMessage |
  MessageFlags.IsComponentsV2;

export interface DraftContext {
  /** the message to be edited; undefined for a new one */
  readonly existing: MessageRecord | undefined;
  /** bytes per file */
  readonly uploadLimit: number;
  /** before each path in the errors, e.g. `data` for interaction callbacks */
  readonly prefix?: string;
}

/**
 * Reads the body of a request that makes or edits a message.
 * @throws DiscordError 413 for a file above the limit, 50035 for what the form does not allow, 50006 for emptiness
 */
export function readMessageDraft(
  body: JsonObject,
  files: readonly UploadedFile[],
  context: DraftContext,
): MessageDraft {
  if (files.some((file) => file.bytes.length > context.uploadLimit)) throw refuse.tooLarge();
  const { existing } = context;
  const errors = new FormErrors();
  const at = (path: string): string => (context.prefix === undefined ? path : `${context.prefix}.${path}`);
  const flags =
    (Number(body['flags'] ?? 0) & settable) | ((existing?.flags ?? 0) & MessageFlags.IsComponentsV2);
  const v2 = (flags & MessageFlags.IsComponentsV2) !== 0;

  const content = body['content'] === null ? '' : textOf(body['content']);
  if (content !== undefined) errors.length(at('content'), content, 0, limits.content);
  const embeds = 'embeds' in body ? objects(body['embeds']) : undefined;
  if (embeds !== undefined) checkEmbeds(embeds, errors, at);
  const uploads = readUploads(body, files, existing, errors, at);

  const filenames = new Set(uploads.newFiles.map((file) => file.filename));
  for (const attachment of existing?.attachments ?? []) {
    if (uploads.kept === undefined || uploads.kept.some(({ id }) => id === attachment.id)) {
      filenames.add(attachment.filename);
    }
  }
  const attachmentCount = filenames.size;
  if (attachmentCount > limits.filesPerMessage) {
    errors.add(
      at('attachments'),
      'BASE_TYPE_MAX_LENGTH',
      `Must be ${limits.filesPerMessage} or fewer in length.`,
    );
  }
  const components = 'components' in body ? objects(body['components']) : undefined;
  if (components !== undefined) {
    const nested = new FormErrorsBelow(errors, context.prefix);
    checkMessageComponents(components, v2, filenames, nested.errors);
  }
  checkEmbedMedia(embeds ?? [], filenames, errors, at);
  if (v2) checkNoLegacyFields(content ?? existing?.content, embeds ?? existing?.embeds, body, errors, at);

  const nonce = idOf(body['nonce']);
  if (nonce !== undefined) errors.length(at('nonce'), nonce, 0, limits.nonce);
  const reference = isObject(body['message_reference']) ? body['message_reference'] : undefined;
  const mentions = readAllowedMentions(body['allowed_mentions'], errors, at);
  errors.throwIfAny();

  const empty =
    (content ?? existing?.content ?? '').trim() === '' &&
    (embeds ?? existing?.embeds ?? []).length === 0 &&
    attachmentCount === 0 &&
    objects(body['sticker_ids']).length === 0 &&
    body['poll'] == null &&
    (components ?? existing?.components ?? []).length === 0;
  if (empty) throw refuse.emptyMessage();
  return {
    content,
    embeds,
    components: components === undefined ? undefined : numberComponents(components),
    flags,
    keptAttachments: uploads.kept,
    newFiles: uploads.newFiles,
    mentions,
    reference:
      reference?.['message_id'] === undefined
        ? undefined
        : {
            messageId: idOf(reference['message_id']) ?? '',
            failIfMissing: reference['fail_if_not_exists'] !== false,
          },
    nonce,
    enforceNonce: body['enforce_nonce'] === true,
  };
}

/** All text of a message that can mention someone. */
export function mentionableText(content: string, components: readonly JsonObject[]): string {
  const texts = flattenComponents(components)
    .map((component) => component['content'])
    .filter((text) => typeof text === 'string');
  return [content, ...texts].join('\n');
}

/** Reports what is found below a prefix. */
class FormErrorsBelow {
  readonly errors: FormErrors;

  constructor(target: FormErrors, prefix: string | undefined) {
    this.errors = new FormErrors();
    this.errors.add = (path, code, message) =>
      target.add(prefix === undefined ? path : `${prefix}.${path}`, code, message);
  }
}

type At = (path: string) => string;

function readUploads(
  body: JsonObject,
  files: readonly UploadedFile[],
  existing: MessageRecord | undefined,
  errors: FormErrors,
  at: At,
): { kept: MessageDraft['keptAttachments']; newFiles: NewUpload[] } {
  const declared = Array.isArray(body['attachments']) ? objects(body['attachments']) : undefined;
  const byIndex = new Map(
    files.map((file) => [/^files\[(\d+)\]$/.exec(file.field)?.[1] ?? file.field, file]),
  );
  const kept: { id: string; description: string | undefined }[] = [];
  const described = new Map<UploadedFile, JsonObject>();
  for (const [index, attachment] of (declared ?? []).entries()) {
    const id = String(attachment['id']);
    const file = byIndex.get(id);
    if (attachment['description'] != null) {
      errors.length(at(`attachments.${index}.description`), attachment['description'], 0, 1024);
    }
    if (file !== undefined) {
      described.set(file, attachment);
    } else if (existing?.attachments.some((candidate) => candidate.id === id) === true) {
      kept.push({ id, description: textOf(attachment['description']) });
    } else {
      errors.add(at(`attachments.${index}.id`), 'ATTACHMENT_NOT_FOUND', 'Attachment data not found');
    }
  }
  const newFiles = files.map((file) => ({
    filename: textOf(described.get(file)?.['filename']) ?? file.filename,
    contentType: file.contentType,
    bytes: file.bytes,
    description: textOf(described.get(file)?.['description']),
  }));
  // `attachments: null` on an edit removes all of them, as an empty list does.
  const listed = declared !== undefined || body['attachments'] === null;
  return { kept: listed ? kept : undefined, newFiles };
}

function checkEmbeds(embeds: readonly JsonObject[], errors: FormErrors, at: At): void {
  if (embeds.length > limits.embeds) {
    errors.add(at('embeds'), 'BASE_TYPE_MAX_LENGTH', `Must be ${limits.embeds} or fewer in length.`);
  }
  let characters = 0;
  for (const [index, embed] of embeds.entries()) {
    const limited = (path: string, value: unknown, maximum: number, minimum = 0): void => {
      if (value == null) return;
      errors.length(at(`embeds.${index}.${path}`), value, minimum, maximum);
      characters += textOf(value)?.length ?? 0;
    };
    limited('title', embed['title'], limits.embedTitle);
    limited('description', embed['description'], limits.embedDescription);
    if (isObject(embed['footer'])) limited('footer.text', embed['footer']['text'], limits.embedFooter);
    if (isObject(embed['author'])) limited('author.name', embed['author']['name'], limits.embedAuthor);
    const fields = objects(embed['fields']);
    if (fields.length > limits.embedFields) {
      errors.add(
        at(`embeds.${index}.fields`),
        'BASE_TYPE_MAX_LENGTH',
        `Must be ${limits.embedFields} or fewer in length.`,
      );
    }
    for (const [field, { name, value }] of fields.entries()) {
      limited(`fields.${field}.name`, name ?? '', limits.embedFieldName, 1);
      limited(`fields.${field}.value`, value ?? '', limits.embedFieldValue, 1);
    }
  }
  if (characters > limits.embedCharacters) {
    errors.add(
      at('embeds'),
      'MAX_EMBED_SIZE_EXCEEDED',
      `Embed size exceeds maximum size of ${limits.embedCharacters}`,
    );
  }
}

function checkEmbedMedia(
  embeds: readonly JsonObject[],
  filenames: ReadonlySet<string>,
  errors: FormErrors,
  at: At,
): void {
  for (const [index, embed] of embeds.entries()) {
    for (const name of ['image', 'thumbnail']) {
      const media = embed[name];
      const url = isObject(media) ? media['url'] : undefined;
      if (typeof url !== 'string') continue;
      const known = url.startsWith('attachment://')
        ? filenames.has(url.slice('attachment://'.length))
        : /^https?:\/\//.test(url);
      if (!known) {
        errors.add(
          at(`embeds.${index}.${name}.url`),
          'URL_TYPE_INVALID_URL',
          'Not a well formed URL, or no such attachment.',
        );
      }
    }
  }
}

function checkNoLegacyFields(
  content: string | undefined,
  embeds: readonly JsonObject[] | undefined,
  body: JsonObject,
  errors: FormErrors,
  at: At,
): void {
  const used: Readonly<Record<string, boolean>> = {
    content: (content ?? '') !== '',
    embeds: (embeds ?? []).length > 0,
    sticker_ids: Array.isArray(body['sticker_ids']) && body['sticker_ids'].length > 0,
    poll: body['poll'] != null,
  };
  for (const [field, isUsed] of Object.entries(used)) {
    if (!isUsed) continue;
    errors.add(
      at(field),
      'MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2',
      `The '${field}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2`,
    );
  }
}

function readAllowedMentions(value: unknown, errors: FormErrors, at: At): AllowedMentions {
  if (!isObject(value)) return { everyone: true, users: undefined, roles: undefined, repliedUser: true };
  const parse = Array.isArray(value['parse']) ? value['parse'] : undefined;
  const list = (name: 'users' | 'roles', type: AllowedMentionsTypes): ReadonlySet<string> | undefined => {
    const ids = Array.isArray(value[name]) ? value[name].map(String) : undefined;
    if (ids !== undefined && ids.length > 0 && parse?.includes(type) === true) {
      errors.add(
        at('allowed_mentions'),
        'MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE',
        `parse:["${name}"] and ${name}: [ids...] are mutually exclusive.`,
      );
    }
    if (ids !== undefined && ids.length > 100) {
      errors.add(at(`allowed_mentions.${name}`), 'BASE_TYPE_MAX_LENGTH', 'Must be 100 or fewer in length.');
    }
    return parse?.includes(type) === true ? undefined : new Set(ids ?? []);
  };
  return {
    everyone: parse?.includes(AllowedMentionsTypes.Everyone) === true,
    users: list('users', AllowedMentionsTypes.User),
    roles: list('roles', AllowedMentionsTypes.Role),
    repliedUser: value['replied_user'] === true,
  };
}
