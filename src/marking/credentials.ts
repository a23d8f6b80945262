/**
 * What a file's Content Credentials (C2PA, https://spec.c2pa.org) say, made of the report of `c2pa-rs`: who signed, whether the file is
 * still what was signed, and what our own manifests tell besides.
 */
import { z } from 'zod';

/** Our own assertion in a manifest: what made the video. Named as C2PA asks, by a name of the project's that nobody else uses. */
export const generationAssertion = 'org.humo-discord.generation';

/** https://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia, as C2PA writes it */
export const madeByModel = 'http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia';

/** What stands in {@link generationAssertion}. Never a prompt, a person or a place. */
export const generationFactsSchema = z.object({
  generation: z.string().max(64),
  model: z.string().max(64),
  preset: z.string().max(64),
  weights: z.string().max(64),
  /** the generation that was run again; absent without one */
  parent: z.string().max(64).optional(),
  /** how that one is named: as an ingredient with its own manifest, or why not */
  parentManifest: z.enum(['ingredient', 'gone', 'unsigned', 'too_large', 'unreadable']).optional(),
});
export type GenerationFacts = z.infer<typeof generationFactsSchema>;

export interface Credentials {
  /** a certificate of this deployment, one that a list of trusted certificates leads to, or any other */
  readonly signer: 'own' | 'trusted' | 'untrusted';
  /** whom the certificate names; null where it names nobody */
  readonly name: string | null;
  readonly issuer: string | null;
  /** the signature is right, and nothing has been changed since: neither the file nor what is said about it */
  readonly intact: boolean;
  /** the certificate had ended when it was looked at, and no time stamp says that the signature is older */
  readonly expired: boolean;
  /** ISO 8601, UTC, from a time stamp authority; null without one */
  readonly stampedAt: string | null;
  /** ISO 8601, UTC: when the signer says that it was made; null where nothing is said */
  readonly createdAt: string | null;
  /** ISO 8601, UTC */
  readonly certificateEnds: string | null;
  /** the program, with its version */
  readonly generator: string | null;
  /** whether it says that a trained model made it */
  readonly madeWithAi: boolean;
  /** what our own manifests tell; null for those of other programs */
  readonly generation: GenerationFacts | null;
  /** codes of the standard for what is wrong (C2PA specification, section 15), without those about trust alone */
  readonly problems: readonly string[];
}

const statusSchema = z.object({ code: z.string() });
const statusesSchema = z.object({
  success: z.array(statusSchema).default([]),
  failure: z.array(statusSchema).default([]),
});
const assertionSchema = z.object({ label: z.string(), data: z.unknown() });
const manifestSchema = z.object({
  claim_generator_info: z
    .array(z.object({ name: z.string(), version: z.string().optional() }))
    .nullish()
    .catch(null),
  claim_generator: z.string().nullish(),
  assertions: z.array(assertionSchema).default([]),
  signature_info: z
    .object({
      issuer: z.string().nullish(),
      common_name: z.string().nullish(),
      cert_serial_number: z.string().nullish(),
      time: z.string().nullish(),
    })
    .nullish(),
});
const storeSchema = z.object({
  active_manifest: z.string(),
  manifests: z.record(z.string(), manifestSchema),
  validation_state: z.string().nullish(),
  validation_results: z.object({ activeManifest: statusesSchema.nullish() }).nullish(),
});
const actionsSchema = z.object({
  actions: z.array(
    z.object({
      action: z.string(),
      when: z.string().optional(),
      digitalSourceType: z.string().optional(),
    }),
  ),
});
const detailedSchema = z.object({
  manifests: z.array(
    z.object({
      label: z.string(),
      signature: z
        .object({
          certificateInfo: z.object({
            serialNumber: z.string(),
            validity: z.object({ notAfter: z.string() }),
          }),
        })
        .nullish()
        .catch(null),
    }),
  ),
});

/** Why `c2pa-rs` reads nothing where nothing is: no manifest, or one that stands somewhere else. */
const nothingThere = /JumbfNotFound|InvalidAsset|UnsupportedType|RemoteManifest|ProvenanceMissing/;

