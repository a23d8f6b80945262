import type { AutocompleteInteraction } from 'discord.js';
import { changing, reachable } from '../../queue/reachable.ts';
import { mostListed } from '../../queue/moderation/moderation.ts';
import type { DeploymentSettings, NewAuditEntry } from '../../queue/moderation/moderation.ts';
import { Refusal } from '../../refusal.ts';
import type { Texts } from '../../text/texts.ts';
import { message } from '../render/message.ts';
import type { RenderedMessage } from '../render/message.ts';
import type { Services } from '../support/services.ts';
import type { Acting } from './command-context.ts';
import { cooldown, limitText, minutes, number, unsaid } from './limits.ts';
import type { Value } from './limits.ts';
import { page } from './pages.ts';
import type { PagePlace } from './pages.ts';
import { beginning } from '../../text/format.ts';
import { snowflakeSchema } from '../../snowflake.ts';

/** What an option says; `unsaid` where it is left out. */
type Said = Value | typeof unsaid;

const mostChoices = 25;

/** GPU minutes a day that all people together may have at most: a thousand GPUs. */
const mostBudgetMinutes = 1_440_000;

function entry(
  { actorId }: Acting,
  action: NewAuditEntry['action'],
  details: NewAuditEntry['details'],
): NewAuditEntry {
  return { guildId: null, actorId, action, targetUserId: null, generationId: null, reason: null, details };
}

/** What counts everywhere, in one message. */
export async function deploymentLimits({ texts, services }: Acting): Promise<RenderedMessage> {
  return message(limitLines(await reachable(services.moderation.deployment()), texts));
}

function limitLines({ limits, budgetGpuSecondsPerDay }: DeploymentSettings, texts: Texts): string[] {
  const names = ['waiting', 'gpuSecondsPerDay', 'cooldownSeconds'] as const;
  return [
    texts.say('queue_admin.limits.heading'),
    names.map((name) => limitText(name, limits[name], texts)).join(' · '),
    limitText('budgetGpuSecondsPerDay', budgetGpuSecondsPerDay, texts),
  ];
}

export async function setDeploymentLimits(acting: Acting): Promise<RenderedMessage> {
  const { interaction, texts, services } = acting;
  const given = (name: 'waiting' | 'gpu_minutes' | 'cooldown') => ({
    option: texts.say(`command.queue.option_${name}.name`),
    text: interaction.options.getString(name),
  });
  const budget = {
    option: texts.say('command.queue_admin.option_budget.name'),
    text: interaction.options.getString('budget'),
  };
  const limits: Record<'waiting' | 'gpuSecondsPerDay' | 'cooldownSeconds', Said> = {
    waiting: number(given('waiting'), 1, 1000),
    gpuSecondsPerDay: minutes(number(given('gpu_minutes'), 1, 16_000)),
    cooldownSeconds: cooldown(given('cooldown')),
  };
  const spent: Said = minutes(number(budget, 1, mostBudgetMinutes));
  const said: Record<string, Said> = { ...limits, budgetGpuSecondsPerDay: spent };
  const details: [string, number | null][] = Object.entries(said).flatMap(([name, value]) =>
    value === unsaid ? [] : [[name, value ?? null]],
  );
  if (details.length === 0) throw new Refusal('queue_admin.limits.nothing');
  // What the bot starts with is no limit over all servers, so `default` is that, too.
  const or = (value: Said, before: number | null) => (value === unsaid ? before : (value ?? null));
  const settings = await changing(
    services.moderation.changeDeployment(
      (before) => ({
        ...before,
        limits: {
          waiting: or(limits.waiting, before.limits.waiting),
          gpuSecondsPerDay: or(limits.gpuSecondsPerDay, before.limits.gpuSecondsPerDay),
          cooldownSeconds: or(limits.cooldownSeconds, before.limits.cooldownSeconds),
        },
        budgetGpuSecondsPerDay: or(spent, before.budgetGpuSecondsPerDay),
      }),
      entry(acting, 'limits', Object.fromEntries(details)),
    ),
  );
  return message([texts.say('queue.limits.done'), ...limitLines(settings, texts)]);
}

/** Whether videos say in a corner that they are made with AI, and what it means when they do not. Without an option it only shows it. */
export async function marking(acting: Acting): Promise<RenderedMessage> {
  const { interaction, texts, services } = acting;
  const label = interaction.options.getBoolean('label');
  const { moderation } = services;
  const settings =
    label === null
      ? await reachable(moderation.deployment())
      : await changing(
          moderation.changeDeployment(
            (before) => ({ ...before, label }),
            entry(acting, 'marking', { label }),
          ),
        );
  return message([texts.say(settings.label ? 'queue_admin.marking.on' : 'queue_admin.marking.off')]);
}

/** Lets a server or a person in, or takes them off the list. */
export const changeAllowed =
  (isAdded: boolean) =>
  async (acting: Acting): Promise<RenderedMessage> => {
    const { interaction, texts, services } = acting;
    const server = interaction.options.getString('server')?.trim() ?? null;
    const person = interaction.options.getUser('user')?.id ?? null;
    if (server === null && person === null) throw new Refusal('queue_admin.allow.nothing');
    if (server !== null && !snowflakeSchema.safeParse(server).success)
      throw new Refusal('queue_admin.allow.no_server');
    const changed = (list: readonly string[], id: string | null): string[] => {
      if (id === null) return [...list];
      const others = list.filter((one) => one !== id);
      if (isAdded && others.length >= mostListed) {
        throw new Refusal('queue_admin.allow.too_many', { maximum: mostListed });
      }
      return isAdded ? [...others, id] : others;
    };
    await changing(
      services.moderation.changeDeployment(
        (before) => ({
          ...before,
          allowed: {
            guilds: changed(before.allowed.guilds, server),
            people: changed(before.allowed.people, person),
          },
        }),
        {
          ...entry(acting, 'allow', { on: isAdded, ...(server === null ? {} : { server }) }),
          targetUserId: person,
        },
      ),
    );
    const shown = await allowedPage({ button: 'queue-admin', list: 'allowed', page: 0 }, texts, services);
    return { ...shown, content: `${texts.say('queue.limits.done')}\n${shown.content}` };
  };

export async function allowedPage(
  place: PagePlace,
  texts: Texts,
  { moderation }: Services,
): Promise<RenderedMessage> {
  const { guilds, people } = (await reachable(moderation.deployment())).allowed;
  const lines = [
    ...guilds.map((id) => texts.say('queue_admin.allow.server', { id })),
    ...people.map((userId) => texts.say('queue_admin.allow.person', { userId })),
  ];
  if (lines.length === 0) return message([texts.say('queue_admin.allow.everybody')]);
  return page(lines, place, texts, {
    heading: [texts.say('queue_admin.allow.heading')],
    line: (line) => line,
  });
}

/** Servers that the bot is in, by name or id. */
export function suggestServers(
  { client }: Pick<AutocompleteInteraction, 'client'>,
  typed: string,
): { name: string; value: string }[] {
  const needle = typed.trim().toLowerCase();
  return [...client.guilds.cache.values()]
    .filter(({ id, name }) => `${id} ${name}`.toLowerCase().includes(needle))
    .slice(0, mostChoices)
    .map(({ id, name }) => ({ name: `${beginning(name, 75)} · ${id}`, value: id }));
}
