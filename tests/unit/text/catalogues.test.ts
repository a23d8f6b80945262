import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { IntlMessageFormat } from 'intl-messageformat';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { loadHandlers } from '../../../src/bot/load-handlers.ts';
import { declarations } from '../../../src/bot/register-commands.ts';
import { projectRoot } from '../../../src/config/environment.ts';
import { loadGenerateSettings } from '../../../src/config/generate.ts';
import { catalogues, failureText, isTextKey, languageOf, textsFor } from '../../../src/text/texts.ts';
import type { TextValues } from '../../../src/text/texts.ts';

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

/** Those that make plural forms, and one that is long. */
const numbers = [0, 1, 2, 5, 11, 21, 100, 1_000_000] as const;

/** The longest that each placeholder is ever filled with, or that it is a number. */
const longest: Readonly<Record<string, string | readonly number[]>> = {
  ...Object.fromEntries(
    ['userId', 'by', 'channelId', 'roleId'].map((name) => [name, '9'.repeat(20)] as const),
  ),
  ...Object.fromEntries(
    ['time', 'start', 'end', 'clears', 'until', 'since', 'seen'].map(
      (name) => [name, '9'.repeat(10)] as const,
    ),
  ),
  ...Object.fromEntries(
    [
      ...[
        'left',
        'position',
        'waiting',
        'running',
        'step',
        'steps',
        'frames',
        'images',
        'days',
        'count',
        'done',
      ],
      ...['open', 'generations', 'files'],
      ...['failed', 'cancelled', 'seconds', 'minutes', 'hours', 'used', 'limit', 'needed', 'megabytes'],
      ...['megapixels', 'kilobytes', 'minimum', 'maximum', 'size', 'number', 'page', 'most', 'percent'],
      ...[
        'width',
        'height',
        'shift',
        'ready',
        'since',
        'at',
        'pixels',
        'windows',
        'shots',
        'of',
        'passes',
        'when',
        'pictures',
      ],
    ].map((name) => [name, numbers] as const),
  ),
  // People's words: at most so many characters before each is escaped.
  reason: '\\*'.repeat(300),
  message: '\\*'.repeat(300),
  prompt: '\\*'.repeat(600),
  text: '\\*'.repeat(120),
  name: '\\*'.repeat(100),
  // A name of a preset has at most 100, in generate.yaml.
  preset: 'W'.repeat(100),
  // Of the presets that a machine makes which is online: as many as generate.yaml comes with.
  others: Array.from({ length: 4 }, () => 'W'.repeat(100)).join(', '),
  from: 'W'.repeat(100),
  to: 'W'.repeat(100),
  model: 'W'.repeat(100),
  device: '\\*'.repeat(60),
  models: '17b, 1_7b',
  id: 'W'.repeat(26),
  reference: 'W'.repeat(26),
  seed: '4294967295',
  link: `https://discord.com/channels/${Array.from({ length: 3 }, () => '9'.repeat(20)).join('/')}`,
  total: '99:59:59.9',
  scales: 'audio 5.5 · text 5 · image 4',
  mode: 'TIA',
  option: 'W'.repeat(32),
  voice: 'W'.repeat(32),
  channel: `<#${'9'.repeat(20)}>`,
  permissions: Array.from({ length: 5 }, () => '**Send Messages in Threads**').join(', '),
  stage: 'W'.repeat(40),
  bar: '▰'.repeat(12),
  duration: '999 hours 59 minutes',
  wait: '999 hours 59 minutes',
  gpu: '999 hours 59 minutes',
  what: 'W'.repeat(400),
  list: 'W'.repeat(400),
  file: 'W'.repeat(60),
  strength: '-10',
  sampler: 'unipc',
  value: 'W'.repeat(60),
  limits: 'W'.repeat(200),
  status: 'W'.repeat(30),
  place: '⏸️ **1000000.**',
  kind: 'W'.repeat(20),
  state: 'mostrado de nuevo',
  where: 'everywhere',
  // five people with their reports, and how many more
  people: `<@${'9'.repeat(20)}> (99,999 signalements en tout), `.repeat(5),
  job: 'W'.repeat(60),
  code: 'W'.repeat(30),
  scope: 'W'.repeat(30),
  allow: 'GET, HEAD, POST, DELETE',
  known: 'yes',
  given: 'yes',
  price: '99.99',
  today: '99999.99',
  first: '1800000000',
  last: '1800000000',
  menus: 'W'.repeat(110),
  command: 'W'.repeat(32),
  month: '99999.99',
  dayCap: '99999.99',
  monthCap: 'none',
  provider: 'command',
  generator: 'W'.repeat(60),
  user: '9'.repeat(20),
  problem: '\\*'.repeat(200),
  words: 'W'.repeat(40),
  sound: 'yes',
  reactions: 'yes',
  corner: 'W'.repeat(40),
  part: 'W'.repeat(40),
  unit: 'second',
};

