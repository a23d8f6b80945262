import { expect, test } from 'vitest';
import type { Sandbox } from '../../../sandbox/scripting/sandbox.ts';
import { hasStatus, idOf, picture, startScene } from './scene.ts';

type Person = ReturnType<Sandbox['createUser']>;

/** A scene with one who runs the bot: a member of the guild, and no moderator. */
async function withOwner() {
  const owners: Person[] = [];
  const scene = await startScene((discord) => {
    owners.push(discord.createUser('olga'));
    return { OWNER_IDS: owners.map(({ id }) => id).join(',') };
  });
  const [olga] = owners;
  if (olga === undefined) throw new Error('there is no owner');
  scene.guild.addMember(olga);
  const say = async (
    command: string,
    values: Parameters<Person['run']>[1],
    ...parts: readonly string[]
  ): Promise<string> => {
    const answer = await olga.run(command, values, { channel: olga.directMessage });
    const { text } = await answer.waitForMessage((one) => one.text !== '' && !one.loading);
    for (const part of parts) expect(text).toContain(part);
    return text;
  };
  return { scene, olga, say };
}

test('everything is paused, drained and announced from direct messages; people read it in their status', async () => {
  const { scene: opened, say } = await withOwner();
  await using scene = opened;
  const { ada, channel, moderation } = scene;
  await ada.run('/humo', { prompt: 'She speaks', image: picture() }, { channel });
  const status = await channel.waitForMessage(hasStatus);
  await say('/queue-admin pause', { reason: 'new cards', for: '3h' }, 'Everything is paused', 'Until <t:');
  await status.waitUntil(({ text }) => text.includes('Everything is paused'));
  expect(status.text).toContain('Why: new cards');
  await say('/queue-admin maintenance', { message: 'Slower *today*' }, String.raw`> Slower \*today\*`);
  await status.waitUntil(({ text }) => text.includes(String.raw`ℹ️ Slower \*today\*`));
  await say('/queue-admin drain', { message: 'Moving house' }, 'Nothing new is taken', 'Moving house');
  const admission = await moderation.admission({ userId: ada.id, guildId: scene.guild.id, roleIds: [] });
  expect(admission).toMatchObject({ draining: { message: 'Moving house' }, maintenance: 'Slower *today*' });

  await scene.restartBot();
  await say('/queue-admin undrain', {}, 'taken again');
  await say('/queue-admin undrain', {}, 'Nothing was drained');
  await say('/queue-admin maintenance', {}, 'Removed');
  await say('/queue-admin resume', {}, 'It goes on');
  await say('/queue-admin resume', {}, 'Nothing is paused');
  await status.waitUntil(({ text }) => !text.includes('paused') && !text.includes('Slower'));
  expect((await scene.queue.get(idOf(status.text)))?.status).toBe('queued');
  const log = await say(
    '/queue-admin audit',
    {},
    'paused everything',
    'takes new requests again',
    'Moving house',
  );
  expect(log.indexOf('ended the pause of everything')).toBeLessThan(log.indexOf('paused everything'));
  // None of it is a server's.
  expect(await moderation.audit({ guildId: scene.guild.id, limit: 10 })).toEqual([]);
});

test('whoever is no owner is refused, wherever the command is shown to them', async () => {
  const { scene: opened } = await withOwner();
  await using scene = opened;
  const { discord, guild, channel, ada, moderation } = scene;
  const admin = guild.addMember(discord.createUser('max'), {
    roles: [guild.createRole('admin', ['Administrator'])],
  });
  for (const [person, where] of [
    [admin, channel],
    [ada, ada.directMessage],
  ] as const) {
    const answer = await person.run('/queue-admin drain', {}, { channel: where });
    await answer.waitForMessage(({ text }) => text.includes('Only the people who run this bot'));
    expect(await person.autocomplete('/queue-admin retry', {}, 'id', { channel: where })).toEqual([]);
  }
  expect(await moderation.audit({ guildId: null, limit: 10 })).toEqual([]);
});
