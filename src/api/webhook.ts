import { createHmac } from 'node:crypto';
import { request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import ipaddr from 'ipaddr.js';
import packageFile from '../../package.json' with { type: 'json' };
import { isPublicAddress, publicLookup } from '../public-address.ts';
import { NoAnswer } from '../queue/delivery/webhook-deliveries.ts';
import type { WebhookOutcome } from '../queue/delivery/webhook-deliveries.ts';
import { silenceSignal } from '../silence.ts';
import type { StoredToken } from './tokens.ts';

/** Messages as https://www.standardwebhooks.com has them: three headers, of which one signs the others and the body. */

/** From the first byte to the answer: milliseconds. */
const timeout = 15_000;

/** The secret that a token's messages are signed with, as the libraries of Standard Webhooks take it. Whoever has the token may know it. */
export function webhookSecretOf({ hash }: Pick<StoredToken, 'hash'>): string {
  return `whsec_${createHmac('sha256', hash).update('humo webhook 1').digest('base64')}`;
}

/** @param seconds since 1970 */
function signatureOf(secret: string, id: string, seconds: number, body: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`;
}

/** Names that lead to nobody outside, or to somebody else in every network: RFC 6761, 6762 (3 and G), 7686, 8375, and ICANN's `internal`. */
const insideNames =
  /(?:^|\.)(?:localhost|localdomain|local|internal|intranet|private|corp|home|lan|home\.arpa|invalid|onion)$/;

/**
 * Where a message may go: over https to whoever can be reached from everywhere, and to hosts of one's own that were named.
 *
 * @param ownHosts `host` or `host:port`, lower case
 * @returns null where it may not
 */
export function webhookTarget(text: string, ownHosts: readonly string[]): URL | null {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '') return null;
  if (isOwn(url, ownHosts)) return url.protocol === 'https:' || url.protocol === 'http:' ? url : null;
  if (url.protocol !== 'https:') return null;
  const bare = url.hostname.replace(/^\[|\]$|\.$/g, '');
  if (ipaddr.isValid(bare)) return isPublicAddress(bare) ? url : null;
  // A name without a dot is one of this network. Whatever else leads inside is seen when it is looked up.
  return bare.includes('.') && !insideNames.test(bare) ? url : null;
}

function isOwn(url: URL, ownHosts: readonly string[]): boolean {
  return ownHosts.includes(url.hostname) || ownHosts.includes(url.host);
}

/**
 * Sends one message. Redirects are not followed, and what comes back is not read.
 *
 * @returns `gone` when whoever is there wants no more (410)
 * @param patience milliseconds
 * @throws NoAnswer within that time, or Error when it was not received
 */
export async function sendWebhook(
  url: URL,
  message: { readonly id: string; readonly body: string; readonly secret: string },
  ownHosts: readonly string[],
  now: () => number = Date.now,
  patience = timeout,
): Promise<WebhookOutcome> {
  const { id, body, secret } = message;
  const seconds = Math.floor(now() / 1000);
  const patient = silenceSignal(patience);
  const start = url.protocol === 'https:' ? requestSecure : requestPlain;
  const status = await new Promise<number>((resolve, reject) => {
    const outgoing = start(
      url,
      {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'user-agent': `HuMo/${packageFile.version}`,
          'webhook-id': id,
          'webhook-timestamp': String(seconds),
          'webhook-signature': signatureOf(secret, id, seconds, body),
        },
        signal: patient,
        // A fresh connection: a pooled one would skip the check of the address.
        agent: false,
        ...(isOwn(url, ownHosts) ? {} : { lookup: publicLookup }),
      },
      (response) => {
        resolve(response.statusCode ?? 0);
        response.destroy();
      },
    );
    outgoing.on('error', (error) => {
      reject(patient.aborted ? new NoAnswer(`no answer within ${patience / 1000} s`) : error);
    });
    outgoing.end(body);
  });
  if (status === 410) return 'gone';
  if (status >= 200 && status < 300) return 'received';
  throw new Error(`answered ${status}`);
}
