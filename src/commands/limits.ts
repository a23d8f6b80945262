import { ApplicationCommandType, MessageFlags } from 'discord.js';
import { reachable } from '../queue/reachable.ts';
import { admit } from '../intake/check-admission.ts';
import type { Person } from '../intake/check-admission.ts';
import type { Allowance, Use } from '../queue/moderation/moderation.ts';
import { Refusal } from '../refusal.ts';
import { textsFor } from '../text/texts.ts';
import { duration } from '../text/format.ts';
import type { Texts } from '../text/texts.ts';
import { message } from './render/message.ts';
import { personOf } from './support/ask.ts';
import type { SlashCommand } from './support/definition.ts';
import { everywhere } from './support/everywhere.ts';
import { localised } from './support/localise.ts';
import { toReply } from './support/reply.ts';
import type { Services } from './support/services.ts';

/** What a person has left, here and everywhere, before they are refused. */
export default {
  kind: 'slash',
  name: 'limits',

  declare() {
    return {
      type: ApplicationCommandType.ChatInput,
      ...localised('limits', 'command.limits'),
      ...everywhere(),
    };
  },

  async execute(interaction, services) {
    await interaction.deferReply({ flags: MessageFlags.Ephemeral });
    const texts = textsFor(interaction.locale);
    const lines = await allowanceLines(personOf(interaction), texts, services);
    const heading = texts.say('limits.heading');
    await interaction.editReply(
      toReply(message([heading, ...(lines.length === 0 ? [texts.say('limits.none')] : lines)])),
    );
  },
} satisfies SlashCommand;

/**
 * Each limit that counts for a person where they are, and what is left of it; none where nothing is limited. Before that, what stands in their
 * way whatever is left: a ban, a list that they are not on, or that nothing is taken now.
 */
export async function allowanceLines(
  person: Person,
  texts: Texts,
  services: Pick<Services, 'moderation' | 'now'>,
): Promise<string[]> {
  const allowance = await reachable(services.moderation.allowance(person));
  return [...(await barLines(person, texts, services)), ...renderAllowance(allowance, texts, services.now())];
}

async function barLines(
  person: Person,
  texts: Texts,
  services: Pick<Services, 'moderation'>,
): Promise<string[]> {
  try {
    await reachable(admit(person, [], services));
    return [];
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return [texts.say(error.key, error.values)];
  }
}

export function renderAllowance(
  { here, everywhere: all, queue, budget }: Allowance,
  texts: Texts,
  now: number,
): string[] {
  return [
    ...linesOf(here, 'here', texts, now),
    ...(here.limits.videoSeconds === undefined
      ? []
      : [texts.say('limits.video_length', { limit: duration(texts, here.limits.videoSeconds) })]),
    ...(queue === null
      ? []
      : [
          texts.say('limits.queue', {
            left: Math.max(0, queue.length - queue.waiting),
            limit: queue.length,
          }),
        ]),
    ...linesOf(all, 'everywhere', texts, now),
    ...(budget === null
      ? []
      : [
          texts.say('limits.budget', {
            left: timeLeft(texts, budget.gpuSeconds - budget.used),
            limit: duration(texts, budget.gpuSeconds),
          }),
        ]),
  ];
}

function linesOf(
  { waiting, gpuSeconds, lastAt, limits }: Use & { readonly limits: Allowance['everywhere']['limits'] },
  where: 'here' | 'everywhere',
  texts: Texts,
  now: number,
): string[] {
  const next =
    limits.cooldownSeconds === null || lastAt === null ? 0 : lastAt + limits.cooldownSeconds * 1000;
  return [
    ...(limits.waiting === null
      ? []
      : [
          texts.say('limits.waiting', {
            where,
            left: Math.max(0, limits.waiting - waiting),
            limit: limits.waiting,
          }),
        ]),
    ...(limits.gpuSecondsPerDay === null
      ? []
      : [
          texts.say('limits.gpu', {
            where,
            left: timeLeft(texts, limits.gpuSecondsPerDay - gpuSeconds),
            limit: duration(texts, limits.gpuSecondsPerDay),
          }),
        ]),
    ...(next > now ? [texts.say('limits.cooldown', { where, clears: Math.ceil(next / 1000) })] : []),
  ];
}

/** Rounded down: nobody is refused what they were told they have. */
function timeLeft(texts: Texts, seconds: number): string {
  return duration(texts, Math.floor(seconds));
}
