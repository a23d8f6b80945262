import { consentWording } from '../../src/commands/support/consent.ts';
import { loadBotConfig } from '../../src/config/environment.ts';
import { createLogger } from '../../src/log.ts';
import { createPeople } from '../../src/queue/people/people.ts';

/**
 * People who have confirmed before that they may use their pictures and voices: what a test is about goes on at once.
 *
 * @param environment of the bot, for its Redis
 */
export async function agreedBefore(
  environment: NodeJS.ProcessEnv,
  people: readonly { readonly id: string }[],
): Promise<void> {
  const stored = createPeople(loadBotConfig(environment), createLogger('test', 'silent'));
  try {
    const agreement = { wording: consentWording, at: Date.now() };
    await Promise.all(people.map(({ id }) => stored.agree(id, agreement)));
  } finally {
    await stored.close();
  }
}
