import { createHash } from 'node:crypto';
import type { Feed } from './feed.ts';
import type { GenerationView } from './schemas.ts';

/** Proxies and browsers give up on a connection that says nothing for a minute or so. */
const heartbeat = 15_000;

/** No event tells of a position: it changes when others come and go. */
const positionLook = 3_000;

/** How long a client waits before it connects again, in milliseconds; EventSource goes by it. */
const retry = 2_000;

const finalStatuses: ReadonlySet<string> = new Set(['delivered', 'failed', 'cancelled']);

export interface Watched {
  readonly id: string;
  /** the header Last-Event-ID */
  readonly lastEventId: string | undefined;
  readonly feed: Feed;
  /** reads the generation as it is now; null when it is gone */
  readonly look: () => Promise<GenerationView | null>;
  readonly signal: AbortSignal;
  readonly now?: () => number;
}

/**
 * Server-sent events, https://html.spec.whatwg.org/multipage/server-sent-events.html: `generation` with the whole view for
 * each change, and comments as a heartbeat. Each event says all there is to know, so whoever missed some needs only the newest;
 * an event's id is a digest of what it says, and one that the client has seen already is not sent again. Ends with the final state.
 */
export async function* eventStream({
  id,
  lastEventId,
  feed,
  look,
  signal,
  now = Date.now,
}: Watched): AsyncGenerator<string> {
  yield `retry: ${retry}\n\n`;
  let last = lastEventId;
  let saidAt = now();
  while (!signal.aborted) {
    const over = new AbortController();
    // Listening begins before the look, so that nothing falls in between.
    const changed = feed.change(id, positionLook, AbortSignal.any([signal, over.signal]));
    let view: GenerationView | null;
    try {
      view = await look();
    } catch (error) {
      over.abort();
      throw error;
    }
    const digest = view === null ? last : digestOf(view);
    if (view !== null && digest !== last) {
      yield `id: ${digest}\nevent: generation\ndata: ${JSON.stringify(view)}\n\n`;
      last = digest;
      saidAt = now();
    } else if (now() - saidAt >= heartbeat) {
      yield ':\n\n';
      saidAt = now();
    }
    if (view === null || isFinal(view)) {
      over.abort();
      return;
    }
    await changed;
  }
}

/** Whether a client that has this event needs no further one. */
export function hasSeenTheEnd(view: GenerationView, lastEventId: string | undefined): boolean {
  return isFinal(view) && digestOf(view) === lastEventId;
}

function isFinal({ status }: GenerationView): boolean {
  return finalStatuses.has(status);
}

/** Of what a person would call news: expected times move by themselves. */
function digestOf({ status, position, progress, result, failure, maintenance }: GenerationView): string {
  const place =
    position === null ? null : [position.position, position.waiting, position.workers, position.held];
  return createHash('sha256')
    .update(JSON.stringify([status, place, progress, result !== null, failure?.code, maintenance]))
    .digest('base64url')
    .slice(0, 16);
}
