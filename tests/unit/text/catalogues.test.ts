import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { IntlMessageFormat } from 'intl-messageformat';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { projectRoot } from '../../../src/config/environment.ts';
import { catalogues, failureText, isTextKey, languageOf, textsFor } from '../../../src/text/texts.ts';

const languages = Object.entries(catalogues);

const branch = z.object({ value: z.array(z.unknown()) });

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
        for (const option of Object.values(element.options)) visit(branch.parse(option).value);
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
      if (!isTextKey(key)) throw new Error(`${key} is no key of the English catalogue`);
      const english = catalogues.en[key];
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
    // Of a form: its title, the labels of its fields, and what stands below them.
    [/^(?:form|settings)\.\w+_description$/, 100],
    [/^form\.|^settings\.(?:title|preset|shape|negative|private|notify)$/, 45],
    [/^menu\./, 32],
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
  const names = languages.flatMap(([, catalogue]) =>
    Object.entries(catalogue).filter(([key]) => /^command\..*\.name$/.test(key)),
  );
  expect(names.length).toBeGreaterThan(0);
  for (const [, name] of names) expect(name).toMatch(/^[-_'\p{Ll}\p{Lo}\p{Lm}\p{N}]{1,32}$/u);
});

/** The arguments of a call, cut at the commas that stand in no bracket. @param start just after the opening bracket */
function argumentsAt(source: string, start: number): string[] {
  const found = [''];
  let depth = 0;
  for (let at = start; at < source.length; at += 1) {
    const character = source[at] ?? '';
    if ('([{'.includes(character)) depth += 1;
    if (')]}'.includes(character)) depth -= 1;
    if (depth < 0) break;
    if (character === ',' && depth === 0) found.push('');
    else found[found.length - 1] += character;
  }
  return found;
}

/** The identifiers of failures in a source: those thrown, those of stored failures, and the choices of a conditional. */
function identifiersIn(source: string): string[] {
  const places = [...source.matchAll(/(?:new Failure|super)\(/g)].map(
    ({ index, 0: { length } }) => argumentsAt(source, index + length)[1] ?? '',
  );
  for (const [, value] of source.matchAll(/\bidentifier(?::| =) ([^;,}]+)/g)) places.push(value ?? '');
  return places
    .flatMap((place) => [...place.matchAll(/'([a-z][a-z_0-9]+)'/g)])
    .map(([, identifier]) => identifier ?? '');
}

test('identifiers are found wherever they hide', () => {
  expect(identifiersIn(`new Failure('internal', a ? 'one' : 'two', { reason: 'no' })`)).toEqual([
    'one',
    'two',
  ]);
  expect(identifiersIn(`const identifier = slow ? 'three' : 'four'; throw x;`)).toEqual(['three', 'four']);
  expect(identifiersIn(`{ code: 'too_large', identifier: 'five', context: {} }`)).toEqual(['five']);
});

test('every identifier of a Failure that the program throws or stores has a text', async () => {
  const identifiers = new Map<string, string>();
  for await (const file of glob('src/**/*.ts', { cwd: projectRoot })) {
    for (const identifier of identifiersIn(await readFile(join(projectRoot, file), 'utf8'))) {
      identifiers.set(identifier, file);
    }
  }
  expect([...identifiers.keys()]).toEqual(expect.arrayContaining(['direct_messages_closed', 'file_gone']));
  const without = [...identifiers].filter(
    ([identifier]) => !isTextKey(`failure.${identifier}`) && !isTextKey(`advice.${identifier}`),
  );
  expect(without).toEqual([]);
});

test('a locale falls back to English, and a region to its language', () => {
  expect(languageOf('de')).toBe('de');
  expect(languageOf('en-GB')).toBe('en');
  expect(languageOf('es-419')).toBe('es');
  expect(languageOf('ja')).toBe('ja');
  expect(languageOf('ko')).toBe('en');
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
