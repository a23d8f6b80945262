/**
 * A program that speaks the engine's line protocol and makes no video: grey frames, in as many steps as asked, at times that a test
 * decides. It stands in where a test needs the engine to die, hang or babble at an exact moment; everything that is about
 * videos uses the real one.
 *
 * Run as `node tests/support/scripted-engine.ts '<script as JSON>'`. Whatever follows, such as the flags that the worker adds, is ignored.
 */
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { watch } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

export interface EngineScript {
  /** of the `ready` event; 1 unless given */
  readonly protocol?: number;
  /** do not say `ready` */
  readonly mute?: boolean;
  /** fail before `ready`, with this code */
  readonly refuse?: string;
  /** gate and death are for requests whose id ends so; for all without */
  readonly only?: string;
  /** a file that is awaited before the step with this number; the test creates it */
  readonly gate?: { readonly beforeStep: number; readonly file: string };
  /** write this file when the gate is reached */
  readonly reached?: string;
  /** end with SIGKILL before this step */
  readonly dieAtStep?: number;
  /** die only if this file does not exist yet, and create it: the next attempt lives */
  readonly dieOnce?: string;
  /** say nothing more from this step on */
  readonly silentAtStep?: number;
  /** ignore `cancel` */
  readonly deaf?: boolean;
  /** written to stdout as it is, after the first event and before the first step */
  readonly babble?: string;
  /** `failed` with this code instead of the first step */
  readonly fail?: string;
  /** append the id of each request to this file when it begins */
  readonly journal?: string;
  readonly stepMilliseconds?: number;
  /** GPU memory that it says it took; none unless given, as on a machine without a GPU */
  readonly peakGiB?: number;
}

/** The value of ENGINE_COMMAND that runs this script. A command is split on spaces, so the script must not have any. */
export function scriptedEngineCommand(script: EngineScript): string[] {
  return [process.execPath, import.meta.filename, JSON.stringify(script)];
}

interface Generate {
  readonly type: 'generate';
  readonly id: string;
  readonly outputDir: string;
  readonly request: {
    readonly width: number;
    readonly height: number;
    readonly frames: number;
    readonly steps: number;
    readonly seed: number;
  };
}
type Message = Generate | { readonly type: 'cancel'; readonly id: string } | { readonly type: 'shutdown' };

function say(event: object): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

/** The smallest JPEG that decoders take: 1×1, grey. */
const tinyJpeg = Buffer.from(
  '/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgKCgkICQkKDA8MCgsOCwkJDRENDg8QEBEQCgwSExIQEw8QEBD/yQALCAABAAEBAREA/8wABgAQEAX/2gAIAQEAAD8A0s8g/9k=',
  'base64',
);

async function exists(file: string): Promise<boolean> {
  return readFile(file).then(
    () => true,
    () => false,
  );
}

async function appears(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const seen = Promise.withResolvers<void>();
  const look = () => void exists(file).then((there) => (there ? seen.resolve() : undefined));
  const watcher = watch(dirname(file), look);
  look();
  await seen.promise;
  watcher.close();
}

async function main(script: EngineScript): Promise<void> {
  const cancelled = new Set<string>();
  const forever = setInterval(() => undefined, 60_000);

  async function generate({ id, outputDir, request }: Generate): Promise<void> {
    if (script.journal !== undefined) await writeFile(script.journal, `${id}\n`, { flag: 'a' });
    if (script.fail !== undefined) {
      say({ type: 'failed', id, code: script.fail, message: 'as the script says' });
      return;
    }
    await mkdir(outputDir, { recursive: true });
    say({ type: 'progress', id, stage: 'encode', step: 0, steps: 1 });
    if (script.babble !== undefined) process.stdout.write(`${script.babble}\n`);
    const isMeant = id.endsWith(script.only ?? '');
    for (let step = 1; step <= request.steps; step += 1) {
      if (isMeant && script.gate?.beforeStep === step) {
        if (script.reached !== undefined) await writeFile(script.reached, id);
        await Promise.race([appears(script.gate.file), untilCancelled(id)]);
      }
      if (script.silentAtStep !== undefined && step >= script.silentAtStep) return;
      if (
        isMeant &&
        script.dieAtStep === step &&
        !(script.dieOnce !== undefined && (await exists(script.dieOnce)))
      ) {
        if (script.dieOnce !== undefined) await writeFile(script.dieOnce, id);
        process.kill(process.pid, 'SIGKILL');
      }
      if (script.stepMilliseconds !== undefined) {
        await new Promise((resolve) => setTimeout(resolve, script.stepMilliseconds));
      }
      if (cancelled.delete(id)) {
        say({ type: 'failed', id, code: 'cancelled', message: 'as asked' });
        return;
      }
      say({
        type: 'progress',
        id,
        stage: 'denoise',
        step,
        steps: request.steps,
        secondsPerStep: 0.01,
        etaSeconds: 0.1,
      });
      const preview = join(outputDir, `preview-${step}.jpg`);
      await writeFile(preview, tinyJpeg);
      say({ type: 'preview', id, path: preview, step });
    }
    const path = join(outputDir, 'frames.rgb');
    const file = await open(path, 'w');
    for (let frame = 0; frame < request.frames; frame += 1) {
      await file.write(Buffer.alloc(request.width * request.height * 3, 128));
    }
    await file.close();
    say({
      type: 'done',
      id,
      frames: {
        path,
        pixelFormat: 'rgb24',
        width: request.width,
        height: request.height,
        fps: 25,
        count: request.frames,
      },
      seconds: { encode: 0.01, denoise: 0.02, decode: 0.01 },
      peakGiB: script.peakGiB ?? null,
      seed: request.seed,
    });
  }

  const listeners = new Map<string, () => void>();
  function untilCancelled(id: string): Promise<void> {
    return new Promise((resolve) => {
      listeners.set(id, resolve);
      if (cancelled.has(id)) resolve();
    });
  }

  if (script.refuse !== undefined) {
    say({ type: 'failed', id: null, code: script.refuse, message: 'as the script says' });
    process.exit(1);
  }
  if (script.mute !== true) {
    say({
      type: 'ready',
      protocol: script.protocol ?? 1,
      models: ['17b', '1_7b'],
      device: 'scripted',
      torch: 'none',
      weights: 'random',
    });
  }
  let work = Promise.resolve();
  for await (const line of createInterface({ input: process.stdin })) {
    const message: Message = JSON.parse(line);
    if (message.type === 'shutdown') break;
    if (message.type === 'cancel') {
      if (script.deaf === true) continue;
      cancelled.add(message.id);
      listeners.get(message.id)?.();
    } else work = work.then(() => generate(message));
  }
  clearInterval(forever);
  process.exit(0);
}

if (import.meta.main) await main(JSON.parse(process.argv[2] ?? '{}'));
