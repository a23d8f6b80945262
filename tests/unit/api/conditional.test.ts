import { expect, test } from 'vitest';
import { partOf, precondition } from '../../../src/api/conditional.ts';

const modifiedAt = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const date = (offset: number) => new Date(modifiedAt + offset).toUTCString();
const strong = { etag: '"a"', modifiedAt };

test.each([
  ['GET', {}, 'go'],
  ['GET', { 'if-none-match': '"a"' }, 'not_modified'],
  ['GET', { 'if-none-match': 'W/"a"' }, 'not_modified'],
  ['GET', { 'if-none-match': '"x", W/"y,z" , "a"' }, 'not_modified'],
  ['HEAD', { 'if-none-match': '*' }, 'not_modified'],
  ['POST', { 'if-none-match': '*' }, 'failed'],
  ['GET', { 'if-none-match': '"x"' }, 'go'],
  ['GET', { 'if-none-match': 'a' }, 'go'],
  // The tag decides, whatever the date says.
  ['GET', { 'if-none-match': '"x"', 'if-modified-since': date(0) }, 'go'],
  ['GET', { 'if-modified-since': date(0) }, 'not_modified'],
  ['GET', { 'if-modified-since': date(-1000) }, 'go'],
  ['GET', { 'if-modified-since': 'no date' }, 'go'],
  ['GET', { 'if-modified-since': '2099-01-01' }, 'go'],
  ['GET', { 'if-modified-since': 'Friday, 02-Jan-26 03:04:05 GMT' }, 'not_modified'],
  ['GET', { 'if-modified-since': 'Fri Jan  2 03:04:05 2026' }, 'not_modified'],
  ['GET', { 'if-modified-since': 'Fri Jan  2 03:04:04 2026' }, 'go'],
  ['GET', { 'if-unmodified-since': '1' }, 'go'],
  ['GET', { 'if-match': '"a"' }, 'go'],
  ['GET', { 'if-match': '*' }, 'go'],
  ['GET', { 'if-match': 'W/"a"' }, 'failed'],
  ['GET', { 'if-match': '"x"' }, 'failed'],
  ['GET', { 'if-unmodified-since': date(0) }, 'go'],
  ['GET', { 'if-unmodified-since': date(-1000) }, 'failed'],
])('%s with %j: %s', (method, headers, expected) => {
  expect(precondition(method, headers, strong)).toBe(expected);
});

test('a weak tag is never the same for what wants the very same bytes', () => {
  const weak = { etag: 'W/"a"' };
  expect(precondition('GET', { 'if-none-match': '"a"' }, weak)).toBe('not_modified');
  expect(precondition('GET', { 'if-match': 'W/"a"' }, weak)).toBe('failed');
  expect(partOf('GET', { range: 'bytes=0-1', 'if-range': 'W/"a"' }, 10, weak)).toBe('whole');
});

test.each([
  [undefined, 'whole'],
  ['bytes=0-', { start: 0, end: 999 }],
  ['bytes=0-0', { start: 0, end: 0 }],
  ['Bytes=10-19', { start: 10, end: 19 }],
  ['bytes=990-5000', { start: 990, end: 999 }],
  ['bytes=-10', { start: 990, end: 999 }],
  ['bytes=-1000', { start: 0, end: 999 }],
  ['bytes=-5000', { start: 0, end: 999 }],
  [`bytes=-${'9'.repeat(30)}`, { start: 0, end: 999 }],
  ['bytes= , 5-9 ,', { start: 5, end: 9 }],
  ['bytes=0-4,5-9', { start: 0, end: 9 }],
  ['bytes=0-4,2000-', { start: 0, end: 4 }],
  ['bytes=0-4,9-10', 'whole'],
  ['bytes=1000-', 'beyond'],
  ['bytes=1000-1001,2000-', 'beyond'],
  ['bytes=-0', 'beyond'],
  ['bytes=9-5', 'whole'],
  ['bytes=', 'whole'],
  ['bytes=-', 'whole'],
  ['bytes=a-b', 'whole'],
  ['bytes=0x1-5', 'whole'],
  ['lines=1-2', 'whole'],
])('of 1000 bytes, %s: %j', (range, expected) => {
  expect(partOf('GET', { range }, 1000, strong)).toEqual(expected);
  expect(partOf('HEAD', { range }, 1000, strong)).toBe('whole');
});

test('a part is given together with the same version alone', () => {
  const asked = (condition: string) =>
    partOf('GET', { range: 'bytes=0-1', 'if-range': condition }, 10, strong);
  const part = { start: 0, end: 1 };
  expect(['"a"', date(0)].map(asked)).toEqual([part, part]);
  expect(['W/"a"', '"b"', date(1000), date(-1000), 'x'].map(asked)).toEqual(Array(5).fill('whole'));
});
