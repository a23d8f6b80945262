import { expect, test } from 'vitest';
import { apiReply } from '../../../src/queue/contract/generation.ts';
import {
  parseRecord,
  recordFields,
  replyFields,
  UnreadableRecord,
} from '../../../src/queue/contract/record.ts';
import { testDraft, testResult } from '../../support/queue-fixtures.ts';

const draft = testDraft('1', { guildId: null });
const stored = { ...recordFields(draft), status: 'queued', createdAt: '5', attempts: '0' };

test('what is stored comes back, each part from its own field', () => {
  expect(parseRecord(stored)).toMatchObject({ ...draft, status: 'queued', createdAt: 5, attempts: 0 });
  const later = {
    ...stored,
    ...replyFields({ statusMessageId: '77', interactionToken: null }),
    status: 'delivering',
    workerId: 'w',
    result: JSON.stringify(testResult(draft.id)),
    startedAt: '6',
    finishedAt: '7',
    'share.level': '9',
  };
  expect(parseRecord(later)).toMatchObject({
    reply: { statusMessageId: '77', interactionToken: null, channelId: '3000' },
    workerId: 'w',
    result: { bytes: 1000 },
    startedAt: 6,
    finishedAt: 7,
    deliveredAt: null,
  });
});

test('nothing stored is no record', () => {
  expect(parseRecord({})).toBeNull();
});

test('a change of the reply writes only what it names', () => {
  expect(replyFields({ statusMessageId: '77' })).toEqual({ 'reply.statusMessageId': '"77"' });
  expect(replyFields({})).toEqual({});
});

test('another version is refused with what to do', () => {
  expect(() => parseRecord({ ...stored, version: '2' })).toThrow(/version 2.*understands 1: update/);
});

test('a damaged record is named by its fields, without their values', () => {
  const request = JSON.stringify({ ...draft.request, prompt: 'secret', steps: 'many', width: null });
  expect(() => parseRecord({ ...stored, request })).toThrow(/damaged: request\.width, request\.steps$/);
});

test('a record that was cut off is damaged, too, and the error quotes nothing of it', () => {
  const request = JSON.stringify({ prompt: 'secret' }).replace('"secret"', 'secret');
  expect(() => parseRecord({ ...stored, request })).toThrow(
    new UnreadableRecord(`the record of generation ${draft.id} is damaged: request`),
  );
});

test('only what came over the API has no channel', () => {
  const overApi = { ...stored, ...replyFields(apiReply) };
  expect(parseRecord(overApi)?.reply).toEqual(apiReply);
  expect(() => parseRecord({ ...stored, 'reply.channelId': 'null' })).toThrow(/damaged: reply\.channelId$/);
  expect(() => parseRecord({ ...overApi, 'reply.channelId': '"1"' })).toThrow(/damaged: reply\.channelId$/);
});
