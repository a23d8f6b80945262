import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { projectRoot } from '../../src/config/environment.ts';
import { freePort } from './port.ts';

/** The web page, in a process of its own, as `npm run web` starts it. */
export interface WebProcess {
  readonly url: string;
  readonly pid: number | undefined;
  readonly log: readonly string[];
  /** Resolves when it has ended. */
  readonly ended: Promise<number | null>;
  stop(): Promise<void>;
}

/**
 * @param within a command that becomes the one that follows it
 * @returns when people can open it, or when it has ended
 */
export async function startWeb(
  environment: NodeJS.ProcessEnv,
  within: readonly string[] = [],
): Promise<WebProcess> {
  const port = await freePort();
  const program = [...within, join(projectRoot, '.venv-web', 'bin', 'python'), '-m', 'humo_web'];
  const [command = '', ...args] = program;
  const child = spawn(command, args, {
    cwd: projectRoot,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], WEB_PORT: String(port), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log: string[] = [];
  const ended = once(child, 'close').then(() => child.exitCode);
  const listening = new Promise<void>((resolve) => {
    for (const output of [child.stdout, child.stderr]) {
      createInterface({ input: output }).on('line', (line) => {
        log.push(line);
        if (line.startsWith('The page is at')) resolve();
      });
    }
  });
  await Promise.race([listening, ended]);
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid,
    log,
    ended,
    async stop() {
      if (child.exitCode === null) child.kill('SIGTERM');
      await ended;
    },
  };
}

/**
 * Debian's Chromium without a window, with a profile of its own that goes with it, and without talking to anybody by itself: the build that
 * never had a window where that is installed, since the other draws all that is around a page, too, and nobody sees it.
 */
export async function startBrowser(): Promise<Browser> {
  const installed = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'];
  return chromium.launch({
    executablePath: installed.find((path) => existsSync(path)) ?? 'chromium',
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--autoplay-policy=no-user-gesture-required',
      // A microphone that rings once a second, and nobody who would have to be asked for it.
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
    ],
  });
}
