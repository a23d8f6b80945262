import type { AddressInfo } from 'node:net';
import { isIP } from 'node:net';

/** Where the sandbox listens unless something else is said: nobody but this machine reaches it. */
export const loopback = '127.0.0.1';

/**
 * The host on which to listen, which is also the one that clients are told.
 *
 * @param given the option, or the variable SANDBOX_HOST; loopback unless given
 * @throws Error for an address that stands for all: it cannot be told to anybody, nor stand in a certificate
 */
export function listeningHost(given: string | undefined): string {
  const host = given === undefined || given === '' ? loopback : given;
  if (host === '0.0.0.0' || isIP(host) === 6)
    throw new Error(
      `SANDBOX_HOST must be an IPv4 address or a name of this machine by which others reach it, not ${host}`,
    );
  return host;
}

/** `host:port` of a server that listens. @throws Error when it does not */
export function hostAndPort(server: { address(): AddressInfo | string | null }, host: string): string {
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new Error('the server does not listen on a port');
  return `${host}:${address.port}`;
}
