import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { REST, Routes } from 'discord.js';
import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { Message } from '../../../sandbox/scripting/message.ts';
import type { Sandbox } from '../../../sandbox/scripting/sandbox.ts';
import { ScenarioError } from '../../../sandbox/scripting/waiting.ts';
import { actions } from '../../../src/commands/queue.ts';
import { actions as ownersActions } from '../../../src/commands/queue-admin.ts';
import { projectRoot } from '../../../src/config/environment.ts';
import { generationWith } from '../../support/generation.ts';
import { hasStatus, picture, startScene, until } from './scene.ts';
import type { Scene } from './scene.ts';

type Person = ReturnType<Sandbox['createUser']>;
type Values = Parameters<Person['run']>[1];
type Where = Parameters<Person['run']>[2]['channel'];

/** The table of the guide: what stands there is what is tried here. */
const guide = await readFile(join(projectRoot, 'docs/moderation.md'), 'utf8');
const [header = [], , ...rows] = (/<[!]-- who may: [^]*?<[!]-- \/who may --[>]/.exec(guide)?.[0] ?? '')
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
const people = [
  'The person whose video it is',
  'Another person',
  'Moderator here',
  'Moderator of another server',
  'Owner here',
  'Owner elsewhere',
];

/** What a refusal says; every other answer is none. */
const refusals =
  /Only (the person who asked|a moderator can|moderators can do this|the bot’s owner can do this)|no video with this ID on this server|only the person who asked for a video can run it again|no longer have this video|already gone|isn’t about one of my videos/;

/** What says nothing about who may. */
const outages = /went wrong|can’t reach my/;

/** What only this guild has: whoever is shown one of these has seen something of it. Ids are long enough to have any three digits in them. */
const marks = /MARKED|keepsake|(?<!\d)777(?!\d)/;

/** How a row of the table is tried. */
interface Trial {
  /** what it is tried on, made anew once somebody has had success with it */
  readonly target: (stage: Stage) => Promise<Message | string | null>;
  readonly act: (person: Person, where: Where, target: Message | string | null) => Promise<string>;
  /** it stays as it is, whoever has success with it */
  readonly keepsTarget?: boolean;
  /** after the last of them */
  readonly cleanUp?: (stage: Stage) => Promise<unknown>;
}

interface Stage {
  readonly scene: Scene;
  readonly zoe: Person;
}

const nothing = async () => null;

async function answerOf(interaction: Awaited<ReturnType<Person['run']>>): Promise<string> {
  return (await interaction.waitForMessage((one) => one.ephemeral && !one.loading && one.text !== '')).text;
}

function command(name: string, values: Values = {}, target: Trial['target'] = nothing): Trial {
  return {
    target,
    act: async (person, channel, id) =>
      answerOf(
        await person.run(`/${name}`, typeof id === 'string' ? { ...values, id } : values, { channel }),
      ),
  };
}

/** What a click brings: words for the one who clicked, a form, a job's status, or another page in place of the message. */
async function answerToClick(person: Person, message: Message, label: string): Promise<string> {
  const before = message.text;
  const click = await person.click(message, label);
  const answers = [
    click
      .waitForMessage((one) => one.id !== message.id && !one.loading && one.text !== '')
      .then(({ text }) => text),
    message.waitUntil(({ text }) => text !== before).then(({ text }) => text),
    click
      .firstResponse()
      .then(({ modal }) => (modal === undefined ? new Promise<never>(() => {}) : JSON.stringify(modal))),
  ];
  // The others wait in vain.
  for (const answer of answers) answer.catch(() => {});
  return Promise.any(answers);
}

/** The answer that one person alone reads, which comes when all is done. */
async function lastWord(person: Person, message: Message, label: string): Promise<string> {
  return answerOf(await person.click(message, label));
}

/**
 * A button, where it stands and forged: in another server the same `custom_id` is under a message of the bot's own there, as a changed
 * client or an old message could have it.
 */
function button(
  scene: Scene,
  label: string,
  target: Trial['target'],
  { answer = answerToClick, ...more }: Partial<Trial> & { answer?: typeof answerToClick } = {},
): Trial {
  return {
    target,
    act: async (person, where, message) => {
      if (message === null || typeof message === 'string') throw new Error('there is no message');
      if (where.id === message.channelId) return answer(person, message, label);
      const id = message.buttons.find((one) => one.label?.includes(label))?.customId;
      if (id === undefined) throw new Error(`the message has no button ${label}`);
      return answer(person, await forge(scene, where, id), 'Forged');
    },
    ...more,
  };
}

