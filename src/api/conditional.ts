import parseRange from 'range-parser';

/** Conditional requests and parts of a file, as https://www.rfc-editor.org/rfc/rfc9110 (13 and 14) has them. Pure. */

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What tells one version of an answer from another. */
export interface Validators {
  /** an entity tag with its quotation marks, `W/` before it where it is a weak one */
  readonly etag: string;
  /** milliseconds since 1970 */
  readonly modifiedAt?: number | undefined;
}

/**
 * Whether the conditions of a request hold (13.2.2).
 *
 * @returns `go`: they do, or there are none; `not_modified`: answer 304; `failed`: answer 412
 */
export function precondition(
  method: string,
  headers: Headers,
  { etag, modifiedAt }: Validators,
): 'go' | 'not_modified' | 'failed' {
  const isRead = method === 'GET' || method === 'HEAD';
  const ifMatch = text(headers, 'if-match');
  const unmodifiedSince = dateOf(text(headers, 'if-unmodified-since'));
  if (ifMatch !== undefined) {
    if (!names(ifMatch, etag, 'strong')) return 'failed';
  } else if (unmodifiedSince !== null && modifiedAt !== undefined && seconds(modifiedAt) > unmodifiedSince) {
    return 'failed';
  }
  const ifNoneMatch = text(headers, 'if-none-match');
  const modifiedSince = dateOf(text(headers, 'if-modified-since'));
  if (ifNoneMatch !== undefined) {
    if (names(ifNoneMatch, etag, 'weak')) return isRead ? 'not_modified' : 'failed';
  } else if (isRead && modifiedSince !== null && modifiedAt !== undefined) {
    if (seconds(modifiedAt) <= modifiedSince) return 'not_modified';
  }
  return 'go';
}

/**
 * The part of a file that is asked for.
 *
 * @param size of the file, in bytes
 * @returns offsets of the first and the last byte; `whole` where none is asked for that holds here, or several, or it cannot be
 *   understood (14.2 leaves it to the server); `beyond`: answer 416
 */
export function partOf(
  method: string,
  headers: Headers,
  size: number,
  validators: Validators,
): { readonly start: number; readonly end: number } | 'whole' | 'beyond' {
  const range = text(headers, 'range');
  // 14.2: of no other method is there a part.
  if (range === undefined || method !== 'GET' || !isSameVersion(text(headers, 'if-range'), validators)) {
    return 'whole';
  }
  const specs = /^bytes=(.*)$/i
    .exec(range.trim())?.[1]
    ?.split(',')
    .map((spec) => spec.trim())
    .filter((spec) => spec !== '');
  if (specs === undefined || specs.length === 0 || !specs.every(isSpec)) return 'whole';
  const ranges = parseRange(size, `bytes=${specs.map((spec) => withinFile(spec, size)).join(',')}`, {
    combine: true,
  });
  if (ranges === -1) return 'beyond';
  const [only] = ranges === -2 ? [] : ranges;
  return only === undefined || (Array.isArray(ranges) && ranges.length > 1) ? 'whole' : only;
}

/** 14.1.1: with a last position before the first one, a range is none. */
function isSpec(spec: string): boolean {
  const [, first, last] = /^(\d*)\s*-\s*(\d*)$/.exec(spec) ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return false;
  return first === '' || last === '' || Number(first) <= Number(last);
}

/** 14.1.2: the last N bytes of a file that has fewer are all of it. The library takes that for a part that is not there. */
function withinFile(spec: string, size: number): string {
  return spec.startsWith('-') && Number(spec.slice(1)) > size ? '0-' : spec;
}

/** 13.1.5: a part makes sense together with what somebody has already only if that is of the same version; strong comparison. */
function isSameVersion(condition: string | undefined, { etag, modifiedAt }: Validators): boolean {
  if (condition === undefined) return true;
  if (/^(W\/)?"/.test(condition)) return !etag.startsWith('W/') && condition === etag;
  return modifiedAt !== undefined && dateOf(condition) === seconds(modifiedAt);
}

/** 8.8.3.2 */
function names(list: string, etag: string, comparison: 'strong' | 'weak'): boolean {
  if (list.trim() === '*') return true;
  const given = [...list.matchAll(/(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g)].map(([tag]) => tag);
  if (comparison === 'strong') return !etag.startsWith('W/') && given.includes(etag);
  return given.map(withoutWeakness).includes(withoutWeakness(etag));
}

function withoutWeakness(etag: string): string {
  return etag.replace(/^W\//, '');
}

/** HTTP's dates have seconds. */
function seconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000) * 1000;
}

/** The three forms of 5.6.7; the last one names no zone and means GMT. `Date.parse` takes much more for a date, such as `1`. */
const httpDates = [
  /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
];

/** @returns null for what is no date, which is as good as no condition */
function dateOf(value: string | undefined): number | null {
  if (value === undefined || !httpDates.some((form) => form.test(value))) return null;
  const milliseconds = Date.parse(value.endsWith('GMT') ? value : `${value} GMT`);
  return Number.isNaN(milliseconds) ? null : milliseconds;
}

function text(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : value?.join(', ');
}
