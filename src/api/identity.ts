import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from './problem.ts';
import type { Scope, StoredToken, TokenFile } from './tokens.ts';

/** Who asks. */
export interface Identity {
  readonly name: string;
  readonly userId: string;
  has(scope: Scope): boolean;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** null: without a token, or with one that does not work */
    identity: Identity | null;
  }
  interface FastifyContextConfig {
    /** the token needs this one; without it, the route needs no token */
    scope?: Scope;
  }
}

/** Finds out who asks, first of all; whether they may, is decided per route, after the rate limit has counted the request. */
export function identify(app: FastifyInstance, tokens: TokenFile): void {
  app.decorateRequest('identity', null);
  app.addHook('onRequest', async (request) => {
    const given = bearerOf(request);
    const token = given === null ? null : await tokens.find(given);
    request.identity = token === null ? null : identityOf(token);
  });
  app.addHook('preParsing', async (request) => {
    const { scope } = request.routeOptions.config;
    if (scope !== undefined && !identityFor(request).has(scope)) {
      throw new Problem(403, 'forbidden', { values: { scope } });
    }
  });
}

/** @throws Problem `unauthorised` */
export function identityFor(request: FastifyRequest): Identity {
  if (request.identity !== null) return request.identity;
  throw new Problem(401, 'unauthorised', { headers: { 'www-authenticate': 'Bearer realm="humo"' } });
}

export function identityOf({ name, userId, scopes }: StoredToken): Identity {
  return { name, userId, has: (scope) => scopes.includes(scope) || scopes.includes('admin') };
}

function bearerOf(request: FastifyRequest): string | null {
  return /^bearer +([\w-]{1,200})$/i.exec(request.headers.authorization ?? '')?.[1] ?? null;
}
