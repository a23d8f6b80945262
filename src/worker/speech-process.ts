import { enginePython } from '../config/python.ts';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { z } from 'zod';
import type { Logger } from '../log.ts';
import { afterSilence } from '../silence.ts';
import { speechFailure, speechReasons, voiceSchema } from '../queue/jobs/speech.ts';
import type { Voice, Words } from '../queue/jobs/speech.ts';

/** From the start of the process to its `ready`: it looks for files and loads nothing. Milliseconds. */
const startTimeout = 60_000;
/** For a thousand characters on a slow machine, in a voice that is loaded first. Milliseconds. */
const speakTimeout = 180_000;

const eventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), protocol: z.literal(1), voices: z.array(voiceSchema) }),
  z.object({ type: z.literal('spoken'), id: z.string(), voice: z.string(), language: z.string() }),
  z.object({ type: z.literal('failed'), id: z.string().nullish(), reason: z.string(), message: z.string() }),
]);
type SpeechEvent = z.infer<typeof eventSchema>;

interface Running {
  readonly voices: readonly Voice[];
  ask(message: object): Promise<SpeechEvent>;
  end(): Promise<void>;
}

/**
 * The voices of this machine: a process beside the engine, so that nobody who types words waits for a clip that runs. Started when
 * needed, kept, and replaced when it has died. One request at a time.
 */
export class Speech {
  readonly #command: readonly string[];
  readonly #directory: string;
  readonly #log: Logger;
  #running: Promise<Running> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #stopped = false;

  /** @param command null: this machine has no voices */
  constructor(
    command: { readonly command: readonly string[]; readonly directory: string } | null,
    log: Logger,
  ) {
    this.#command = command?.command ?? [];
    this.#directory = command?.directory ?? '.';
    this.#log = log;
  }

  /** Who can speak here; empty, with a word in the log, where nobody can. */
  async voices(): Promise<readonly Voice[]> {
    if (this.#command.length === 0) return [];
    try {
      return (await this.#start()).voices;
    } catch (error) {
      this.#log.warn({ error: String(error) }, 'there are no voices here: typed words cannot be spoken');
      return [];
    }
  }

  /**
   * Writes words as sound to a WAV file.
   *
   * @returns who said them, in which language
   * @throws Failure `speech_…` when they cannot be spoken; Error when the process died
   */
  async speak(id: string, words: Words, output: string): Promise<{ voice: string; language: string }> {
    const turn = this.#last.then(async () => this.#speak(id, words, output));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #speak(id: string, { text, voice, language, locale }: Words, output: string) {
    if (this.#command.length === 0) throw speechFailure('unavailable');
    const running = await this.#start();
    const event = await running.ask({
      ...{ type: 'speak', id, text, output, default: locale.split('-')[0] },
      ...(voice === null ? {} : { voice }),
      ...(language === null ? {} : { language }),
    });
    if (event.type === 'spoken') return { voice: event.voice, language: event.language };
    if (event.type === 'ready') throw new Error('the speech process began anew in the middle of a request');
    const reason = speechReasons.find((known) => known === event.reason);
    // The message may repeat the words, and is for a terminal.
    if (reason === undefined) throw new Error(`the speech process failed: ${event.reason}`);
    throw speechFailure(reason);
  }

  async #start(): Promise<Running> {
    if (this.#stopped) throw new Error('speech was stopped');
    this.#running ??= this.#launch();
    try {
      return await this.#running;
    } catch (error) {
      this.#running = undefined;
      throw error;
    }
  }

  async #launch(): Promise<Running> {
    const [file = '', ...parameters] = this.#command;
    const { PATH, HOME, PYTHONPYCACHEPREFIX } = process.env;
    const child = execa(file, parameters, {
      cwd: this.#directory,
      // In a container what Python compiles has one place where it can be kept.
      env: { PATH, HOME, PYTHONPYCACHEPREFIX, PYTHONUNBUFFERED: '1' },
      extendEnv: false,
      reject: false,
      buffer: false,
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'pipe',
    });
    child.stdin.on('error', () => undefined);
    createInterface({ input: child.stderr }).on('line', (line) => this.#log.debug({ line }, 'speech'));
    let waiting: PromiseWithResolvers<SpeechEvent> | undefined;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const event = eventOf(line);
      if (event === null) this.#log.warn('the speech process said something that is not of its protocol');
      else waiting?.resolve(event);
    });
    const over = (async () => {
      const { exitCode, signal } = await child;
      this.#running = undefined;
      waiting?.reject(new Error(`the speech process ended: ${signal ?? exitCode ?? 'not started'}`));
    })();
    const next = async (timeout: number): Promise<SpeechEvent> => {
      waiting = Promise.withResolvers<SpeechEvent>();
      const heard = afterSilence(timeout, () => void child.kill('SIGKILL'));
      try {
        return await waiting.promise;
      } finally {
        heard();
        waiting = undefined;
      }
    };
    const ready = await next(startTimeout);
    if (ready.type !== 'ready') throw new Error('the speech process did not say what it has');
    return {
      voices: ready.voices,
      async ask(message) {
        const answer = next(speakTimeout);
        child.stdin.write(`${JSON.stringify(message)}\n`);
        return answer;
      },
      async end() {
        child.kill('SIGKILL');
        await over;
      },
    };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await (await this.#running?.catch(() => undefined))?.end();
  }
}

function eventOf(line: string): SpeechEvent | null {
  try {
    return eventSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}

/** The command that starts the voices; null where the project's Python environment is not there. */
export function speechCommand(
  weightsDirectory: string,
  projectRoot: string,
): { readonly command: readonly string[]; readonly directory: string } | null {
  const python = enginePython(projectRoot);
  if (!existsSync(python)) return null;
  return {
    command: [python, '-m', 'humo_engine', 'serve-speech', '--weights', weightsDirectory],
    directory: join(projectRoot, 'engine'),
  };
}
