import { expect, test } from 'vitest';
import { onceNoted, reactedTo } from '../../../src/commands/support/find-generation.ts';
import { generationWith } from '../../support/generation.ts';

const stopping = new AbortController().signal;
const nobody = async () => null;

test('a button that is pressed before it is noted under which message it stands waits for that, and for nothing else', async () => {
  const posting = generationWith({ status: 'delivering' });
  const noted = {
    ...posting,
    status: 'delivered' as const,
    reply: { ...posting.reply, finalMessageId: '8' },
  };
  let looks = 0;
  const queue = { byMessage: nobody, wasMessage: async () => false, get: async () => ((looks += 1), noted) };
  const services = { queue, stopping };
  expect((await onceNoted(posting, services))?.reply.finalMessageId).toBe('8');
  expect(looks).toBe(1);
  for (const status of ['queued', 'running', 'failed'] as const) {
    expect((await onceNoted({ ...posting, status }, services))?.status).toBe(status);
  }
  expect(looks).toBe(1);
});

test('a result from before the records that are kept is known by one question', async () => {
  let asked = 0;
  const queue = { byMessage: nobody, wasMessage: async () => ((asked += 1), true), get: nobody };
  const standing = { generationId: nobody };
  const services = { queue, standing, stopping };
  await expect(reactedTo({ channelId: '7', messageId: '8' }, services)).rejects.toMatchObject({
    key: 'again.gone',
  });
  expect(asked).toBe(1);
});
