import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { afterSilence } from '../silence.ts';
import { Problem } from './problem.ts';

/** What is read of a request's body, how slowly it may come, and what becomes of a body that nobody wants. */

/** How slowly a body may come: so many bytes in a second on average, after a grace. As Apache's mod_reqtimeout has it. */
export interface Pace {
  readonly bytesPerSecond: number;
  readonly graceMilliseconds: number;
}

/** A phone at the edge of its network sends more than this. */
export const leastPace: Pace = { bytesPerSecond: 8 * 1024, graceMilliseconds: 10_000 };

/** How often it is looked whether a body comes too slowly, in milliseconds. */
const look = 250;

/** For a client to read why it is cut off, before it is: milliseconds. */
const lingering = 2_000;

/** A body on its way. */
export interface WatchedBody extends Disposable {
  /** aborts with a `Problem` when it is too long or comes too slowly */
  readonly signal: AbortSignal;
}

/**
 * Watches a body while something else reads it. Has to be called in the turn in which that begins: what came before is not counted.
 *
 * @param limit in bytes
 * @throws Problem when its header says already that it is too long
 */
export function watchBody(
  { raw }: Pick<FastifyRequest, 'raw'>,
  {
    limit,
    pace,
    now = Date.now,
  }: { readonly limit: number; readonly pace: Pace; readonly now?: () => number },
): WatchedBody {
  if (Number(raw.headers['content-length'] ?? 0) > limit) throw new Problem(413, 'body_too_large');
  const stopping = new AbortController();
  const start = now();
  let received = 0;
  const count = (chunk: Buffer): void => {
    received += chunk.length;
    if (received > limit) stopping.abort(new Problem(413, 'body_too_large'));
  };
  raw.on('data', count);
  const isTooSlow = () => {
    const allowed = pace.graceMilliseconds + (received / pace.bytesPerSecond) * 1000;
    return !raw.complete && now() - start > allowed;
  };
  let judging: NodeJS.Immediate | undefined;
  const judge = () => {
    judging = undefined;
    if (isTooSlow()) stopping.abort(new Problem(408, 'too_slow'));
  };
  const timer = setInterval(() => {
    // Timers come before what is read: of a process that was busy for long, the body may lie in its socket.
    if (isTooSlow()) judging ??= setImmediate(judge);
  }, look);
  return {
    signal: stopping.signal,
    [Symbol.dispose]() {
      clearInterval(timer);
      clearImmediate(judging);
      raw.off('data', count);
    },
  };
}

/**
 * Makes a server that reads nothing which it does not want: a client that asks first (`Expect: 100-continue`) is told to go on only
 * once the body is to be read, and of one that does not ask nothing more is read after the answer; its connection ends.
 */
export function readNothingUnwanted(app: FastifyInstance, pace: Pace): void {
  app.server.on('checkContinue', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    app.routing(incoming, outgoing);
  });
  app.addHook('preParsing', async (request, reply, payload) => {
    refuseOtherBodies(request);
    // A form is read by its route, once it is known who may send one.
    if (request.raw.complete || isForm(request)) return payload;
    goOn(request.raw, reply.raw);
    // All others are small: whoever needs longer than the grace for one means no good.
    const timed = new PassThrough();
    const ended = afterSilence(pace.graceMilliseconds, () => timed.destroy(new Problem(408, 'too_slow')));
    timed.once('close', ended);
    request.raw.once('close', () => timed.destroy());
    return payload.pipe(timed);
  });
  app.addHook('onSend', async ({ raw }, reply) => {
    if (raw.complete) return;
    reply.header('connection', 'close');
    leaveUnread(raw, reply.raw);
  });
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** what its body may be; whatever else comes is not read */
    body?: 'form' | 'json' | 'json or form';
  }
}

/** By what its head says, before anything of it is read. @throws Problem */
function refuseOtherBodies(request: FastifyRequest): void {
  const { body } = request.routeOptions.config;
  const { 'content-length': length = '0', 'transfer-encoding': coding } = request.headers;
  if (body === undefined || (Number(length) === 0 && coding === undefined)) return;
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (!/^identity$/i.test(encoding)) throw new Problem(415, 'encoded_body');
  if (body !== 'json or form' && isForm(request) !== (body === 'form')) {
    throw new Problem(415, 'unsupported_content_type');
  }
}

/** What HTTP does not allow in the head of a request, and Node answers without a word where nobody else does. */
export function refuseOddHeads(app: FastifyInstance): void {
  app.server.on('checkExpectation', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    app.routing(incoming, outgoing);
  });
  app.addHook('onRequest', async ({ raw }) => {
    const { host, expect } = raw.headers;
    // Node keeps the first of several, and whatever stands before it may have kept another: RFC 9112, 3.2.
    const hosts = raw.rawHeaders.filter((name, index) => index % 2 === 0 && /^host$/i.test(name));
    if ((host === undefined && raw.httpVersion === '1.1') || hosts.length > 1) {
      throw new Problem(400, 'malformed_request', { headers: { connection: 'close' } });
    }
    if (expect !== undefined && !isAsking(raw)) throw new Problem(417, 'expectation_failed');
  });
}

/** Tells a client that waits for it that its body is wanted. */
export function goOn(incoming: IncomingMessage, outgoing: ServerResponse): void {
  if (isAsking(incoming)) outgoing.writeContinue();
}

function isAsking({ headers }: IncomingMessage): boolean {
  return /^100-continue$/i.test(headers.expect ?? '');
}

/**
 * After the answer nothing is read any more. Node would read on and throw away, for as long as somebody sends; and a connection that ends
 * while the client still sends takes the answer with it before it is read. So its other half stays open for a moment.
 */
function leaveUnread(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { socket } = incoming;
  incoming.unpipe();
  incoming.pause();
  outgoing.once('finish', () => socket.pause());
  endSlowly(socket);
}

function endSlowly(socket: Socket): void {
  socket.destroySoon = () => {
    socket.end();
    const timer = setTimeout(() => socket.destroy(), lingering);
    socket.once('close', () => clearTimeout(timer));
  };
}

function isForm({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  return /^multipart\//i.test(headers['content-type'] ?? '');
}
