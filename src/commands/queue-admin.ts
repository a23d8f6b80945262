import { MessageFlags } from 'discord.js';
import { failureCodes } from '../failure.ts';
import { changing, reachable } from '../queue/reachable.ts';
import { Refusal } from '../refusal.ts';
import { quoted } from '../text/format.ts';
import { textsFor } from '../text/texts.ts';
import type { Texts } from '../text/texts.ts';
import { requireOwner } from './queue/access.ts';
import { idIn } from './queue/command-context.ts';
import type { Acting, Action, Governing } from './queue/command-context.ts';
import { auditPage } from './queue/audit.ts';
import { declareQueueAdmin, reasonCharacters } from './queue/declaration.ts';
import {
  allowedPage,
  changeAllowed,
  deploymentLimits,
  marking,
  setDeploymentLimits,
  suggestServers,
} from './queue/deployment.ts';
import { addFilter, filtersPage, removeFilter, testFilters } from './queue/filters.ts';
import { gpuSuggestions, showGpus } from './queue/gpus.ts';
import { page, pageOf } from './queue/pages.ts';
import type { PagePlace } from './queue/pages.ts';
import { ban, bansPage, unban } from './queue/bans.ts';
import { choices, suggestFilters } from './queue/suggestions.ts';
import { givenPause, reasonLines, untilLines } from './queue/jobs.ts';
import { message } from './render/message.ts';
import type { RenderedMessage } from './render/message.ts';
import type { Button, SlashCommand } from './support/definition.ts';
import { toReply } from './support/reply.ts';
import type { Services } from './support/services.ts';
import { day } from '../units.ts';

/** More than this at once is a decision for another look. */
const mostRetried = 100;
const mostNamed = 20;

type List = (place: PagePlace, texts: Texts, services: Services) => Promise<RenderedMessage>;

const lists: ReadonlyMap<string, List> = new Map([
  ['workers', workersPage],
  ['audit', (place, texts, services) => auditPage(place, null, texts, services)],
  ['bans', (place, texts, services) => bansPage(place, null, texts, services)],
  ['filters', (place, texts, services) => filtersPage(place, null, texts, services)],
  ['allowed', allowedPage],
]);

/** What moderators do in their server, over all of them. */
const everywhere =
  (action: Action<Governing>): Action<Acting> =>
  (acting) =>
    action({ ...acting, guildId: null });

const first =
  (list: string): Action<Acting> =>
  async ({ texts, services }) => {
    const render = lists.get(list);
    if (render === undefined) throw new Refusal('refused.not_understood');
    return render({ button: 'queue-admin', list, page: 0 }, texts, services);
  };

/** By group and subcommand, as Discord registered them. */
export const actions: ReadonlyMap<string, Action<Acting>> = new Map([
  ['pause', pause],
  ['resume', resume],
  ['drain', drain],
  ['undrain', undrain],
  ['workers', first('workers')],
  ['gpus', showGpus],
  ['retry', retry],
  ['maintenance', maintenance],
  ['marking', marking],
  ['audit', first('audit')],
  ['ban', everywhere(ban)],
  ['unban', everywhere(unban)],
  ['bans', first('bans')],
  ['limits show', deploymentLimits],
  ['limits set', setDeploymentLimits],
  ['filter add', everywhere(addFilter)],
  ['filter remove', everywhere(removeFilter)],
  ['filter test', everywhere(testFilters)],
  ['filter list', first('filters')],
  ['allow add', changeAllowed(true)],
  ['allow remove', changeAllowed(false)],
  ['allow list', first('allowed')],
]);

/** What the people who run the bot do with the whole queue, wherever they are. */
const command: SlashCommand = {
  kind: 'slash',
  name: 'queue-admin',
  declare: declareQueueAdmin,

  async execute(interaction, services) {
    requireOwner(interaction, services);
    const { options } = interaction;
    const parts = [options.getSubcommandGroup(), options.getSubcommand()].filter((part) => part !== null);
    const action = actions.get(parts.join(' '));
    if (action === undefined) throw new Refusal('refused.not_understood');
    await interaction.deferReply({ flags: MessageFlags.Ephemeral });
    const texts = textsFor(interaction.locale);
    const rendered = await action({ interaction, actorId: interaction.user.id, texts, services });
    await interaction.editReply(toReply(rendered));
  },

  async autocomplete(interaction, services) {
    requireOwner(interaction, services);
    const focused = interaction.options.getFocused(true);
    if (focused.name === 'gpu') {
      await interaction.respond(await gpuSuggestions(services.gpus, focused.value));
      return;
    }
    const texts = textsFor(interaction.locale);
    if (focused.name === 'filter') {
      await interaction.respond(await suggestFilters(null, focused.value, texts, services));
      return;
    }
    if (focused.name === 'server') {
      await interaction.respond(suggestServers(interaction, focused.value));
      return;
    }
    const since = services.now() - day;
    const failed = await services.queue.list({ statuses: ['failed'], limit: 200 });
    const recent = failed.filter(({ finishedAt }) => finishedAt !== null && finishedAt >= since);
    await interaction.respond(choices(recent, focused.value, texts));
  },
};

