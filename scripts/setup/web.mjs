import { join } from 'node:path';
import { ensureUv, uvSettings, uvVersion } from './python.mjs';
import { executeOrStop, fingerprint, readStamp, root, say, writeStamp } from './shared.mjs';

/** Of its own: the page must never decide which versions the engine gets, nor the engine which ones the page gets. */
const environment = join(root, '.venv-web');
const stamp = join(environment, '.set-up');

export function webPythonProgram() {
  return join(environment, 'bin', 'python');
}

/** Makes the page's Python environment from its lock file, when that has changed since the last time. */
export async function ensureWeb() {
  const wanted = fingerprint(['web/requirements.txt', 'web/pyproject.toml'], uvVersion);
  if (readStamp(stamp) === wanted) return;
  const uv = await ensureUv(environment);
  const settings = { environment: uvSettings(environment) };
  say("installing the web page's Python packages (about 160 MB to download the first time) …");
  await executeOrStop(uv, ['pip', 'install', '-q', '-r', 'web/requirements.txt'], settings);
  await executeOrStop(uv, ['pip', 'install', '-q', '--no-deps', '-e', 'web'], settings);
  await executeOrStop(webPythonProgram(), ['-c', 'import gradio, humo_web.app'], {
    environment: { GRADIO_ANALYTICS_ENABLED: 'False' },
  });
  writeStamp(stamp, wanted);
}
