import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { action, buttonRows, deleteAction, message } from '../commands/render/message.ts';
import type { RenderedMessage } from '../commands/render/message.ts';
import { customId, generationIdOf, parseCustomId } from '../commands/support/definition.ts';
import type {
  Channels,
  SpokenMessage,
  StandingResult,
  StandingResults,
} from '../commands/support/services.ts';
import type { BotConfig } from '../config/environment.ts';
import { errorFields } from '../error-fields.ts';
import type { Logger } from '../log.ts';
import { download } from '../media/download.ts';
import { openScratch } from '../media/scratch.ts';
import { catalogues, textsFor } from '../text/texts.ts';
import type { FoundMessage, Messages } from './messages.ts';
import type { Signatures } from './signatures.ts';
import { mebibyte } from '../units.ts';

/** Discord hides a file whose name begins so. */
const spoiler = 'SPOILER_';

/** What Discord takes in the servers with the largest limit. */
const largestVideo = 100 * mebibyte;
const downloadTimeout = 20_000;

export interface StandingResultsOptions {
  readonly messages: Pick<Messages, 'read' | 'edit'>;
  readonly signatures: Pick<Signatures, 'verify'>;
  readonly channels: Pick<Channels, 'place'>;
  readonly attachments: BotConfig['attachments'];
  readonly scratchRoot: string;
  readonly logger: Logger;
}

/** Reads results from Discord itself. */
export class DiscordStandingResults implements StandingResults {
  readonly #options: StandingResultsOptions;

  constructor(options: StandingResultsOptions) {
    this.#options = options;
  }

  owner(id: string): { readonly generationId: string; readonly userId: string } | null {
    return this.#options.signatures.verify(id);
  }

  async generationId(place: SpokenMessage): Promise<string | null> {
    const found = await this.#options.messages.read(place);
    const buttons = found === null ? [] : ownButtons(found);
    const about = buttons.find(({ name }) => name === 'delete' || name === 'cancel');
    return about === undefined ? null : generationIdOf(about.argument);
  }

  async read(place: SpokenMessage): Promise<StandingResult | null> {
    const found = await this.#options.messages.read(place);
    const deleteId = found === null ? null : deleteIdOf(found);
    if (found === null || deleteId === null) return null;
    return {
      generationId: generationIdOf(deleteId.slice(customId('delete', '').length)),
      userId: this.owner(deleteId)?.userId ?? null,
      hidden: found.attachments.every(({ filename }) => filename.startsWith(spoiler)),
    };
  }

  async mark(place: SpokenMessage, mark: 'hidden' | 'shown'): Promise<void> {
    const { messages, channels, logger } = this.#options;
    const found = await messages.read(place);
    const deleteId = found === null ? null : deleteIdOf(found);
    if (found === null || deleteId === null) return;
    const locale = (await channels.place(place.channelId))?.locale ?? 'en-US';
    const rendered = render(found, deleteId, mark, locale);
    try {
      await messages.edit(place, rendered, { files: [await this.#renamed(found, mark)], isVideo: true });
    } catch (error) {
      if (mark === 'shown') throw error;
      logger.warn({ ...place, error: errorFields(error) }, 'a reported video is taken out of its message');
      await messages.edit(place, rendered, { files: [] });
    }
  }

  /** Names of files cannot be changed: it is sent again under the other one. */
  async #renamed({ attachments: [attachment] }: FoundMessage, mark: 'hidden' | 'shown') {
    if (attachment === undefined) throw new Error('the message has no file');
    const { hosts: allowedHosts, certificateAuthority } = this.#options.attachments;
    await using scratch = await openScratch(this.#options.scratchRoot, 'bot');
    const path = join(scratch.path, 'standing.mp4');
    await download(attachment.url, path, {
      ...{ allowedHosts, certificateAuthority, maximumBytes: largestVideo },
      timeoutMilliseconds: downloadTimeout,
    });
    const bare = attachment.filename.replace(new RegExp(`^${spoiler}`), '');
    return {
      name: mark === 'hidden' ? `${spoiler}${bare}` : bare,
      data: await readFile(path),
      contentType: attachment.content_type ?? 'video/mp4',
    };
  }
}

/** Of the button that every result has, and nothing else. */
function deleteIdOf(found: FoundMessage): string | null {
  const button = ownButtons(found).find(({ name }) => name === 'delete');
  return button === undefined ? null : customId(button.name, button.argument);
}

function ownButtons({ components }: FoundMessage) {
  const ids = components.flatMap((row) => row.components).map(({ custom_id: id }) => id ?? '');
  return ids.map(parseCustomId).filter((id) => id !== null);
}

function render(
  { content }: FoundMessage,
  deleteId: string,
  mark: 'hidden' | 'shown',
  locale: string,
): RenderedMessage {
  const texts = textsFor(locale);
  const generationId = generationIdOf(parseCustomId(deleteId)?.argument ?? '');
  const said = new Set(Object.keys(catalogues).map((language) => textsFor(language).say('report.hidden')));
  const lines = content.split('\n').filter((line) => !said.has(line));
  const remove = { ...deleteAction(texts, { id: generationId, userId: '' }), custom_id: deleteId };
  return mark === 'hidden'
    ? message([texts.say('report.hidden'), ...lines], {
        components: buttonRows([action('show', '👁️', texts.say('button.show'), generationId), remove]),
      })
    : message(lines, { components: buttonRows([remove]) });
}
