/** What the doctor says of the key and the certificate with which a worker signs videos. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import type { WorkerConfig } from '../../src/config/environment.ts';
import { ownCommand } from '../../src/config/runtime-environment.ts';
import { day } from '../../src/units.ts';

export interface SigningFinding {
  readonly verdict: 'fine' | 'look' | 'broken';
  readonly found: string;
  readonly fix: string | null;
}

const warnBefore = 30 * day;
/** Shorter certificates need a time stamp, or videos soon read as invalid. */
const longEnough = 2 * 365 * day;
const stampTimeout = 5_000;

/**
 * @param config null: signing is off
 * @param now milliseconds since 1970
 */
export async function signingFindings(
  config: WorkerConfig['signing'],
  now: number,
): Promise<SigningFinding[]> {
  if (config === null) {
    return [look('videos are not signed', 'Where the EU AI Act applies, leave C2PA_SIGN=true.')];
  }
  const { certificateFile, keyFile, isOwn, timeStampAuthority } = config;
  const [chain, key] = await Promise.all([readText(certificateFile), readText(keyFile)]);
  if (isOwn && chain === null) {
    return [
      {
        verdict: 'fine',
        found: `no key yet; the worker makes one at its first start (${keyFile})`,
        fix: null,
      },
    ];
  }
  if (chain === null || key === null) {
    const missing = chain === null ? certificateFile : keyFile;
    const fix = isOwn ? 'Put it back from a backup.' : 'Check C2PA_CERTIFICATE_FILE and C2PA_KEY_FILE.';
    return [broken(`${missing} is not there or cannot be read: videos are not signed`, fix)];
  }
  let leaf: X509Certificate;
  try {
    leaf = new X509Certificate(chain);
    if (!leaf.checkPrivateKey(createPrivateKey(key))) {
      return [
        broken('the key does not belong to the first certificate', 'Put the signer’s certificate first.'),
      ];
    }
  } catch {
    return [
      broken(
        'the certificate or the key is no PEM, or has a password',
        'Give both as PEM, the key without a password.',
      ),
    ];
  }
  const findings: SigningFinding[] = [];
  const readers = (await stat(keyFile)).mode & 0o077;
  if (readers !== 0) {
    findings.push(broken(`others on this machine may read ${keyFile}`, `\`chmod 600 ${keyFile}\``));
  }
  const ends = Date.parse(leaf.validTo);
  const until = new Date(ends).toISOString().slice(0, 10);
  const renew = isOwn
    ? `Move ${certificateFile} away (keep it), then \`${ownCommand('provenance', 'init')}\`, and start the worker anew.`
    : 'Get a new one from whoever gave it, and put it into C2PA_CERTIFICATE_FILE.';
  if (ends <= now) findings.push(broken(`the certificate ended on ${until}: videos are not signed`, renew));
  else if (ends - now < warnBefore) findings.push(look(`the certificate ends on ${until}`, renew));
  else if (timeStampAuthority === null && ends - now < longEnough) {
    findings.push(
      look(
        `no time stamps: what is signed now reads as invalid from ${until} on`,
        'Set C2PA_TIMESTAMP_URL to a time stamp authority.',
      ),
    );
  } else {
    findings.push({ verdict: 'fine', found: `certificate until ${until}`, fix: null });
  }
  if (timeStampAuthority !== null) {
    const answer = await askForStamp(timeStampAuthority);
    if (answer !== 'stamped') {
      const what =
        answer === 'silent'
          ? 'the time stamp authority does not answer'
          : 'what answers at C2PA_TIMESTAMP_URL gives no time stamps';
      findings.push(
        look(
          `${what}: videos are signed without a stamp`,
          'Check C2PA_TIMESTAMP_URL, and that this machine reaches it.',
        ),
      );
    }
  }
  return findings;
}

function look(found: string, fix: string): SigningFinding {
  return { verdict: 'look', found, fix };
}

function broken(found: string, fix: string): SigningFinding {
  return { verdict: 'broken', found, fix };
}

async function readText(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch(() => null);
}

/** A request for a stamp of 32 bytes of zeros, as a SHA-256 (RFC 3161, section 2.4.1), in DER: version 1, the authority's certificates wanted. */
const stampRequest = Buffer.from(
  `30390201013031300d060960864801650304020105000420${'00'.repeat(32)}0101ff`,
  'hex',
);

/** Asks as a signature does. What answers in another way, or refuses, will not stamp a video either. */
async function askForStamp(url: string): Promise<'stamped' | 'refused' | 'silent'> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/timestamp-query' },
      body: stampRequest,
      signal: AbortSignal.timeout(stampTimeout),
    });
    if (!response.ok) {
      await response.body?.cancel();
      return 'refused';
    }
    return isGranted(Buffer.from(await response.arrayBuffer())) ? 'stamped' : 'refused';
  } catch {
    return 'silent';
  }
}

/** TimeStampResp (RFC 3161, section 2.4.2): a sequence that begins with a sequence that begins with a status, of which 0 and 1 grant a stamp. */
function isGranted(answer: Buffer): boolean {
  /** @returns where the content of a sequence begins; -1 where none stands there */
  const within = (at: number): number => {
    if (at < 0 || answer[at] !== 0x30) return -1;
    const length = answer[at + 1] ?? 0;
    return at + 2 + (length < 0x80 ? 0 : length & 0x7f);
  };
  const at = within(within(0));
  return at > 0 && answer[at] === 0x02 && answer[at + 1] === 1 && (answer[at + 2] ?? 2) <= 1;
}