/** What a text can become: with the longest words, and each of the numbers in all places. */
function fillings(text: string): TextValues[] {
  const names = placeholders(text);
  for (const name of names) if (!Object.hasOwn(longest, name)) throw new Error(`how long can {${name}} be?`);
  return numbers.map((number) =>
    Object.fromEntries(
      names.map((name) => {
        const value = longest[name];
        return [name, typeof value === 'string' ? value : number];
      }),
    ),
  );
}

test.each(languages)(
  'every text of the %s catalogue, with its longest values and in every plural form, fits Discord',
  (language, catalogue) => {
    const texts = textsFor(language);
    let forms = 0;
    for (const [key, text] of Object.entries(catalogue)) {
      if (!isTextKey(key)) throw new Error(`${key} is no key of the English catalogue`);
      // A label of a button, or a message that says nothing else.
      const limit = key.startsWith('button.') ? 80 : 2000;
      for (const values of fillings(text)) {
        const said = texts.say(key, values);
        forms += 1;
        expect(said.length, `${language} ${key}`).toBeLessThanOrEqual(limit);
        // Nothing of the message format is left over, and no value is missing.
        expect(said, `${language} ${key}`).not.toMatch(/\{|\}|\bundefined\b|\bNaN\b/);
      }
    }
    expect(forms).toBeGreaterThan(Object.keys(catalogue).length);
  },
);

test('a placeholder that nobody has measured would be noticed', () => {
  expect(() => fillings('{surprise}')).toThrow('how long can {surprise} be?');
});

