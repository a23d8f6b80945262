/**
 * How the bot's memory grows with use: its resident size after 500 and after 5,000 generations, each from `/humo` with a file to the video
 * in the channel. The bot is the real process, Redis is real, Discord is the sandbox; the videos are the same few bytes each time, since
 * how they are made does not touch the bot.
 *
 * Run with `npm run bench` or `node bench/memory.ts [generations] [first]`. Exits with 1 when it grew by more than a fifth.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { execa } from 'execa';
import pLimit from 'p-limit';
import { file } from '../sandbox/start.ts';
import { resultWith } from '../tests/support/generation.ts';
import { agreedBefore } from '../tests/support/agreed.ts';
import { startMeasuredBot } from './measured-bot.ts';
import { usualClip } from './usual-clip.ts';

const generations = Number(process.argv[2] ?? 5_000);
const first = Number(process.argv[3] ?? 500);
const growthLimit = 1.2;
const atOnce = 20;

await using bot = await startMeasuredBot('memory', {
  sandbox: { messagesKept: 50, requestsKept: 100 },
  environment: { MAXIMUM_WAITING_PER_USER: '1000' },
});
const { discord, environment, folder, picture, store, works } = bot;
const video = join(folder, 'clip.mp4');
await execa`ffmpeg -v error -f lavfi -i testsrc=size=64x64:rate=${usualClip.fps}:duration=1 -pix_fmt yuv420p ${video}`;
const bytes = await readFile(video);
await works.consume({
  models: ['17b', '1_7b'],
  workerId: 'bench',
  async work({ id }) {
    const key = `videos/${id}.mp4`;
    await store.put(key, bytes);
    return resultWith({ video: key, bytes: bytes.length, width: 64, height: 64, seconds: 1 });
  },
});
const guild = discord.createGuild();
const people = Array.from({ length: atOnce }, (_, index) => ({
  user: guild.addMember(discord.createUser(`user-${index}`)),
  channel: guild.createChannel(`channel-${index}`),
}));
await agreedBefore(
  environment,
  people.map(({ user }) => user),
);
const reached = new Map([first, generations].map((target) => [target, Promise.withResolvers<void>()]));
let posted = 0;
discord.onMessage((event, message) => {
  if (event !== 'posted' || !message.fromBot || message.attachments.length !== 1) return;
  posted += 1;
  reached.get(posted)?.resolve();
});
const sizes: Record<string, number> = {};
let asked = 0;
const limit = pLimit(atOnce);
for (const target of [first, generations]) {
  const runs: Promise<unknown>[] = [];
  for (; asked < target; asked += 1) {
    const person = people[asked % people.length];
    if (person === undefined) throw new Error('there is nobody');
    const values = { prompt: `Generation ${asked}`, image: file(picture, 'face.png') };
    runs.push(
      limit(async () => {
        const command = await person.user.run('/humo', values, { channel: person.channel });
        await command.waitForMessage(({ loading }) => !loading, { timeout: 60_000 });
      }),
    );
  }
  await Promise.all(runs);
  await reached.get(target)?.promise;
  // Status messages are edited five seconds later; then the process is at rest.
  await pause(10_000);
  sizes[target] = Math.round((await bot.kibibytes('VmRSS')) / 102.4) / 10;
}
const growth = Math.round(((sizes[generations] ?? 0) / (sizes[first] ?? 1)) * 1000) / 1000;
console.log(JSON.stringify({ bench: 'memory', residentMebibytes: sizes, growth, limit: growthLimit }));
if (!(growth <= growthLimit)) process.exitCode = 1;
