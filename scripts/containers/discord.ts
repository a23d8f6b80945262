import { agree, isEnding, saysItsId } from '../support/first-request.ts';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { file, startSandbox } from '../../sandbox/start.ts';
import type { Channel, Guild, Interaction, Sandbox, User } from '../../sandbox/start.ts';
import { projectRoot } from '../../src/config/environment.ts';
import { probeVideo } from '../../src/media/probe.ts';
import type { ProbedVideo } from '../../src/media/probe.ts';
import { CheckFailed } from './errors.ts';
import { minute } from '../../src/units.ts';

/** As long as a video may take: a machine may have little time for this. */
const patience = 15 * 60_000;

/** A request that was made, in a channel of its own. */
export interface Request {
  readonly channel: Channel;
  /** Waits for the video, keeps it and looks whether it can be played. @throws CheckFailed with what the bot said instead */
  video(): Promise<ProbedVideo>;
}

/** A local Discord for the containers, and a member who uses it. */
export class Discord implements AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly #guild: Guild;
  readonly #ada: User;
  readonly #folder: string;
  #requests = 0;

  private constructor(sandbox: Sandbox, folder: string) {
    this.sandbox = sandbox;
    this.#folder = folder;
    this.#guild = sandbox.createGuild({ name: 'Studio' });
    this.#ada = this.#guild.addMember(sandbox.createUser('ada'));
  }

  /**
   * @param host an address of this machine that the containers reach
   * @param folder where videos are kept, and the certificate of its CDN
   */
  static async open(host: string, folder: string): Promise<Discord> {
    await mkdir(folder, { recursive: true });
    const sandbox = await startSandbox({ host, firstResponse: minute });
    await writeFile(join(folder, 'ca.pem'), sandbox.certificateAuthority.pem);
    await chmod(join(folder, 'ca.pem'), 0o644);
    return new Discord(sandbox, folder);
  }

  /** What the bot's service gets on top: see docs of the sandbox. */
  overlay(): object {
    const { DISCORD_API_URL, ATTACHMENT_HOSTS } = this.sandbox.environment;
    return {
      environment: { DISCORD_API_URL, ATTACHMENT_HOSTS, ATTACHMENT_CA_FILE: '/trial/ca.pem' },
      volumes: [`${join(this.#folder, 'ca.pem')}:/trial/ca.pem:ro`],
    };
  }

  /** A member asks for a video of a picture and a piece of speech. */
  async ask(): Promise<Request> {
    this.#requests += 1;
    const number = this.#requests;
    const channel = this.#guild.createChannel(`take-${number}`);
    const example = (name: string) => file(join(projectRoot, 'examples', name));
    let interaction = await this.#ada.run(
      '/humo',
      {
        ...{ prompt: 'A woman on the beach talks to the camera', audio_end: 3.88, seed: number },
        ...{ image: example('person.png'), audio: example('speech.ogg') },
      },
      { channel },
    );
    // The first time the bot asks whether the picture may be used.
    const first = await interaction.waitForMessage(({ loading, text }) => !loading && text !== '', {
      timeout: patience,
    });
    interaction = (await agree(this.#ada, first))?.interaction ?? interaction;
    const delivered = channel.waitForMessage((message) => isEnding(message, channel), { timeout: patience });
    // It is awaited later, or never when something else has failed before.
    delivered.catch(() => undefined);
    return {
      channel,
      video: async () => await this.#taken(await Promise.race([delivered, refused(interaction)]), number),
    };
  }

  async #taken(
    message: Awaited<ReturnType<Channel['waitForMessage']>>,
    number: number,
  ): Promise<ProbedVideo> {
    const [attachment] = message.attachments;
    if (attachment === undefined) throw new CheckFailed(`no video came back: ${message.text}`);
    const path = join(this.#folder, `take-${number}.mp4`);
    await writeFile(path, await attachment.bytes());
    const probed = await probeVideo(path, { scratch: this.#folder, timeoutMilliseconds: 120_000 });
    if (probed.audio === null || probed.seconds < 3)
      throw new CheckFailed(
        `the video of ${probed.seconds} s has ${probed.audio === null ? 'no ' : ''}sound`,
      );
    return probed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sandbox.close();
  }
}

/** Fails with what the bot says when it does not take a request; never resolves. */
async function refused(interaction: Interaction): Promise<never> {
  const { text } = await interaction.waitForMessage(
    (message) => !message.loading && message.text !== '' && !saysItsId(message.text),
    { timeout: patience },
  );
  throw new CheckFailed(`the bot did not take the request: ${text}`);
}
