import { expect, test } from 'vitest';
import { z } from 'zod';
import { loadHandlers } from '../../../src/bot/load-handlers.ts';
import { declarations } from '../../../src/bot/register-commands.ts';
import { idIn } from '../../../src/commands/queue/command-context.ts';
import { page, pageOf } from '../../../src/commands/queue/pages.ts';
import { choices, suggestGenerations } from '../../../src/commands/queue/suggestions.ts';
import { auditLine } from '../../../src/commands/render/audit.ts';
import { parseTimeSpan, timeSpan } from '../../../src/commands/support/time-span.ts';
import { projectRoot } from '../../../src/config/environment.ts';
import { loadGenerateSettings } from '../../../src/config/generate.ts';
import { auditActions } from '../../../src/queue/moderation/moderation.ts';
import type { AuditEntry } from '../../../src/queue/moderation/moderation.ts';
import { catalogues, textsFor } from '../../../src/text/texts.ts';
import { generationWith } from '../../support/generation.ts';

const texts = textsFor('en');
const bounds = { minimumSeconds: 1, maximumSeconds: 365 * 86_400 };

test.each([
  ['45s', 45],
  ['30m', 1800],
  ['30 min', 1800],
  ['2h', 7200],
  ['1d12h', 129_600],
  ['1D 12H 1m 1s', 129_661],
  ['90m', 5400],
  ['９０ｍ', 5400],
])('%s is a length of time', (text, seconds) => {
  expect(parseTimeSpan(text, bounds)).toBe(seconds);
});

test.each(['', 'soon', '5', '-5m', '1.5h', '12h1d', '1h1h', '1w', '5m!', '٣m'])(
  '“%s” is refused with the forms that there are',
  (text) => {
    expect(() => parseTimeSpan(text, bounds)).toThrow(expect.objectContaining({ key: 'queue.span' }));
  },
);

test('too short and too long are told apart from nonsense, with the bounds', () => {
  for (const text of ['0s', '366d', '999999999d'])
    expect(() => parseTimeSpan(text, bounds)).toThrow(
      expect.objectContaining({ key: 'queue.span_range', values: { minimum: '1s', maximum: '365d' } }),
    );
  expect(timeSpan(129_661)).toBe('1d12h1m1s');
});

const named = z.looseObject({
  name: z.string(),
  name_localizations: z.record(z.string(), z.string()).optional(),
  description: z.string().default(''),
  description_localizations: z.record(z.string(), z.string()).optional(),
  value: z.string().optional(),
  options: z.array(z.unknown()).optional(),
  choices: z.array(z.unknown()).optional(),
});

/** Characters as Discord counts them: of each text the longest language, at every depth. */
function characters(given: unknown): number {
  const command = named.parse(given);
  const longest = (text: string, others: Record<string, string> = {}) =>
    Math.max(text.length, ...Object.values(others).map(({ length }) => length));
  return (
    longest(command.name, command.name_localizations) +
    longest(command.description, command.description_localizations) +
    (command.value?.length ?? 0) +
    [...(command.options ?? []), ...(command.choices ?? [])].reduce<number>(
      (sum, inner) => sum + characters(inner),
      0,
    )
  );
}

/** Names that stand beside one another, in one language. */
function siblings(given: unknown, locale: string): string[][] {
  const options = (named.parse(given).options ?? []).map((option) => named.parse(option));
  const names = options.map(({ name, name_localizations: others }) => others?.[locale] ?? name);
  return [names, ...options.flatMap((option) => siblings(option, locale))];
}

const settings = loadGenerateSettings(`${projectRoot}/generate.yaml`, 'official');
const declared = declarations(await loadHandlers(), settings);

test.each(declared.map((command) => [command.name, command] as const))(
  '%s fits Discord’s 8,000 characters, and no two names beside one another are the same',
  (_name, command) => {
    expect(characters(command)).toBeLessThanOrEqual(8000);
    for (const locale of ['en-US', 'de', 'es-ES', 'fr', 'ja'])
      for (const names of siblings(command, locale)) expect(new Set(names).size).toBe(names.length);
  },
);

test('an id is found in what people paste', () => {
  const { id } = generationWith();
  for (const text of [id, `-# ${id}`, ` \`${id.toLowerCase()}\` `]) expect(idIn(text)).toBe(id);
  for (const text of ['', 'abc', 'I'.repeat(26)]) expect(idIn(text)).toBeNull();
});

test('choices are found by prompt and id, fit Discord and hide what is private', () => {
  const long = generationWith({ request: { prompt: `Näh ${'🎬'.repeat(80)}` } });
  const secret = generationWith({ request: { prompt: 'Between us' }, reply: { private: true } });
  const [first] = choices([long, secret], 'NÄH', texts);
  expect(first?.value).toBe(long.id);
  expect(first?.name.length).toBeLessThanOrEqual(100);
  expect(first?.name).toMatch(/🎬…$/u);
  const piled = generationWith({ request: { prompt: `a${'\u0301'.repeat(3998)}b` } });
  expect(choices([piled], '', texts)[0]?.name).toMatch(/ · a\u0301{4}b$/u);
  expect(choices([long, secret], 'between', texts)).toEqual([]);
  expect(choices([long, secret], secret.id.toLowerCase(), texts)).toEqual([
    { name: 'waiting · (private)', value: secret.id },
  ]);
  expect(
    choices(
      Array.from({ length: 40 }, () => long),
      '',
      texts,
    ),
  ).toHaveLength(25);
});

