import { SnowflakeUtil } from 'discord.js';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { noticeChannelRemoved, noticeRemoved } from '../../../src/commands/support/removal.ts';
import type { Generation } from '../../../src/queue/contract/generation.ts';
import { generationWith, resultWith } from '../../support/generation.ts';

const now = 1_800_000_000_000;

/** @param answers to the question whose message it is, the last one for good */
async function removed(postedAt: number, answers: readonly (Generation | null | Error)[]) {
  const messageId = SnowflakeUtil.generate({ timestamp: postedAt }).toString();
  let looks = 0;
  const marked: string[] = [];
  const gone: string[] = [];
  await noticeRemoved(messageId, {
    queue: {
      byMessage: async () => {
        const answer = answers[Math.min(looks, answers.length - 1)];
        looks += 1;
        if (answer instanceof Error) throw answer;
        if (answer === null || answer === undefined) return null;
        return { ...answer, reply: { ...answer.reply, finalMessageId: messageId } };
      },
      claim: async () => true,
      markResult: async (_id, mark) => {
        marked.push(mark);
        return true;
      },
    },
    results: { remove: async ({ id }) => void gone.push(id) },
    speaker: { edit: async () => undefined },
    logger: pino({ level: 'silent' }),
    stopping: new AbortController().signal,
    now: () => now,
  });
  return { looks, marked, gone };
}

test('a result that is deleted before it is noted whose it is, or while Redis is silent, is deleted', async () => {
  const generation = generationWith({ result: resultWith() });
  const found = { marked: ['deleted'], gone: [generation.id] };
  expect(await removed(now - 1_000, [null, generation])).toEqual({ looks: 2, ...found });
  const away = new Error('Command timed out');
  expect(await removed(now - 86_400_000, [away, generation])).toEqual({ looks: 2, ...found });
  // Somebody else's, long there: nobody looks twice.
  expect(await removed(now - 86_400_000, [null])).toEqual({ looks: 1, marked: [], gone: [] });
});

test('with a channel goes what everybody saw there, page by page, and nothing else', async () => {
  const result = resultWith();
  const reply = { finalChannelId: '7', finalMessageId: '8' };
  const there = Array.from({ length: 130 }, () => generationWith({ result, reply }));
  const others = [
    generationWith({ result, reply: { ...reply, private: true } }),
    generationWith({ result, reply, hiddenAt: 1 }),
    generationWith({ result, reply: { ...reply, finalChannelId: '6' } }),
    generationWith({ result, reply: { ...reply, finalMessageId: null } }),
    generationWith({ result, reply, deletedAt: 1 }),
    generationWith({ reply }),
  ];
  const all = [...others, ...there];
  const removedWith = async (isDeleted: boolean) => {
    const [marked, gone]: [string[], string[]] = [[], []];
    let looks = 0;
    await noticeChannelRemoved(
      { guildId: '4', channelIds: ['7'] },
      {
        queue: {
          list: async ({ before, limit = 0 }) => {
            looks += 1;
            const start = all.findIndex(({ id }) => id === before) + 1;
            return all.slice(start, start + limit);
          },
          markResult: async (id) => marked.push(id) > 0,
        },
        results: { remove: async ({ id }) => void gone.push(id) },
        channels: { isDeleted: async () => isDeleted },
        logger: pino({ level: 'silent' }),
        stopping: new AbortController().signal,
      },
    );
    return { looks, marked, gone };
  };
  const ids = there.map(({ id }) => id);
  expect(await removedWith(true)).toEqual({ looks: 2, marked: ids, gone: ids });
  // The bot only does not see it any more.
  expect(await removedWith(false)).toEqual({ looks: 0, marked: [], gone: [] });
});