const turn: Button = {
  kind: 'button',
  name: 'queue-admin',

  async press(interaction, argument, services) {
    requireOwner(interaction, services);
    const [list = '', at] = argument.split(':');
    const render = lists.get(list);
    if (render === undefined) throw new Refusal('refused.not_understood');
    await interaction.deferUpdate();
    const place = { button: 'queue-admin', list, page: pageOf(at) };
    await interaction.editReply(toReply(await render(place, textsFor(interaction.locale), services)));
  },
};

export default [command, turn];

async function pause(acting: Acting): Promise<RenderedMessage> {
  const { texts, services } = acting;
  const given = givenPause(acting);
  await changing(services.moderation.globalPause(given));
  return message([
    texts.say('queue_admin.pause.done'),
    ...untilLines(given.until, texts),
    ...reasonLines(given.reason, texts),
  ]);
}

async function resume({ texts, services, actorId }: Acting): Promise<RenderedMessage> {
  const ended = await changing(services.moderation.globalResume(actorId));
  return message([texts.say(ended ? 'queue_admin.resume.done' : 'queue.resume.nothing')]);
}

async function drain(acting: Acting): Promise<RenderedMessage> {
  const { texts, services, actorId } = acting;
  const said = givenMessage(acting);
  await changing(services.moderation.drain(actorId, said));
  return message([texts.say('queue_admin.drain.done'), quote(said)]);
}

async function undrain({ texts, services, actorId }: Acting): Promise<RenderedMessage> {
  const ended = await changing(services.moderation.endDrain(actorId));
  return message([texts.say(ended ? 'queue_admin.undrain.done' : 'queue_admin.undrain.nothing')]);
}

async function maintenance(acting: Acting): Promise<RenderedMessage> {
  const { texts, services, actorId } = acting;
  const said = givenMessage(acting);
  await changing(services.moderation.maintenance(actorId, said));
  const key = said === null ? 'queue_admin.maintenance.removed' : 'queue_admin.maintenance.set';
  return message([texts.say(key), quote(said)]);
}

async function retry({ interaction, texts, services, actorId }: Acting): Promise<RenderedMessage> {
  const given = interaction.options.getString('id');
  const id = given === null ? null : idIn(given);
  if (given !== null && id === null) throw new Refusal('queue.unknown_anywhere');
  const code = failureCodes.find((known) => known === interaction.options.getString('code'));
  const ids = await changing(
    services.moderation.retryFailed(actorId, {
      ...(id === null ? {} : { id }),
      ...(code === undefined ? {} : { code }),
      limit: mostRetried,
    }),
  );
  return message([
    texts.say('queue_admin.retry.done', { count: ids.length }),
    ...ids.slice(0, mostNamed).map((one) => `\`${one}\``),
    ids.length > mostNamed ? '…' : null,
  ]);
}

async function workersPage(
  place: PagePlace,
  texts: Texts,
  { moderation }: Services,
): Promise<RenderedMessage> {
  const workers = await reachable(moderation.workers());
  if (workers.length === 0) return message([texts.say('queue_admin.workers.none')]);
  return page(workers, place, texts, {
    heading: [texts.say('queue_admin.workers.heading')],
    line: ({ id, models, device, runningId, lastSeenAt, alive }) =>
      texts.say('queue_admin.workers.line', {
        state: alive ? '🟢' : '🔴',
        id,
        device: device === null ? texts.say('queue_admin.workers.unknown_device') : quoted(device, 60),
        models: models.join(', '),
        job:
          runningId === null
            ? texts.say('queue_admin.workers.idle')
            : texts.say('queue_admin.workers.runs', { id: runningId }),
        seen: Math.round(lastSeenAt / 1000),
      }),
  });
}

function givenMessage({ interaction }: Acting): string | null {
  const said = interaction.options.getString('message')?.trim() ?? '';
  return said === '' ? null : said;
}

function quote(said: string | null): string | null {
  return said === null ? null : `> ${quoted(said, reasonCharacters)}`;
}
