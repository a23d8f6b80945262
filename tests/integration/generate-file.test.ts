import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { parseGenerateSettings } from '../../src/config/generate.ts';

const root = join(import.meta.dirname, '..', '..');
/** All profiles of a file are checked, whichever is used. */
const profile = 'mini';

type Mapping = { [key: string]: unknown };
const isMapping = (value: unknown): value is Mapping => typeof value === 'object' && value !== null;
const whole: Mapping = z
  .record(z.string(), z.unknown())
  .parse(parse(readFileSync(join(root, 'generate.yaml'), 'utf8')));

/** What people write by mistake, at any place: the wrong type, out of range, empty, a fraction where a whole number belongs. */
const values = [
  null,
  '',
  ' ',
  'x',
  -1,
  0,
  1,
  5,
  0.5,
  97,
  101,
  201,
  300,
  2064,
  1e9,
  true,
  [],
  [16, 16],
  {},
  { a: 1 },
];

/** The path of every value in the file, mappings and lists included. */
function paths(node: unknown, path: string[] = []): string[][] {
  const below = isMapping(node) ? Object.keys(node).flatMap((key) => paths(node[key], [...path, key])) : [];
  return path.length === 0 ? below : [path, ...below];
}

/** The file with one change: `change` is given the mapping that holds the last key of the path, and that key. */
function changed(path: string[], change: (parent: Mapping, key: string) => void): Mapping {
  const document = structuredClone(whole);
  let parent: Mapping = document;
  for (const key of path.slice(0, -1)) {
    const below = parent[key];
    if (!isMapping(below)) throw new TypeError(`${path.join('.')} leads nowhere`);
    parent = below;
  }
  change(parent, path.at(-1) ?? '');
  return document;
}

/** Whether the engine takes each document; one Python for all of them. JSON has no numbers as keys, YAML has. */
async function verdictsOfTheEngine(documents: Mapping[]): Promise<boolean[]> {
  const script = `
import json, sys
from humo_engine.settings import SettingsError, parse_settings
def taken(document):
    try: parse_settings(document, ${JSON.stringify(profile)})
    except SettingsError: return False
    return True
def keys(pairs): return {int(key) if key.isdecimal() else key: value for key, value in pairs}
documents = json.load(sys.stdin, object_pairs_hook=keys)
print(json.dumps([taken(document) for document in documents]))`;
  const { stdout } = await execa(join(root, '.venv', 'bin', 'python'), ['-c', script], {
    input: JSON.stringify(documents),
  });
  return z.array(z.boolean()).parse(JSON.parse(stdout));
}

function taken(document: Mapping): boolean {
  try {
    parseGenerateSettings(document, profile);
    return true;
  } catch {
    return false;
  }
}

test('bot and engine take the same generate.yaml, and refuse the same', async () => {
  const cases: [name: string, document: Mapping][] = [['as it is', whole]];
  // Presets, profiles, sizes and models are alike among themselves: one place of each kind is tried.
  const kind = (path: string[]) =>
    path
      .join('.')
      .replace(/^(presets|profiles)\.[^.]+\./, '$1.*.')
      .replace(/\b(480|720)\b.*$/, '*')
      .replace(/^(profiles\.\*\.(scales|takes|length)).+/, '$1.*');
  const places = new Map(paths(whole).map((path) => [kind(path), path]));
  for (const path of places.values()) {
    const name = path.join('.');
    cases.push([`${name} left out`, changed(path, (parent, key) => delete parent[key])]);
    cases.push([`a key beside ${name}`, changed(path, (parent) => (parent['surplus'] = 1))]);
    for (const value of values)
      cases.push([
        `${name}: ${JSON.stringify(value)}`,
        changed(path, (parent, key) => (parent[key] = value)),
      ]);
  }
  const imageScale = ['models', '17b', 'scales', 'image'];
  cases.push(['an image scale for 17B', changed(imageScale, (parent, key) => (parent[key] = 4))]);

  const engine = await verdictsOfTheEngine(cases.map(([, document]) => document));
  const bot = cases.map(([, document]) => taken(document));
  const disagreements = cases.flatMap(([name], index) =>
    engine[index] === bot[index]
      ? []
      : [`${name}: engine ${String(engine[index])}, bot ${String(bot[index])}`],
  );
  expect(disagreements).toEqual([]);
  // Neither takes everything, nor refuses everything.
  expect(bot[0]).toBe(true);
  expect(bot.filter((verdict) => !verdict).length).toBeGreaterThan(cases.length / 2);
  expect(bot.filter((verdict) => verdict).length).toBeGreaterThan(20);
});
