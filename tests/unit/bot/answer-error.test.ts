import { DiscordAPIError } from 'discord.js';
import { expect, test } from 'vitest';
import {
  isClosedChannel,
  isClosedDirectMessages,
  isDeadToken,
  isLastingRefusal,
  isTooLarge,
} from '../../../src/bot/discord-errors.ts';
import { explain } from '../../../src/bot/answer-error.ts';
import { Refusal } from '../../../src/refusal.ts';
import { errorFields } from '../../../src/error-fields.ts';
import { DiskFull } from '../../../src/full-disk.ts';
import { Failure } from '../../../src/failure.ts';
import { textsFor } from '../../../src/text/texts.ts';

const secret = 'aW50ZXJhY3Rpb246c2VjcmV0';

function discordError(code: number, status: number): DiscordAPIError {
  return new DiscordAPIError(
    { code, message: 'No' },
    code,
    status,
    'POST',
    `https://discord.com/webhooks/1/${secret}`,
    {
      files: undefined,
      body: { content: 'a prompt' },
    },
  );
}

test.each([
  ['a closed channel', isClosedChannel, [50_001, 50_013, 10_003, 50_083, 160_005]],
  ['closed direct messages', isClosedDirectMessages, [50_007, 50_278]],
  ['a dead token', isDeadToken, [50_027, 10_015, 10_062]],
  ['too large', isTooLarge, [40_005]],
])('%s is recognised by its codes', (_, recognise, codes) => {
  for (const code of codes)
    expect({ code, recognised: recognise(discordError(code, 403)) }).toEqual({ code, recognised: true });
  expect(recognise(discordError(50_035, 400))).toBe(false);
  expect(recognise(new Error('something else'))).toBe(false);
});

test('what Discord refuses for now is tried again; what it refuses with a reason of its own is not', () => {
  for (const code of [0, 20_016, 20_026, 20_028, 20_029, 40_001, 40_002, 40_333, 130_000])
    expect({ code, isLasting: isLastingRefusal(discordError(code, 403)) }).toEqual({
      code,
      isLasting: false,
    });
  for (const code of [20_009, 50_035, 160_006, 200_000, 240_000])
    expect({ code, isLasting: isLastingRefusal(discordError(code, 400)) }).toEqual({ code, isLasting: true });
});

test('413 without a code of Discord’s means too large, too', () => {
  expect(isTooLarge(discordError(0, 413))).toBe(true);
});

const texts = textsFor('en');

test('a refusal and a failure explain themselves', () => {
  expect(explain(new Refusal('refused.stopping'), texts, 'REF')).toMatchObject({ unexpected: false });
  expect(explain(new Failure('out_of_memory', 'out_of_memory'), texts, 'REF').content).toContain(
    'GPU ran out of memory',
  );
});

test('a failure without a text of its own gets that of its code', () => {
  expect(explain(new Failure('too_large', 'no_text_for_this'), texts, 'REF').content).toContain('too large');
});

test('Discord’s refusals are told in words', () => {
  expect(explain(discordError(50_013, 403), texts, 'REF').content).toContain('permissions');
});

test('the unknown shows a reference and nothing of the error', () => {
  const { content, unexpected } = explain(new TypeError('cannot read x of undefined'), texts, 'REF42');
  expect(unexpected).toBe(true);
  expect(content).toContain('REF42');
  expect(content).not.toContain('undefined');
});

test('the log fields of an error hold no address and no request body', () => {
  const fields = JSON.stringify(errorFields(new Error('outer', { cause: discordError(50_013, 403) })));
  expect(fields).toContain('50013');
  expect(fields).not.toContain(secret);
  expect(fields).not.toContain('a prompt');
});

test('a full disk: the person learns who can help, and the log which folder it is', () => {
  const error = new DiskFull('/data/scratch', new Error('ENOSPC'));
  const { content, unexpected } = explain(error, textsFor('en'), 'ABCD1234');
  expect(content).toContain('My disk is full');
  expect(content).not.toContain('/data');
  expect(unexpected).toBe(true);
  expect(errorFields(error)['message']).toContain('/data/scratch');
});
