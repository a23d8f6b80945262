import { ChannelType } from 'discord-api-types/v10';
import type { Clock } from '../clock.ts';
import type { Faults } from '../faults.ts';
import type { Gateway } from '../gateway.ts';
import type {
  ChannelRecord,
  GuildRecord,
  JsonObject,
  MessageRecord,
  RoleRecord,
  UserRecord,
} from '../model.ts';
import { everyoneDefault } from '../permissions.ts';
import type { PermissionName } from '../permissions.ts';
import type { RecordedRequest } from '../recorder.ts';
import type { Violation } from '../violations.ts';
import type { World } from '../world.ts';
import { Channel } from './channel.ts';
import { Guild } from './guild.ts';
import { Message } from './message.ts';
import { User } from './user.ts';
import { defaultTimeout, ScenarioError, waitFor } from './waiting.ts';
import type { WaitOptions } from './waiting.ts';

export interface NewGuild {
  readonly name?: string;
  /** 0 to 3 */
  readonly boostTier?: 0 | 1 | 2 | 3;
  /** false: the application is only there through people who installed it for themselves */
  readonly botIsMember?: boolean;
  /** what the bot's own role adds to @everyone's permissions */
  readonly botPermissions?: readonly PermissionName[];
  /** replaces what @everyone may do */
  readonly everyonePermissions?: bigint;
  readonly locale?: string;
}

export interface NewUser {
  readonly locale?: string;
  readonly displayName?: string;
  /** whether they installed the application for themselves */
  readonly hasInstalledApplication?: boolean;
  readonly acceptsDirectMessages?: boolean;
  /** bytes; for someone with Nitro */
  readonly uploadLimit?: number;
}

/** What happened to a message, for whoever watches. */
export type MessageEvent = 'posted' | 'edited' | 'deleted';

/** The whole local Discord, as a scenario handles it. */
export class Sandbox {
  readonly clock: Clock;
  /** what goes wrong with coming REST requests */
  readonly faults: Faults;
  /** what goes wrong with coming downloads: methods and paths are those of the CDN */
  readonly cdnFaults: Faults;
  readonly gateway: Gateway;
  private readonly world: World;
  private readonly stop: () => Promise<void>;
  private readonly authority: { readonly pem: string; readonly path: string };
  private closed = false;

  constructor(world: World, authority: { pem: string; path: string }, stop: () => Promise<void>) {
    this.world = world;
    this.authority = authority;
    this.stop = stop;
    this.clock = world.clock;
    this.faults = world.faults;
    this.cdnFaults = world.cdnFaults;
    this.gateway = world.gateway;
  }

  /** For discord.js: `new Client({ rest: { api: apiUrl } })`. Without the version. */
  get apiUrl(): string {
    return this.world.urls.api;
  }

  get gatewayUrl(): string {
    return this.world.urls.gateway;
  }

  /** `https://host:port` */
  get cdnUrl(): string {
    return this.world.urls.cdn;
  }

  /** `host:port`: the host that a bot has to allow for attachments. */
  get cdnHost(): string {
    return new URL(this.cdnUrl).host;
  }

  /** PEM of the authority behind the CDN's certificate, and the path of a file that holds it. */
  get certificateAuthority(): { readonly pem: string; readonly path: string } {
    return this.authority;
  }

  get token(): string {
    return this.world.application.token;
  }

  get applicationId(): string {
    return this.world.application.id;
  }

  /** The bot's account, as a target of overwrites. */
  get bot(): { readonly id: string; readonly kind: 'member' } {
    return { id: this.world.application.botId, kind: 'member' };
  }

  /** The variables that point a bot process here. */
  get environment(): Readonly<Record<string, string>> {
    return {
      DISCORD_TOKEN: this.token,
      DISCORD_API_URL: this.apiUrl,
      ATTACHMENT_HOSTS: this.cdnHost,
      ATTACHMENT_CA_FILE: this.authority.path,
      NODE_EXTRA_CA_CERTS: this.authority.path,
    };
  }

  /** The latest REST requests, oldest first. */
  get requests(): readonly RecordedRequest[] {
    return this.world.recorder.requests;
  }

  /** What in the bot's requests Discord's own document does not allow, or the sandbox does not know. */
  get violations(): readonly Violation[] {
    return this.world.violations.list;
  }

  /** @throws Error that lists every violation */
  assertNoViolations(): void {
    this.world.violations.assertNone();
  }

  /** Calls back on each REST request once it is answered. @returns a function that ends it */
  onRequest(listener: (request: RecordedRequest) => void): () => void {
    return this.world.recorder.listen(listener);
  }

