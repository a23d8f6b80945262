import assert from 'node:assert/strict';
import { execa } from 'execa';
import { file, startSandbox } from './start.ts';

await using discord = await startSandbox();
const guild = discord.createGuild({ name: 'Studio', boostTier: 2 });
const channel = guild.createChannel('general');
const ada = guild.addMember(discord.createUser('ada', { locale: 'de' }));
const bot = execa({ node: true, env: discord.environment, reject: false })`sandbox/example-bot.ts`;

const picture = file(Buffer.from('not really a picture'), 'cat.png', 'image/png');
const command = await ada.run('/frame', { picture }, { channel });
assert.equal((await command.firstResponse()).kind, 'deferred');

const result = await channel.waitForMessage((message) => message.attachments.length === 1);
assert.match(result.text, /^Framed cat\.png, 20 bytes$/);
assert.equal(String(await result.attachments[0]?.bytes()), 'not really a picture');

discord.clock.advance('16m'); // the command's token is dead; a click brings a new one
const click = await ada.click(result, 'Again');
const answer = await click.waitForMessage((message) => message.ephemeral);
assert.deepEqual([answer.text, channel.messages.length], ['Once more!', 1]);
bot.kill();
await bot;
