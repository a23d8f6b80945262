import { constants, createDeflate } from 'node:zlib';
import type { Deflate } from 'node:zlib';
import type { WebSocket } from 'ws';
import type { JsonObject } from './model.ts';

/** One websocket, and the compression its client asked for. */
export class GatewayConnection {
  readonly socket: WebSocket;
  private readonly deflate: Deflate | undefined;
  private compressed: Buffer[] = [];

  constructor(socket: WebSocket, compress: boolean) {
    this.socket = socket;
    if (!compress) return;
    // zlib-stream: one deflate context per connection, flushed after each payload.
    this.deflate = createDeflate();
    this.deflate.on('data', (chunk: Buffer) => this.compressed.push(chunk));
  }

  send(payload: JsonObject): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    const text = JSON.stringify(payload);
    if (this.deflate === undefined) {
      this.socket.send(text);
      return;
    }
    this.deflate.write(text);
    this.deflate.flush(constants.Z_SYNC_FLUSH, () => {
      const frame = Buffer.concat(this.compressed);
      this.compressed = [];
      if (frame.length > 0 && this.socket.readyState === this.socket.OPEN) this.socket.send(frame);
    });
  }
}

interface Dispatch extends JsonObject {
  readonly s: number;
}

/** One logged-in client. It outlives its connection, so that the client can resume and receive what it missed. */
export class GatewaySession {
  readonly id: string;
  readonly intents: number;
  /** shard number and count */
  readonly shard: readonly [number, number];
  connection: GatewayConnection | undefined;
  private sequence = 0;
  private readonly sent: Dispatch[] = [];
  private readonly replayable: number;

  /** @param replayable how many dispatches are kept for a resume */
  constructor(id: string, intents: number, shard: readonly [number, number], replayable = 2_000) {
    this.id = id;
    this.intents = intents;
    this.shard = shard;
    this.replayable = replayable;
  }

  dispatch(event: string, data: unknown): void {
    this.sequence += 1;
    const payload: Dispatch = { op: 0, t: event, s: this.sequence, d: data };
    this.sent.push(payload);
    if (this.sent.length > this.replayable) this.sent.shift();
    this.connection?.send(payload);
  }

  /** Whether everything after a sequence number can still be sent again. */
  canReplay(after: number): boolean {
    const oldest = this.sent[0]?.s ?? this.sequence + 1;
    return after <= this.sequence && after >= oldest - 1;
  }

  replay(after: number): void {
    for (const payload of this.sent) if (payload.s > after) this.connection?.send(payload);
    this.dispatch('RESUMED', {});
  }

  has(intent: number): boolean {
    return (this.intents & intent) !== 0;
  }

  /** Whether events of a guild go to this shard; those of direct messages go to shard 0. */
  serves(guildId: string | undefined): boolean {
    const [shard, count] = this.shard;
    return guildId === undefined ? shard === 0 : Number((BigInt(guildId) >> 22n) % BigInt(count)) === shard;
  }
}
