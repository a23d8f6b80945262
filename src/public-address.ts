import { lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * Whether an address is one of the public internet: not of this machine, of a private network, of a cloud's metadata service, or one of
 * the forms of IPv6 that lead to such an IPv4 address.
 *
 * @param address as the resolver gives it
 */
export function isPublicAddress(address: string): boolean {
  const parsed = ipaddr.process(address);
  if (parsed.range() !== 'unicast') return false;
  // Global unicast is 2000::/3 (RFC 4291, 2.4): what else counts as unicast leads nowhere, or inside.
  return parsed.kind() === 'ipv4' || (parsed.toByteArray()[0] ?? 0) >> 5 === 1;
}

/**
 * For requests to names that others chose: the address is checked that is then connected to. A name that leads into this network would make
 * the caller a way in. Node does not ask for names that are addresses: those are to be checked with {@link isPublicAddress}.
 */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  systemLookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) {
      callback(error, '', 0);
      return;
    }
    const inside = addresses.find(({ address }) => !isPublicAddress(address));
    const first = addresses[0];
    if (inside !== undefined || first === undefined) {
      callback(new Error(`${hostname} leads to an address that is not public`), '', 0);
      return;
    }
    if (options.all === true) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
};
