import { readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { projectRoot } from '../../src/config/environment.ts';

const read = (file: string): string => readFileSync(join(projectRoot, file), 'utf8');
const exists = (path: string): boolean =>
  statSync(join(projectRoot, path), { throwIfNoEntry: false }) !== undefined;

/** What stands in backticks and is a path from the repository's root: it has a slash inside, or is a file there by its ending. */
function pathsOf(text: string): string[] {
  const spans = [...text.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
  return spans.filter(
    (span) => /^\.?[\w-]+(?:\/[\w.-]+)*(?:\/|\.\w+)$/.test(span) && /\/|\.(?:md|yaml|json)$/.test(span),
  );
}

test('every path that CONTRIBUTING.md names exists', () => {
  const paths = pathsOf(read('CONTRIBUTING.md'));
  expect(paths).toContain('src/media/rate-control.ts');
  expect(paths).toContain('src/commands/');
  expect(paths).toContain('generate.yaml');
  expect(paths.filter((path) => !exists(path))).toEqual([]);
});

test('CONTRIBUTING.md says of each usual change where it goes, and which tests hold it', () => {
  const [, ...changes] = read('CONTRIBUTING.md').split('## Where else to look')[0]?.split(/^### /m) ?? [];
  expect(changes).toHaveLength(14);
  for (const change of changes) {
    const paths = pathsOf(change);
    const isTest = (path: string): boolean => path.includes('tests/');
    expect(paths.filter(isTest), change).not.toEqual([]);
    expect(
      paths.filter((path) => !isTest(path)),
      change,
    ).not.toEqual([]);
  }
});

test('every room of src/queue has its line in the decision about them', () => {
  const entries = readdirSync(join(projectRoot, 'src/queue'), { withFileTypes: true });
  const rooms = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const described = [
    ...read('docs/decisions/0082-the-rooms-of-the-queue.md').matchAll(/^\| `([\w-]+)\/` /gm),
  ];
  expect(new Set(described.map(([, room]) => room))).toEqual(new Set(rooms));
});

/** They say what files were called before, in a table of then and now. */
const tellOfOldNames = ['0088-the-rooms-of-the-engine.md', '0091-where-a-stranger-looks.md'];

const within = (folder: string, recursive: boolean): string[] =>
  readdirSync(join(projectRoot, folder), { recursive, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
const documents = [
  ...within('docs', true),
  ...['.', 'engine', 'docker', 'sandbox', 'src/commands', 'engine/humo_engine/mini_weights'].flatMap(
    (folder) => within(folder, false),
  ),
];

/** What a heading is called in an address, as GitHub and others make it of its words. */
function anchorsOf(file: string): string[] {
  return [...read(file).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\-_ ]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test('every link from a document to a file, and to a heading in one, leads somewhere', () => {
  const links = documents.flatMap((file) =>
    [...read(file).matchAll(/\]\(([^)\s#]*)(?:#([^)\s]*))?\)/g)]
      .filter(([, target = '']) => !/^[a-z]+:/.test(target))
      .map(([, target = '', heading]) => ({
        file,
        target: target === '' ? file : join(dirname(file), target),
        heading,
      })),
  );
  expect(links).toContainEqual({ file: 'README.md', target: 'CONTRIBUTING.md', heading: undefined });
  expect(links).toContainEqual({ file: 'SECURITY.md', target: 'docs/operations.md', heading: 'upgrade' });
  expect(links.filter(({ target }) => !exists(target))).toEqual([]);
  const toHeadings = links.filter(({ target, heading }) => heading !== undefined && target.endsWith('.md'));
  expect(toHeadings.filter(({ target, heading = '' }) => !anchorsOf(target).includes(heading))).toEqual([]);
});

/** People make it of docker/.env.example. */
const madeByPeople = ['docker/.env'];

test('every path from the root that a document names is there', () => {
  // What was called otherwise in an earlier version is told by that version's name.
  const present = documents.filter((file) => !tellOfOldNames.some((name) => file.endsWith(name)));
  const tops = 'src|engine|web|scripts|sandbox|bench|docker|tests|docs|examples|findings';
  const paths = present.flatMap((file) =>
    [...read(file).matchAll(/`([^`\n]+)`/g)].flatMap(([, span = '']) =>
      [...span.matchAll(new RegExp(`(?<![\\w/.-])(?:${tops})/[\\w.-][\\w./-]*`, 'g'))].map(([path]) => ({
        file,
        path,
      })),
    ),
  );
  expect(paths.length).toBeGreaterThan(150);
  const isThere = ({ file, path }: { file: string; path: string }): boolean =>
    exists(path) || exists(join(dirname(file), path)) || madeByPeople.includes(path);
  expect(paths.filter((path) => !isThere(path))).toEqual([]);
});

test('a decision begins with its number, which no other one has', () => {
  const files = readdirSync(join(projectRoot, 'docs/decisions'));
  for (const file of files) {
    const number = Number(/^(\d{4})-/.exec(file)?.[1]);
    expect(Number(/^# (\d+)[:.] \S/.exec(read(`docs/decisions/${file}`))?.[1]), file).toBe(number);
  }
  const numbers = files.map((file) => file.slice(0, 4));
  expect(numbers.filter((number, index) => numbers.indexOf(number) !== index)).toEqual([]);
});

test('every file of code that a decision names is there, under this name', () => {
  const folder = join(projectRoot, 'docs/decisions');
  const decisions = readdirSync(folder).filter((file) => !tellOfOldNames.includes(file));
  const code = ['src', 'engine', 'web', 'scripts', 'sandbox', 'bench', 'docker', 'tests', 'findings'].flatMap(
    (top) => readdirSync(join(projectRoot, top), { recursive: true, encoding: 'utf8' }),
  );
  const names = new Set(code.map((path) => basename(path)));
  const named = decisions.flatMap((file) =>
    [...read(join('docs/decisions', file)).matchAll(/`([\w./-]+\.(?:ts|mjs|lua|py|sh))`/g)].map(
      ([, path = '']) => ({ file, path }),
    ),
  );
  const isHere = (path: string): boolean =>
    /^(?:src|engine|web|scripts|sandbox|bench|docker|tests)\//.test(path)
      ? exists(path)
      : names.has(basename(path));
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter(({ path }) => !isHere(path))).toEqual([]);
});

/** https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-githubs-form-schema */
const form = z.strictObject({
  name: z.string().min(1),
  description: z.string().min(1),
  labels: z.array(z.string()),
  body: z.array(
    z.discriminatedUnion('type', [
      z.strictObject({
        type: z.literal('markdown'),
        attributes: z.strictObject({ value: z.string().min(1) }),
      }),
      z.strictObject({
        type: z.enum(['input', 'textarea', 'dropdown']),
        id: z.string().regex(/^[\w-]+$/),
        attributes: z.strictObject({
          label: z.string().min(1),
          description: z.string().optional(),
          placeholder: z.string().optional(),
          render: z.string().optional(),
          multiple: z.boolean().optional(),
          options: z.array(z.string()).min(1).optional(),
        }),
        validations: z.strictObject({ required: z.boolean() }).optional(),
      }),
    ]),
  ),
});

test.each(['fault', 'wish'])('the form %s is one that GitHub takes', (name) => {
  const { body } = form.parse(parse(read(`.github/ISSUE_TEMPLATE/${name}.yaml`)));
  const fields = body.filter((field) => field.type !== 'markdown');
  expect(new Set(fields.map(({ id }) => id)).size).toBe(fields.length);
  expect(fields.some(({ validations }) => validations?.required === true)).toBe(true);
  for (const { type, attributes } of fields)
    expect(attributes.options !== undefined).toBe(type === 'dropdown');
});
