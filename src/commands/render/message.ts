import { ButtonStyle, ComponentType } from 'discord.js';
import type { APIActionRowComponent, APIComponentInMessageActionRow } from 'discord.js';
import type { Texts } from '../../text/texts.ts';
import { customId } from '../support/definition.ts';

/** What a renderer makes: the JSON of a message, without its files. */
export interface RenderedMessage {
  readonly content: string;
  readonly components: APIActionRowComponent<APIComponentInMessageActionRow>[];
  /** Only the person who asked is ever notified, and only where a renderer says so. */
  readonly allowed_mentions: { readonly parse: []; readonly users?: string[] };
}

/** https://discord.com/developers/docs/resources/message#create-message */
const contentLimit = 2000;

export function message(
  lines: readonly (string | null)[],
  options: { mention?: string; components?: RenderedMessage['components'] } = {},
): RenderedMessage {
  const content = lines.filter((line) => line !== null).join('\n');
  return {
    content: content.length > contentLimit ? `${content.slice(0, contentLimit - 1)}…` : content,
    components: options.components ?? [],
    allowed_mentions: options.mention === undefined ? { parse: [] } : { parse: [], users: [options.mention] },
  };
}

export function cancelRow(texts: Texts, generationId: string): RenderedMessage['components'] {
  return [
    {
      type: ComponentType.ActionRow,
      components: [
        {
          type: ComponentType.Button,
          style: ButtonStyle.Secondary,
          label: texts.say('button.cancel'),
          custom_id: customId('cancel', generationId),
        },
      ],
    },
  ];
}

/** The address at which clients open a message. Direct messages stand under `@me`. */
export function messageLink(guildId: string | null, channelId: string, messageId: string): string {
  return `https://discord.com/channels/${guildId ?? '@me'}/${channelId}/${messageId}`;
}
