import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createOrderSchema, createSketchSchema } from '../../src/api/schemas.ts';
import { projectRoot } from '../../src/config/environment.ts';
import { loadGenerateSettings } from '../../src/config/generate.ts';

/** Documents list what the code has: each list against its original, so that neither has what the other lacks. */

const read = (file: string): string => readFileSync(join(projectRoot, file), 'utf8');

/** The part of a document below a heading, up to the next one of any level. */
function section(file: string, heading: string): string {
  const [, after] = read(file).split(`\n${heading}\n`);
  if (after === undefined) throw new Error(`${file} has no "${heading}"`);
  return after.split(/\n#+ /)[0] ?? '';
}

/** What stands in backticks in the cells of tables: of a number of columns from the left. */
function named(text: string, columns = 1): string[] {
  const rows = text.split('\n').filter((line) => line.startsWith('|'));
  const cells = rows.flatMap((row) => row.split('|').slice(1, 1 + columns));
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span));
}

const folders = (path: string): string[] =>
  readdirSync(join(projectRoot, path), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('_'))
    .map(({ name }) => name);

test('the README has a word on every npm script, and on none that is not there', () => {
  const { scripts } = JSON.parse(read('package.json'));
  const spans = named(section('README.md', '## Commands'), 2);
  const commands = spans.flatMap((span) => /^npm (?:run )?([\w:-]+)/.exec(span)?.[1] ?? []);
  expect(commands.filter((name) => scripts[name] === undefined)).toEqual([]);
  const known = new Set([...commands, ...spans]);
  expect(Object.keys(scripts).filter((name) => !known.has(name))).toEqual([]);
});

test('README and docs/architecture.md have a line on every part of the source', () => {
  const parts = folders('src').map((name) => `src/${name}`);
  expect(parts).toContain('src/queue');
  for (const listed of [
    section('README.md', '## How it works'),
    section('docs/architecture.md', '## The parts'),
  ]) {
    const names = named(listed);
    expect(parts.filter((part) => !names.includes(part))).toEqual([]);
  }
});

test('docs/api.md has a line on every field of a request, and on none that is refused', () => {
  const settings = loadGenerateSettings(join(projectRoot, 'generate.yaml'), 'official');
  const fields = named(section('docs/api.md', '## By hand')).filter((name) => name !== 'request');
  expect(new Set(fields)).toEqual(new Set(Object.keys(createOrderSchema(settings).shape)));
  const estimate = section('docs/api.md', '### What it would cost');
  const known = Object.keys(createOrderSchema(settings).shape);
  const more = Object.keys(createSketchSchema(settings).shape).filter((name) => !known.includes(name));
  expect(more.filter((name) => !estimate.includes(`\`${name}\``))).toEqual([]);
});

/** Where the engine's commands declare their arguments. */
const declarations = readdirSync(join(projectRoot, 'engine/humo_engine/commands'))
  .filter((name) => name.endsWith('.py'))
  .map((name) => read(`engine/humo_engine/commands/${name}`))
  .join('\n');

test('engine/README.md names every file of the engine, and every command', () => {
  const spans = named(section('engine/README.md', '## Reading it'), 2);
  const modules = readdirSync(join(projectRoot, 'engine/humo_engine')).filter(
    (name) => name.endsWith('.py') && !name.startsWith('__'),
  );
  expect(modules.filter((name) => !spans.includes(name))).toEqual([]);
  expect(spans.filter((span) => span.endsWith('.py') && !modules.includes(span))).toEqual([]);
  const inside = folders('engine/humo_engine').map((name) => `${name}/`);
  expect(inside.filter((name) => name !== 'mini_weights/' && !spans.includes(name))).toEqual([]);

  const commands = [...declarations.matchAll(/commands\.add_parser\(\s*"([\w-]+)"/g)];
  const said = named(section('engine/README.md', '## Commands')).map((span) => span.split(' ')[0]);
  expect(commands.length).toBeGreaterThan(5);
  expect(commands.map(([, name]) => name).filter((name) => !said.includes(name))).toEqual([]);
});

test('engine/BENCHMARKS.md and QUALITY.md name only options that their commands have', () => {
  const [bench, quality] = ['BENCHMARKS', 'QUALITY'].map((name) =>
    read(`engine/${name}.md`).replaceAll(/npm run demo[^`]*/g, ''),
  );
  const cases = [...read('engine/humo_engine/bench/registry.py').matchAll(/^ {4}"(\w+)": Case\(/gm)].map(
    ([, name]) => name,
  );
  const measured = [...(bench ?? '').matchAll(/--case (\w+)/g)].map(([, name]) => name);
  expect(new Set(measured)).toEqual(new Set(cases));
  const source = declarations + read('engine/humo_quality/train_judges.py');
  const options = [...`${bench}${quality}`.matchAll(/(?<=[\s`])--([a-z][a-z-]*)/g)].map(([, name]) => name);
  expect(options.length).toBeGreaterThan(20);
  expect(options.filter((name) => !source.includes(`"--${name}"`))).toEqual([]);
});

test('sandbox/README.md has a line on every option of a start', () => {
  const [, given = ''] = /export interface SandboxOptions \{(.*?)\n\}/s.exec(read('sandbox/start.ts')) ?? [];
  const options = [...given.matchAll(/readonly (\w+)\?:/g)].map(([, name]) => name);
  const names = named(section('sandbox/README.md', '## Starting')).map((span) => span.split(':')[0]);
  expect(options).toContain('checkAnswers');
  expect(options.filter((name) => !names.includes(name))).toEqual([]);
});
