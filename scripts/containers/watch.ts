import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { docker } from './docker.ts';
import { CheckFailed } from './errors.ts';
import type { Stack } from './stack.ts';

const patience = 15 * 60_000;

/** What the engine knows of a container, by a Go template. */
export async function container(stack: Stack, id: string, template: string): Promise<string> {
  return (await docker(stack.engine, ['inspect', '--format', template, id])).stdout.trim();
}

/** Waits until the containers of these services are healthy. @returns the states of each, as they came */
export async function untilHealthy(
  stack: Stack,
  services: readonly string[],
): Promise<Map<string, string[]>> {
  const states = new Map<string, string[]>(services.map((service) => [service, []]));
  const end = Date.now() + patience;
  for (;;) {
    for (const [service, seen] of states) {
      const state = await stack.inspect(service, '{{.State.Health.Status}}');
      if (state !== seen.at(-1)) seen.push(state);
      if (state === 'unhealthy')
        throw new CheckFailed(
          `${service} is unhealthy: ${await stack.inspect(service, '{{json .State.Health.Log}}')}`,
        );
    }
    if ([...states.values()].every((seen) => seen.at(-1) === 'healthy')) return states;
    if (Date.now() > end) throw new CheckFailed(`not healthy: ${JSON.stringify([...states])}`);
    await delay(500);
  }
}

/** Resolves when a container's log has a line with this text, since the container began or since a time. */
export async function untilLogged(stack: Stack, id: string, text: string, since?: Date): Promise<void> {
  const [program, ...before] = [...stack.engine.prefix, 'docker'];
  const from = since === undefined ? [] : ['--since', since.toISOString()];
  const child = spawn(program, [...before, 'logs', '--follow', ...from, id], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const late = setTimeout(() => child.kill(), patience);
  const found = Promise.withResolvers<boolean>();
  for (const input of [child.stdout, child.stderr])
    createInterface({ input }).on('line', (line) => {
      if (line.includes(text)) found.resolve(true);
    });
  void once(child, 'close').then(() => found.resolve(false));
  try {
    if (!(await found.promise)) throw new CheckFailed(`${id} did not say “${text}”`);
  } finally {
    clearTimeout(late);
    child.kill();
  }
}
