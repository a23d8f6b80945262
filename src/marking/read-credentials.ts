import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { credentialsOf, credentialsUnread, normalSerial } from './credentials.ts';
import type { Credentials } from './credentials.ts';

/** PEM texts of certificates. */
export interface Trust {
  /** chains of this deployment's own, each with the signer's certificate first */
  readonly own: readonly string[];
  /** authorities of a list of trusted ones; null: there is no list here */
  readonly anchors: string | null;
}

const answerSchema = z.union([
  z.object({ store: z.unknown(), detailed: z.unknown() }),
  z.object({ error: z.string() }),
]);

/**
 * Reads and checks the Content Credentials of a video, in a thread of its own. Nothing is fetched.
 *
 * @param format as a MIME type; of what the file is by its content
 * @returns null when there are none, or the file is none that could have any
 * @throws Error when the thread fails, or the signal's reason
 */
export async function readCredentials(
  file: { readonly path: string; readonly format: string },
  trust: Trust,
  signal?: AbortSignal,
): Promise<Credentials | null> {
  const chains = trust.own.map(certificatesOf).filter((chain) => chain.length > 0);
  const anchors = new Set(chains.flatMap((chain) => chain.at(-1)?.toString() ?? []));
  const trusted = [...anchors, trust.anchors ?? ''].join('\n').trim();
  const settings = {
    verify: { ocsp_fetch: false, remote_manifest_fetch: false },
    ...(trusted === '' ? {} : { trust: { trust_anchors: `${trusted}\n` } }),
  };
  const workerData = { ...file, settings: JSON.stringify(settings) };
  const thread = new Worker(new URL('credentials-thread.ts', import.meta.url), { workerData });
  try {
    const [answer]: unknown[] = await once(thread, 'message', signal === undefined ? {} : { signal });
    const report = answerSchema.parse(answer);
    if ('error' in report) return credentialsUnread(report.error);
    const serialNumbers = new Set(chains.flatMap(([leaf]) => normalSerial(leaf?.serialNumber ?? '')));
    return credentialsOf(report.store, report.detailed, { serialNumbers });
  } finally {
    await thread.terminate();
  }
}

/** @returns an empty list for what cannot be read: one bad entry does not make the others unknown */
function certificatesOf(chain: string): X509Certificate[] {
  const blocks = chain.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return [];
  }
}
