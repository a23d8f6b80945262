import type { ChatInputCommandInteraction } from 'discord.js';
import { reachable } from '../../queue/reachable.ts';
import type { Generation } from '../../queue/contract/generation.ts';
import { generationIdSchema } from '../../queue/contract/generation.ts';
import { Refusal } from '../../refusal.ts';
import type { Texts } from '../../text/texts.ts';
import type { RenderedMessage } from '../render/message.ts';
import type { Services } from '../support/services.ts';
import { moderationSpan, parseTimeSpan } from '../support/time-span.ts';

/** Who does something, after it was seen that they may. */
export interface Acting {
  readonly interaction: ChatInputCommandInteraction;
  readonly actorId: string;
  readonly texts: Texts;
  readonly services: Services;
}

/** A moderator, in their guild. */
export interface Moderating extends Acting {
  readonly guildId: string;
}

/** A moderator in their guild, or an owner (null), over everything. */
export interface Governing extends Acting {
  readonly guildId: string | null;
}

export type Action<A extends Acting> = (acting: A) => Promise<RenderedMessage>;

/** The id in what a person typed or pasted, `-# 01J…` and quotes included; null when there is none. */
export function idIn(text: string): string | null {
  const found = text.toUpperCase().match(/[0-9A-Z]{26}/)?.[0];
  return found !== undefined && generationIdSchema.safeParse(found).success ? found : null;
}

/**
 * The generation that the option `id` names, if it is one of this guild's. One of another guild's is answered like one that there
 * never was.
 *
 * @throws Refusal `queue.unknown`
 */
export async function namedGeneration({ interaction, guildId, services }: Moderating): Promise<Generation> {
  const id = idIn(interaction.options.getString('id', true));
  const generation = id === null ? null : await reachable(services.queue.get(id));
  if (generation === null || generation.guildId !== guildId) throw new Refusal('queue.unknown');
  return generation;
}

/** What the option `reason` says; null when it says nothing. */
export function givenReason({ interaction }: Acting): string | null {
  const reason = interaction.options.getString('reason')?.trim() ?? '';
  return reason === '' ? null : reason;
}

/** When what begins now ends, by the option `for`; null without it. @throws Refusal */
export function givenEnd({ interaction, services }: Acting): number | null {
  const text = interaction.options.getString('for');
  return text === null ? null : services.now() + parseTimeSpan(text, moderationSpan) * 1000;
}
