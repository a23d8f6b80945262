import { ComponentType } from 'discord-api-types/v10';
import { isObject, objects, textOf } from './json.ts';
import type { AttachmentRecord, JsonObject, MessageRecord } from './model.ts';
import type { World } from './world.ts';

/** Embeds and components as Discord shows them: links in the place of `attachment://`, and the defaults filled in. */

export function attachmentUrl(world: World, attachment: AttachmentRecord): string {
  return `${world.urls.cdn}${attachment.path}${world.files.sign(attachment.path)}`;
}

export function embedPayload(world: World, message: MessageRecord, embed: JsonObject): JsonObject {
  const payload: JsonObject = { type: 'rich', ...embed };
  for (const name of ['image', 'thumbnail']) {
    if (!isObject(payload[name])) continue;
    const { id: _, attachment_id: __, ...media } = mediaPayload(world, message, payload[name]);
    payload[name] = media;
  }
  return payload;
}

const selectDefaults: JsonObject = { min_values: 1, max_values: 1 };
const defaults: Readonly<Record<number, JsonObject>> = {
  [ComponentType.StringSelect]: selectDefaults,
  [ComponentType.UserSelect]: selectDefaults,
  [ComponentType.RoleSelect]: selectDefaults,
  [ComponentType.MentionableSelect]: selectDefaults,
  [ComponentType.ChannelSelect]: selectDefaults,
  [ComponentType.Container]: { accent_color: null, spoiler: false },
  [ComponentType.Separator]: { spacing: 1, divider: true },
  [ComponentType.Thumbnail]: { description: null, spoiler: false },
  [ComponentType.File]: { spoiler: false },
};

export function componentPayload(world: World, message: MessageRecord, component: JsonObject): JsonObject {
  const payload: JsonObject = { ...defaults[Number(component['type'])], ...component };
  if (Array.isArray(payload['components'])) {
    payload['components'] = objects(payload['components']).map((inner) =>
      componentPayload(world, message, inner),
    );
  }
  if (isObject(payload['accessory'])) {
    payload['accessory'] = componentPayload(world, message, payload['accessory']);
  }
  if (isObject(payload['media'])) payload['media'] = mediaPayload(world, message, payload['media']);
  if (isObject(payload['file'])) {
    const attachment = findAttachment(message, payload['file']);
    payload['file'] = mediaPayload(world, message, payload['file']);
    payload['name'] = attachment?.filename ?? '';
    payload['size'] = attachment?.size ?? 0;
  }
  if (Array.isArray(payload['items'])) {
    payload['items'] = objects(payload['items']).map((item) => ({
      description: null,
      spoiler: false,
      ...item,
      media: mediaPayload(world, message, isObject(item['media']) ? item['media'] : {}),
    }));
  }
  return payload;
}

function mediaPayload(world: World, message: MessageRecord, media: JsonObject): JsonObject {
  const attachment = findAttachment(message, media);
  // An item has an id of its own. That of the message will do where nothing was uploaded.
  if (attachment === undefined) return { id: message.id, proxy_url: media['url'], ...media };
  const link = attachmentUrl(world, attachment);
  return {
    ...media,
    id: attachment.id,
    url: link,
    proxy_url: link,
    width: attachment.width ?? null,
    height: attachment.height ?? null,
    ...(attachment.contentType === undefined ? {} : { content_type: attachment.contentType }),
    attachment_id: attachment.id,
  };
}

function findAttachment(message: MessageRecord, media: JsonObject): AttachmentRecord | undefined {
  const url = textOf(media['url']) ?? '';
  if (!url.startsWith('attachment://')) return undefined;
  return message.attachments.find(({ filename }) => filename === url.slice('attachment://'.length));
}
