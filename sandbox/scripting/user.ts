import { ApplicationCommandType, ComponentType, MessageFlags, MessageType } from 'discord-api-types/v10';
import { openInteraction } from '../interactions.ts';
import { addReaction, createMessage, deleteMessage, emptyDraft, removeReaction } from '../messaging.ts';
import type { JsonObject, MessageRecord, UserRecord } from '../model.ts';
import { messagePayload } from '../payloads.ts';
import { channelPermissions, may } from '../permissions.ts';
import type { PermissionName } from '../permissions.ts';
import { openDirectMessage } from '../rest/channels.ts';
import { isObject, numbersOf, objects } from '../json.ts';
import { flattenComponents } from '../rest/component-schema.ts';
import { isThread } from '../state.ts';
import type { World } from '../world.ts';
import { Channel } from './channel.ts';
import { whyNotOffered } from './command-offer.ts';
import { fillCommand, resolveUser } from './command-data.ts';
import type { OptionValues } from './command-data.ts';
import type { ScenarioFile } from './file.ts';
import { Interaction } from './interaction.ts';
import { Message, waitForMatch } from './message.ts';
import { fillModal } from './modal-data.ts';
import type { FieldValues } from './modal-data.ts';
import { ScenarioError, waitFor } from './waiting.ts';
import type { WaitOptions } from './waiting.ts';

export interface Where extends WaitOptions {
  /** where the person is */
  readonly channel: Channel;
}

export interface Sending {
  readonly content?: string;
  readonly files?: readonly ScenarioFile[];
  /** seconds; makes the first file a voice message */
  readonly voiceSeconds?: number;
  readonly replyTo?: Message;
  /** forwards this message, and says nothing of one's own */
  readonly forward?: Message;
}

/** A person. What they cannot do in Discord's client throws a ScenarioError that says why. */
export class User {
  readonly kind = 'member';
  readonly record: UserRecord;
  private readonly world: World;

  constructor(world: World, record: UserRecord) {
    this.world = world;
    this.record = record;
  }

  get id(): string {
    return this.record.id;
  }

  get name(): string {
    return this.record.username;
  }

  /** As it stands in a message's text. */
  get mention(): string {
    return `<@${this.id}>`;
  }

  /** The conversation between this person and the bot. */
  get directMessage(): Channel {
    return new Channel(this.world, openDirectMessage(this.world, this.id));
  }