/** A message of the bot's with a button that names what somebody likes. */
async function forge({ discord }: Scene, where: Where, customId: string): Promise<Message> {
  const { DISCORD_API_URL: api = '', DISCORD_TOKEN: token = '' } = discord.environment;
  const forged = { type: 2, style: 2, label: 'Forged', custom_id: customId };
  const answer = await new REST({ api }).setToken(token).post(Routes.channelMessages(where.id), {
    body: { content: 'forged', components: [{ type: 1, components: [forged] }] },
  });
  const { id } = z.object({ id: z.string() }).parse(answer);
  return where.waitForMessage((message) => message.id === id);
}

/** Buttons that nobody has put there: each `custom_id` is tried where the person is. */
function forgedButtons(scene: Scene, ids: (stage: Stage) => Promise<readonly string[]>): Trial {
  return {
    target: async (stage) => JSON.stringify(await ids(stage)),
    keepsTarget: true,
    act: async (person, where, target) => {
      const answers: string[] = [];
      if (typeof target !== 'string') throw new Error('there are no buttons');
      for (const id of z.array(z.string()).parse(JSON.parse(target))) {
        answers.push(await answerToClick(person, await forge(scene, where, id), 'Forged'));
      }
      // One that is refused makes the cell a refusal only where all are.
      const open = answers.filter((answer) => !refusals.test(answer));
      if (open.length > 0 && open.length < answers.length)
        throw new Error(`only some are refused: ${answers.join('\n')}`);
      return answers.join('\n');
    },
  };
}

/** A reaction has no answer but what becomes of the video, or a direct message. */
function cross({ queue }: Scene, target: Trial['target']): Trial {
  return {
    target,
    act: async (person, where, message) => {
      if (message === null || typeof message === 'string') throw new Error('there is no message');
      // Nobody can react to what they are not looking at.
      if (where.id !== message.channelId && where.id !== person.directMessage.id)
        throw new ScenarioError('lacks ViewChannel');
      const { id } = (await queue.byMessage(message.id)) ?? {};
      const told = new Set(person.directMessage.messages.map((one) => one.id));
      person.react(message, '❌');
      return until(async () => {
        const now = id === undefined ? null : await queue.get(id);
        if (now?.status === 'cancelled' || (now?.deletedAt ?? null) !== null) return 'it is gone now';
        return person.directMessage.messages.find((one) => !told.has(one.id) && refusals.test(one.text))
          ?.text;
      });
    },
  };
}

/** "HuMo details" in the menu of a message. */
function details(target: Trial['target']): Trial {
  return {
    target,
    keepsTarget: true,
    act: async (person, _where, message) => {
      if (message === null || typeof message === 'string') throw new Error('there is no message');
      return answerOf(await person.contextMenu('HuMo details', message));
    },
  };
}

/** A private generation of Ada's, which waits. @returns its id */
async function between({ scene: { ada, channel, queue, guild } }: Stage): Promise<string> {
  await ada.run('/humo', { prompt: 'MARKED', image: picture(), preset: 'draft', private: true }, { channel });
  return until(async () => {
    const found = await queue.list({ userId: ada.id, guildId: guild.id });
    return found.find(({ reply }) => reply.private)?.id;
  });
}

async function setRerun({ scene: { moderation, guild } }: Stage, rerunOthers: boolean): Promise<void> {
  await moderation.changeGuild(guild.id, (settings) => ({ ...settings, rerunOthers }), {
    ...{
      guildId: guild.id,
      actorId: '1',
      action: 'settings',
      targetUserId: null,
      generationId: null,
      reason: null,
    },
    details: { rerunOthers },
  });
}

async function notToBeRerun(stage: Stage): Promise<Message> {
  await setRerun(stage, false);
  return result(stage);
}

/** A generation of Ada's that waits, straight into the queue. */
async function waiting({ scene: { queue, guild, channel, ada } }: Stage): Promise<string> {
  const { request, costSeconds, locale } = generationWith({ request: { prompt: 'MARKED' } });
  const id = ulid();
  const { reply } = generationWith({
    reply: {
      channelId: channel.id,
      guildId: guild.id,
      statusMessageId: null,
      interactionToken: null,
      tokenExpiresAt: null,
    },
  });
  await queue.accept({
    id,
    parentId: null,
    userId: ada.id,
    guildId: guild.id,
    locale,
    request,
    reply,
    costSeconds,
  });
  return id;
}

async function somebodyWaits(stage: Stage): Promise<null> {
  await waiting(stage);
  return null;
}

