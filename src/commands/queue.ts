import { MessageFlags } from 'discord.js';
import { changing } from '../queue/reachable.ts';
import { Refusal } from '../refusal.ts';
import { textsFor } from '../text/texts.ts';
import type { Texts } from '../text/texts.ts';
import { requireModerator } from './queue/access.ts';
import { idIn } from './queue/command-context.ts';
import type { Action, Moderating } from './queue/command-context.ts';
import { blocksPage } from './queue/blocked-inputs.ts';
import { auditPage } from './queue/audit.ts';
import { declareQueue } from './queue/declaration.ts';
import { addFilter, filtersPage, removeFilter, testFilters } from './queue/filters.ts';
import { limitsPage, setLimits } from './queue/limits.ts';
import { pageOf } from './queue/pages.ts';
import type { PagePlace } from './queue/pages.ts';
import { ban, bansPage, unban } from './queue/bans.ts';
import { reportsPage } from './queue/reports.ts';
import { log, logWarning, rules } from './queue/rules.ts';
import { stats } from './queue/stats.ts';
import { suggestFilters, suggestGenerations } from './queue/suggestions.ts';
import { bump, cancel, clear, listPage, pause, resume, show } from './queue/jobs.ts';
import { message } from './render/message.ts';
import type { RenderedMessage } from './render/message.ts';
import type { Button, SlashCommand } from './support/definition.ts';
import { toReply } from './support/reply.ts';
import type { Services } from './support/services.ts';

type List = (place: PagePlace, guildId: string, texts: Texts, services: Services) => Promise<RenderedMessage>;

/** What has pages, by what its buttons call it. */
const lists: ReadonlyMap<string, List> = new Map([
  ['list', listPage],
  ['bans', bansPage],
  ['limits', limitsPage],
  ['filters', filtersPage],
  ['audit', auditPage],
  ['reports', reportsPage],
  ['blocks', blocksPage],
]);

const first =
  (list: string, render: List): Action<Moderating> =>
  ({ guildId, texts, services }) =>
    render({ button: 'queue', list, page: 0 }, guildId, texts, services);

/** By group and subcommand, as Discord registered them. */
export const actions: ReadonlyMap<string, Action<Moderating>> = new Map([
  ['list', first('list', listPage)],
  ['show', show],
  ['cancel', cancel],
  ['clear', clear],
  ['bump', bump],
  ['pause', pause],
  ['resume', resume],
  ['ban', ban],
  ['unban', unban],
  ['bans', first('bans', bansPage)],
  ['limits show', first('limits', limitsPage)],
  ['limits set', setLimits],
  ['stats', stats],
  ['filter add', addFilter],
  ['filter remove', removeFilter],
  ['filter test', testFilters],
  ['filter list', first('filters', filtersPage)],
  ['log', log],
  ['settings', rules],
  ['audit', first('audit', auditPage)],
  ['reports', first('reports', reportsPage)],
  ['blocks', first('blocks', blocksPage)],
]);

/** Those that only show something: nothing about them is in the log. */
const showing: ReadonlySet<string> = new Set([
  ...[
    'list',
    'show',
    'bans',
    'limits show',
    'stats',
    'filter test',
    'filter list',
    'audit',
    'reports',
    'blocks',
  ],
]);

/** What moderators do with the queue of their server. */
const command: SlashCommand = {
  kind: 'slash',
  name: 'queue',
  declare: declareQueue,

  async execute(interaction, services) {
    const guildId = requireModerator(interaction);
    const { options, user, locale } = interaction;
    const parts = [options.getSubcommandGroup(), options.getSubcommand()].filter((part) => part !== null);
    const path = parts.join(' ');
    const action = actions.get(path);
    if (action === undefined) throw new Refusal('refused.not_understood');
    await interaction.deferReply({ flags: MessageFlags.Ephemeral });
    const texts = textsFor(locale);
    const moderating = { interaction, actorId: user.id, texts, services, guildId };
    const rendered = await action(moderating);
    // What was done is said, also where the queue falls silent after it.
    const warning = showing.has(path) ? null : await logWarning(moderating).catch(() => null);
    const { content, components } = rendered;
    await interaction.editReply(
      toReply(warning === null ? rendered : message([content, warning], { components })),
    );
  },

  async autocomplete(interaction, services) {
    const guildId = requireModerator(interaction);
    const { name, value } = interaction.options.getFocused(true);
    const texts = textsFor(interaction.locale);
    if (name === 'filter') {
      await interaction.respond(await suggestFilters(guildId, value, texts, services));
    } else if (name === 'id') {
      const subcommand = interaction.options.getSubcommand();
      const which = subcommand === 'show' ? 'all' : subcommand === 'bump' ? 'waiting' : 'open';
      const { client, guild } = interaction;
      // Only what is at hand: asking Discord for every name would take too long for a suggestion.
      const nameOf = (userId: string) =>
        guild?.members.cache.get(userId)?.displayName ?? client.users.cache.get(userId)?.displayName;
      await interaction.respond(await suggestGenerations(guildId, value, which, texts, services, nameOf));
    }
  },
};

/** Turns the pages of a list. */
const turn: Button = {
  kind: 'button',
  name: 'queue',

  async press(interaction, argument, services) {
    const guildId = requireModerator(interaction);
    const [list = '', at] = argument.split(':');
    const render = lists.get(list);
    if (render === undefined) throw new Refusal('refused.not_understood');
    await interaction.deferUpdate();
    const place = { button: 'queue', list, page: pageOf(at) };
    const texts = textsFor(interaction.locale);
    await interaction.editReply(toReply(await render(place, guildId, texts, services)));
  },
};

/** Lifts a block. */
const unblock: Button = {
  kind: 'button',
  name: 'unblock',

  async press(interaction, generationId, { moderation }) {
    const guildId = requireModerator(interaction);
    await interaction.deferReply({ flags: MessageFlags.Ephemeral });
    const id = idIn(generationId);
    const isLifted = id !== null && (await changing(moderation.unblock(guildId, id, interaction.user.id)));
    const texts = textsFor(interaction.locale);
    await interaction.editReply(
      toReply(message([texts.say(isLifted ? 'me.unblocked' : 'queue.blocks.none')])),
    );
  },
};

export default [command, turn, unblock];
