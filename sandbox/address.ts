import type { AddressInfo } from 'node:net';

/** `127.0.0.1:port` of a server that listens. @throws Error when it does not */
export function loopbackHost(server: { address(): AddressInfo | string | null }): string {
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new Error('the server does not listen on a port');
  return `127.0.0.1:${address.port}`;
}
