import type { Interaction } from 'discord.js';
import type { Services } from '../commands/support/services.ts';
import { Failure } from '../failure.ts';

/**
 * Discord waits three seconds for the first answer to a person, from the press on: half of them are for the queue, the rest is for the
 * way there and back. https://discord.com/developers/docs/interactions/receiving-and-responding#responding-to-an-interaction
 */
export const firstAnswerWithin = 1_500;

/** What is asked in Redis before there is an answer. Everything else takes its time once the person has been answered. */
const asked = ['queue', 'moderation', 'people'] as const;

/**
 * The services for one interaction: until it has been answered, whatever is asked of Redis has so long in all, and then says that the
 * queue cannot be reached. What was asked goes on unseen, so only what may as well be done is done before the first answer.
 *
 * @param deadline in the time of `performance.now()`
 */
export function servicesUntilAnswered(
  interaction: Interaction,
  services: Services,
  deadline = performance.now() + firstAnswerWithin,
): Services {
  const left = () => (isAnswered(interaction) ? null : deadline - performance.now());
  const bounded = Object.fromEntries(asked.map((name) => [name, boundedBy(services[name], left)]));
  return { ...services, ...bounded, now: () => services.now() };
}

function isAnswered(interaction: Interaction): boolean {
  if (interaction.isAutocomplete()) return interaction.responded;
  return interaction.isRepliable() && (interaction.deferred || interaction.replied);
}

/** Its methods reject when there is no answer in the milliseconds that `left` says; null: they take their time. */
function boundedBy<T extends object>(target: T, left: () => number | null): T {
  return new Proxy(target, {
    get(of, name) {
      const member: unknown = Reflect.get(of, name, of);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        const answer: unknown = Reflect.apply(member, of, args);
        const milliseconds = left();
        return answer instanceof Promise && milliseconds !== null ? within(answer, milliseconds) : answer;
      };
    },
  });
}

async function within<T>(answer: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(new Failure('internal', 'queue_unreachable', {}, { cause: new Error('no answer in time') })),
      Math.max(0, milliseconds),
    );
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