test.each(languages)(
  'every plural of the %s catalogue has the forms that its language has',
  (language, catalogue) => {
    const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    // French and Spanish have a form for whole millions, which no text here counts to.
    const needed = new Set<string | undefined>(forms.filter((form) => form !== 'many'));
    for (const [key, text] of Object.entries(catalogue)) {
      for (const [, branches = ''] of text.matchAll(
        /\{\w+, plural, ((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}/g,
      )) {
        const written = [...branches.matchAll(/(?:^|\s)(zero|one|two|few|many|other)\s*\{/g)].map(
          ([, form]) => form,
        );
        // Where none is written but for numbers themselves, the one form serves all.
        if (written.length === 1 && written[0] === 'other') continue;
        expect(new Set(written), `${language} ${key}`).toEqual(needed);
      }
    }
  },
);

const settings = loadGenerateSettings(`${projectRoot}/generate.yaml`, 'official');
const declared = declarations(await loadHandlers(), settings);

const named = z.looseObject({
  name: z.string(),
  name_localizations: z.record(z.string(), z.string()).optional(),
  type: z.number().optional(),
  options: z.array(z.unknown()).optional(),
});

/** Paths of commands and the names of their options, as Discord shows them. */
function shownNames(given: unknown, locale: string, above: readonly string[] = []): Map<string, Set<string>> {
  const { name, name_localizations: others, options = [] } = named.parse(given);
  const path = [...above, others?.[locale] ?? name];
  const inner = options.map((option) => named.parse(option));
  // 1 and 2: a subcommand and a group of them
  const below = inner.filter(({ type }) => type === 1 || type === 2);
  const own = inner.filter(({ type }) => type !== 1 && type !== 2);
  return new Map([
    [path.join(' '), new Set(own.map((option) => option.name_localizations?.[locale] ?? option.name))],
    ...below.flatMap((option) => [...shownNames(option, locale, path)]),
  ]);
}

test.each([
  ['en', 'en-US'],
  ['de', 'de'],
  ['es', 'es-ES'],
  ['fr', 'fr'],
  ['ja', 'ja'],
] as const)('commands and options that texts name are called so in Discord (%s)', (language, locale) => {
  const known = new Map(declared.flatMap((command) => [...shownNames(command, locale)]));
  const options = new Set([...known.values()].flatMap((names) => [...names]));
  const wrong: string[] = [];
  let seen = 0;
  for (const [key, text] of Object.entries(catalogues[language])) {
    // Those are read by programs' authors: they name fields, not options.
    if (key.startsWith('api.')) continue;
    for (const [, quoted = ''] of text.matchAll(/`([^`{}]+)`/g)) {
      if (quoted.startsWith('/')) {
        seen += 1;
        const parts = quoted.slice(1).split(' ');
        const at = parts.findIndex((part) => part.includes(':'));
        const path = (at === -1 ? parts : parts.slice(0, at)).join(' ');
        const given = [...quoted.matchAll(/(?<=\s)([^\s:]+):/g)].map(([, option]) => option ?? '');
        const all = [...(known.get(path) ?? [])];
        if (!known.has(path) || given.some((option) => !all.includes(option)))
          wrong.push(`${key}: ${quoted}`);
      } else if (/^[\p{L}_][\p{L}\p{N}_]*$/u.test(quoted)) {
        const isWord = [
          catalogues[language]['queue.limits.word_none'],
          catalogues[language]['queue.limits.word_default'],
        ].includes(quoted);
        if (!options.has(quoted) && !isWord) wrong.push(`${key}: ${quoted}`);
      }
    }
  }
  expect(wrong).toEqual([]);
  expect(seen).toBeGreaterThan(15);
});

test.each(languages)(
  'what can be typed instead of a number is said as it is understood (%s)',
  (_language, catalogue) => {
    const words = [catalogue['queue.limits.word_none'], catalogue['queue.limits.word_default']];
    for (const word of words) {
      expect(word).toBe(word.normalize('NFKC').trim().toLowerCase());
      expect(catalogue['queue.number']).toContain(`\`${word}\``);
      expect(catalogue['command.queue.limits_set.description'].toLowerCase()).toContain(word);
    }
    expect(catalogue['queue.number_needed']).toContain(`\`${words[1]}\``);
  },
);

test('in French no line breaks before a sign, or inside quotation marks', () => {
  const french = textsFor('fr');
  const shown = french.say('refused.file', { option: 'audio', reason: 'trop long' });
  expect(shown).toBe('**À propos de `audio`\u00a0:** trop long');
  const quoting = Object.entries(catalogues.fr).find(([, text]) => /^[^{]*« [^{]* »[^{]*$/.test(text));
  if (quoting === undefined || !isTextKey(quoting[0])) throw new Error('nothing is quoted in French');
  expect(french.say(quoting[0])).toBe(quoting[1].replaceAll(/(?<=«) | (?=[:;!?»])/g, '\u00a0'));
  // Digits of a number are still what the message format makes of them.
  const seconds = { start: '0:01', end: '0:02', total: '0:03', frames: 25, seconds: 1 };
  expect(french.say('status.audio', seconds)).toContain('(1,00 s)');
  expect(textsFor('en').say('refused.file', { option: 'audio', reason: 'x' })).not.toContain('\u00a0');
});
