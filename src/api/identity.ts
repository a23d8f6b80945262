import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from './problem.ts';
import { ownUserId } from './tokens.ts';
import type { Scope, StoredToken, TokenFile } from './tokens.ts';

/** Names one of the people whom a token with the scope `people` speaks for, such as the visitors of the page in the browser. */
export const personHeader = 'humo-person';

/** What such a name may be: as random as the one who makes it likes; nobody can guess one of at least 16 characters. */
const personPattern = /^[\w-]{16,64}$/;

/** Who asks. */
export interface Identity {
  /** of the token */
  readonly name: string;
  /** what requests are counted by: the token, or one of its people */
  readonly countedAs: string;
  readonly userId: string;
  /** what is stored of the token */
  readonly token: StoredToken;
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
    request.identity = token === null ? null : identityOf(token, personOf(request));
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

/**
 * @param person whom the token speaks for, null for itself
 * @throws Problem `forbidden` when the token may speak for nobody, or `bad_person` when the name is none
 */
export function identityOf(token: StoredToken, person: string | null = null): Identity {
  const { name, userId, scopes } = token;
  const has = (scope: Scope) => scopes.includes(scope) || scopes.includes('admin');
  if (person === null) return { name, countedAs: name, userId, token, has };
  if (!has('people')) throw new Problem(403, 'forbidden', { values: { scope: 'people' } });
  if (!personPattern.test(person)) throw new Problem(403, 'bad_person');
  // A person of a token is nobody else's, whatever other tokens call theirs, and never has the token's own powers over others.
  const own = ownUserId(`${userId}/${person}`);
  return { name, countedAs: own, userId: own, token, has: (scope) => scope !== 'admin' && has(scope) };
}

function personOf(request: FastifyRequest): string | null {
  const given = request.headers[personHeader];
  return typeof given === 'string' ? given : null;
}

function bearerOf(request: FastifyRequest): string | null {
  return /^bearer +([\w-]{1,200})$/i.exec(request.headers.authorization ?? '')?.[1] ?? null;
}
