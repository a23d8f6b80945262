import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client, DiscordAPIError, Events, GatewayIntentBits, REST, SlashCommandBuilder } from 'discord.js';
import type {
  Interaction,
  RepliableInteraction,
  RESTPostAPIApplicationCommandsJSONBody,
  SendableChannels,
} from 'discord.js';
import { startSandbox } from '../../../sandbox/start.ts';
import type { Sandbox, SandboxOptions } from '../../../sandbox/start.ts';
import { minute } from '../../../src/units.ts';

const document = fileURLToPath(new URL('../../../../shared/discord/openapi.json', import.meta.url));

/** The path of Discord's OpenAPI document, where it lies beside the repository or SANDBOX_OPENAPI names it. */
export const openApiDocument = process.env['SANDBOX_OPENAPI'] ?? (existsSync(document) ? document : '');

/** A sandbox whose requests and answers are both held against Discord's document, where that exists. */
export async function checkedSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  return await startSandbox({ openapi: openApiDocument, checkAnswers: true, ...options });
}

/** A sandbox that is sent wrong requests on purpose. Here nothing depends on how soon a busy machine answers. */
export async function lenientSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  return await startSandbox({ openapi: '', firstResponse: minute, ...options });
}

export const commandWithPrompt = new SlashCommandBuilder()
  .setName('humo')
  .setDescription('Makes a video')
  .addStringOption((option) => option.setName('prompt').setDescription('What happens').setRequired(true))
  .addAttachmentOption((option) => option.setName('image').setDescription('Who'))
  .toJSON();

export interface BotOptions {
  readonly intents?: readonly GatewayIntentBits[];
  readonly commands?: readonly RESTPostAPIApplicationCommandsJSONBody[];
  /** without it, interactions wait for `nextInteraction` */
  readonly onInteraction?: (interaction: Interaction) => Promise<unknown>;
}

/** A discord.js client that is logged in and has registered its commands. */
export class TestBot {
  readonly client: Client<true>;
  /** what the interaction handler threw, oldest first */
  readonly failures: unknown[];
  private readonly interactions: Interaction[];

  constructor(client: Client<true>, failures: unknown[], interactions: Interaction[]) {
    this.client = client;
    this.failures = failures;
    this.interactions = interactions;
  }

  /** The next interaction that nobody took yet, so that a test answers it step by step. */
  async nextInteraction(): Promise<RepliableInteraction> {
    for (;;) {
      const interaction = this.interactions.shift();
      if (interaction?.isRepliable() === true) return interaction;
      if (interaction === undefined) {
        await new Promise((resolve) => this.client.once(Events.InteractionCreate, resolve));
      }
    }
  }

  /** A channel that the bot can post in, as discord.js shows it. */
  async sendable(channelId: string): Promise<SendableChannels> {
    const channel = await this.client.channels.fetch(channelId);
    if (channel?.isSendable() !== true) throw new Error(`channel ${channelId} takes no messages`);
    return channel;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.destroy();
  }
}

export async function startBot(discord: Sandbox, options: BotOptions = {}): Promise<TestBot> {
  const client = new Client({
    intents: options.intents ?? [GatewayIntentBits.Guilds],
    rest: { api: discord.apiUrl },
  });
  const failures: unknown[] = [];
  const interactions: Interaction[] = [];
  client.on(Events.InteractionCreate, (interaction) => {
    if (options.onInteraction === undefined) interactions.push(interaction);
    else options.onInteraction(interaction).catch((error: unknown) => failures.push(error));
  });
  const ready = new Promise<Client<true>>((resolve) => client.once(Events.ClientReady, resolve));
  await client.login(discord.token);
  const loggedIn = await ready;
  const commands = options.commands ?? [commandWithPrompt];
  if (commands.length > 0) await loggedIn.application.commands.set([...commands]);
  return new TestBot(loggedIn, failures, interactions);
}

/** discord.js's REST client, logged in as the bot. @param retries how often it tries again */
export function restOf(discord: Sandbox, retries = 0): REST {
  return new REST({ api: discord.apiUrl, version: '10', retries }).setToken(discord.token);
}

/** The refusal that a request ends in. @throws Error when it succeeds or fails in another way */
export async function refusal(request: Promise<unknown>): Promise<DiscordAPIError> {
  try {
    await request;
  } catch (error) {
    if (error instanceof DiscordAPIError) return error;
    throw error;
  }
  throw new Error('the request was expected to be refused, and succeeded');
}

/** Resolves with the arguments of the next event. */
export async function once<T>(subscribe: (listener: (value: T) => void) => unknown): Promise<T> {
  return await new Promise<T>((resolve) => subscribe(resolve));
}
