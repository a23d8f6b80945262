import { expect, test } from 'vitest';
import { Signatures } from '../../../src/bot/signatures.ts';
import { renderResult } from '../../../src/commands/render/result.ts';
import { projectRoot } from '../../../src/config/environment.ts';
import { loadGenerateSettings } from '../../../src/config/generate.ts';
import { generationWith, resultWith } from '../../support/generation.ts';

const settings = loadGenerateSettings(`${projectRoot}/generate.yaml`, 'official');
const signatures = new Signatures('a token');

function idsOf(signed: ReturnType<Signatures['sign']>): string[] {
  return signed.components
    .flatMap(({ components }) => components)
    .map((component) => ('custom_id' in component ? component.custom_id : ''));
}

test.each([null, 1])('a result says whose it is, and Discord takes it (hidden: %s)', (hiddenAt) => {
  const generation = generationWith({ userId: '18446744073709551615', hiddenAt });
  const signed = signatures.sign(renderResult(generation, resultWith(), settings));
  const ids = idsOf(signed);
  const verified = ids.map((id) => signatures.verify(id)).filter((one) => one !== null);
  expect(verified).toMatchObject([{ generationId: generation.id, userId: generation.userId }]);
  for (const id of ids) expect(id.length).toBeLessThanOrEqual(100);
  // What is signed stays as it is.
  expect(idsOf(signatures.sign(signed))).toEqual(ids);
});

test('what was changed, what another bot signed and what nobody signed is nobody’s', () => {
  const { components } = renderResult(generationWith({ userId: '77' }), resultWith(), settings);
  const rendered = { content: '', components, allowed_mentions: { parse: [] as [] } };
  const [unsigned, right] = [rendered, signatures.sign(rendered)].map(
    (one) => idsOf(one).find((id) => id.startsWith('delete:')) ?? '',
  );
  expect(signatures.verify(right ?? '')).toMatchObject({ userId: '77' });
  for (const id of [
    unsigned ?? '',
    right?.replace(':77:', ':78:') ?? '',
    right?.replace('delete:', 'show:') ?? '',
    `${right}A`,
    right?.slice(0, -1) ?? '',
    `${right}:`,
    'delete:01',
    '',
  ])
    expect(signatures.verify(id), id).toBeNull();
  const later = new Signatures('another token');
  expect(later.verify(right ?? '')).toBeNull();
  // The token was renewed: what stands there is still whose it was.
  later.know([signatures.key, later.key]);
  expect(later.verify(right ?? '')).toMatchObject({ userId: '77' });
  expect(later.verify(right?.replace(':77:', ':78:') ?? '')).toBeNull();
  expect(later.verify(`${right}A`)).toBeNull();
});
