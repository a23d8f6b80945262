/**
 * What the bot holds while eight of the largest videos are delivered at once, 100 MiB each, as in servers with the most boosts: its resident
 * size at most, beside that at rest. The bot is the real process, Redis and the store are real, Discord is the sandbox.
 *
 * Run with `npm run bench -- deliveries` or `node bench/deliveries.ts [videos] [MiB of each]`. Exits with 1 when it held more than 600 MB more.
 */
import { join } from 'node:path';
import { file } from '../sandbox/start.ts';
import { videoKey } from '../src/storage/keys.ts';
import { mebibyte } from '../src/units.ts';
import { agreedBefore } from '../tests/support/agreed.ts';
import { resultWith } from '../tests/support/generation.ts';
import { startMeasuredBot } from './measured-bot.ts';

const videos = Number(process.argv[2] ?? 8);
const bytes = Math.floor(Number(process.argv[3] ?? 99.5) * mebibyte);
const limitMegabytes = 600;

await using bot = await startMeasuredBot('deliveries');
const { discord, environment, folder, picture, store, works } = bot;
const megabytes = async (which: 'VmRSS' | 'VmHWM') => Math.round(((await bot.kibibytes(which)) * 1024) / 1e6);

const guild = discord.createGuild();
guild.setBoostTier(3);
const channel = guild.createChannel('general');
const people = Array.from({ length: videos }, (_, index) => {
  return guild.addMember(discord.createUser(`user-${index}`));
});
await agreedBefore(environment, people);
const arrived = Promise.withResolvers<void>();
let posted = 0;
discord.onMessage((event, { fromBot, attachments }) => {
  if (event !== 'posted' || !fromBot || attachments.length !== 1) return;
  posted += 1;
  if (posted === videos) arrived.resolve();
});
for (const person of people) {
  const command = await person.run('/humo', { prompt: 'One', image: file(picture, 'face.png') }, { channel });
  await command.waitForMessage(({ loading }) => !loading, { timeout: 60_000 });
}
const rest = await megabytes('VmRSS');
// All are stored before the first is ready, and then they are ready at about the same time.
const stored = Promise.all(people.map((_, index) => store.put(`videos/${index}.bin`, Buffer.alloc(bytes))));
await works.consume({
  models: ['17b', '1_7b'],
  workerId: 'bench',
  async work({ id }) {
    await stored;
    const key = videoKey(id);
    await store.put(key, { path: join(folder, 'artifacts', 'videos', '0.bin') });
    return resultWith({ video: key, bytes, width: 64, height: 64, seconds: 1 });
  },
});
await arrived.promise;
const most = await megabytes('VmHWM');
const held = most - rest;
console.log(JSON.stringify({ bench: 'deliveries', videos, bytes, rest, most, held, limit: limitMegabytes }));
if (held > limitMegabytes) process.exitCode = 1;
