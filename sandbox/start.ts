import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayIntentBits } from 'discord-api-types/v10';
import { listeningHost } from './address.ts';
import { Cdn } from './cdn.ts';
import { sharedCertificate } from './certificate.ts';
import { Clock } from './clock.ts';
import { Faults } from './faults.ts';
import { AttachmentFiles } from './files.ts';
import { Gateway } from './gateway.ts';
import { RateLimiter, limits } from './limits.ts';
import type { UserRecord } from './model.ts';
import { OpenApi } from './openapi.ts';
import { Recorder } from './recorder.ts';
import { RestServer } from './rest/server.ts';
import { Sandbox } from './scripting/sandbox.ts';
import { Snowflakes } from './snowflake.ts';
import { State } from './state.ts';
import { Violations } from './violations.ts';
import type { Application, World } from './world.ts';

export type PrivilegedIntent = 'GuildMembers' | 'GuildPresences' | 'MessageContent';

export interface SandboxOptions {
  /** where it listens, and the host that clients are told; the variable SANDBOX_HOST unless given; neither: 127.0.0.1 */
  readonly host?: string;
  /** path of Discord's OpenAPI document; the variable SANDBOX_OPENAPI unless given; none: requests go unchecked by it */
  readonly openapi?: string;
  /** also check the sandbox's own answers against the document */
  readonly checkAnswers?: boolean;
  /** milliseconds since 1970; the machine's time unless given */
  readonly clock?: () => number;
  /** bytes per file without boosts; 10 MiB */
  readonly uploadLimit?: number;
  /** bytes of attachments kept on disk before the oldest are forgotten; 512 MiB */
  readonly attachmentBytes?: number;
  /** messages kept per channel; 2,000 */
  readonly messagesKept?: number;
  /** requests remembered in `requests`; 5,000 */
  readonly requestsKept?: number;
  /** false: nobody is told to slow down */
  readonly rateLimits?: boolean;
  /** milliseconds until an interaction without an answer has failed; 3,000, as Discord has it */
  readonly firstResponse?: number;
  /** milliseconds; 41,250 */
  readonly heartbeatInterval?: number;
  /** privileged intents that the application was granted; none */
  readonly privilegedIntents?: readonly PrivilegedIntent[];
  /** connections that `/gateway/bot` asks for; 1 */
  readonly shards?: number;
  readonly applicationName?: string;
  /** a token to accept instead of a random one */
  readonly token?: string;
  /** bot users keep their id over restarts of the sandbox when this is given: 17 to 20 digits */
  readonly applicationId?: string;
}

/**
 * Starts a local Discord: gateway, REST and CDN on free ports of one host.
 * @throws Error when the OpenAPI document cannot be read, or the host is none to listen on
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const host = listeningHost(options.host ?? process.env['SANDBOX_HOST']);
  const clock = new Clock(options.clock);
  const ids = new Snowflakes(clock);
  const state = new State(options.messagesKept ?? 2_000);
  const violations = new Violations();
  const openApiPath = options.openapi ?? process.env['SANDBOX_OPENAPI'];
  const openApi =
    openApiPath === undefined || openApiPath === '' ? undefined : await OpenApi.load(openApiPath);
  const folder = await mkdtemp(join(tmpdir(), 'sandbox-'));
  // A scenario that ends without closing leaves nothing behind either.
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeFolder);
  const files = new AttachmentFiles(folder, clock, ids, options.attachmentBytes ?? 512 * 1024 ** 2);
  const certificate = await sharedCertificate(host);
  const authority = { pem: certificate.certificate, path: join(folder, 'cdn-authority.pem') };
  await writeFile(authority.path, authority.pem);
  const cdnFaults = new Faults();
  const gateway = await Gateway.start({
    host,
    heartbeatInterval: options.heartbeatInterval ?? 41_250,
    privilegedIntents: (options.privilegedIntents ?? []).reduce(
      (sum, name) => sum | GatewayIntentBits[name],
      0,
    ),
  });
  const cdn = await Cdn.start(host, files, certificate, cdnFaults);
  const rest = await RestServer.start(host);
  const application = makeApplication(options, ids, state);
  const world: World = {
    application,
    clock,
    ids,
    state,
    files,
    gateway,
    rateLimiter: new RateLimiter(clock, options.rateLimits ?? true),
    faults: new Faults(),
    cdnFaults,
    recorder: new Recorder(options.requestsKept ?? 5_000),
    violations,
    openApi,
    checkAnswers: options.checkAnswers ?? false,
    shards: options.shards ?? 1,
    firstResponse: options.firstResponse ?? limits.firstResponse,
    uploadLimit: options.uploadLimit ?? 10 * 1024 * 1024,
    urls: { api: rest.url, gateway: gateway.url, cdn: `https://${cdn.host}` },
  };
  gateway.attach(world);
  rest.attach(world);
  return new Sandbox(world, authority, async () => {
    world.faults.clear();
    cdnFaults.clear();
    await Promise.all([gateway.close(), rest.close(), cdn.close()]);
    clock.stop();
    process.off('exit', removeFolder);
    await rm(folder, { recursive: true, force: true });
  });
}

function makeApplication(options: SandboxOptions, ids: Snowflakes, state: State): Application {
  const id = options.applicationId ?? ids.next();
  const name = options.applicationName ?? 'HuMo';
  const ownerId = ids.next();
  const common = {
    globalName: null,
    locale: 'en-US',
    acceptsDirectMessages: true,
    hasInstalledApplication: false,
    uploadLimit: 0,
  };
  const users: UserRecord[] = [
    { ...common, id, username: name, bot: true },
    { ...common, id: ownerId, username: 'owner', bot: false },
  ];
  for (const user of users) state.users.set(user.id, user);
  const random = randomBytes(29).toString('base64url');
  const token =
    options.token ?? `${Buffer.from(id).toString('base64url')}.${random.slice(0, 6)}.${random.slice(6)}`;
  return { id, name, token, ownerId, botId: id };
}

export { file } from './scripting/file.ts';
export { ScenarioError } from './scripting/waiting.ts';
export type { Channel } from './scripting/channel.ts';
export type { Guild, Role } from './scripting/guild.ts';
export type { Interaction, Response } from './scripting/interaction.ts';
export type { Attachment, Message } from './scripting/message.ts';
export type { MessageEvent, Sandbox } from './scripting/sandbox.ts';
export type { User } from './scripting/user.ts';
export type { RecordedRequest } from './recorder.ts';
export type { Fault, Pause } from './faults.ts';
