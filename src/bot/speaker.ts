import type { ButtonInteraction } from 'discord.js';
import type { RenderedMessage } from '../commands/render/message.ts';
import type { Speaker, SpokenFile, SpokenMessage } from '../commands/support/services.ts';
import { isClosedChannel, isClosedDirectMessages, isUnknownMessage } from './discord-errors.ts';
import type { Messages } from './messages.ts';

/** Says what handlers want to be said, over REST. */
export class MessageSpeaker implements Speaker {
  readonly #messages: Pick<Messages, 'post' | 'edit' | 'editOriginal' | 'remove' | 'openDirect'>;

  constructor(messages: Pick<Messages, 'post' | 'edit' | 'editOriginal' | 'remove' | 'openDirect'>) {
    this.#messages = messages;
  }

  post(
    channelId: string,
    rendered: RenderedMessage,
    options: { replyTo?: string; files?: readonly SpokenFile[]; nonce?: string } = {},
  ): Promise<SpokenMessage> {
    return this.#messages.post(channelId, rendered, options);
  }

  edit(
    place: SpokenMessage,
    rendered: RenderedMessage,
    options: { files?: readonly SpokenFile[] } = {},
  ): Promise<void> {
    return this.#messages.edit(place, rendered, { ...options, isVideo: options.files !== undefined });
  }

  async answer(
    { token }: Pick<ButtonInteraction, 'token'>,
    rendered: RenderedMessage,
    files: readonly SpokenFile[],
  ): Promise<void> {
    await this.#messages.editOriginal(token, rendered, { files, isVideo: true });
  }

  remove(place: SpokenMessage): Promise<void> {
    return unlessGone(this.#messages.remove(place));
  }

  removeClicked(click: Pick<ButtonInteraction, 'deleteReply'>): Promise<void> {
    return unlessGone(click.deleteReply());
  }

  async direct(
    userId: string,
    rendered: RenderedMessage,
    options: { files?: readonly SpokenFile[] } = {},
  ): Promise<SpokenMessage | null> {
    try {
      return await this.#messages.post(await this.#messages.openDirect(userId), rendered, options);
    } catch (error) {
      if (isClosedDirectMessages(error) || isClosedChannel(error)) return null;
      throw error;
    }
  }
}

async function unlessGone(removal: Promise<void>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (!isUnknownMessage(error)) throw error;
  }
}
