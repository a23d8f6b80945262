import { expect, test } from 'vitest';
import { file } from '../../../sandbox/start.ts';
import { DemoError } from '../../../scripts/support/demo-options.ts';
import { converse } from '../../../scripts/support/demo-request.ts';
import { startScene } from './scene.ts';

test('a file that the bot refuses ends the demo, after the bot’s own words', async () => {
  await using scene = await startScene({}, { asksForConsent: true });
  const said: string[] = [];
  const command = { prompt: 'She speaks', image: file(Buffer.from('not a picture'), 'face.png') };
  const asked = converse(scene.discord, command, scene.dataDirectory, (line) => said.push(line));
  await expect(asked).rejects.toThrow(new DemoError('The bot sent no video; see above.'));
  expect(said.join('\n')).toContain('I don’t know this kind of image');
});
