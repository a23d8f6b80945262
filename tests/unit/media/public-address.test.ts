import { expect, test } from 'vitest';
import { webhookTarget } from '../../../src/api/webhook.ts';
import { isPublicAddress } from '../../../src/public-address.ts';

test.each(['93.184.216.34', '2606:2800:220:1::1', '::ffff:93.184.216.34'])('%s is public', (address) => {
  expect(isPublicAddress(address)).toBe(true);
});

test.each([
  ...[
    '127.0.0.1',
    '10.1.2.3',
    '192.168.0.1',
    '172.16.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
  ],
  ...[
    '::1',
    '::',
    'fe80::1',
    'fc00::1',
    'fec0::1',
    'fd00:ec2::254',
    '::ffff:127.0.0.1',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
  ],
])('%s is not', (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

test.each([
  ['https://example.org/hook', true],
  ['http://example.org/hook', false],
  ['https://0x7f.1/', false],
  ['https://2130706433/', false],
  ['https://[::1]/', false],
  ['https://user@example.org/', false],
  ['ftp://own/', false],
  ['http://own/', true],
  ['http://other:8080/', true],
  ['http://other/', false],
  ['no address', false],
])('a webhook to %s: %s', (url, expected) => {
  expect(webhookTarget(url, ['own', 'other:8080']) !== null).toBe(expected);
});