  /** Waits for a REST request that is as wanted, one of the remembered ones included. */
  async waitForRequest(
    predicate: (request: RecordedRequest) => boolean,
    options: WaitOptions = {},
  ): Promise<RecordedRequest> {
    const timeout = options.timeout ?? defaultTimeout;
    const { promise, resolve, reject } = Promise.withResolvers<RecordedRequest>();
    const look = (request: RecordedRequest): void => {
      if (predicate(request)) resolve(request);
    };
    const stop = this.onRequest(look);
    const timer = setTimeout(() => {
      const latest = this.requests
        .slice(-10)
        .map(({ method, path, status }) => `- ${method} ${path} ${status}`);
      const list = latest.join('\n') || '(none)';
      reject(new ScenarioError(`after ${timeout} ms: no such request; the latest are:\n${list}`));
    }, timeout);
    this.requests.forEach(look);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      stop();
    }
  }

  /** Calls back on everything that happens to messages, ephemeral ones included. @returns a function that ends it */
  onMessage(listener: (event: MessageEvent, message: Message) => void): () => void {
    const { events } = this.world.state;
    const tell = (event: MessageEvent) => (record: MessageRecord) =>
      listener(event, new Message(this.world, record));
    const [posted, edited, deleted] = [tell('posted'), tell('edited'), tell('deleted')];
    events.on('messageCreate', posted).on('messageUpdate', edited).on('messageDelete', deleted);
    return () => {
      events.off('messageCreate', posted).off('messageUpdate', edited).off('messageDelete', deleted);
    };
  }

  /** Waits until a bot is logged in. */
  async waitForBot(options?: WaitOptions): Promise<void> {
    await waitFor(
      this.world,
      ['clientReady'],
      () => (this.gateway.connected > 0 ? true : undefined),
      () => 'no bot logged in',
      options,
    );
  }

  /** Waits until a command is registered. @returns it in the form of the API */
  async waitForCommand(name: string, options?: WaitOptions): Promise<JsonObject> {
    return await waitFor(
      this.world,
      ['commandsChange'],
      () => this.commands.find((command) => command['name'] === name),
      () => `no command ${name} was registered`,
      options,
    );
  }

  /** All registered commands, global ones and those of guilds, in the form of the API. */
  get commands(): readonly JsonObject[] {
    return [...this.world.state.commands.values()];
  }

  createGuild(options: NewGuild = {}): Guild {
    const { world } = this;
    const id = world.ids.next();
    const everyone: RoleRecord = {
      id,
      name: '@everyone',
      permissions: options.everyonePermissions ?? everyoneDefault,
      position: 0,
      managed: false,
    };
    const record: GuildRecord = {
      id,
      name: options.name ?? 'Guild',
      ownerId: world.application.ownerId,
      locale: options.locale ?? 'en-US',
      createdAt: world.clock.now(),
      boostTier: options.boostTier ?? 0,
      botIsMember: false,
      botJoinedAt: world.clock.now(),
      openCommands: new Set(),
      roles: new Map([[id, everyone]]),
      members: new Map(),
    };
    world.state.guilds.set(id, record);
    const guild = new Guild(world, record);
    if (options.botIsMember !== false) guild.addBot(options.botPermissions ?? []);
    return guild;
  }

  /** @param name letters and digits, as it shows in the conversation */
  createUser(name: string, options: NewUser = {}): User {
    const { world } = this;
    const record: UserRecord = {
      id: world.ids.next(),
      username: name,
      globalName: options.displayName ?? name,
      bot: false,
      locale: options.locale ?? 'en-US',
      acceptsDirectMessages: options.acceptsDirectMessages ?? true,
      hasInstalledApplication: options.hasInstalledApplication ?? false,
      uploadLimit: options.uploadLimit ?? 0,
    };
    world.state.users.set(record.id, record);
    return new User(world, record);
  }

  /** The person who owns the application. */
  get owner(): User {
    const record = this.world.state.users.get(this.world.application.ownerId);
    if (record === undefined) throw new Error('the owner does not exist');
    return new User(this.world, record);
  }

  /** A group conversation, which the bot reaches only through people who installed it for themselves. */
  createGroup(users: readonly User[]): Channel {
    const { world } = this;
    const record: ChannelRecord = {
      id: world.ids.next(),
      type: ChannelType.GroupDM,
      guildId: undefined,
      name: users.map((user) => user.name).join(', '),
      parentId: undefined,
      ownerId: users[0]?.id,
      createdAt: world.clock.now(),
      overwrites: new Map(),
      recipientIds: users.map((user) => user.id),
      messages: new Map(),
      lastMessageId: null,
      archived: false,
      locked: false,
    };
    world.state.channels.set(record.id, record);
    return new Channel(world, record);
  }

  /** Any channel by its id, a direct message that the bot opened included. */
  channel(id: string): Channel {
    const record = this.world.state.channels.get(id);
    if (record === undefined) throw new Error(`channel ${id} does not exist`);
    return new Channel(this.world, record);
  }

  /** Stops everything. @throws Error when the bot's requests violated Discord's API */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.stop();
    this.assertNoViolations();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
