import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ulid } from 'ulid';
import { Failure } from '../failure.ts';
import { reachable } from '../queue/reachable.ts';
import type { Attempt, Idempotency } from '../queue/idempotency.ts';
import { identityFor } from './identity.ts';
import { Problem } from './problem.ts';

/** What an operation needs that is carried out once, however often it is asked for. */
interface Once<Input, View> {
  /** Reads what was sent; `digest` is the same for the same, however it was written. */
  readonly receive: () => Promise<{ readonly input: Input; readonly digest: string }>;
  /** What was answered, or would have been, where the generation was accepted and its answer was lost; null: it was not accepted. */
  readonly recover: (id: string) => Promise<View | null>;
  /** @param id of the generation to be */
  readonly work: (id: string, receive: () => Promise<Input>) => Promise<View>;
}

/**
 * Carries an operation out once for each `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07): whoever asks again with the same
 * key gets the same answer, for a day. Only what was accepted is remembered: what was refused may be put right and sent with the same
 * key. Without a key each request is one of its own.
 *
 * @throws Problem 409 while the first is under way, 422 when it was another request, 410 when what came of it was deleted, 400 for a key that is none
 */
export async function onceOnly<Input, View extends object>(
  request: FastifyRequest,
  reply: FastifyReply,
  memory: Idempotency,
  { receive, recover, work }: Once<Input, View>,
): Promise<View> {
  const key = keyOf(request);
  if (key === null) return work(ulid(), async () => (await receive()).input);
  const { userId, name: token } = identityFor(request);
  const attempt = await reachable(memory.begin({ userId, token }, key));
  if (attempt === null) throw new Problem(409, 'key_in_use', { headers: { 'retry-after': '5' } });
  try {
    return await attempted(request, reply, attempt, { receive, recover, work });
  } finally {
    await attempt.end();
  }
}

async function attempted<Input, View extends object>(
  request: FastifyRequest,
  reply: FastifyReply,
  attempt: Attempt,
  { receive, recover, work }: Once<Input, View>,
): Promise<View> {
  const read = async (): Promise<{ input: Input; fingerprint: string }> => {
    const { input, digest } = await receive();
    const fingerprint = createHash('sha256')
      .update(`${request.method} ${pathOf(request)}\n${digest}`)
      .digest('hex');
    return { input, fingerprint };
  };
  let input = async (): Promise<Input> => {
    const sent = await read();
    await reachable(attempt.bind(sent.fingerprint));
    return sent.input;
  };
  if (attempt.fingerprint !== null) {
    const sent = await read();
    if (sent.fingerprint !== attempt.fingerprint) throw new Problem(422, 'key_of_another');
    const earlier: View | null =
      attempt.answer === null ? await recover(attempt.id) : JSON.parse(attempt.answer);
    if (earlier !== null) {
      if (attempt.answer === null) await reachable(attempt.finish(JSON.stringify(earlier)));
      reply.header('idempotent-replayed', 'true');
      return earlier;
    }
    // To make it again is the last thing that whoever deleted it wants, and an answer from before would tell of what is not there.
    if (attempt.answered) throw new Problem(410, 'key_of_deleted');
    input = async () => sent.input;
  }
  try {
    const view = await work(attempt.id, input);
    // It is accepted, whether or not this can be noted; whoever asks again finds it by its id.
    await attempt.finish(JSON.stringify(view)).catch(() => undefined);
    return view;
  } catch (error) {
    const isUncertain = error instanceof Failure && error.identifier === 'queue_uncertain';
    if (!isUncertain) await attempt.forget().catch(() => undefined);
    throw error;
  }
}

/** Whatever is asked for once says all of it in its body: the one query that there is can only say its default. */
function pathOf({ url }: FastifyRequest): string {
  return url.split('?', 1)[0] ?? url;
}

/** A string as structured fields have it, in quotation marks, or bare, as many clients send it. @throws Problem */
function keyOf({ headers }: FastifyRequest): string | null {
  const given = headers['idempotency-key'];
  if (given === undefined) return null;
  const text = typeof given === 'string' ? given.trim() : '';
  const [, quoted, bare] =
    /^(?:"([\x20\x21\x23-\x5b\x5d-\x7e]+)"|([\x21\x23-\x5b\x5d-\x7e]+))$/.exec(text) ?? [];
  const key = quoted ?? bare ?? '';
  if (key === '' || key.length > 255) throw new Problem(400, 'invalid_key');
  return key;
}
