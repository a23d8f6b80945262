import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Server } from 'node:net';

/** The port on which a server listens. @throws Error while it does not */
export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

/** A port on which nothing listened a moment ago, for programs that have to be told one. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const port = portOf(probe);
  probe.close();
  await once(probe, 'close');
  return port;
}
