/** One REST request of the bot, in the form that a recording holds as one JSON line. */
export interface RecordedRequest {
  readonly at: string;
  readonly method: string;
  /** path below `/api/v10` */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** the JSON body, or the `payload_json` of a multipart body */
  readonly body: unknown;
  /** the files of a multipart body */
  readonly parts: readonly {
    readonly name: string;
    readonly filename: string;
    readonly contentType: string;
    readonly size: number;
  }[];
  /** 0 when the connection was cut instead of an answer */
  readonly status: number;
  /** Discord's error code, when the answer was a refusal */
  readonly code: number | undefined;
}

/** Keeps the latest requests, and tells whoever listens of each. */
export class Recorder {
  readonly requests: RecordedRequest[] = [];
  private readonly kept: number;
  private readonly listeners = new Set<(request: RecordedRequest) => void>();

  /** @param kept how many requests are remembered */
  constructor(kept: number) {
    this.kept = kept;
  }

  record(request: RecordedRequest): void {
    this.requests.push(request);
    // Dropped in large steps, since removing from the front of an array moves all the rest.
    if (this.requests.length > this.kept * 2) this.requests.splice(0, this.requests.length - this.kept);
    for (const listener of this.listeners) listener(request);
  }

  /** @returns a function that ends the listening */
  listen(listener: (request: RecordedRequest) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