/** Asks for a video. @returns its status message */
async function asked({ scene: { ada, channel } }: Stage): Promise<Message> {
  const asking = await ada.run('/humo', { prompt: 'MARKED', image: picture(), preset: 'draft' }, { channel });
  return asking.waitForMessage(hasStatus);
}

async function result(stage: Stage): Promise<Message> {
  const { scene } = stage;
  const worker = await scene.work(scene.finish);
  const status = await asked(stage);
  // What an earlier row has left behind may be ready at the same time. And until the record says that it is there, its status changes.
  const id = await until(async () => {
    const generation = await scene.queue.byMessage(status.id);
    return generation?.status === 'delivered' ? (generation.reply.finalMessageId ?? undefined) : undefined;
  });
  await worker.close();
  return scene.channel.waitForMessage((message) => message.id === id);
}

async function hidden(stage: Stage): Promise<Message> {
  const message = await result(stage);
  stage.zoe.react(message, '🚩');
  await message.waitUntil(({ buttons }) => buttons.some(({ label }) => label?.includes('Show again')));
  return message;
}

/** As if nobody had said yet of anything here that it shows them: what was said of one result holds for all that is made of its picture. */
async function unclaimed(stage: Stage): Promise<Message> {
  const { moderation, guild } = stage.scene;
  for (const { generationId } of await moderation.blocks(guild.id)) {
    await moderation.unblock(guild.id, generationId, '1');
  }
  return result(stage);
}

async function claimed(stage: Stage): Promise<Message> {
  const { discord, guild } = stage.scene;
  const message = await unclaimed(stage);
  // Somebody else each time: nobody may say it often.
  const eve = guild.addMember(discord.createUser(`eve${message.id}`));
  await lastWord(eve, message, 'That’s me');
  await message.waitUntil(({ buttons }) => buttons.some(({ label }) => label?.includes('re-runs')));
  return message;
}

function trials(played: Scene, zoe: Person, where: Where): Record<string, Trial> {
  return {
    'Button Again': button(played, 'Again', result, { keepsTarget: true }),
    'Button Better': button(played, 'Better', result, { keepsTarget: true }),
    'Button Edit': button(played, 'Edit', result, { keepsTarget: true }),
    'Button Again, where rerun_others is off': button(played, 'Again', notToBeRerun, {
      keepsTarget: true,
      cleanUp: (stage) => setRerun(stage, true),
    }),
    'Button Again of a private video, forged': forgedButtons(played, async (stage) => [
      `again:${await between(stage)}`,
    ]),
    'Button Cancel': button(played, 'Cancel', asked),
    'Button Delete': button(played, 'Delete', result),
    'Button View': button(played, 'View', hidden, { keepsTarget: true }),
    'Button Show again': button(played, 'Show again', hidden),
    'Button That’s me': button(played, 'That’s me', unclaimed, {
      answer: lastWord,
      cleanUp: unclaimed,
    }),
    'Button Delete with all re-runs': button(played, 'Delete with all re-runs', claimed, {
      answer: lastWord,
      cleanUp: unclaimed,
    }),
    'Reaction ❌ on one that waits': cross(played, asked),
    'Reaction ❌ on one that is done': cross(played, result),
    'Menu HuMo details': details(result),
    'Pages of /queue, forged': forgedButtons(played, async () =>
      ['list', 'bans', 'limits', 'filters', 'audit', 'reports'].map((list) => `queue:${list}:0`),
    ),
    'Pages of /queue-admin, forged': forgedButtons(played, async () =>
      ['workers', 'audit', 'bans', 'filters', 'allowed'].map((list) => `queue-admin:${list}:0`),
    ),
    'queue list': command('queue list', {}, somebodyWaits),
    'queue show': command('queue show', {}, waiting),
    'queue cancel': command('queue cancel', { reason: 'because' }, waiting),
    'queue clear': command('queue clear', {}, somebodyWaits),
    'queue bump': command('queue bump', {}, waiting),
    'queue pause': command('queue pause'),
    'queue resume': command('queue resume', {}, async ({ scene }) => {
      const mia = { by: '1', reason: null, until: null };
      await scene.moderation.pause(scene.guild.id, mia);
      return null;
    }),
    'queue ban': command('queue ban', { user: zoe }),
    'queue unban': command('queue unban', { user: zoe }),
    'queue bans': command('queue bans'),
    'queue limits show': command('queue limits show'),
    'queue limits set': command('queue limits set', { queue_length: '778' }),
    'queue stats': command('queue stats'),
    'queue filter add': command('queue filter add', { text: 'plain' }),
    'queue filter remove': command('queue filter remove', { filter: 'goner' }, async ({ scene }) => {
      await scene.moderation.addFilter(scene.guild.id, { kind: 'word', text: 'goner' }, '1');
      return null;
    }),
    'queue filter test': command('queue filter test', { text: 'MARKED' }),
    'queue filter list': command('queue filter list'),
    'queue log': command('queue log', { channel: where }),
    'queue settings': command('queue settings', { keep_days: 7 }),
    'queue audit': command('queue audit'),
    'queue reports': command('queue reports'),
    'queue blocks': command('queue blocks'),
    'queue-admin pause': command('queue-admin pause'),
    'queue-admin resume': command('queue-admin resume'),
    'queue-admin drain': command('queue-admin drain'),
    'queue-admin undrain': command('queue-admin undrain'),
    'queue-admin workers': command('queue-admin workers'),
    'queue-admin gpus': command('queue-admin gpus', { do: 'start' }),
    'queue-admin retry': command('queue-admin retry'),
    'queue-admin maintenance': command('queue-admin maintenance', { message: 'hello' }),
    'queue-admin marking': command('queue-admin marking', { label: true }),
    'queue-admin audit': command('queue-admin audit'),
    'queue-admin bans': command('queue-admin bans'),
    'queue-admin limits show': command('queue-admin limits show'),
    'queue-admin limits set': command('queue-admin limits set', { budget: '778' }),
    'queue-admin filter add': command('queue-admin filter add', { text: 'plainer' }),
    'queue-admin filter remove': command(
      'queue-admin filter remove',
      { filter: 'goner' },
      async ({ scene }) => {
        await scene.moderation.addFilter(null, { kind: 'word', text: 'goner' }, '1');
        return null;
      },
    ),
    'queue-admin filter test': command('queue-admin filter test', { text: 'MARKED' }),
    'queue-admin filter list': command('queue-admin filter list'),
    'queue-admin allow add': command('queue-admin allow add', { server: played.guild.id }),
    'queue-admin allow remove': command('queue-admin allow remove', { user: zoe }),
    'queue-admin allow list': command('queue-admin allow list'),
    'queue-admin ban': command('queue-admin ban', { user: zoe }),
    'queue-admin unban': command('queue-admin unban', { user: zoe }),
  };
}

