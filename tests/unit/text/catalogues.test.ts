import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { IntlMessageFormat } from 'intl-messageformat';
import { expect, test } from 'vitest';
import { projectRoot } from '../../../src/config/environment.ts';
import { catalogues, failureText, isTextKey, languageOf, textsFor } from '../../../src/text/texts.ts';

const languages = Object.entries(catalogues);

/** Names of the placeholders of an ICU message, those inside plural branches included. */
function placeholders(text: string): string[] {
  const names = new Set<string>();
  const visit = (elements: readonly unknown[]): void => {
    for (const element of elements) {
      if (typeof element !== 'object' || element === null || !('type' in element)) continue;
      // 0 is literal text, 7 the `#` of a plural
      if ('value' in element && typeof element.value === 'string' && element.type !== 0)
        names.add(element.value);
      if ('options' in element && typeof element.options === 'object' && element.options !== null) {
        for (const option of Object.values(element.options)) visit((option as { value: unknown[] }).value);
      }
    }
  };
  visit(new IntlMessageFormat(text, 'en', undefined, { ignoreTag: true }).getAst());
  return [...names].sort();
}

test.each(languages)('the %s catalogue has exactly the keys of the English one', (_language, catalogue) => {
  expect(Object.keys(catalogue).sort()).toEqual(Object.keys(catalogues.en).sort());
});

test.each(languages)(
  'every text of the %s catalogue has the placeholders of the English one',
  (_, catalogue) => {
    for (const [key, text] of Object.entries(catalogue)) {
      expect(isTextKey(key)).toBe(true);
      const english = catalogues.en[key as keyof typeof catalogues.en];
      expect({ key, placeholders: placeholders(text) }).toEqual({ key, placeholders: placeholders(english) });
    }
  },
);

test('a catalogue with a missing placeholder would be noticed', () => {
  expect(placeholders('{count, plural, one {# video of {name}} other {# videos}}')).toEqual([
    'count',
    'name',
  ]);
});

test('texts stay within what Discord shows', () => {
  const limits: [RegExp, number][] = [
    [/^command\..*\.name$/, 32],
    [/^command\..*\.description$/, 100],
    [/^shape\./, 100],
    [/^button\./, 80],
    [/./, 1000],
  ];
  for (const [language, catalogue] of languages) {
    for (const [key, text] of Object.entries(catalogue)) {
      const limit = limits.find(([pattern]) => pattern.test(key))?.[1] ?? 0;
      expect(text.length, `${language} ${key}`).toBeLessThanOrEqual(limit);
      expect(text, `${language} ${key}`).not.toBe('');
    }
  }
});

test('names of commands and options are what Discord accepts', () => {
  for (const [, catalogue] of languages) {
    for (const [key, text] of Object.entries(catalogue)) {
      if (/^command\..*\.name$/.test(key)) expect(text).toMatch(/^[-_'\p{Ll}\p{N}]{1,32}$/u);
    }
  }
});

test('every identifier of a Failure that the program throws or stores has a text', async () => {
  const identifiers = new Map<string, string>();
  for await (const file of glob('src/**/*.ts', { cwd: projectRoot })) {
    const source = await readFile(join(projectRoot, file), 'utf8');
    for (const [, identifier] of source.matchAll(/new Failure\(\s*'[a-z_]+',\s*'([a-z_0-9]+)'/g)) {
      identifiers.set(identifier ?? '', file);
    }
    for (const [, identifier] of source.matchAll(/\bidentifier: '([a-z_0-9]+)'/g)) {
      identifiers.set(identifier ?? '', file);
    }
  }
  expect([...identifiers.keys()]).toContain('direct_messages_closed');
  const without = [...identifiers].filter(
    ([identifier]) => !isTextKey(`failure.${identifier}`) && !isTextKey(`advice.${identifier}`),
  );
  expect(without).toEqual([]);
});

test('a locale falls back to English, and a region to its language', () => {
  expect(languageOf('de')).toBe('de');
  expect(languageOf('en-GB')).toBe('en');
  expect(languageOf('ja')).toBe('en');
  expect(languageOf('constructor')).toBe('en');
});

test('Discord’s own markup passes through a message untouched', () => {
  const text = textsFor('en').say('status.next', { start: 1, end: 2 });
  expect(text).toContain('<t:1:R>');
  expect(text).toContain('<t:2:R>');
});

test('a missing value is an error, not a gap in the text', () => {
  expect(() => textsFor('en').say('status.next', { start: 1 })).toThrow(/end/);
});

test('an unknown failure shows the reference instead of its identifier', () => {
  const text = failureText(
    textsFor('en'),
    { code: 'internal', identifier: 'no_such_thing', context: {} },
    'REF42',
  );
  expect(text).toContain('REF42');
  expect(text).not.toContain('no_such_thing');
});
