import type { Interaction } from 'discord.js';
import { parseCustomId } from '../commands/support/definition.ts';
import type { GivenReaction } from '../commands/support/definition.ts';
import { asUnreachable } from '../queue/reachable.ts';
import { Refusal } from '../refusal.ts';
import type { Services } from '../commands/support/services.ts';
import { noticeChannelRemoved, noticeRemoved } from '../commands/support/removal.ts';
import { errorFields } from '../error-fields.ts';
import { answerError, answerReactionError } from './answer-error.ts';
import {
  AnsweredElsewhere,
  firstAnswerWithin,
  keepAcknowledgement,
  servicesUntilAnswered,
} from './first-answer.ts';
import type { Handlers } from './load-handlers.ts';
import { requireWholeTexts } from './well-formed-texts.ts';

/**
 * Hands an interaction to the handler that it names. Never rejects: errors end in the one funnel.
 *
 * @param answerWithin milliseconds that Redis has in all before the first answer
 */
export async function dispatch(
  interaction: Interaction,
  handlers: Handlers,
  services: Services,
  answerWithin = firstAnswerWithin,
): Promise<void> {
  const bounded = servicesUntilAnswered(interaction, services, performance.now() + answerWithin);
  if (interaction.isAutocomplete()) {
    await suggest(interaction, handlers, bounded);
    return;
  }
  if (!interaction.isRepliable()) return;
  keepAcknowledgement(interaction, bounded.queue);
  try {
    requireWholeTexts(interaction);
    await handle(interaction, handlers, bounded);
  } catch (error) {
    if (error instanceof AnsweredElsewhere) return;
    // What a handler asks after it has answered may come after something was done.
    const mayBeDone = interaction.deferred || interaction.replied;
    await answerError(asUnreachable(error, mayBeDone), interaction, services.logger);
  }
}

async function handle(interaction: Interaction, handlers: Handlers, services: Services): Promise<void> {
  if (interaction.isChatInputCommand()) {
    await known(handlers.slash.get(interaction.commandName)).execute(interaction, services);
  } else if (interaction.isMessageContextMenuCommand()) {
    await known(handlers.messages.get(interaction.commandName)).execute(interaction, services);
  } else if (interaction.isButton()) {
    const { name, argument } = known(parseCustomId(interaction.customId));
    await known(handlers.buttons.get(name)).press(interaction, argument, services);
  } else if (interaction.isModalSubmit()) {
    const { name, argument } = known(parseCustomId(interaction.customId));
    await known(handlers.modals.get(name)).submit(interaction, argument, services);
  } else {
    throw new Refusal('refused.not_understood');
  }
}

/** What a message from before an update still names, and this program no longer has. */
function known<T>(handler: T | null | undefined): T {
  if (handler === null || handler === undefined) throw new Refusal('refused.not_understood');
  return handler;
}

/** Suggestions that fail are no suggestions: there is nowhere to show an error. */
async function suggest(
  interaction: Extract<Interaction, { respond: unknown }>,
  handlers: Handlers,
  services: Services,
): Promise<void> {
  try {
    requireWholeTexts(interaction);
    await handlers.slash.get(interaction.commandName)?.autocomplete?.(interaction, services);
    if (!interaction.responded) await interaction.respond([]);
  } catch (error) {
    services.logger.warn(
      { command: interaction.commandName, error: errorFields(error) },
      'there were no suggestions',
    );
    if (!interaction.responded) await interaction.respond([]).catch(() => undefined);
  }
}

/** As {@link dispatch}, for a reaction with this emoji. Reactions that mean nothing to us are left alone. */
export async function dispatchReaction(
  emoji: string,
  reaction: GivenReaction,
  handlers: Handlers,
  services: Services,
): Promise<void> {
  const handler = handlers.reactions.get(withoutVariation(emoji));
  if (handler === undefined) return;
  try {
    await handler.react(reaction, services);
  } catch (error) {
    await answerReactionError(asUnreachable(error), reaction, services);
  }
}

/** As {@link dispatch}, for a message that somebody deleted. Nobody asked for anything, so nobody is told when it fails. */
export async function dispatchRemoval(messageId: string, services: Services): Promise<void> {
  try {
    await noticeRemoved(messageId, services);
  } catch (error) {
    services.logger.warn(
      { messageId, error: errorFields(error) },
      'a message was deleted, and what it showed may not be',
    );
  }
}

/** As {@link dispatchRemoval}, for a channel or thread with all that stood there. */
export async function dispatchChannelRemoval(
  removed: Parameters<typeof noticeChannelRemoved>[0],
  services: Services,
): Promise<void> {
  try {
    await noticeChannelRemoved(removed, services);
  } catch (error) {
    services.logger.warn(
      { ...removed, error: errorFields(error) },
      'a channel was deleted, and what stood there may not be',
    );
  }
}

/** ✉️ comes with or without U+FE0F, depending on the client. */
export function withoutVariation(emoji: string): string {
  return emoji.replaceAll('\uFE0F', '');
}
