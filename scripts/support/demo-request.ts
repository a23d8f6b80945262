import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import type { Interaction, Message, Sandbox } from '../../sandbox/start.ts';
import { projectRoot } from '../../src/config/environment.ts';
import { enginePython } from '../../src/config/python.ts';
import { namingFullDisk } from '../../src/full-disk.ts';
import { probeVideo } from '../../src/media/probe.ts';
import type { ProbedVideo } from '../../src/media/probe.ts';
import { Conversation } from './conversation.ts';
import { DemoError } from './demo-options.ts';
import type { Entered } from './demo-options.ts';
import { agree, isEnding, saysItsId } from './first-request.ts';

/** for everything between the command and the video; the mini profile takes a minute on a slow machine */
const patience = 15 * 60_000;

/** A member runs `/humo` and waits for the video, which is checked and kept. DemoError without one, or where it does not play. */
export async function converse(
  discord: Sandbox,
  command: Entered,
  folder: string,
  print: (line: string) => void,
) {
  const guild = discord.createGuild({ name: 'Studio' });
  const channel = guild.createChannel('general');
  const ada = guild.addMember(discord.createUser('ada'));
  const conversation = new Conversation(print);
  discord.onMessage((event, message) => conversation.take(event, message));
  conversation.person('ada', `/humo ${describeCommand(command)}`);
  let interaction = await ada.run('/humo', command, { channel });
  if (Object.keys(command).some((name) => /^(image|audio$)/.test(name))) {
    // As with anybody who brings a picture or a voice for the first time.
    const agreed = await agree(ada, await refusal(interaction));
    if (agreed === null) throw new DemoError('The bot did not take the request; see above.');
    conversation.person('ada', `[${agreed.label}]`);
    ({ interaction } = agreed);
  }

  const ending = await Promise.race([
    channel.waitForMessage((message) => isEnding(message, channel), { timeout: patience }),
    refusal(interaction),
  ]);
  const [attachment] = ending.attachments;
  if (attachment === undefined) throw new DemoError('The bot sent no video; see above.');
  // The status message is what people look at; the demo ends when it points to the result.
  const status = channel.messages.find(({ id }) => id === ending.repliesTo);
  await status?.waitUntil(({ buttons }) => buttons.length === 0, { timeout: 30_000 });

  const video = join(folder, attachment.filename);
  const bytesOfVideo = await attachment.bytes();
  await namingFullDisk(
    folder,
    async () => {
      await mkdir(folder, { recursive: true });
      await writeFile(video, bytesOfVideo);
    },
    'choose another folder with --out',
  );
  const probed = await playable(video, folder);
  const { width, height, nb_read_frames: frames } = probed.video;
  print(
    `\nA playable video of ${probed.seconds} s came back: ${width}×${height}, ${frames} frames, ${probed.audio === null ? 'no sound' : 'with sound'}, ${probed.bytes} bytes.`,
  );
  print(`It is in ${video}`);
  const { sheet, agreement } = await lookAt(video, print);
  print(
    'Made by our own small model, which knows cartoon faces and ten scenes: it shows that everything works, not what HuMo can do.',
  );
  const { bytes, seconds } = probed;
  return { video, sheet, agreement, bytes, seconds, messages: conversation.messages() };
}

const filmSchema = z.object({
  words: z.string(),
  agreement: z.object({ correlation: z.number(), lag: z.int(), at_lag: z.number() }).nullable(),
});

/** Leaves a contact sheet beside the video, and says in one line how well its lips follow its sound. */
async function lookAt(video: string, print: (line: string) => void) {
  const sheet = video.replace(/\.mp4$/, '.png');
  const measured = await execa(
    enginePython(projectRoot),
    ['-m', 'humo_engine', 'quality', '--film', video, '--sheet', sheet, '--json'],
    { cwd: join(projectRoot, 'engine'), reject: false },
  );
  if (measured.exitCode !== 0) throw new DemoError(`The video could not be measured: ${measured.stderr}`);
  const { words, agreement } = filmSchema.parse(JSON.parse(measured.stdout));
  print(`Its frames at a glance are in ${sheet}`);
  print(words);
  return { sheet, agreement };
}

/** What the bot says first that is no acceptance: why not, or a question. */
async function refusal(interaction: Interaction): Promise<Message> {
  return await interaction.waitForMessage(
    // The spoken words come with their sound, and refuse nothing.
    ({ loading, text, attachments }) =>
      !loading && text !== '' && attachments.length === 0 && !saysItsId(text),
    {
      timeout: patience,
    },
  );
}

async function playable(video: string, folder: string): Promise<ProbedVideo> {
  try {
    return await probeVideo(video, { scratch: folder, timeoutMilliseconds: 60_000 });
  } catch (error) {
    throw new DemoError(`What came back does not play: ${String(error)}`, { cause: error });
  }
}

function describeCommand(command: Entered): string {
  return Object.entries(command)
    .map(([name, value]) => {
      if (typeof value === 'string') return `${name}:${name === 'prompt' ? `"${value}"` : value}`;
      return `${name}:${typeof value === 'number' ? value : basename(value.filename)}`;
    })
    .join(' ');
}
