import { reachable } from '../../queue/reachable.ts';
import { duration } from '../../text/format.ts';
import { message } from '../render/message.ts';
import type { RenderedMessage } from '../render/message.ts';
import type { Moderating } from './command-context.ts';

export async function stats({ texts, services, guildId }: Moderating): Promise<RenderedMessage> {
  const { waiting, running, done, failed, cancelled, gpuSeconds, people, medianWaitSeconds } =
    await reachable(services.moderation.stats(guildId));
  return message([
    texts.say('queue.stats.heading'),
    texts.say('queue.stats.now', { running, waiting }),
    texts.say('queue.stats.day', { done, failed, cancelled, gpu: duration(texts, gpuSeconds) }),
    medianWaitSeconds === null
      ? null
      : texts.say('queue.stats.wait', { wait: duration(texts, medianWaitSeconds) }),
    ...people.map((person, index) =>
      texts.say('queue.stats.person', {
        number: index + 1,
        userId: person.userId,
        done: person.done,
        gpu: duration(texts, person.gpuSeconds),
      }),
    ),
  ]);
}
