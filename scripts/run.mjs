#!/usr/bin/env node
// The entry of every npm script. Plain JavaScript for any Node from 20 on, without a dependency: on a fresh clone nothing is
// installed yet. It sees to what a target needs, then runs the target with Node 24, which takes TypeScript as it is.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureModules, nodeProgram } from './setup/modules.mjs';
import { ensurePromtool } from './setup/promtool.mjs';
import { ensurePackages } from './setup/packages.mjs';
import { ensurePython, pythonProgram } from './setup/python.mjs';
import { root, SetupError, withSetupLock } from './setup/shared.mjs';
import { ensureBrowser, ensurePrograms } from './setup/system.mjs';
import { ensureWeb, webPythonProgram } from './setup/web.mjs';
import { quickStart } from './support/quick-start.mjs';

/** @typedef {{ needs: ('programs' | 'python' | 'web' | 'browser' | 'promtool')[], environmentFile?: boolean, environment?: Record<string, string>, run?: (args: string[]) => string[][] }} Target */

const tool = (name) => join(root, 'node_modules', '.bin', name);
const node = (file) => (args) => [[nodeProgram(), join(root, file), ...args]];
const everything = ['programs', 'python'];

/** What bounds the memory of a bot that runs for weeks; see the file. */
const botProcess = JSON.parse(readFileSync(join(root, 'scripts', 'support', 'bot-process.json'), 'utf8'));

/** @type {Record<string, Target>} */
const targets = {
  setup: { needs: [...everything, 'web', 'browser', 'promtool'] },
  demo: { needs: everything, run: node('scripts/demo.ts') },
  test: { needs: [...everything, 'web', 'browser', 'promtool'], run: node('scripts/test.ts') },
  pictures: {
    needs: [...everything, 'web', 'browser'],
    environment: { PAGE_PICTURES: join(root, 'docs', 'pictures') },
    run: (args) => [
      [nodeProgram(), join(root, 'node_modules/vitest/vitest.mjs'), 'run', 'tests/e2e/web.test.ts', ...args],
    ],
  },
  bench: { needs: everything, run: node('bench/main.ts') },
  containers: { needs: [], run: node('scripts/containers/main.ts') },
  start: { needs: everything, environmentFile: true, run: node('scripts/start.ts') },
  bot: {
    needs: ['programs'],
    environmentFile: true,
    environment: botProcess.environment,
    run: (args) => [[nodeProgram(), ...botProcess.flags, join(root, 'src/bot/main.ts'), ...args]],
  },
  worker: { needs: everything, environmentFile: true, run: node('src/worker/main.ts') },
  scaler: { needs: ['programs'], environmentFile: true, run: node('src/scaler/main.ts') },
  api: { needs: ['programs'], environmentFile: true, run: node('src/api/main.ts') },
  web: {
    needs: ['web'],
    environmentFile: true,
    run: (args) => [[webPythonProgram(), '-m', 'humo_web', ...args]],
  },
  'api-token': { needs: [], environmentFile: true, run: node('src/api/token-command.ts') },
  provenance: {
    needs: everything,
    environmentFile: true,
    run: (args) => [[pythonProgram(), '-m', 'humo_provenance', ...args]],
  },
  verify: { needs: ['programs'], environmentFile: true, run: node('scripts/tools/verify.ts') },
  trace: { needs: [], environmentFile: true, run: node('scripts/tools/trace.ts') },
  'erase-user': { needs: [], environmentFile: true, run: node('scripts/tools/erase-user.ts') },
  doctor: { needs: [], environmentFile: true, run: node('scripts/tools/doctor.ts') },
  'docs:configuration': { needs: [], run: node('scripts/tools/configuration.ts') },
  schema: { needs: [], run: node('scripts/tools/schema.ts') },
  register: { needs: [], environmentFile: true, run: node('src/bot/register-commands.ts') },
  engine: {
    needs: everything,
    environmentFile: true,
    run: (args) => [[pythonProgram(), '-m', 'humo_engine', ...args]],
  },
  typecheck: { needs: [], run: (args) => [[nodeProgram(), tool('tsc'), '--noEmit', '-p', root, ...args]] },
  lint: {
    needs: ['python'],
    run: () => [
      [nodeProgram(), tool('oxlint'), '--type-aware', '--deny-warnings', root],
      [pythonProgram(), '-m', 'ruff', 'check', join(root, 'engine'), join(root, 'web')],
    ],
  },
  format: {
    needs: ['python'],
    run: () => [
      [nodeProgram(), tool('prettier'), '--write', '--log-level', 'warn', root],
      [pythonProgram(), '-m', 'ruff', 'format', join(root, 'engine'), join(root, 'web')],
    ],
  },
  'format:check': {
    needs: ['python'],
    run: () => [
      [nodeProgram(), tool('prettier'), '--check', '--log-level', 'warn', root],
      [pythonProgram(), '-m', 'ruff', 'format', '--check', join(root, 'engine'), join(root, 'web')],
    ],
  },
};

async function main() {
  const [name, ...args] = process.argv.slice(2);
  const target = name === undefined ? undefined : targets[name];
  if (target === undefined)
    throw new SetupError(`unknown target ${name}; choose from ${Object.keys(targets).join(', ')}`);
  await withSetupLock(async () => {
    await ensureModules();
    await ensurePackages();
    if (target.needs.includes('programs')) await ensurePrograms();
    if (target.needs.includes('python')) await ensurePython();
    if (target.needs.includes('web')) await ensureWeb();
    if (target.needs.includes('browser')) await ensureBrowser();
    if (target.needs.includes('promtool')) await ensurePromtool();
  });
  for (const [key, value] of Object.entries(target.environment ?? {})) process.env[key] ??= value;
  if (target.environmentFile === true && existsSync(join(root, '.env')))
    process.loadEnvFile(join(root, '.env'));
  Object.assign(process.env, quickStart(process.env));
  if (target.run === undefined) {
    console.log('Everything is set up.');
    return 0;
  }
  for (const command of target.run(args)) {
    const status = await run(command);
    if (status !== 0) return status;
  }
  return 0;
}

/** Runs a command in this terminal, hands signals on, and returns its exit status. */
function run([program, ...args]) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit', cwd: process.cwd() });
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    // Ctrl+C reaches the child from the terminal itself; passing it on twice would look like an impatient second one.
    const handlers = signals.map((signal) => [
      signal,
      () => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal)),
    ]);
    for (const [signal, handler] of handlers) process.on(signal, handler);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      for (const [name, handler] of handlers) process.off(name, handler);
      resolve(code ?? 128 + (signal === 'SIGINT' ? 2 : signal === 'SIGTERM' ? 15 : 9));
    });
  });
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}
