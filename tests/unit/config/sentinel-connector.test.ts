import { createServer } from 'node:net';
import { once } from 'node:events';
import { SentinelConnector } from 'ioredis';
import { expect, test } from 'vitest';
import { SteadySentinelConnector } from '../../../src/config/sentinel-connector.ts';

/** Connects by a Sentinel that says nothing yet, and hears from the subscription of before, if that still stands, of a new primary. */
async function broken(Connector: typeof SentinelConnector): Promise<boolean> {
  const sentinel = createServer().listen(0, '127.0.0.1');
  await once(sentinel, 'listening');
  const address = sentinel.address();
  if (address === null || typeof address === 'string') throw new Error('the address has no port');
  const connector = new Connector({
    sentinels: [{ host: '127.0.0.1', port: address.port }],
    name: 'mymaster',
    sentinelRetryStrategy: () => null,
  });
  let isSubscribed = true;
  const cleanup = () => {
    isSubscribed = false;
  };
  Object.assign(connector, { failoverDetector: { cleanup } });
  const asked = once(sentinel, 'connection');
  const connecting = connector.connect(() => undefined).catch((error: unknown) => String(error));
  const [socket] = await asked;
  if (isSubscribed) connector.disconnect();
  socket.destroy();
  sentinel.close();
  return (await connecting) === 'Error: Connection is closed.';
}

test('a primary dies, and word of the next one comes while that is asked for: the connection is made all the same', async () => {
  expect(await broken(SteadySentinelConnector)).toBe(false);
});

test('ioredis by itself breaks it off for good', async () => {
  expect(await broken(SentinelConnector)).toBe(true);
});
