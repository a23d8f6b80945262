import type { FirstResponse, InteractionRecord, JsonObject, MessageRecord } from '../model.ts';
import type { World } from '../world.ts';
import { Message, waitForMatch } from './message.ts';
import { ScenarioError, waitFor } from './waiting.ts';
import type { WaitOptions } from './waiting.ts';

export interface Response {
  readonly kind: FirstResponse['kind'];
  /** milliseconds from the interaction to its first answer */
  readonly took: number;
  /** the message that came, or that was or will be changed */
  readonly message: Message | undefined;
  readonly ephemeral: boolean;
  /** the form that was opened, as the API describes it */
  readonly modal: JsonObject | undefined;
  /** suggestions of an autocompletion */
  readonly choices: readonly { readonly name: string; readonly value: string | number }[];
}

/** Something a person did that the bot has to answer: a command, a click, a selection, a submitted form. */
export class Interaction {
  readonly record: InteractionRecord;
  private readonly world: World;

  constructor(world: World, record: InteractionRecord) {
    this.world = world;
    this.record = record;
  }

  get id(): string {
    return this.record.id;
  }

  /** Milliseconds until the first answer; undefined while there is none. */
  get took(): number | undefined {
    return this.record.firstResponse?.took;
  }

  /**
   * The bot's first answer.
   * @throws ScenarioError when three seconds pass without one: the person sees "The application did not respond"
   */
  async firstResponse(options?: WaitOptions): Promise<Response> {
    let tooLate = false;
    const note = (interaction: InteractionRecord): void => {
      tooLate ||= interaction === this.record;
    };
    this.world.state.events.on('unanswered', note);
    try {
      const response = await waitFor(
        this.world,
        ['firstResponse', 'unanswered'],
        () => {
          if (tooLate) throw new ScenarioError('The application did not respond within 3 seconds');
          return this.record.firstResponse;
        },
        () => 'the bot did not answer the interaction',
        options,
      );
      return this.describe(response);
    } finally {
      this.world.state.events.off('unanswered', note);
    }
  }

  /** The messages that this interaction brought about, oldest first; ephemeral ones included. */
  messages(): readonly Message[] {
    return this.record.messageIds.flatMap((id) => {
      const message = this.world.state.findMessage(this.record.channelId, id);
      return message === undefined ? [] : [new Message(this.world, message)];
    });
  }

  /** Waits for a message of this interaction that is as wanted, one that is there already included. */
  async waitForMessage(predicate: (message: Message) => boolean, options?: WaitOptions): Promise<Message> {
    const { messageIds, channelId } = this.record;
    const watched = {
      present: () => this.messages().map(({ record }) => record),
      concerns: (message: MessageRecord) => messageIds.includes(message.id),
      where: `of interaction ${this.id} in channel ${channelId}`,
    };
    return await waitForMatch(this.world, watched, predicate, options);
  }

  private describe(response: FirstResponse): Response {
    const record =
      'messageId' in response
        ? this.world.state.findMessage(this.record.channelId, response.messageId)
        : undefined;
    return {
      kind: response.kind,
      took: response.took,
      message: record === undefined ? undefined : new Message(this.world, record),
      ephemeral: 'ephemeral' in response && response.ephemeral,
      modal: response.kind === 'modal' ? response.modal : undefined,
      choices:
        response.kind === 'autocomplete'
          ? response.choices.map(({ name, value }) => ({
              name: String(name),
              value: typeof value === 'number' ? value : String(value),
            }))
          : [],
    };
  }
}
