import { expect, test } from 'vitest';
import type { GpuPod } from '../../../src/queue/rented-gpus.ts';
import type { Sandbox } from '../../../sandbox/scripting/sandbox.ts';
import { hasStatus, idOf, picture, startScene } from './scene.ts';

type Person = ReturnType<Sandbox['createUser']>;

/** A scene with one who runs the bot: a member of the guild, and no moderator. */
async function withOwner(environment: Record<string, string> = {}) {
  const owners: Person[] = [];
  const scene = await startScene((discord) => {
    owners.push(discord.createUser('olga'));
    return { ...environment, OWNER_IDS: owners.map(({ id }) => id).join(',') };
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
  await say('/queue-admin drain', { message: 'Moving house' }, 'stopped taking new requests', 'Moving house');
  const admission = await moderation.admission({ userId: ada.id, guildId: scene.guild.id, roleIds: [] });
  expect(admission).toMatchObject({ draining: { message: 'Moving house' }, maintenance: 'Slower *today*' });

  await scene.restartBot();
  await say('/queue-admin undrain', {}, 'taking new requests again');
  await say('/queue-admin undrain', {}, 'already taking new requests');
  await say('/queue-admin maintenance', {}, 'Removed');
  await say('/queue-admin resume', {}, 'Resumed');
  await say('/queue-admin resume', {}, 'Nothing is paused');
  await status.waitUntil(({ text }) => !text.includes('paused') && !text.includes('Slower'));
  expect((await scene.queue.get(idOf(status.text)))?.status).toBe('queued');
  const log = await say(
    '/queue-admin audit',
    {},
    'paused everything',
    'started taking new requests again',
    'Moving house',
  );
  expect(log.indexOf('resumed everything')).toBeLessThan(log.indexOf('paused everything'));
  const labelOf = async () =>
    (await moderation.admission({ userId: ada.id, guildId: scene.guild.id, roleIds: [] })).label;
  expect(await labelOf()).toMatchObject({ words: 'made_with_ai' });
  await say('/queue-admin marking', { label: false }, 'no label', 'Art. 50(4)', 'deepfake');
  expect(await labelOf()).toBeNull();
  await say('/queue-admin marking', {}, 'no label');
  await say('/queue-admin marking', { label: true }, 'Every video has a label in a corner');
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
    await answer.waitForMessage(({ text }) => text.includes('Only the bot’s owner'));
    expect(await person.autocomplete('/queue-admin retry', {}, 'id', { channel: where })).toEqual([]);
  }
  expect(await moderation.audit({ guildId: null, limit: 10 })).toEqual([]);
});

test('rented GPUs: people read that one is woken, owners what it costs, and start and stop one by hand', async () => {
  const {
    scene: opened,
    olga,
    say,
  } = await withOwner({
    GPU_PROVIDER: 'command',
    GPU_START_COMMAND: 'true',
    GPU_STOP_COMMAND: 'true',
  });
  await using scene = opened;
  const { ada, channel, gpus } = scene;
  if (gpus === null) throw new Error('there are no rented GPUs');
  await say('/queue-admin gpus', {}, 'None is running');
  const now = scene.discord.clock.now();
  const pod: GpuPod = {
    ...{ name: 'humo-gpu-01', id: 'pod1', kind: 'NVIDIA H200', pricePerHour: 4.5 },
    ...{ askedAt: now, readyAt: null, busyAt: now, chargedUntil: now, byHand: false, ending: null },
    version: 1,
  };
  await gpus.save(pod);
  await gpus.announceWaking([pod], 60_000);
  await gpus.publish({
    version: 1,
    ...{ at: now, provider: 'runpod', hindrance: 'cap', problem: 'RunPod answered 429' },
    ...{ spent: { today: 3.456, month: 20 }, caps: { today: 5, month: null } },
    ready: { until: now + 3_600_000, rests: false },
  });

  await ada.run('/humo', { prompt: 'She speaks', image: picture() }, { channel });
  const status = await channel.waitForMessage(hasStatus);
  expect(status.text).toContain('Starting a GPU for you');
  expect(status.text).toContain(`<t:${Math.round((now + 240_000) / 1000)}:R>`);

  const shown = await say(
    ...(['/queue-admin gpus', {}, '`humo-gpu-01` · NVIDIA H200 · $4.50/h', 'starting'] as const),
  );
  expect(shown).toContain('Today $3.46 of $5.00 · this month $20.00\n');
  expect(shown).toContain('The spending cap is reached');
  expect(shown).toContain('RunPod answered 429');
  expect(shown).toContain(`One is kept ready until <t:${Math.round(now / 1000) + 3600}:t>`);

  const suggested = await olga.autocomplete('/queue-admin gpus', { do: 'stop' }, 'gpu', {
    channel: olga.directMessage,
  });
  expect(suggested.map(({ value }) => value)).toEqual(['humo-gpu-01']);
  await say('/queue-admin gpus', { do: 'stop', gpu: 'nonsense' }, 'a rented GPU called `nonsense`');
  await say('/queue-admin gpus', { do: 'stop', gpu: 'humo-gpu-01' }, '`humo-gpu-01` stops in a moment');
  await say('/queue-admin gpus', { do: 'start' }, 'One more starts in a moment');
  expect([await gpus.nextWish(), await gpus.nextWish(), await gpus.nextWish()]).toEqual([
    { stop: 'humo-gpu-01' },
    { start: true },
    null,
  ]);
});
