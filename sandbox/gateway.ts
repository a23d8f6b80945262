import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import {
  ApplicationFlags,
  GatewayCloseCodes,
  GatewayIntentBits,
  GatewayOpcodes,
} from 'discord-api-types/v10';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { hostAndPort } from './address.ts';
import { GatewayConnection, GatewaySession } from './gateway-session.ts';
import { numbersOf, objectOf } from './json.ts';
import type { JsonObject } from './model.ts';
import { guildCreatePayload, ownUserPayload, userPayload } from './payloads.ts';
import type { World } from './world.ts';

/** How long a lost connection can be resumed, in milliseconds of the sandbox's clock. Observed. */
const resumable = 5 * 60_000;
const privileged =
  GatewayIntentBits.GuildMembers | GatewayIntentBits.GuildPresences | GatewayIntentBits.MessageContent;

/** What a client may send. */
const clientOpcodes = [
  GatewayOpcodes.Heartbeat,
  GatewayOpcodes.Identify,
  GatewayOpcodes.PresenceUpdate,
  GatewayOpcodes.VoiceStateUpdate,
  GatewayOpcodes.Resume,
  GatewayOpcodes.RequestGuildMembers,
] as const;

export interface GatewayOptions {
  /** where it listens */
  readonly host: string;
  /** milliseconds between heartbeats that clients are asked for */
  readonly heartbeatInterval: number;
  /** GatewayIntentBits of the privileged intents that the application was granted */
  readonly privilegedIntents: number;
}

/** Which intent an event needs in a guild, and which in a direct message. 0: always sent. */
export interface Audience {
  readonly guildId: string | undefined;
  readonly guildIntent: number;
  readonly directIntent: number;
}

/** The gateway, version 10. https://discord.com/developers/docs/events/gateway */
export class Gateway {
  private readonly server: WebSocketServer;
  private readonly options: GatewayOptions;
  private readonly sessions = new Map<string, GatewaySession>();
  private world: World | undefined;

  private constructor(server: WebSocketServer, options: GatewayOptions) {
    this.server = server;
    this.options = options;
  }

  static async start(options: GatewayOptions): Promise<Gateway> {
    const server = new WebSocketServer({
      host: options.host,
      port: 0,
      // JSON and no or zlib-stream compression are spoken; anything else is refused before a connection exists.
      verifyClient: ({ req }: { req: IncomingMessage }) => {
        const query = new URL(req.url ?? '/', 'ws://127.0.0.1').searchParams;
        return (
          (query.get('encoding') ?? 'json') === 'json' &&
          [null, 'zlib-stream'].includes(query.get('compress'))
        );
      },
    });
    await once(server, 'listening');
    const gateway = new Gateway(server, options);
    server.on('connection', (socket, request) => {
      const query = new URL(request.url ?? '/', 'ws://127.0.0.1').searchParams;
      gateway.accept(socket, query);
    });
    return gateway;
  }

  get url(): string {
    return `ws://${hostAndPort(this.server, this.options.host)}`;
  }

  /** Ties the gateway to the rest; it takes clients from then on. */
  attach(world: World): void {
    this.world = world;
  }

  /** Clients that are connected and logged in. */
  get connected(): number {
    return [...this.sessions.values()].filter((session) => session.connection !== undefined).length;
  }

  /** Cuts every connection without a word. @param options.resumable false: the sessions are lost too */
  disconnect(options: { readonly resumable: boolean }): void {
    for (const session of this.sessions.values()) {
      session.connection?.socket.terminate();
      this.detach(session);
      if (!options.resumable) this.sessions.delete(session.id);
    }
  }

  /** Asks every client to connect anew and resume (opcode 7), as Discord does when it restarts a node. */
  requestReconnect(): void {
    for (const session of this.sessions.values()) {
      session.connection?.send({ op: GatewayOpcodes.Reconnect, d: null });
    }
  }

