/** `npm run docs:configuration`: writes docs/configuration.md from the schemas and the comments of .env.example. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { z } from 'zod';
import { environmentSchemas, projectRoot } from '../../src/config/environment.ts';

const target = join(projectRoot, 'docs/configuration.md');

/** Sections of .env.example: a heading, and each variable with the comment above it. */
interface Section {
  readonly title: string;
  readonly variables: { readonly name: string; readonly comment: string }[];
}

export async function configurationPage(): Promise<string> {
  const sections = readSections(await readFile(join(projectRoot, '.env.example'), 'utf8'));
  const lines = [
    '# Configuration',
    '',
    '<!-- Written by `npm run docs:configuration` from src/config/environment.ts and .env.example: change those. -->',
    '',
    'Every process reads its environment once, when it starts, and names every problem at once. `npm run` also reads `.env` in the root; an',
    'empty variable counts as not set. What concerns the models, presets and sizes stands in `generate.yaml`.',
    '',
  ];
  for (const { title, variables } of sections) {
    lines.push(
      `## ${title}`,
      '',
      '| variable | read by | when not set | what |',
      '| --- | --- | --- | --- |',
    );
    for (const { name, comment } of variables) {
      lines.push(
        `| \`${name}\` | ${readers(name).join(', ')} | ${whenUnset(name)} | ${comment.replaceAll('|', '\\|')} |`,
      );
    }
    lines.push('');
  }
  const options = await resolveConfig(target);
  return format(lines.join('\n'), { ...options, parser: 'markdown' });
}

function readSections(text: string): Section[] {
  const sections: Section[] = [];
  let comment: string[] = [];
  for (const line of text.split('\n')) {
    const heading = /^# --- (.*?) -*$/.exec(line)?.[1];
    if (heading !== undefined) sections.push({ title: heading, variables: [] });
    else if (line.startsWith('# ')) comment.push(line.slice(2));
    const variable = /^([A-Z0-9_]+)=/.exec(line)?.[1];
    if (variable !== undefined)
      sections.at(-1)?.variables.push({ name: variable, comment: comment.join(' ') });
    if (heading !== undefined || variable !== undefined || line === '') comment = [];
  }
  return sections;
}

/** The page is Python, and has a schema of its own: web/humo_web/settings.py. */
const ofThePage = /^WEB_/;

function readers(name: string): string[] {
  if (ofThePage.test(name)) return ['web page'];
  return Object.entries(environmentSchemas).flatMap(([process, schema]) =>
    name in schema.shape ? [process] : [],
  );
}

/** What the schema makes of nothing. @throws Error for a variable that no schema has */
function whenUnset(name: string): string {
  if (ofThePage.test(name)) return '';
  for (const schema of Object.values(environmentSchemas)) {
    const field = Object.entries(schema.shape).find(([key]) => key === name)?.[1];
    if (field === undefined) continue;
    if (!field.safeParse(undefined).success)
      return name === 'REDIS_URL' ? 'a private Redis with `npm start`; an error else' : 'an error';
    const value = writtenDefault(name, field);
    return value === '' ? '' : `\`${value.replace(projectRoot, '')}\``;
  }
  throw new Error(`.env.example names ${name}, which nothing reads`);
}

/**
 * A default as a person would write it into `.env`: what is read further is shown as it is written, and not as what is made of it.
 *
 * @returns empty: nothing is the default
 * @throws Error for one that nobody could write
 */
export function writtenDefault(name: string, field: z.ZodType): string {
  const value: unknown = field instanceof z.ZodPrefault ? field.def.defaultValue : field.parse(undefined);
  const parts = value === undefined ? [] : Array.isArray(value) ? value : [value];
  if (parts.every((part) => ['string', 'number', 'boolean'].includes(typeof part))) return parts.join(',');
  throw new Error(`The default of ${name} is nothing that can be written: give it as text, with .prefault()`);
}

if (import.meta.main) {
  await writeFile(target, await configurationPage());
  console.log('docs/configuration.md is up to date.');
}
