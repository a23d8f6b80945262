import { expect, onTestFinished, test, vi } from 'vitest';
import { Speech } from '../../../src/worker/speech-process.ts';
import { silent } from '../../support/queue-fixtures.ts';

test('the voices are told where compiled code is kept, and no secret of the worker', async () => {
  vi.stubEnv('PYTHONPYCACHEPREFIX', 'compiled');
  vi.stubEnv('REDIS_URL', '-secret');
  onTestFinished(() => void vi.unstubAllEnvs());
  const voice = { name: 'in-%s', language: 'en', region: 'GB', kind: 'woman' };
  const ready = JSON.stringify({ type: 'ready', protocol: 1, voices: [voice] });
  const script = `printf '${ready}\\n' "$PYTHONPYCACHEPREFIX$REDIS_URL"; cat`;
  const speech = new Speech({ command: ['sh', '-c', script], directory: '/' }, silent);
  expect(await speech.voices()).toEqual([{ ...voice, name: 'in-compiled' }]);
  await speech.stop();
});