  /** Tells every client that its session is invalid (opcode 9). @param canResume whether it may resume */
  invalidateSessions(canResume: boolean): void {
    for (const session of this.sessions.values()) {
      session.connection?.send({ op: GatewayOpcodes.InvalidSession, d: canResume });
      if (!canResume) this.sessions.delete(session.id);
    }
  }

  async close(): Promise<void> {
    for (const socket of this.server.clients) socket.terminate();
    this.sessions.clear();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  /** Sends an event to the sessions that serve the guild and asked for it. @returns how many */
  dispatch(event: string, audience: Audience, payload: (session: GatewaySession) => JsonObject): number {
    let receivers = 0;
    const intent = audience.guildId === undefined ? audience.directIntent : audience.guildIntent;
    for (const session of this.sessions.values()) {
      if (!session.serves(audience.guildId) || (intent !== 0 && !session.has(intent))) continue;
      session.dispatch(event, payload(session));
      receivers += 1;
    }
    return receivers;
  }

  private get attached(): World {
    if (this.world === undefined) throw new Error('the gateway was not attached yet');
    return this.world;
  }

  private accept(socket: WebSocket, query: URLSearchParams): void {
    const connection = new GatewayConnection(socket, query.get('compress') === 'zlib-stream');
    let session: GatewaySession | undefined;
    if (query.get('v') !== '10') {
      socket.close(GatewayCloseCodes.InvalidAPIVersion, 'Invalid API version');
      return;
    }
    connection.send({
      op: GatewayOpcodes.Hello,
      d: { heartbeat_interval: this.options.heartbeatInterval, _trace: [] },
    });
    const { heartbeatInterval } = this.options;
    const silence = setTimeout(
      () => socket.close(GatewayCloseCodes.SessionTimedOut, 'Session timed out.'),
      // One heartbeat may be lost; two are silence.
      heartbeatInterval * 2.5,
    ).unref();
    socket.on('message', (raw: Buffer) => {
      const message = parse(raw);
      if (message === undefined) {
        socket.close(GatewayCloseCodes.DecodeError, 'Error while decoding payload.');
        return;
      }
      const data = objectOf(message.d);
      switch (clientOpcodes.find((opcode) => opcode === message.op)) {
        case GatewayOpcodes.Heartbeat:
          silence.refresh();
          connection.send({ op: GatewayOpcodes.HeartbeatAck, d: null });
          break;
        case GatewayOpcodes.Identify:
          if (session !== undefined) socket.close(GatewayCloseCodes.AlreadyAuthenticated);
          else session = this.identify(connection, data);
          break;
        case GatewayOpcodes.Resume:
          session = this.resume(connection, data) ?? session;
          break;
        case GatewayOpcodes.PresenceUpdate:
        case GatewayOpcodes.VoiceStateUpdate:
          break;
        case GatewayOpcodes.RequestGuildMembers:
          this.sendMembers(session, data);
          break;
        case undefined:
          socket.close(GatewayCloseCodes.UnknownOpcode, 'Unknown opcode.');
      }
    });
    // A socket error is always followed by its close, which is where the session learns of it.
    socket.on('error', () => socket.terminate());
    socket.on('close', (code: number) => {
      clearTimeout(silence);
      if (session?.connection !== connection) return;
      this.detach(session);
      // The codes 1000 and 1001 of a client end its session. The other ones leave it open to resume.
      if (code === 1000 || code === 1001) this.sessions.delete(session.id);
    });
  }

  private identify(connection: GatewayConnection, data: JsonObject): GatewaySession | undefined {
    const world = this.attached;
    const { application, state } = world;
    const intents = Number(data['intents'] ?? 0);
    if (String(data['token']).replace(/^Bot /, '') !== application.token) {
      connection.socket.close(GatewayCloseCodes.AuthenticationFailed, 'Authentication failed.');
      return undefined;
    }
    if (!Number.isSafeInteger(intents) || intents < 0 || intents >= 2 ** 32) {
      connection.socket.close(GatewayCloseCodes.InvalidIntents, 'Invalid intent(s).');
      return undefined;
    }
    if ((intents & privileged & ~this.options.privilegedIntents) !== 0) {
      connection.socket.close(GatewayCloseCodes.DisallowedIntents, 'Disallowed intent(s).');
      return undefined;
    }
    const [shard = 0, count = 1] = numbersOf(data['shard']) ?? [];
    if (!(Number.isInteger(shard) && Number.isInteger(count) && shard >= 0 && shard < count)) {
      connection.socket.close(GatewayCloseCodes.InvalidShard, 'Invalid shard.');
      return undefined;
    }
    const session = new GatewaySession(randomBytes(16).toString('hex'), intents, [shard, count]);
    session.connection = connection;
    this.sessions.set(session.id, session);
    const bot = state.users.get(application.botId);
    if (bot === undefined) throw new Error('the bot user does not exist');
    const guilds = [...state.guilds.values()].filter(
      (guild) => guild.botIsMember && session.serves(guild.id),
    );
    session.dispatch('READY', {
      v: 10,
      user: ownUserPayload(bot),
      guilds: guilds.map(({ id }) => ({ id, unavailable: true })),
      session_id: session.id,
      resume_gateway_url: this.url,
      shard: [shard, count],
      application: { id: application.id, flags: ApplicationFlags.GatewayMessageContentLimited },
    });
    if (session.has(GatewayIntentBits.Guilds)) {
      for (const guild of guilds) session.dispatch('GUILD_CREATE', guildCreatePayload(world, guild));
    }
    state.events.emit('clientReady');
    return session;
  }

  private resume(connection: GatewayConnection, data: JsonObject): GatewaySession | undefined {
    const session = this.sessions.get(String(data['session_id']));
    const sequence = Number(data['seq']);
    if (data['token'] !== this.attached.application.token) {
      connection.socket.close(GatewayCloseCodes.AuthenticationFailed, 'Authentication failed.');
      return undefined;
    }
    if (session === undefined || !session.canReplay(sequence)) {
      connection.send({ op: GatewayOpcodes.InvalidSession, d: false });
      return undefined;
    }
    // Whoever resumes takes the session over from a connection that is not known to be gone yet.
    session.connection?.socket.terminate();
    session.connection = connection;
    session.replay(sequence);
    this.attached.state.events.emit('clientReady');
    return session;
  }

  private detach(session: GatewaySession): void {
    session.connection = undefined;
    this.attached.clock.schedule(resumable, () => {
      if (session.connection === undefined) this.sessions.delete(session.id);
    });
  }

  private sendMembers(session: GatewaySession | undefined, data: JsonObject): void {
    const { state, clock } = this.attached;
    const guild = state.guilds.get(String(data['guild_id']));
    if (session === undefined || guild?.botIsMember !== true) return;
    const ids = [data['user_ids'] ?? []].flat().map(String);
    const members = [...guild.members.values()].filter(({ userId }) => ids.includes(userId));
    session.dispatch('GUILD_MEMBERS_CHUNK', {
      guild_id: guild.id,
      members: members.flatMap((member) => {
        const user = state.users.get(member.userId);
        return user === undefined
          ? []
          : [
              {
                user: userPayload(user),
                roles: [...member.roleIds],
                joined_at: clock.timestamp(member.joinedAt),
              },
            ];
      }),
      chunk_index: 0,
      chunk_count: 1,
      not_found: ids.filter((id) => !guild.members.has(id)),
      ...(data['nonce'] === undefined ? {} : { nonce: data['nonce'] }),
    });
  }
}

function parse(raw: Buffer): { op: unknown; d: unknown } | undefined {
  try {
    const message: unknown = JSON.parse(raw.toString());
    if (typeof message !== 'object' || message === null || !('op' in message)) return undefined;
    return { op: message.op, d: 'd' in message ? message.d : undefined };
  } catch {
    return undefined;
  }
}
