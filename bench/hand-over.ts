/**
 * How long it takes from the engine's last frame to the video in the channel: a clip of the usual length and size with sound. Bot and worker are
 * the real processes, with a real Redis; Discord is the sandbox; the engine has its frames ready. Beside it, in turns with it,
 * the bare ffmpeg encode of the same frames and sound with the same settings.
 *
 * Run with `npm run bench` or `node bench/hand-over.ts [repetitions]`. Exits with 1 when the limit is missed.
 */
import botProcess from '../scripts/support/bot-process.json' with { type: 'json' };
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { file, startSandbox } from '../sandbox/start.ts';
import { startPart } from '../scripts/support/part.ts';
import { projectRoot } from '../src/config/environment.ts';
import { agreedBefore } from '../tests/support/agreed.ts';
import { startRedis } from '../tests/support/redis.ts';
import { usualClip } from './usual-clip.ts';
import { bestCrf } from '../src/media/rate-control.ts';

const repetitions = Number(process.argv[2] ?? 5);
const limit = 3;
const { width, height, frames: frameCount, fps } = usualClip;

const folder = await mkdtemp(join(tmpdir(), 'bench-hand-over-'));
const frames = join(folder, 'frames.rgb');
const notes = join(folder, 'notes');
const portrait = join(projectRoot, 'examples', 'portrait.png');
const speech = join(projectRoot, 'examples', 'speech.ogg');

try {
  await makeFrames();
  const [handOvers, encodes] = await measure();
  const result = {
    bench: 'hand-over',
    unit: 'ms',
    machine: { cores: availableParallelism(), node: process.version },
    repetitions,
    handOver: summarise(handOvers),
    bareEncode: summarise(encodes),
    ratio: Math.round((median(handOvers) / median(encodes)) * 100) / 100,
    limit,
  };
  console.log(JSON.stringify(result));
  if (!(result.ratio < limit)) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** A camera that wanders over the example picture, with grain: as hard to encode as a person who speaks, not as hard as noise. */
async function makeFrames(): Promise<void> {
  const wander = `crop=${width}:${height}:x=(iw-ow)*(0.5+0.4*sin(t)):y=(ih-oh)*(0.3+0.2*sin(2*t))`;
  const filter = `scale=1248:-2,${wander},noise=alls=6:allf=t`;
  await execa`ffmpeg -v error -loop 1 -framerate ${fps} -i ${portrait} -vf ${filter} -frames:v ${frameCount} -pix_fmt rgb24 -f rawvideo ${frames}`;
  await writeFile(notes, '');
}

/** Milliseconds of each hand-over and of each bare encode. */
async function measure(): Promise<[number[], number[]]> {
  await using redis = await startRedis({ appendOnly: true });
  await using discord = await startSandbox();
  const environment = {
    PATH: process.env['PATH'],
    ...discord.environment,
    REDIS_URL: redis.url,
    DATA_DIRECTORY: join(folder, 'data'),
    LOG_LEVEL: 'info',
    ENGINE_COMMAND: [process.execPath, join(import.meta.dirname, 'ready-made-engine.ts'), frames, notes].join(
      ' ',
    ),
    HUMO_MODELS: '17b',
  };
  const start = (name: string) =>
    startPart({
      name,
      file: `src/${name}/main.ts`,
      environment,
      nodeFlags: name === 'bot' ? botProcess.flags : [],
    });
  const [bot, worker] = [start('bot'), start('worker')];
  const [handOvers, encodes]: [number[], number[]] = [[], []];
  try {
    await Promise.all([bot.logged('ready'), worker.logged('taking jobs')]);
    const guild = discord.createGuild();
    const channel = guild.createChannel('general');
    const ada = guild.addMember(discord.createUser('ada'));
    await agreedBefore(environment, [ada]);
    // The first round warms everything up: programs from the disk, connections, compiled code.
    for (let round = 0; round <= repetitions; round += 1) {
      const posted = new Promise<number>((resolve) => {
        const stop = discord.onMessage((event, message) => {
          if (event !== 'posted' || !message.attachments.some(({ filename }) => filename.endsWith('.mp4')))
            return;
          stop();
          resolve(Date.now());
        });
      });
      await ada.run(
        '/humo',
        { prompt: `Round ${round}`, image: file(portrait), audio: file(speech) },
        { channel },
      );
      const taken = (await posted) - (await lastFrameAt());
      const before = performance.now();
      await bareEncode();
      if (round === 0) continue;
      handOvers.push(taken);
      encodes.push(performance.now() - before);
    }
  } finally {
    await Promise.all([bot.stop(), worker.stop()]);
  }
  return [handOvers, encodes];
}

async function lastFrameAt(): Promise<number> {
  return Number((await readFile(notes, 'utf8')).trim().split('\n').at(-1));
}

async function bareEncode(): Promise<void> {
  const seconds = frameCount / fps;
  const raw = [
    '-f',
    'rawvideo',
    '-pixel_format',
    'rgb24',
    '-video_size',
    `${width}x${height}`,
    '-framerate',
    String(fps),
  ];
  const video = [
    '-c:v',
    'libx264',
    '-profile:v',
    'high',
    '-preset',
    'medium',
    '-crf',
    String(bestCrf),
    '-pix_fmt',
    'yuv420p',
  ];
  const sound = ['-c:a', 'aac', '-b:a', '160k', '-ar', '48000', '-t', String(seconds)];
  const target = ['-movflags', '+faststart', join(folder, 'bare.mp4')];
  await execa('ffmpeg', [
    '-v',
    'error',
    '-y',
    ...raw,
    '-i',
    frames,
    '-i',
    speech,
    ...video,
    ...sound,
    ...target,
  ]);
}

function median(values: readonly number[]): number {
  return values.toSorted((first, second) => first - second)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function summarise(values: readonly number[]) {
  return { median: Math.round(median(values)), max: Math.round(Math.max(...values)) };
}
