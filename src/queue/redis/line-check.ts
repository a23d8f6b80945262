import { connect as connectPlain } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { parseRedisUrl } from '../../config/redis-url.ts';
import type { RedisServer } from '../../config/redis-url.ts';

/** For each look: somebody waits at a terminal. Milliseconds. */
const patience = 2_000;

/** How a port answers: as Redis without TLS; with TLS, and why its certificate is not trusted; null: otherwise, or not at all. */
type Speech = { readonly kind: 'plain' } | { readonly kind: 'tls'; readonly distrust: string | null } | null;

/**
 * What TLS has to do with a connection that could not be made, in one sentence that says what to do; null: nothing. Asked afterwards, because neither side
 * says it: a server without TLS waits for the rest of what it takes for a command, one with it hangs up, and of Sentinels only that they are closed is told.
 */
export async function lineProblem({ url, sentinels }: RedisServer): Promise<string | null> {
  const { host, port, tls } = parseRedisUrl(url);
  const own = host === undefined || port === undefined ? [] : [{ host, port }];
  for (const place of sentinels?.addresses ?? own) {
    const name = `${sentinels === undefined ? 'Redis' : 'the Sentinel'} at ${place.host}:${place.port}`;
    const speech = await speechOf(place, tls?.servername);
    if (speech?.kind === 'plain' && tls !== undefined)
      return `REDIS_URL asks for TLS, and ${name} has none: begin it with redis:// instead of rediss://, or name the port that speaks TLS`;
    if (speech?.kind === 'tls' && tls === undefined)
      return `REDIS_URL asks for no TLS, and ${name} wants it: begin it with rediss:// instead of redis://, or name a port without TLS`;
    if (speech?.kind === 'tls' && speech.distrust !== null) return distrusted(name, speech.distrust);
  }
  return null;
}

/** @param reason in Node's words */
export function distrusted(who: string, reason: string): string {
  return `The certificate of ${who} is not trusted (${reason.trim()}): correct the host in REDIS_URL, or name the file of your own authority in NODE_EXTRA_CA_CERTS`;
}

async function speechOf(place: { host: string; port: number }, servername?: string): Promise<Speech> {
  const plain = connectPlain(place);
  const first = await firstOf(plain, 'data', () => plain.write('PING\r\n'));
  if (first instanceof Buffer && /^[+-]/.test(first.toString('latin1'))) return { kind: 'plain' };
  // Only what the handshake says is looked at; nothing is sent.
  const secure = connectTls({
    ...place,
    ...(servername === undefined ? {} : { servername }),
    rejectUnauthorized: false,
  });
  if ((await firstOf(secure, 'secureConnect')) === null) return null;
  // A code, whatever its type says.
  return { kind: 'tls', distrust: secure.authorized ? null : String(secure.authorizationError) };
}

/** What came with the first such event, or true where nothing does; null where it failed or took too long. It ends the socket. */
function firstOf(socket: Socket, event: string, connected: () => void = () => undefined): Promise<unknown> {
  return new Promise((resolve) => {
    const settle = (value: unknown) => {
      resolve(value);
      socket.destroy();
    };
    socket.setTimeout(patience, () => settle(null));
    socket.on('error', () => settle(null));
    socket.on('close', () => settle(null));
    socket.once('connect', connected);
    socket.once(event, (value: unknown) => settle(value ?? true));
  });
}
