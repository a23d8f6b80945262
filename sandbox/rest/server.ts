import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { hostAndPort } from '../address.ts';
import { DiscordError, refuse } from '../errors.ts';
import type { InjectedFailure } from '../faults.ts';
import { rateLimited } from '../limits.ts';
import type { World } from '../world.ts';
import { applicationRoutes } from './applications.ts';
import { readBody } from './body.ts';
import type { RequestBody } from './body.ts';
import { channelRoutes } from './channels.ts';
import { commandRoutes } from './commands.ts';
import { guildRoutes } from './guilds.ts';
import { interactionRoutes } from './interactions.ts';
import { messageRoutes } from './messages.ts';
import { reactionRoutes } from './reactions.ts';
import { Router } from './router.ts';
import type { RestAnswer } from './router.ts';
import { webhookRoutes } from './webhooks.ts';

interface Outcome extends RestAnswer {
  readonly headers: Readonly<Record<string, string>>;
  readonly code?: number | undefined;
}

/** Thrown to cut a connection instead of answering. */
class ConnectionCut extends Error {
  override readonly name = 'ConnectionCut';
}

/** The REST API, version 10. https://discord.com/developers/docs/reference */
export class RestServer {
  private readonly server: Server;
  private readonly host: string;
  private readonly router = new Router([
    ...applicationRoutes,
    ...commandRoutes,
    ...channelRoutes,
    ...messageRoutes,
    ...reactionRoutes,
    ...guildRoutes,
    ...interactionRoutes,
    ...webhookRoutes,
  ]);
  private world: World | undefined;

  private constructor(server: Server, host: string) {
    this.server = server;
    this.host = host;
  }

  static async start(host: string): Promise<RestServer> {
    const server = createServer();
    // Longer than any client keeps a connection idle, so that none is closed under a request that is on its way.
    server.keepAliveTimeout = 120_000;
    const rest = new RestServer(server, host);
    server.on('request', (request, response) => void rest.answer(request, response));
    server.listen(0, host);
    await once(server, 'listening');
    return rest;
  }

  /** What discord.js takes as its `api` option: without the version. */
  get url(): string {
    return `http://${hostAndPort(this.server, this.host)}/api`;
  }

  attach(world: World): void {
    this.world = world;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const world = this.world;
    if (world === undefined) {
      response.writeHead(503).end();
      return;
    }
    const url = URL.parse(request.url ?? '/', 'http://127.0.0.1') ?? new URL('http://127.0.0.1/');
    const method = request.method ?? 'GET';
    const path = url.pathname.replace(/^\/api(\/v\d+)?/, '');
    let body: RequestBody = { json: undefined, files: [] };
    let outcome: Outcome | undefined;
    try {
      await this.strike(world, 'arrival', method, path);
      body = await readBody(request);
      await this.strike(world, 'before', method, path);
      outcome = await this.handle(world, request, method, url, path, body);
      await this.strike(world, 'after', method, path);
    } catch (error) {
      if (error instanceof DiscordError) {
        outcome = { status: error.status, body: error.body(), headers: error.headers, code: error.code };
      } else if (error instanceof ConnectionCut || request.destroyed || response.destroyed) {
        outcome = undefined;
      } else {
        const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
        world.violations.add(method, path, `the sandbox itself failed: ${message}`);
        outcome = { status: 500, body: { message: '500: Internal Server Error', code: 0 }, headers: {} };
      }
    }
    if (outcome !== undefined && world.checkAnswers) {
      const problems = world.openApi?.checkResponse(method, path, outcome.status, outcome.body) ?? [];
      for (const problem of problems) world.violations.add(method, path, `the sandbox's answer ${problem}`);
    }
    world.recorder.record({
      at: new Date(world.clock.now()).toISOString(),
      method,
      path,
      query: Object.fromEntries(url.searchParams),
      body: body.json,
      parts: body.files.map(({ field, filename, contentType, bytes }) => ({
        name: field,
        filename,
        contentType,
        size: bytes.length,
      })),
      status: outcome?.status ?? 0,
      code: outcome?.code,
    });
    if (outcome === undefined) {
      request.destroy();
      response.destroy();
      return;
    }
    if (outcome.body === undefined) {
      response.writeHead(outcome.status, outcome.headers).end();
      return;
    }
    const text = JSON.stringify(outcome.body);
    response.writeHead(outcome.status, { 'content-type': 'application/json', ...outcome.headers }).end(text);
    // What was not read of a body (a fault at its arrival) would block the connection's next request.
    if (!request.readableEnded) request.resume();
  }

  private async strike(
    world: World,
    moment: 'arrival' | 'before' | 'after',
    method: string,
    path: string,
  ): Promise<void> {
    const failure: InjectedFailure | undefined = await world.faults.strike(moment, method, path);
    if (failure === undefined) return;
    if (failure.drop) throw new ConnectionCut();
    if (failure.status === 429) {
      throw rateLimited(failure.retryAfter, failure.code, 'You are being rate limited.', 'user');
    }
    throw new DiscordError(failure.status, failure.code, failure.message);
  }

  private async handle(
    world: World,
    request: IncomingMessage,
    method: string,
    url: URL,
    path: string,
    body: RequestBody,
  ): Promise<Outcome> {
    if (!url.pathname.startsWith('/api/v10/')) {
      throw new DiscordError(400, 50041, 'Invalid API version');
    }
    const problems = world.openApi?.checkRequest(method, path, url.searchParams, body) ?? [];
    for (const problem of problems) world.violations.add(method, path, problem);
    const matched = this.router.find(method, path);
    if (matched === undefined || matched === 'wrongMethod') {
      world.violations.add(method, path, 'the sandbox does not know this request');
      throw matched === undefined ? refuse.notFound() : refuse.methodNotAllowed();
    }
    const { route, params } = matched;
    if (route.authenticated) {
      if (request.headers.authorization !== `Bot ${world.application.token}`) throw refuse.unauthorized();
      world.rateLimiter.takeGlobal();
    }
    const headers =
      route.rateLimit === undefined
        ? {}
        : world.rateLimiter.take(route.rateLimit.name, params[route.rateLimit.major ?? ''] ?? '');
    try {
      const answer = await route.handle({
        world,
        method,
        query: url.searchParams,
        body,
        params,
        param(name) {
          const value = params[name];
          if (value === undefined) throw new Error(`route ${route.path} has no ${name}`);
          return value;
        },
      });
      return { ...answer, headers };
    } catch (error) {
      if (!(error instanceof DiscordError)) throw error;
      return {
        status: error.status,
        body: error.body(),
        headers: { ...headers, ...error.headers },
        code: error.code,
      };
    }
  }
}
