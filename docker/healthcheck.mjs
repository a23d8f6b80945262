#!/usr/bin/env node
// The HEALTHCHECK of bot and worker: exit status 0 when healthy, else 1; one line says what is the matter.
//
// The worker's entry point says in HUMO_STATE_FILE what it is doing. While it fetches weights the line begins with `starting`: the
// check fails then, and the image's start period keeps the container at `starting`, however long it takes. Once the process itself
// runs, it is asked at http://127.0.0.1:HEALTH_PORT/healthz. Without dependencies: it runs every few seconds.
import { readFileSync } from 'node:fs';

/** The entry point writes every five seconds; this long without is no pause any more. */
const silenceMilliseconds = 60_000;
const answerMilliseconds = 4_000;

/** @returns {{ healthy: boolean, text: string }} */
const healthy = (text) => ({ healthy: true, text: `healthy: ${text}` });
const starting = (text) => ({ healthy: false, text: `starting: ${text}` });
const unhealthy = (text) => ({ healthy: false, text: `unhealthy: ${text}` });

function readState(path) {
  if (path === undefined || path === '') return null;
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT')
      return { state: 'starting', message: 'starting', updated: new Date().toISOString() };
    throw error;
  }
}

function gibibytes(bytes) {
  return (bytes / 2 ** 30).toFixed(1);
}

/** What the entry point says; null when the process itself is to be asked. */
function fromState(state) {
  if (state === null || state.state === 'running') return null;
  if (state.state === 'failed') return unhealthy(state.message);
  const age = Date.now() - Date.parse(state.updated);
  if (!(age < silenceMilliseconds))
    return unhealthy(`the entry point has been silent for ${Math.round(age / 1000)} s`);
  if (state.bytes === undefined) return starting(state.message);
  const total = state.totalBytes === undefined ? '' : ` of ${gibibytes(state.totalBytes)}`;
  return starting(`${state.message} (${gibibytes(state.bytes)}${total} GiB)`);
}

async function fromProcess(port) {
  if (port === undefined || port === '') return unhealthy('HEALTH_PORT is not set');
  try {
    const response = await fetch(`http://127.0.0.1:${port}/healthz`, {
      signal: AbortSignal.timeout(answerMilliseconds),
    });
    const body = (await response.text()).replaceAll(/\s+/g, ' ').trim().slice(0, 300);
    return response.ok ? healthy(body || 'ok') : unhealthy(`${response.status} ${body}`);
  } catch (error) {
    return unhealthy(`/healthz does not answer: ${error.cause?.message || error.message}`);
  }
}

const { env } = process;
const result = fromState(readState(env.HUMO_STATE_FILE)) ?? (await fromProcess(env.HEALTH_PORT));
console.log(result.text);
process.exitCode = result.healthy ? 0 : 1;
