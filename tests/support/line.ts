import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';

/** A line to a server on this machine, with an address of its own, that can be in trouble. */
export interface Line extends AsyncDisposable {
  readonly port: number;
  /** `redis://` and the address */
  readonly url: string;
  /** Ends all connections, and takes none until it is mended. */
  cut(): void;
  mend(): void;
  /** From now on nothing comes through what is connected, and nobody is told: as where a router forgot its connections. New ones work. */
  forget(): void;
  /** What is asked on what is connected goes on to the server, and no answer comes back; new connections work. */
  loseAnswers(): void;
  /** New connections go to another port of this machine; what is connected stays where it is. */
  leadTo(port: number): void;
}

export async function openLine(port: number): Promise<Line> {
  const sockets = new Set<Socket>();
  const answering = new Set<Socket>();
  let isCut = false;
  let leadsTo = port;
  const server = createServer((client) => {
    if (isCut) {
      client.destroy();
      return;
    }
    const upstream = connect(leadsTo, '127.0.0.1');
    client.pipe(upstream).pipe(client);
    answering.add(upstream);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
        sockets.delete(socket);
        answering.delete(socket);
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the line has no port');
  const cut = () => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: address.port,
    url: `redis://127.0.0.1:${address.port}`,
    cut,
    mend() {
      isCut = false;
    },
    forget() {
      for (const socket of sockets) socket.unpipe().pause();
    },
    loseAnswers() {
      for (const socket of answering) socket.unpipe().resume();
    },
    leadTo(other) {
      leadsTo = other;
    },
    async [Symbol.asyncDispose]() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