/**
 * What a file says whose Content Credentials cannot be read.
 *
 * @param error as `c2pa-rs` has it
 * @returns null where there are none; else ones that nobody can check: what stands there was damaged, or changed
 */
export function credentialsUnread(error: string): Credentials | null {
  if (nothingThere.test(error)) return null;
  return {
    ...{ signer: 'untrusted', name: null, issuer: null, intact: false, expired: false },
    ...{ stampedAt: null, createdAt: null, certificateEnds: null, generator: null },
    ...{ madeWithAi: false, generation: null },
    // C2PA specification, section 15: an error that the standard has no other code for
    problems: ['general.error'],
  };
}

/** Certificates of this deployment: hexadecimal serial numbers, which their issuers give once. */
export interface OwnCertificates {
  readonly serialNumbers: ReadonlySet<string>;
}

/**
 * @param store the report as `Reader.json()` of c2pa-rs gives it
 * @param detailed the same as `crJson()`: it has the certificate
 * @throws ZodError when a report is of another form than this version knows
 */
export function credentialsOf(store: unknown, detailed: unknown, own: OwnCertificates): Credentials {
  const report = storeSchema.parse(store);
  const manifest = report.manifests[report.active_manifest];
  if (manifest === undefined) throw new RangeError('the report does not have the manifest that it names');
  const certificate = detailedSchema
    .parse(detailed)
    .manifests.find(({ label }) => label === report.active_manifest)?.signature?.certificateInfo;
  const failures = report.validation_results?.activeManifest?.failure.map(({ code }) => code) ?? [];
  const problems = [...new Set(failures)].filter((code) => !isAboutTrust(code));
  const expired = problems.some((code) => aboutTime.has(code));
  // What the report does not call valid is not, whatever its codes say.
  const isKnown = ['Valid', 'Trusted'].includes(report.validation_state ?? '') || problems.length > 0;
  const isTrusted = failures.every((code) => !isAboutTrust(code)) && isKnown;
  const isOwn = isTrusted && own.serialNumbers.has(normalSerial(certificate?.serialNumber ?? ''));
  const actions = dataOf(manifest, 'c2pa.actions', actionsSchema)?.actions ?? [];
  const created = actions.find(({ action }) => action === 'c2pa.created');
  const generation = dataOf(manifest, generationAssertion, generationFactsSchema);
  const [program] = manifest.claim_generator_info ?? [];
  const { signature_info: signature } = manifest;
  return {
    signer: isOwn ? 'own' : isTrusted ? 'trusted' : 'untrusted',
    name: signature?.common_name ?? null,
    issuer: signature?.issuer ?? null,
    intact: isKnown && problems.every((code) => aboutTime.has(code)),
    expired,
    stampedAt: isoOf(signature?.time),
    createdAt: isoOf(created?.when),
    certificateEnds: isoOf(certificate?.validity.notAfter),
    generator:
      program === undefined
        ? (manifest.claim_generator ?? null)
        : [program.name, program.version].filter((part) => part !== undefined).join(' '),
    madeWithAi: actions.some(({ digitalSourceType: type }) => /trainedAlgorithmicMedia$/i.test(type ?? '')),
    generation,
    problems,
  };
}

function isAboutTrust(code: string): boolean {
  return code === 'signingCredential.untrusted';
}

/** The certificate has ended: the file may still be what was signed. */
const aboutTime: ReadonlySet<string> = new Set([
  'claimSignature.outsideValidity',
  'signingCredential.expired',
]);

/** Labels may have a version and a number: `c2pa.actions.v2__1`. */
function dataOf<T>(
  { assertions }: z.infer<typeof manifestSchema>,
  label: string,
  schema: z.ZodType<T>,
): T | null {
  const found = assertions.find(({ label: one }) => one.replace(/(\.v\d+)?(__\d+)?$/, '') === label);
  return schema.safeParse(found?.data).data ?? null;
}

function isoOf(time: string | null | undefined): string | null {
  const parsed = Date.parse(time ?? '');
  return Number.isNaN(parsed) ? null : new Date(parsed).toISOString();
}

/** Without zeros in front, in small letters: programs write the same number in several ways. */
export function normalSerial(hexadecimal: string): string {
  return hexadecimal.toLowerCase().replaceAll(':', '').replace(/^0+/, '');
}
