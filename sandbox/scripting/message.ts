import { readFile } from 'node:fs/promises';
import { ComponentType, MessageFlags } from 'discord-api-types/v10';
import type { JsonObject, MessageRecord } from '../model.ts';
import { attachmentUrl } from '../media-payloads.ts';
import { isEphemeral } from '../payloads.ts';
import { isObject, textOf } from '../json.ts';
import { flattenComponents } from '../rest/component-schema.ts';
import type { World } from '../world.ts';
import { waitFor, waitForMessage } from './waiting.ts';
import type { WaitOptions } from './waiting.ts';

export interface Attachment {
  readonly id: string;
  readonly filename: string;
  /** bytes */
  readonly size: number;
  readonly contentType: string | undefined;
  /** the alt text */
  readonly description: string | undefined;
  /** signed link, good for a day of the sandbox's clock */
  readonly url: string;
  bytes(): Promise<Buffer>;
}

export interface Button {
  readonly label: string;
  readonly customId: string | undefined;
  readonly url: string | undefined;
  readonly disabled: boolean;
}

/** A message as someone sees it. It is a live view: after an edit the same object shows the new content. */
export class Message {
  readonly record: MessageRecord;
  private readonly world: World;

  constructor(world: World, record: MessageRecord) {
    this.world = world;
    this.record = record;
  }

  get id(): string {
    return this.record.id;
  }

  get channelId(): string {
    return this.record.channelId;
  }

  get content(): string {
    return this.record.content;
  }

  get embeds(): readonly JsonObject[] {
    return this.record.embeds;
  }

  get components(): readonly JsonObject[] {
    return this.record.components;
  }

  /** All that can be read: content, texts of components, embeds. */
  get text(): string {
    const texts = flattenComponents(this.record.components)
      .filter((component) => component['type'] === ComponentType.TextDisplay)
      .map((component) => component['content']);
    const embeds = this.record.embeds.flatMap((embed) => {
      const fields = Array.isArray(embed['fields']) ? embed['fields'].filter(isObject) : [];
      const footer = isObject(embed['footer']) ? embed['footer']['text'] : undefined;
      return [
        embed['title'],
        embed['description'],
        ...fields.flatMap((field) => [field['name'], field['value']]),
        footer,
      ];
    });
    return [this.record.content, ...texts, ...embeds]
      .filter((text) => typeof text === 'string' && text !== '')
      .join('\n');
  }

  get attachments(): readonly Attachment[] {
    return this.record.attachments.map((attachment) => ({
      id: attachment.id,
      filename: attachment.filename,
      description: attachment.description,
      size: attachment.size,
      contentType: attachment.contentType,
      url: attachmentUrl(this.world, attachment),
      bytes: async () => {
        const stored = this.world.files.find(attachment.path);
        if (stored === undefined) throw new Error(`${attachment.filename} was forgotten to make room`);
        return await readFile(stored.diskPath);
      },
    }));
  }

  get buttons(): readonly Button[] {
    return flattenComponents(this.record.components)
      .filter((component) => component['type'] === ComponentType.Button)
      .map((component) => {
        const emoji = isObject(component['emoji']) ? component['emoji']['name'] : undefined;
        return {
          label: [emoji, component['label']].filter((part) => typeof part === 'string').join(' '),
          customId: textOf(component['custom_id']),
          url: textOf(component['url']),
          disabled: component['disabled'] === true,
        };
      });
  }

  get ephemeral(): boolean {
    return isEphemeral(this.record.flags);
  }

  /** Whether it still says that the bot is thinking. */
  get loading(): boolean {
    return (this.record.flags & MessageFlags.Loading) !== 0;
  }

  get deleted(): boolean {
    return this.world.state.findMessage(this.channelId, this.id) !== this.record;
  }

  get fromBot(): boolean {
    return this.record.authorId === this.world.application.botId;
  }

  /** The id of the message that this one replies to. */
  get repliesTo(): string | undefined {
    return this.record.referencedMessageId;
  }

  /** Ids of the people it notifies. */
  get mentions(): readonly string[] {
    return this.record.mentionedUserIds;
  }

  /** How many people reacted with each emoji. */
  get reactions(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      [...this.record.reactions.values()].map(({ emoji, userIds }) => [emoji.name, userIds.size]),
    );
  }

  /** Waits until the message is as wanted; it may be so already. */
  async waitUntil(predicate: (message: this) => boolean, options?: WaitOptions): Promise<this> {
    return await waitFor(
      this.world,
      ['messageUpdate', 'messageDelete'],
      () => (!this.deleted && predicate(this) ? this : undefined),
      () => `message ${this.id} did not become as wanted; it says:\n${this.text}`,
      options,
    );
  }

  /** Waits for the next change that is as wanted. */
  async waitForEdit(
    predicate: (message: this) => boolean = () => true,
    options?: WaitOptions,
  ): Promise<this> {
    const { events } = this.world.state;
    let edited = false;
    const note = (message: MessageRecord): void => {
      edited = message === this.record && predicate(this);
    };
    events.on('messageUpdate', note);
    try {
      return await waitFor(
        this.world,
        ['messageUpdate'],
        () => (edited ? this : undefined),
        () => `message ${this.id} was not edited as wanted; it says:\n${this.text}`,
        options,
      );
    } finally {
      events.off('messageUpdate', note);
    }
  }

  async waitForDeletion(options?: WaitOptions): Promise<void> {
    await waitFor(
      this.world,
      ['messageDelete'],
      () => (this.deleted ? true : undefined),
      () => `message ${this.id} was not deleted`,
      options,
    );
  }
}

/** Messages that someone watches, and what the watcher calls them. */
export interface Watched {
  readonly present: () => readonly MessageRecord[];
  readonly concerns: (message: MessageRecord) => boolean;
  /** such as "in #general" */
  readonly where: string;
}

/** Waits for a message that is as wanted. @throws ScenarioError that lists what there was instead */
export async function waitForMatch(
  world: World,
  watched: Watched,
  predicate: (message: Message) => boolean,
  options?: WaitOptions,
): Promise<Message> {
  const record = await waitForMessage(
    world,
    {
      present: watched.present,
      concerns: watched.concerns,
      matches: (message) => predicate(new Message(world, message)),
      describe: () => {
        const texts = watched.present().map((message) => {
          const { text, attachments } = new Message(world, message);
          const files = attachments.map(({ filename }) => ` [${filename}]`).join('');
          return `- ${text === '' ? '(no text)' : text}${files}`;
        });
        return `no such message ${watched.where}; there are:\n${texts.join('\n') || '(none)'}`;
      },
    },
    options,
  );
  return new Message(world, record);
}
