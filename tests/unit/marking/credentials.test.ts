import { expect, test } from 'vitest';
import {
  credentialsOf,
  credentialsUnread,
  generationAssertion,
  madeByModel,
  normalSerial,
} from '../../../src/marking/credentials.ts';

/** Reports as c2pa-rs 0.91 gives them, of a video that this program signed. */
const label = 'urn:c2pa:25f33f38-ddaa-4c0d-8698-7a4979c9efa0';
const facts = { generation: '01M8HR0SP7EJABJJMJCASHN9FM', model: '17b', preset: 'standard', weights: 'mini' };
function store(state: string, failures: readonly string[], stamped = false) {
  return {
    active_manifest: label,
    validation_state: state,
    manifests: {
      [label]: {
        claim_generator_info: [{ name: 'HuMo in Discord', version: '0.1.0' }],
        assertions: [
          { label: 'c2pa.hash.bmff.v3', data: {} },
          {
            label: 'c2pa.actions.v2',
            data: {
              actions: [
                { action: 'c2pa.created', when: '2026-11-28T20:00:00+00:00', digitalSourceType: madeByModel },
              ],
            },
          },
          { label: generationAssertion, data: facts },
        ],
        signature_info: {
          issuer: 'A studio',
          common_name: 'Its bot',
          ...(stamped ? { time: '2026-11-28T20:00:01+00:00' } : {}),
        },
      },
    },
    validation_results: { activeManifest: { success: [], failure: failures.map((code) => ({ code })) } },
  };
}
const detailed = {
  manifests: [
    {
      label,
      signature: {
        certificateInfo: { serialNumber: '0a1b', validity: { notAfter: '2036-11-28T08:08:40+00:00' } },
      },
    },
  ],
};
const own = { serialNumbers: new Set(['a1b']) };
const untrusted = 'signingCredential.untrusted';

test('who signed: this deployment, somebody whom an authority knows, or anybody', () => {
  expect(credentialsOf(store('Trusted', []), detailed, own)).toEqual({
    signer: 'own',
    name: 'Its bot',
    issuer: 'A studio',
    intact: true,
    expired: false,
    stampedAt: null,
    createdAt: '2026-11-28T20:00:00.000Z',
    certificateEnds: '2036-11-28T08:08:40.000Z',
    generator: 'HuMo in Discord 0.1.0',
    madeWithAi: true,
    generation: facts,
    problems: [],
  });
  expect(credentialsOf(store('Trusted', []), detailed, { serialNumbers: new Set() }).signer).toBe('trusted');
  // The number of one of ours, on a certificate that no authority of ours has signed.
  expect(credentialsOf(store('Valid', [untrusted]), detailed, own)).toMatchObject({
    signer: 'untrusted',
    intact: true,
    problems: [],
  });
  expect(credentialsOf(store('Trusted', [], true), detailed, own).stampedAt).toBe('2026-11-28T20:00:01.000Z');
});

test('a changed file is not intact; one whose certificate has ended is, and it is said', () => {
  const mismatch = 'assertion.bmffHash.mismatch';
  expect(credentialsOf(store('Invalid', [mismatch]), detailed, own)).toMatchObject({
    signer: 'own',
    intact: false,
    problems: [mismatch],
  });
  expect(credentialsOf(store('Invalid', ['claimSignature.outsideValidity']), detailed, own)).toMatchObject({
    intact: true,
    expired: true,
  });
});

test('what is invalid without a reason that we know is neither intact nor of ours', () => {
  const { intact, signer } = credentialsOf(store('Invalid', []), detailed, own);
  expect({ intact, signer }).toEqual({ intact: false, signer: 'untrusted' });
});

test('a manifest of another program tells nothing of a generation, and breaks nothing', () => {
  const report = store('Valid', [untrusted]);
  const assertions = [{ label: generationAssertion, data: { model: 'another form' } }];
  const other = { ...report, manifests: { [label]: { ...report.manifests[label], assertions } } };
  expect(credentialsOf(other, { manifests: [] }, own)).toMatchObject({
    generation: null,
    madeWithAi: false,
    certificateEnds: null,
    createdAt: null,
  });
});

test('serial numbers are the same however they are written', () => {
  expect(normalSerial('00:0A:1B')).toBe(normalSerial('a1b'));
});

test('a signature that cannot be read any more is one that does not fit; where there is none, there is none', () => {
  const damaged = ['C2pa(ClaimDecoding("unsupported claim version"))', 'RuntimeError: unreachable'];
  for (const error of damaged)
    expect(credentialsUnread(error)).toMatchObject({ intact: false, signer: 'untrusted', generation: null });
  for (const error of ['C2pa(JumbfNotFound)', 'C2pa(InvalidAsset("Bad BMFF failed to fill whole buffer"))'])
    expect(credentialsUnread(error)).toBeNull();
});
