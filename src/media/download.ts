import { rm } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { dirname } from 'node:path';
import { createSecureContext, rootCertificates } from 'node:tls';
import type { SecureContext } from 'node:tls';
import ipaddr from 'ipaddr.js';
import { Failure } from '../failure.ts';
import { DiskFull, isDiskFull } from '../full-disk.ts';
import { publicLookup } from '../public-address.ts';
import { silenceSignal } from '../silence.ts';
import { writeChunks } from '../write-chunks.ts';

export interface DownloadRules {
  /** `host`, for the usual port, or `host:port`; lower case. One with a port may be a private address: it was named on purpose. */
  readonly allowedHosts: readonly string[];
  readonly maximumBytes: number;
  /** for the whole download */
  readonly timeoutMilliseconds: number;
  /** without a byte arriving */
  readonly idleMilliseconds?: number;
  /** PEM text of a further certificate authority */
  readonly certificateAuthority?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

const usualPort = '443';

/**
 * Downloads one attachment to `path`. Only https, only from the hosts on the list, never through a redirect, and never more
 * than `maximumBytes`, whatever the server announces.
 *
 * @returns bytes written
 * @throws Failure `download_refused` (address not allowed), `download_failed`, `file_gone` (404 or an expired link),
 *   `file_too_large` (context: megabytes) or `download_slow`, or DiskFull; the file is removed then
 */
export async function download(url: string, path: string, rules: DownloadRules): Promise<number> {
  const address = allowedAddress(url, rules.allowedHosts);
  const slow = silenceSignal(rules.timeoutMilliseconds);
  const signal = rules.signal === undefined ? slow : AbortSignal.any([slow, rules.signal]);
  let idle = false;
  try {
    const response = await open(address, rules, signal, () => {
      idle = true;
    });
    checkAnswer(response, rules);
    const bytes = await writeChunks(upTo(rules.maximumBytes, response), path);
    signal.throwIfAborted();
    if (!response.complete) throw new Failure('invalid_input', 'download_failed');
    return bytes;
  } catch (error) {
    await rm(path, { force: true });
    rules.signal?.throwIfAborted();
    if (error instanceof Failure) throw error;
    if (isDiskFull(error)) throw new DiskFull(dirname(path), error);
    const identifier = slow.aborted || idle ? 'download_slow' : 'download_failed';
    throw new Failure('invalid_input', identifier, {}, { cause: error });
  }
}

/** @throws Failure `file_too_large` */
async function* upTo(maximumBytes: number, response: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of response) {
    bytes += chunk.length;
    if (bytes > maximumBytes) throw tooLarge(maximumBytes);
    yield chunk;
  }
}

function allowedAddress(text: string, allowedHosts: readonly string[]): URL {
  const url = URL.parse(text);
  const refused = () => new Failure('invalid_input', 'download_refused');
  if (url === null || url.protocol !== 'https:' || url.username !== '' || url.password !== '')
    throw refused();
  const isListed =
    url.port === '' || url.port === usualPort
      ? allowedHosts.includes(url.hostname) || allowedHosts.includes(`${url.hostname}:${usualPort}`)
      : allowedHosts.includes(`${url.hostname}:${url.port}`);
  if (!isListed) throw refused();
  if (ipaddr.isValid(url.hostname.replace(/^\[|\]$/g, '')) && !allowedHosts.includes(url.host))
    throw refused();
  return url;
}

/**
 * One per authority. A TLS context of its own for every file would be a megabyte of certificates outside the heap, which the garbage
 * collector does not see and so is in no hurry to free.
 */
function secureContextFor(certificateAuthority: string | undefined): SecureContext {
  const key = certificateAuthority ?? '';
  let context = secureContexts.get(key);
  if (context === undefined) {
    context = createSecureContext(
      certificateAuthority === undefined ? {} : { ca: [...rootCertificates, certificateAuthority] },
    );
    secureContexts.set(key, context);
  }
  return context;
}

const secureContexts = new Map<string, SecureContext>();

function open(
  url: URL,
  rules: DownloadRules,
  signal: AbortSignal,
  onIdle: () => void,
): Promise<IncomingMessage> {
  const namedWithPort = rules.allowedHosts.includes(url.host) && url.port !== '';
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      {
        method: 'GET',
        headers: { accept: '*/*', 'accept-encoding': 'identity' },
        signal,
        // A fresh connection: a pooled one would skip the check of the address.
        agent: new Agent({ keepAlive: false, secureContext: secureContextFor(rules.certificateAuthority) }),
        ...(namedWithPort ? {} : { lookup: publicLookup }),
      },
      resolve,
    );
    // The body's stream would report a reset connection only, so the reason is told apart.
    outgoing.setTimeout(rules.idleMilliseconds ?? 10_000, () => {
      onIdle();
      outgoing.destroy(new Error('no data'));
    });
    // Every time: after the answer has begun, the body's stream reports the failure, and nobody else listens here.
    outgoing.on('error', reject);
    outgoing.end();
  });
}

function checkAnswer(response: IncomingMessage, rules: DownloadRules): void {
  const status = response.statusCode ?? 0;
  if (status !== 200) {
    response.destroy();
    // Discord answers 404 for links whose time is over.
    throw new Failure(
      'invalid_input',
      status === 404 || status === 403 || status === 410 ? 'file_gone' : 'download_failed',
    );
  }
  if (Number(response.headers['content-length'] ?? 0) > rules.maximumBytes) {
    response.destroy();
    throw tooLarge(rules.maximumBytes);
  }
}

function tooLarge(maximumBytes: number): Failure {
  return new Failure('too_large', 'file_too_large', { megabytes: Math.floor(maximumBytes / 1024 / 1024) });
}