test('what comes first is suggested first, and any words of any prompt find it', async () => {
  const waiting = Array.from({ length: 1000 }, (_, index) =>
    generationWith({
      id: `01JC5W8V3Q${String(index).padStart(16, '0')}`,
      status: 'queued',
      guildId: '1',
      request: { prompt: `${'Somebody speaks at length. '.repeat(8)} number${index} closes` },
    }),
  );
  const running = generationWith({ id: '01JC5W8V3R0000000000000000', status: 'running', guildId: '1' });
  const elsewhere = generationWith({ id: '01JC5W8V3R0000000000000001', guildId: '2' });
  const queue = {
    // Newest first, as the queue lists them.
    list: async () => [running, ...waiting.toReversed()],
    order: async (ids: readonly string[]) => ids.toSorted(),
    get: async (id: string) => [...waiting, elsewhere].find((one) => one.id === id) ?? null,
  };
  const suggest = async (typed: string) =>
    (await suggestGenerations('1', typed, 'open', texts, { queue }, () => undefined)).map(
      ({ value }) => value,
    );
  expect((await suggest('')).slice(0, 3)).toEqual([running.id, waiting[0]?.id, waiting[1]?.id]);
  expect(await suggest('closes NUMBER3')).toContain(waiting[3]?.id);
  expect(await suggest('number777 closes')).toEqual([waiting[777]?.id]);
  expect(await suggest(waiting[500]?.id ?? '')).toEqual([waiting[500]?.id]);
  expect(await suggest(elsewhere.id)).toEqual([]);
});

test('a page has buttons to its neighbours, and a forged one leads nowhere odd', () => {
  const items = Array.from({ length: 20 }, (_, index) => `item ${index}`);
  const at = (number: number) =>
    page(items, { button: 'queue', list: 'audit', page: number }, texts, {
      heading: ['H'],
      line: (item) => item,
    });
  const ids = (number: number) =>
    at(number).components.flatMap(({ components }) =>
      components.flatMap((button) => ('custom_id' in button ? [button.custom_id] : [])),
    );
  expect(ids(0)).toEqual(['queue:audit:1']);
  expect(ids(1)).toEqual(['queue:audit:0', 'queue:audit:2']);
  expect(ids(2)).toEqual(['queue:audit:1']);
  expect(at(1).content.split('\n')).toEqual(['H', ...items.slice(8, 16), '-# Page 2']);
  // Its entries have gone meanwhile: the last page there is, with its way back.
  expect(at(7)).toEqual(at(2));
  expect(['-3', 'x', '1e9', '2.7', undefined].map(pageOf)).toEqual([0, 0, 200, 2, 0]);
});

test.each(Object.keys(catalogues))(
  'every action has a line in the log (%s), in which nothing is markup',
  (locale) => {
    for (const action of auditActions) {
      const line = auditLine(
        {
          id: generationWith().id,
          at: 1_800_000_000_000,
          guildId: '1',
          actorId: '2',
          action,
          targetUserId: '3',
          generationId: null,
          reason: '**because** <@9>\nsecond line',
          details: { until: 1_800_000_060_000, role: '4', note: '<@&8>' },
        },
        textsFor(locale),
      );
      expect(line).toMatch(/^<t:1800000000:f> <@2> \*\*[^*]+\*\* · <@3> · .*<t:1800000060:f>.* · <@&4> · /);
      expect(line).not.toMatch(/<@9>|<@&8>|\n|\*\*because/);
    }
  },
);

const limitsEntry = {
  id: generationWith().id,
  at: 1_800_000_000_000,
  guildId: '1',
  actorId: '2',
  targetUserId: null,
  generationId: null,
  reason: null,
} as const;

/** All that entries have in their details, and the names under which the program stores it. */
const stored: Pick<AuditEntry, 'action' | 'details'>[] = [
  {
    action: 'limits',
    details: {
      waiting: 1200,
      gpuSecondsPerDay: null,
      cooldownSeconds: 90,
      weight: 2.5,
      queueLength: 'default',
    },
  },
  { action: 'pause', details: { until: null, waiting: 5 } },
  { action: 'clear', details: { count: 2 } },
  { action: 'settings', details: { rerunOthers: false, keepInputsDays: 7 } },
  { action: 'filter_add', details: { filter: '01JZZZZZZZZZZZZZZZZZZZZZZZ', kind: 'word', text: 'go*re' } },
  { action: 'retry_failed', details: { retried: 3, code: 'engine_crashed' } },
  { action: 'report', details: { shown: true } },
];

// In English some of them are the very words.
test.each(Object.keys(catalogues).filter((language) => language !== 'en'))(
  'the log has no name of the program’s in it (%s)',
  (locale) => {
    const text = stored.map((entry) => auditLine({ ...limitsEntry, ...entry }, textsFor(locale))).join('\n');
    for (const { details } of stored)
      for (const name of Object.keys(details))
        expect(text).not.toMatch(new RegExp(`(?<![\\p{L}])${name}: `, 'u'));
    expect(text).not.toMatch(/\b(?:true|false|null|undefined|01J\w+)\b/);
  },
);

test('in the log, limits, rules and filters read as the commands say them', () => {
  const lines = stored.map((entry) => auditLine({ ...limitsEntry, ...entry }, textsFor('de')));
  expect(lines[0]).toContain(
    'wartend: 1.200 · GPU-Zeit am Tag: keine Grenze · zwischen zwei Anfragen: 1m30s · Gewicht: 2,5 · längste Warteschlange: vorgabe',
  );
  expect(lines[1]).toMatch(/pausiert\*\* · 5 warteten$/);
  expect(lines[4]).toContain(String.raw`Wort · ||go\*re||`);
  expect(lines[5]).toContain('3 Videos · fehlgeschlagen wegen: `engine_crashed`');
});
