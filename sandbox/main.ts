import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startSandbox } from './start.ts';

/**
 * A local Discord in a terminal: starts it with a guild, a channel and two people, prints how to point a bot at it and every
 * message and refused request, until Ctrl+C.
 */
const { values } = parseArgs({
  options: {
    token: { type: 'string' },
    'application-id': { type: 'string' },
    host: { type: 'string' },
    openapi: { type: 'string' },
    record: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});

if (values.help === true) {
  console.log(`node sandbox/main.ts [--token TOKEN] [--application-id ID] [--host HOST] [--openapi FILE] [--record FILE]

  --token           the bot token to accept; a random one otherwise
  --application-id  17 to 20 digits; a random one otherwise
  --host            where to listen, for bots elsewhere, such as in a container (or SANDBOX_HOST); 127.0.0.1 otherwise
  --openapi         Discord's OpenAPI document, to check requests against (or SANDBOX_OPENAPI)
  --record          a file that every REST request is appended to, one JSON object per line`);
  process.exit(0);
}

const discord = await startSandbox({
  ...(values.token === undefined ? {} : { token: values.token }),
  ...(values['application-id'] === undefined ? {} : { applicationId: values['application-id'] }),
  ...(values.host === undefined ? {} : { host: values.host }),
  ...(values.openapi === undefined ? {} : { openapi: values.openapi }),
});
const stopped = Promise.withResolvers<void>();
// Before anything is said: whoever reads that Ctrl+C stops it may press it at once.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.resolve());
const guild = discord.createGuild({ name: 'Sandbox' });
const channel = guild.createChannel('general');
guild.addMember(discord.createUser('ada'));
guild.addMember(discord.createUser('ben'));

console.log(`A local Discord is running.

  REST     ${discord.apiUrl}
  gateway  ${discord.gatewayUrl}
  CDN      ${discord.cdnUrl}
  guild    ${guild.id}, channel #${channel.name} ${channel.id}

To point a bot at it, start it with:
`);
for (const [name, value] of Object.entries(discord.environment)) console.log(`  export ${name}='${value}'`);
console.log('\nCtrl+C stops it.\n');

discord.onMessage((event, message) => {
  const files = message.attachments.map(({ filename, size }) => ` [${filename}, ${size} bytes]`).join('');
  console.log(`${event} ${message.id}${message.ephemeral ? ' (ephemeral)' : ''}: ${message.text}${files}`);
});
discord.onRequest((request) => {
  if (values.record !== undefined) appendFileSync(values.record, `${JSON.stringify(request)}\n`);
  if (request.status >= 400)
    console.log(`refused ${request.status} ${request.code ?? ''}: ${request.method} ${request.path}`);
});

await stopped.promise;
try {
  await discord.close();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
