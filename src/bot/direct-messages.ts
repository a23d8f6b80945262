import { message } from '../commands/render/message.ts';
import type { DirectMessages } from '../commands/support/services.ts';
import type { People } from '../queue/people/people.ts';
import { isClosedChannel, isClosedDirectMessages, isWithoutSharedServer } from './discord-errors.ts';
import type { Messages } from './messages.ts';

/** Finds out whether people can be written to. */
export class ProvenDirectMessages implements DirectMessages {
  readonly #messages: Pick<Messages, 'openDirect' | 'post'>;
  readonly #people: Pick<People, 'greet' | 'forgetGreeting'>;

  constructor(
    messages: Pick<Messages, 'openDirect' | 'post'>,
    people: Pick<People, 'greet' | 'forgetGreeting'>,
  ) {
    this.#messages = messages;
    this.#people = people;
  }

  /** Once somebody could be written to, they are taken to be open: nobody wants to be greeted again and again. */
  async ensureOpen(userId: string, notice: string): ReturnType<DirectMessages['ensureOpen']> {
    if (!(await this.#people.greet(userId))) return 'open';
    try {
      const channelId = await this.#messages.openDirect(userId);
      await this.#messages.post(channelId, message([notice]));
      return 'open';
    } catch (error) {
      await this.#people.forgetGreeting(userId);
      if (isWithoutSharedServer(error)) return 'no_shared_server';
      if (isClosedDirectMessages(error) || isClosedChannel(error)) return 'closed';
      throw error;
    }
  }
}
