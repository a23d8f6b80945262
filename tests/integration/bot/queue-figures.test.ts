import { once } from 'node:events';
import { expect, test } from 'vitest';
import type { Sandbox } from '../../../sandbox/scripting/sandbox.ts';
import { Failure } from '../../../src/failure.ts';
import { picture, startScene, until } from './scene.ts';

type Person = ReturnType<Sandbox['createUser']>;

test('figures, machines, and what failed is queued again', async () => {
  const owners: Person[] = [];
  await using scene = await startScene((discord) => {
    owners.push(discord.createUser('olga'));
    return { OWNER_IDS: owners.map(({ id }) => id).join(',') };
  });
  const [olga] = owners;
  if (olga === undefined) throw new Error('there is no owner');
  const { ada, channel, guild, discord, queue } = scene;
  guild.addMember(olga);
  const mia = guild.addMember(discord.createUser('mia'), {
    roles: [guild.createRole('moderator', ['ManageMessages'])],
  });
  const ask = async (person: Person, command: string, values: Parameters<Person['run']>[1] = {}) => {
    const where = person === olga ? olga.directMessage : channel;
    const answer = await person.run(command, values, { channel: where });
    return (await answer.waitForMessage((one) => one.text !== '' && !one.loading)).text;
  };
  expect(await ask(olga, '/queue-admin workers')).toContain('No machine has been seen');
  expect(await ask(mia, '/queue stats')).toContain('0 running, 0 waiting');

  let hasFailed = false;
  const running = Promise.withResolvers<void>();
  const shown = Promise.withResolvers<void>();
  await scene.work(async (generation, context) => {
    if (!hasFailed) {
      hasFailed = true;
      throw new Failure('out_of_memory', 'out_of_memory');
    }
    running.resolve();
    await Promise.race([shown.promise, once(context.signal, 'abort')]);
    return scene.finish(generation);
  });
  await ada.run('/humo', { prompt: 'She speaks', image: picture() }, { channel });
  await channel.waitForMessage(({ text }) => text.includes('ran out of memory'));
  const failed = await until(async () => (await queue.list({ guildId: guild.id, statuses: ['failed'] }))[0]);
  expect(await ask(mia, '/queue stats')).toContain('0 done · 1 failed');
  const choices = await olga.autocomplete('/queue-admin retry', {}, 'id', { channel: olga.directMessage });
  expect(choices).toEqual([{ name: 'failed · She speaks', value: failed.id }]);

  expect(await ask(olga, '/queue-admin retry', { code: 'engine_crashed' })).toContain('Nothing that failed');
  expect(await ask(olga, '/queue-admin retry', { id: 'nonsense' })).toContain('no video with this ID');
  const retried = await ask(olga, '/queue-admin retry', { id: failed.id });
  expect(retried).toContain('One video is queued again');
  await running.promise;
  const [child] = await queue.list({ guildId: guild.id, statuses: ['running'] });
  expect(child).toMatchObject({ parentId: failed.id, userId: ada.id });
  // A machine says with its next sign of life what it runs.
  const machines = await until(async () => {
    const text = await ask(olga, '/queue-admin workers');
    return text.includes('running `') ? text : undefined;
  });
  expect(machines).toContain('🟢 `in-test`');
  expect(machines).toContain(`running \`${child?.id}\``);
  expect(await ask(mia, '/queue stats')).toContain('1 running, 0 waiting');
  shown.resolve();
  await channel.waitForMessage(({ attachments }) => attachments.length === 1);
  const stats = await ask(mia, '/queue stats');
  expect(stats).toContain('1 done · 1 failed · 0 cancelled');
  expect(stats).toMatch(new RegExp(`1\\. ${ada.mention}: 1 video, 1 s`));
  expect(await ask(olga, '/queue-admin audit')).toContain('queued failed videos again');
});
