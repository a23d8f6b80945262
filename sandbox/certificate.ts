import { isIP } from 'node:net';
import { generate } from 'selfsigned';
import { loopback } from './address.ts';

export interface Certificate {
  /** PEM; also the authority that a client has to trust, since the certificate signs itself */
  readonly certificate: string;
  /** PEM */
  readonly privateKey: string;
}

const day = 24 * 60 * 60 * 1000;

const shared = new Map<string, { readonly made: number; readonly certificate: Promise<Certificate> }>();

/** As {@link makeCertificate}; one for all of this process that are asked for within a day, since whoever trusts one reads all authorities for it. */
export async function sharedCertificate(host: string = loopback): Promise<Certificate> {
  const known = shared.get(host);
  if (known !== undefined && Date.now() - known.made < day) return known.certificate;
  const certificate = makeCertificate(host);
  shared.set(host, { made: Date.now(), certificate });
  return certificate;
}

/** Makes a certificate for a host, 127.0.0.1 and localhost that lives for a week. */
export async function makeCertificate(host: string = loopback): Promise<Certificate> {
  const made = await generate([{ name: 'commonName', value: 'Sandbox CDN' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - 60_000),
    notAfterDate: new Date(Date.now() + 7 * day),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 7, ip: loopback },
          { type: 2, value: 'localhost' },
          ...(host === loopback
            ? []
            : [isIP(host) === 0 ? { type: 2 as const, value: host } : { type: 7 as const, ip: host }]),
        ],
      },
    ],
  });
  return { certificate: made.cert, privateKey: made.private };
}
