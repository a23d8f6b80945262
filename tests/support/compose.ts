import { readFileSync } from 'node:fs';
import { parse, Scalar, YAMLSeq } from 'yaml';
import type { CollectionTag, ScalarTag } from 'yaml';

type Environment = Readonly<Record<string, string | undefined>>;

/** `!reset` takes away what an earlier file says: https://docs.docker.com/reference/compose-file/merge/#reset-value */
const reset = Symbol('reset');
const resetTag: ScalarTag = { tag: '!reset', resolve: () => reset };

/** `!override` puts a list in the place of an earlier one, to which it would be added: the same page. Marked by what it begins with. */
const override = Symbol('override');
const overrideTag: CollectionTag = {
  tag: '!override',
  collection: 'seq',
  resolve(list) {
    const marked = new YAMLSeq();
    marked.items = [new Scalar(override), ...list.items];
    return marked;
  },
};

/**
 * Compose files as Docker Compose reads them, a later one over the earlier ones: merge keys, variables of `environment` put in.
 *
 * @returns all of it as JSON
 */
export function renderCompose(paths: readonly string[], environment: Environment): string {
  const read = (path: string): unknown =>
    parse(
      readFileSync(path, 'utf8'),
      (_key, value: unknown) => (typeof value === 'string' ? interpolate(value, environment) : value),
      { merge: true, customTags: (tags) => [...tags, resetTag, overrideTag] },
    );
  const all = paths.map(read).reduce(merge);
  if (!isMap(all) || !isMap(all['services'])) throw new Error('there are no services');
  const { services } = all;
  const whole = Object.entries(services).map(([name, service]) => [name, extended(service, services)]);
  return JSON.stringify({ ...all, services: Object.fromEntries(whole) });
}

/** What a service is with what it `extends`, which stands in one of the files that are read anyway. */
function extended(service: unknown, services: Readonly<Record<string, unknown>>): unknown {
  if (!isMap(service) || !isMap(service['extends'])) return service;
  const { extends: base, ...own } = service;
  return merge(services[String(base['service'])], own);
}

/**
 * Puts variables into a text: `${A}`, `${A:-default}`, `${A:+instead}`, `${A:?message}`, nested, and `$$` for a dollar. As eager as
 * Compose up to 2.40: a default is read even where it is not taken, and what is required in it is required.
 *
 * @throws Error with the message of a variable that is required and not set, and for any other use of a dollar
 */
export function interpolate(text: string, environment: Environment): string {
  let result = '';
  let rest = text;
  while (rest !== '') {
    const dollar = rest.indexOf('$');
    if (dollar === -1) return result + rest;
    result += rest.slice(0, dollar);
    rest = rest.slice(dollar);
    if (rest.startsWith('$$')) {
      result += '$';
      rest = rest.slice(2);
      continue;
    }
    const end = closing(rest);
    const [, name, operator, operand] =
      /^\$\{([A-Z][A-Z0-9_]*)(?:(:-|:\?|:\+)(.*))?\}$/s.exec(rest.slice(0, end)) ?? [];
    if (name === undefined) throw new Error(`not understood: ${rest}`);
    const value = environment[name] ?? '';
    if (value === '' && operator === ':?') throw new Error(`${name}: ${operand}`);
    const read = operand === undefined ? '' : interpolate(operand, environment);
    if (operator === ':+') result += value === '' ? '' : read;
    else result += value === '' ? read : value;
    rest = rest.slice(end);
  }
  return result;
}

/** The index behind the brace that closes the first one. */
function closing(text: string): number {
  let depth = 0;
  for (let index = 1; index < text.length; index += 1) {
    if (text[index] === '{') depth += 1;
    if (text[index] === '}') depth -= 1;
    if (depth === 0) return index + 1;
  }
  throw new Error(`a brace is not closed: ${text}`);
}

/** A later file over an earlier one, for what ours do: maps are merged, lists added, `!reset` takes away, all else replaces. */
function merge(base: unknown, later: unknown): unknown {
  if (Array.isArray(base) && Array.isArray(later))
    return later[0] === override ? later.slice(1) : [...base, ...later];
  if (!isMap(base) || !isMap(later)) return later;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(later)) {
    if (value === reset) delete merged[key];
    else merged[key] = key in merged ? merge(merged[key], value) : value;
  }
  return merged;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