  /**
   * Runs a slash command. Waits until a client is connected and the command is registered.
   * @param command `/humo`, or `/queue list` for a subcommand
   */
  async run(command: string, values: OptionValues, where: Where): Promise<Interaction> {
    const [name = '', ...subcommands] = command.replace(/^\//, '').split(' ');
    const found = await this.findCommand(name, ApplicationCommandType.ChatInput, where);
    const place = { channelId: where.channel.id, guildId: where.channel.record.guildId };
    const { options, resolved } = await fillCommand(this.world, found, subcommands, values, place);
    return this.open('command', where.channel, found, { options, resolved });
  }

  /** Types into an option. @returns what the bot suggests */
  async autocomplete(
    command: string,
    values: OptionValues,
    focused: string,
    where: Where,
  ): Promise<readonly { readonly name: string; readonly value: string | number }[]> {
    const [name = '', ...subcommands] = command.replace(/^\//, '').split(' ');
    const found = await this.findCommand(name, ApplicationCommandType.ChatInput, where);
    const place = { channelId: where.channel.id, guildId: where.channel.record.guildId };
    const typed = { ...values, [focused]: values[focused] ?? '' };
    const data = await fillCommand(this.world, found, subcommands, typed, place, focused);
    const interaction = this.open('autocomplete', where.channel, found, { ...data });
    const response = await interaction.firstResponse(where);
    return response.choices;
  }

  /** Chooses a command from the context menu of a message or a person. */
  async contextMenu(name: string, target: Message | User, where?: Partial<Where>): Promise<Interaction> {
    const { world } = this;
    const onMessage = target instanceof Message;
    const channel = onMessage ? this.channelOf(target) : where?.channel;
    if (channel === undefined) throw new ScenarioError('say in which channel: { channel }');
    const type = onMessage ? ApplicationCommandType.Message : ApplicationCommandType.User;
    const found = await this.findCommand(name, type, { ...where, channel });
    const resolved: Record<string, JsonObject> = {};
    if (onMessage) {
      this.mustSee(target);
      resolved['messages'] = { [target.id]: messagePayload(world, target.record) };
    } else {
      resolveUser(world, target.record, { channelId: channel.id, guildId: channel.record.guildId }, resolved);
    }
    return this.open('contextMenu', channel, found, { target_id: target.id, resolved });
  }

  /** Presses a button. @param button its custom id or its label */
  async click(message: Message, button: string): Promise<Interaction> {
    const component = this.findComponent(
      message,
      (candidate) =>
        candidate['type'] === ComponentType.Button &&
        (candidate['custom_id'] === button || labelOf(candidate) === button || candidate['label'] === button),
      `button ${button}`,
    );
    if (component['custom_id'] === undefined) throw new ScenarioError(`button ${button} only opens a link`);
    return await this.useComponent(message, component, {});
  }

  /** Chooses in a select menu. @param menu its custom id or placeholder @param values of options, or ids */
  async select(message: Message, menu: string, values: readonly string[]): Promise<Interaction> {
    const component = this.findComponent(
      message,
      (candidate) =>
        Array.isArray(candidate['options']) &&
        (candidate['custom_id'] === menu || candidate['placeholder'] === menu),
      `select menu ${menu}`,
    );
    const known = objects(component['options']).map((option) => option['value']);
    const foreign = values.find((value) => !known.includes(value));
    if (foreign !== undefined) throw new ScenarioError(`select menu ${menu} has no option ${foreign}`);
    const [least, most] = [Number(component['min_values'] ?? 1), Number(component['max_values'] ?? 1)];
    if (values.length < least || values.length > most) {
      throw new ScenarioError(`select menu ${menu} takes ${least} to ${most} options, not ${values.length}`);
    }
    return await this.useComponent(message, component, { values });
  }

  /** Fills in and submits the form that an interaction opened. @param values by custom id or label */
  async submitModal(opened: Interaction, values: FieldValues): Promise<Interaction> {
    const { world } = this;
    const { modal } = await opened.firstResponse();
    if (modal === undefined) throw new ScenarioError('the bot answered this interaction with no form');
    const channel = this.channelById(opened.record.channelId);
    const source =
      opened.record.sourceMessageId === undefined
        ? undefined
        : world.state.findMessage(channel.id, opened.record.sourceMessageId);
    const record = openInteraction(world, {
      kind: 'modal',
      user: this.record,
      channel: channel.record,
      data: await fillModal(world, modal, values),
      sourceMessage: source,
      trigger: opened.record,
      inheritedOwners: opened.record.owners,
    });
    return new Interaction(world, record);
  }

  /** Adds a reaction. @param emoji such as 🔁 */
  react(message: Message, emoji: string): void {
    this.mustSee(message);
    if (message.ephemeral) throw new ScenarioError('nobody can react to an ephemeral message');
    const isNew = !message.record.reactions.has(emoji);
    if (isNew) this.must('AddReactions', this.channelOf(message));
    addReaction(this.world, message.record, emoji, this.id);
  }

  unreact(message: Message, emoji: string): void {
    removeReaction(this.world, message.record, emoji, this.id);
  }

  /** Posts a message. */
  async send(channel: Channel, sending: Sending | string): Promise<Message> {
    const { world } = this;
    const given: Sending = typeof sending === 'string' ? { content: sending } : sending;
    if (given.forward !== undefined) this.mustSee(given.forward);
    this.must('ViewChannel', channel);
    this.must(isThread(channel.record) ? 'SendMessagesInThreads' : 'SendMessages', channel);
    const message = await createMessage(world, {
      channel: channel.record,
      authorId: this.id,
      draft: {
        ...emptyDraft,
        content: given.content,
        flags:
          (given.voiceSeconds === undefined ? 0 : MessageFlags.IsVoiceMessage) |
          (given.forward === undefined ? 0 : MessageFlags.HasSnapshot),
        mentions: { ...emptyDraft.mentions, users: undefined, repliedUser: true },
      },
      type: given.replyTo === undefined ? MessageType.Default : MessageType.Reply,
      referencedMessageId: given.replyTo?.id,
      forwarded: given.forward?.record,
      ...(given.files === undefined
        ? {}
        : {
            attachments: await Promise.all(
              given.files.map((item, index) =>
                world.files.add(
                  {
                    filename: item.filename,
                    content: item.content,
                    contentType: item.contentType,
                    durationSeconds: index === 0 ? given.voiceSeconds : undefined,
                  },
                  channel.id,
                  false,
                ),
              ),
            ),
          }),
    });
    return new Message(world, message);
  }

  /** Removes a message: one's own, or any with the right to manage messages. */
  delete(message: Message): void {
    if (message.record.authorId !== this.id && !message.ephemeral) {
      this.must('ManageMessages', this.channelOf(message));
    }
    deleteMessage(this.world, message.record);
  }

  /** The messages of a channel that this person sees: ephemeral ones only when they are for them. */
  sees(channel: Channel): readonly Message[] {
    if (!may(channelPermissions(this.world.state, channel.record, this.id), 'ViewChannel')) return [];
    return [...channel.record.messages.values()]
      .filter(({ ephemeralFor }) => ephemeralFor === undefined || ephemeralFor === this.id)
      .map((record) => new Message(this.world, record));
  }

  /** Waits for a message that this person sees, one that is there already included. */
  async waitForMessage(
    channel: Channel,
    predicate: (message: Message) => boolean,
    options?: WaitOptions,
  ): Promise<Message> {
    const watched = {
      present: () => this.sees(channel).map(({ record }) => record),
      concerns: (message: MessageRecord) =>
        message.channelId === channel.id &&
        [undefined, this.id].includes(message.ephemeralFor) &&
        may(channelPermissions(this.world.state, channel.record, this.id), 'ViewChannel'),
      where: `that ${this.name} sees in #${channel.name}`,
    };
    return await waitForMatch(this.world, watched, predicate, options);
  }

  /** Opens or closes the door to messages from the bot (error 50007 when closed). */
  acceptDirectMessages(accepts: boolean): void {
    this.record.acceptsDirectMessages = accepts;
  }

  private async findCommand(name: string, type: number, where: Where): Promise<JsonObject> {
    const { world } = this;
    const { channel } = where;
    const guildId = channel.record.guildId;
    const command = await waitFor(
      world,
      ['commandsChange', 'clientReady'],
      () => {
        if (world.gateway.connected === 0) return undefined;
        const commands = [...world.state.commandsOf(guildId), ...world.state.commandsOf(undefined)];
        return commands.find((candidate) => candidate['name'] === name && candidate['type'] === type);
      },
      () => {
        const names = [...world.state.commands.values()].map((candidate) => String(candidate['name']));
        return world.gateway.connected === 0
          ? 'no bot is connected to the gateway'
          : `no command ${name} is registered; there are: ${names.join(', ') || 'none'}`;
      },
      where,
    );
    const reason = whyNotOffered(world.state, this.record, command, channel.record);
    if (reason !== undefined) throw new ScenarioError(`${this.name} is not offered ${name} here: ${reason}`);
    return command;
  }

  private open(
    kind: 'command' | 'autocomplete' | 'contextMenu',
    channel: Channel,
    command: JsonObject,
    data: JsonObject,
  ): Interaction {
    const target =
      kind === 'contextMenu' && command['type'] === ApplicationCommandType.Message
        ? { target_message_id: data['target_id'] }
        : {};
    const record = openInteraction(this.world, {
      kind,
      user: this.record,
      channel: channel.record,
      integrationTypes: numbersOf(command['integration_types']) ?? [0],
      target,
      data: {
        id: command['id'],
        name: command['name'],
        type: command['type'],
        ...(command['guild_id'] === undefined ? {} : { guild_id: command['guild_id'] }),
        ...data,
      },
    });
    return new Interaction(this.world, record);
  }

  private findComponent(
    message: Message,
    matches: (component: JsonObject) => boolean,
    what: string,
  ): JsonObject {
    this.mustSee(message);
    const component = flattenComponents(message.components).find(matches);
    if (component === undefined) {
      const labels = message.buttons.map((button) => button.label).join(', ');
      throw new ScenarioError(`the message has no ${what}; its buttons are: ${labels || 'none'}`);
    }
    if (component['disabled'] === true) throw new ScenarioError(`${what} is greyed out`);
    return component;
  }

  private async useComponent(
    message: Message,
    component: JsonObject,
    data: JsonObject,
  ): Promise<Interaction> {
    const { world } = this;
    await waitFor(
      world,
      ['clientReady'],
      () => (world.gateway.connected > 0 ? true : undefined),
      () => 'no bot is connected to the gateway',
    );
    const record = openInteraction(world, {
      kind: 'component',
      user: this.record,
      channel: this.channelOf(message).record,
      sourceMessage: message.record,
      integrationTypes: [0],
      inheritedOwners: message.record.interactionOwners,
      data: {
        id: component['id'],
        component_type: component['type'],
        custom_id: component['custom_id'],
        ...data,
      },
    });
    return new Interaction(world, record);
  }

  private mustSee(message: Message): void {
    const { ephemeralFor } = message.record;
    if (message.deleted) throw new ScenarioError('the message was deleted');
    if (ephemeralFor !== undefined && ephemeralFor !== this.id) {
      throw new ScenarioError(
        `${this.name} does not see this message: it is ephemeral and for somebody else`,
      );
    }
    this.must('ViewChannel', this.channelOf(message));
  }

  private must(permission: PermissionName, channel: Channel): void {
    if (!may(channelPermissions(this.world.state, channel.record, this.id), permission)) {
      throw new ScenarioError(`${this.name} lacks ${permission} in #${channel.name}`);
    }
  }

  private channelOf(message: Message): Channel {
    return this.channelById(message.channelId);
  }

  private channelById(id: string): Channel {
    const channel = this.world.state.channels.get(id);
    if (channel === undefined) throw new ScenarioError(`channel ${id} was deleted`);
    return new Channel(this.world, channel);
  }
}

function labelOf(component: JsonObject): string {
  const emoji = isObject(component['emoji']) ? component['emoji']['name'] : undefined;
  return [emoji, component['label']].filter((part) => typeof part === 'string').join(' ');
}
