/**
 * The second half of `npm run containers`, in the engine's network: runs the images with Compose and looks whether all holds that must. Takes the path of
 * a JSON file that says with what, and writes what it found into it.
 */
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { beginnings, checks } from './checks.ts';
import { Discord } from './discord.ts';
import { docker } from './docker.ts';
import type { Engine } from './docker-engine.ts';
import { CheckFailed, ContainersError } from './errors.ts';
import { copySchema } from './project-copy.ts';
import { seconds } from './report.ts';
import type { Row } from './report.ts';
import { Stack } from './stack.ts';

const settingsSchema = copySchema.extend({
  own: z.boolean(),
  prefix: z.array(z.string()),
  folder: z.string(),
  only: z.array(z.string()),
});

const network = { name: 'humo-trial-outside', subnet: '10.213.47.0/24', gateway: '10.213.47.1' };

async function main(path: string): Promise<void> {
  const settings = settingsSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  const { project, folder, forbidden, controls } = settings;
  const engine: Engine = {
    ...{ description: '', own: settings.own, prefix: settings.prefix, networkPrefix: [] },
    enter: () => Promise.reject(new Error('the engine is another process’s')),
    stop: () => Promise.resolve(),
  };
  await docker(engine, ['network', 'rm', network.name], { reject: false });
  await docker(engine, [
    ...['network', 'create', '--subnet', network.subnet, '--gateway', network.gateway, network.name],
  ]);
  const rows: Row[] = [];
  await using discord = await Discord.open(network.gateway, folder);
  const stack = new Stack(
    engine,
    project,
    {
      COMPOSE_PROFILES: 'all',
      HUMO_VERSION: 'trial',
      REDIS_PASSWORD: randomBytes(16).toString('hex'),
      DISCORD_TOKEN: discord.sandbox.token,
      WEB_USERNAME: 'studio',
      WEB_PASSWORD: randomBytes(12).toString('hex'),
    },
    ['compose.cpu.yaml', 'trial-run.json'],
  );
  await writeFile(
    join(project, 'docker/trial-run.json'),
    JSON.stringify({
      services: { bot: discord.overlay() },
      networks: { outside: { external: true, name: network.name } },
    }),
  );
  const down = ['--profile', '*', 'down', '--volumes', '--timeout', '30'];
  try {
    await stack.compose(down);
    const { only } = settings;
    const chosen = checks.filter(([what]) => only.length === 0 || only.some((text) => what.includes(text)));
    for (const [what, check] of [...beginnings, ...chosen]) {
      const started = performance.now();
      const row = (held: boolean, seen: string): Row => ({
        ...{ what, held, seen },
        seconds: (performance.now() - started) / 1000,
      });
      const found = await check({
        stack,
        discord,
        gateway: network.gateway,
        folder,
        forbidden,
        controls,
      }).then(
        (seen) => row(true, seen),
        (error: unknown) => {
          const words = error instanceof Error ? error.message : String(error);
          if (!(error instanceof CheckFailed) && !(error instanceof ContainersError)) console.error(error);
          return row(false, words);
        },
      );
      rows.push(found);
      console.log(`${found.held ? '✓' : '✗'} ${what} (${seconds(found.seconds)}): ${found.seen}`);
      await writeFile(path, JSON.stringify({ ...settings, rows }));
      // Without containers there is nothing to look at.
      if (!found.held && rows.length === 1) {
        console.log(await logsOf(stack));
        break;
      }
    }
    if (rows.some(({ held }) => !held)) console.log(await logsOf(stack));
  } finally {
    await stack.compose(down);
    await docker(engine, ['network', 'rm', network.name], { reject: false });
  }
}

async function logsOf(stack: Stack): Promise<string> {
  return (await stack.compose(['logs', '--tail', '30'], { reject: false })).all;
}

await main(process.argv[2] ?? '');