/** Everything that could have been changed here. */
async function stateOf({ moderation, queue, guild }: Scene): Promise<string> {
  const statuses = (await queue.list({ guildId: guild.id, limit: 500 })).map(
    ({ id, status, hiddenAt, deletedAt }) => [id, status, hiddenAt, deletedAt],
  );
  return JSON.stringify([
    statuses,
    await moderation.guild(guild.id),
    await moderation.pauseOf(guild.id),
    await moderation.globalPauseOf(),
    await moderation.bans(guild.id),
    await moderation.audit({ guildId: guild.id, limit: 500 }),
    await moderation.audit({ guildId: null, limit: 500 }),
    await moderation.deployment(),
    await moderation.bans(null),
  ]);
}

/** What is no command. */
const others = [
  'Button Again',
  'Button Better',
  'Button Edit',
  'Button Again, where rerun_others is off',
  'Button Again of a private video, forged',
  'Button Cancel',
  'Button Delete',
  'Button View',
  'Button Show again',
  'Button That’s me',
  'Button Delete with all re-runs',
  'Reaction ❌ on one that waits',
  'Reaction ❌ on one that is done',
  'Menu HuMo details',
  'Pages of /queue, forged',
  'Pages of /queue-admin, forged',
];

/** A row's name without its markup. */
function plainName(what: string): string {
  return what.replaceAll('`', '').replace(/^\//, '');
}

test('the table has every subcommand and every button, and nothing else', () => {
  expect(header).toEqual(['What', ...people]);
  const commands = [
    ...[...actions.keys()].map((path) => `queue ${path}`),
    ...[...ownersActions.keys()].map((path) => `queue-admin ${path}`),
  ];
  const named = rows.map(([what = '']) => plainName(what));
  expect(named.toSorted()).toEqual([...others, ...commands].toSorted());
});

test('everybody may do what the table of the guide says, and nothing else', async () => {
  const owners: Person[] = [];
  // Some hundreds of messages in one channel: at the pace of five in five seconds most of the time would go by in waiting.
  await using scene = await startScene(
    (discord) => {
      owners.push(discord.createUser('olga'), discord.createUser('otto'));
      return {
        OWNER_IDS: owners.map(({ id }) => id).join(','),
        ...{ GPU_PROVIDER: 'command', GPU_START_COMMAND: 'true', GPU_STOP_COMMAND: 'true' },
      };
    },
    { rateLimits: false },
  );
  const { discord, guild, channel, ada } = scene;
  const [olga, otto] = owners;
  if (olga === undefined || otto === undefined) throw new Error('there are no owners');
  const other = discord.createGuild({ name: 'Other' });
  const lobby = other.createChannel('lobby');
  // As bad as a server's settings can make it: the commands are shown to everybody.
  for (const place of [guild, other]) for (const name of ['queue', 'queue-admin']) place.openCommand(name);
  const zoe = guild.addMember(discord.createUser('zoe'));
  const mia = guild.addMember(discord.createUser('mia'), {
    roles: [guild.createRole('moderator', ['ManageMessages'])],
  });
  const bob = discord.createUser('bob');
  // Who moderates elsewhere is a member here like any other.
  guild.addMember(bob);
  other.addMember(bob, { roles: [other.createRole('moderator', ['ManageMessages'])] });
  guild.addMember(olga);
  other.addMember(otto);
  const stage = { scene, zoe };
  const { moderation } = scene;
  await moderation.ban(guild.id, { userId: '5', by: '1', reason: 'keepsake', until: null });
  await moderation.addFilter(guild.id, { kind: 'word', text: 'MARKED1' }, '1');
  await moderation.changeGuild(guild.id, (settings) => ({ ...settings, queueLength: 777 }), {
    guildId: guild.id,
    actorId: '1',
    action: 'limits',
    targetUserId: null,
    generationId: null,
    reason: null,
    details: { queueLength: 777 },
  });

  const actors: Record<string, readonly (readonly [Person, Where])[]> = {
    'The person whose video it is': [[ada, channel]],
    'Another person': [[zoe, channel]],
    'Moderator here': [[mia, channel]],
    'Moderator of another server': [
      [bob, channel],
      [bob, lobby],
    ],
    'Owner here': [[olga, channel]],
    'Owner elsewhere': [[otto, lobby]],
  };
  const tried = trials(scene, zoe, channel);
  const found: string[][] = [];
  const answers: string[] = [];
  for (const [what = ''] of rows) {
    const trial = tried[plainName(what)];
    if (trial === undefined) throw new Error(`${what} is not tried`);
    const cells: string[] = [];
    let target: Awaited<ReturnType<Trial['target']>> | undefined;
    for (const who of people) {
      let may = false;
      for (const [person, where] of actors[who] ?? []) {
        target ??= await trial.target(stage);
        const before = await stateOf(scene);
        const answer = await attempt(() => trial.act(person, where, target ?? null));
        if (answer !== null && outages.test(answer))
          throw new Error(`${what}: it failed for ${who}: ${answer}`);
        const changed = (await stateOf(scene)) !== before;
        // In the other server it works, for the other server.
        const works =
          where === lobby && person === bob
            ? changed || (answer !== null && marks.test(answer))
            : answer !== null && !refusals.test(answer);
        if (changed && !works) throw new Error(`${what}: ${who} was refused, and changed something`);
        if (works && trial.keepsTarget !== true) target = undefined;
        may ||= works;
        answers.push(
          `${what}, ${who}: ${works ? 'yes' : '–'}${changed ? ', changed something' : ''}: ${answer}`,
        );
      }
      cells.push(may ? 'yes' : '–');
    }
    await trial.cleanUp?.(stage);
    await nothingWaits(scene);
    found.push([what, ...cells]);
  }
  const wrong = found.filter((cells, row) => cells.join('|') !== rows[row]?.join('|')).map(([what]) => what);
  const explained = answers.filter((answer) => wrong.some((what) => answer.startsWith(`${what},`)));
  expect(found, explained.join('\n')).toEqual(rows);
});

/** What one row has left behind would be made before what the next one asks for. */
async function nothingWaits({ queue, guild }: Scene): Promise<void> {
  for (const { id } of await queue.list({ guildId: guild.id, statuses: ['queued'], limit: 500 })) {
    await queue.cancel(id, { code: 'cancelled', identifier: 'cancelled_by_user', context: {} });
  }
}

/** @returns null where Discord itself does not let them */
async function attempt(act: () => Promise<string>): Promise<string | null> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof ScenarioError && /is not offered|lacks ViewChannel/.test(error.message)) return null;
    throw error;
  }
}
