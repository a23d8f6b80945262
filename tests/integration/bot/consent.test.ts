import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { consentWording } from '../../../src/commands/support/consent.ts';
import { parseRedisUrl } from '../../../src/config/redis-url.ts';
import { createPeople } from '../../../src/queue/people/people.ts';
import { silent, testConfig } from '../../support/queue-fixtures.ts';
import { hasStatus, leftOnPurpose, picture, speech, startScene, until } from './scene.ts';
import type { Scene } from './scene.ts';
import { patience } from '../../support/patience.ts';

/** People who have confirmed nothing yet. */
let scene: Scene;
beforeAll(async () => {
  scene = await startScene({}, { asksForConsent: true });
  await scene.work(scene.finish);
});
afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

type Person = Scene['ada'];
const hasQuestion = ({ text }: { readonly text: string }) => text.includes('One question before');
const wish = () => ({ prompt: 'She speaks', image: picture(), preset: 'draft', seed: 4711 });
const madeBy = ({ id }: Person) => scene.queue.list({ userId: id });

async function asked(person: Person, values = {}) {
  const { channel } = scene;
  const command = await person.run('/humo', { ...wish(), ...values }, { channel });
  return command.waitForMessage(hasQuestion);
}

test('the first picture waits for a word, alone; then the request goes on as it was typed, and nobody is asked again', async () => {
  const { channel, ada } = scene;
  const question = await asked(ada);
  expect(question.ephemeral).toBe(true);
  expect(await madeBy(ada)).toEqual([]);
  expect(channel.messages.filter(({ ephemeral }) => !ephemeral)).toEqual([]);
  await ada.click(question, 'Yes, go ahead');
  const result = await channel.waitForMessage(({ attachments }) => attachments.length === 1);
  await question.waitUntil(({ text, buttons }) => text.startsWith('Thanks') && buttons.length === 0);
  const [made] = await madeBy(ada);
  expect(made?.request).toMatchObject({ prompt: 'She speaks', preset: 'draft', seed: 4711, mode: 'TI' });
  const stored = await scene.keysWith(ada.id);
  expect(stored).toContain(`humo:person:agreed:${ada.id}:at`);
  await ada.click(result, 'Again');
  await until(async () => ((await madeBy(ada)).length === 2 ? true : undefined));
  await ada.run('/humo', { prompt: 'x', audio: speech(), preset: 'draft' }, { channel });
  await until(async () => ((await madeBy(ada)).length === 3 ? true : undefined));
});

test('whoever says no has nothing made and nothing kept; typed words need no word', async () => {
  const ben = scene.guild.addMember(scene.discord.createUser('ben'));
  const question = await asked(ben);
  await ben.click(question, 'No');
  await question.waitUntil(({ text, buttons }) => text.includes('nothing was made') && buttons.length === 0);
  expect(await madeBy(ben)).toEqual([]);
  expect((await scene.keysWith(ben.id)).filter((key) => key.includes('person:'))).toEqual([]);
  const said = await ben.run(
    '/humo',
    { prompt: 'x', say: 'Hello', preset: 'draft' },
    { channel: scene.channel },
  );
  // Nobody speaks here: a worker says the words later.
  await said.waitForMessage(hasStatus, patience);
});

test('a reaction is asked in the channel; only the person’s own word counts', async () => {
  const { channel, guild, discord } = scene;
  const result = await channel.waitForMessage(({ attachments }) => attachments.length === 1);
  const [cleo, dan] = ['cleo', 'dan'].map((name) => guild.addMember(discord.createUser(name)));
  if (cleo === undefined || dan === undefined) throw new Error('nobody is there');
  cleo.react(result, '🔁');
  const question = await channel.waitForMessage(
    (message) => hasQuestion(message) && message.text.includes(cleo.id),
  );
  const refused = await dan.click(question, 'Yes, go ahead');
  await refused.waitForMessage(({ text }) => text.includes('isn’t for you'));
  await cleo.click(question, 'Yes, go ahead');
  await until(async () => ((await madeBy(cleo)).length === 1 ? true : undefined));
  await until(() => Promise.resolve(question.deleted ? true : undefined));
  expect(await madeBy(dan)).toEqual([]);
});

test('whoever agreed to other words is asked again', async () => {
  const fay = scene.guild.addMember(scene.discord.createUser('fay'));
  const people = createPeople(testConfig(scene.redisUrl, scene.dataDirectory, 'humo'), silent);
  try {
    await people.agree(fay.id, { wording: '2020-01-01', at: Date.now() });
    const old = await asked(fay);
    expect(await madeBy(fay)).toEqual([]);
    await questionReads('2020-01-01', fay);
    const click = await fay.click(old, 'Yes, go ahead');
    const question = await click.waitForMessage(({ id, text }) => id !== old.id && hasQuestion({ text }));
    expect(await people.agreement(fay.id)).toMatchObject({ wording: '2020-01-01' });
    await fay.click(question, 'Yes, go ahead');
    await until(async () => ((await madeBy(fay)).length === 1 ? true : undefined));
    expect(await people.agreement(fay.id)).toMatchObject({ wording: consentWording });
  } finally {
    await people.close();
  }
});

/** As if an earlier version of the bot had asked. */
async function questionReads(wording: string, { id }: Person): Promise<void> {
  const redis = new Redis(parseRedisUrl(scene.redisUrl));
  try {
    for (const key of await redis.keys(`humo:person:wish:${id}:*`)) {
      const text = (await redis.get(key)) ?? '';
      await redis.set(key, text.replace(consentWording, wording));
    }
  } finally {
    redis.disconnect();
  }
}

test('a server may have it asked each time', async () => {
  const { guild, moderation, ada } = scene;
  const change = (askEachTime: boolean) =>
    moderation.changeGuild(guild.id, (settings) => ({ ...settings, askEachTime }), {
      ...{ guildId: guild.id, actorId: '1', action: 'settings', reason: null, details: { askEachTime } },
      ...{ targetUserId: null, generationId: null },
    });
  await change(true);
  const before = (await madeBy(ada)).length;
  const question = await asked(ada);
  expect(question.text).toContain('every time');
  await ada.click(question, 'Yes, go ahead');
  await until(async () => ((await madeBy(ada)).length === before + 1 ? true : undefined));
  await asked(ada);
  await change(false);
});

test('/forget takes the word back, and what still waits for one; what limits count on stays', async () => {
  const { channel, guild, discord } = scene;
  const gil = guild.addMember(discord.createUser('gil'));
  const [answered, waiting] = [await asked(gil), await asked(gil)];
  await gil.click(answered, 'Yes, go ahead');
  await until(async () => ((await madeBy(gil))[0]?.status === 'delivered' ? true : undefined));
  const command = await gil.run('/forget', {}, { channel });
  const shown = await command.waitForMessage(({ text }) => text.includes('you confirmed'));
  await gil.click(shown, 'Erase everything');
  await command.waitForMessage(({ text }) => text.includes('Erased:'));
  const left = await scene.keysWith(gil.id);
  expect(left.filter((key) => !leftOnPurpose.test(key))).toEqual([]);
  const late = await gil.click(waiting, 'Yes, go ahead');
  await late.waitForMessage(({ text }) => text.includes('isn’t for you'));
  await asked(gil);
  expect(await madeBy(gil)).toEqual([]);
});
