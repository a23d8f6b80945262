import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { expect, test } from 'vitest';
import { sendWebhook } from '../../../src/api/webhook.ts';
import { NoAnswer } from '../../../src/queue/delivery/webhook-deliveries.ts';

/** A receiver on this machine, and where it was asked. */
async function startReceiver(answer: RequestListener) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const at = server.address();
  if (at === null || typeof at === 'string') throw new Error('the receiver has no port');
  const host = `127.0.0.1:${at.port}`;
  return {
    asked,
    host,
    async send(patience?: number) {
      const message = { id: 'msg_1', body: '{}', secret: 'whsec_c2VjcmV0' };
      return sendWebhook(new URL(`http://${host}/hook`), message, [host], Date.now, patience);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

test.each([301, 302, 303, 307, 308])('a redirect (%i) is not followed, wherever it leads', async (status) => {
  await using other = await startReceiver((_request, response) => response.end());
  await using receiver = await startReceiver((_request, response) => {
    response.writeHead(status, { location: `http://${other.host}/inside` }).end();
  });
  await expect(receiver.send()).rejects.toThrow(`answered ${status}`);
  expect(receiver.asked).toEqual(['POST /hook']);
  expect(other.asked).toEqual([]);
});

test('whoever takes the message and does not answer, or never ends an answer’s head, has no answer', async () => {
  await using silent = await startReceiver(() => undefined);
  await expect(silent.send(200)).rejects.toBeInstanceOf(NoAnswer);
  await using dripping = await startReceiver((request) => {
    request.socket.write('HTTP/1.1 200 OK\r\nx-a: ');
    const drip = setInterval(() => request.socket.write('a'), 20);
    request.socket.on('close', () => clearInterval(drip)).on('error', () => undefined);
  });
  await expect(dripping.send(200)).rejects.toBeInstanceOf(NoAnswer);
});

test('an answer without an end is as good as one with: nothing of it is read', async () => {
  const closed = Promise.withResolvers<void>();
  await using endless = await startReceiver((request, response) => {
    response.writeHead(200).flushHeaders();
    const drip = setInterval(() => response.write('x'.repeat(1000)), 20);
    request.socket.on('close', () => {
      clearInterval(drip);
      closed.resolve();
    });
  });
  expect(await endless.send()).toBe('received');
  await closed.promise;
});

test.each([
  [200, 'received'],
  [204, 'received'],
  [410, 'gone'],
])('%i: %s', async (status, outcome) => {
  await using receiver = await startReceiver((_request, response) => response.writeHead(status).end());
  expect(await receiver.send()).toBe(outcome);
});

test.each([400, 401, 404, 429, 500, 503])('%i is tried again', async (status) => {
  await using receiver = await startReceiver((_request, response) => response.writeHead(status).end());
  await expect(receiver.send()).rejects.toThrow(`answered ${status}`);
});

test('a name that leads to this machine is not connected to, unless it is one of one’s own', async () => {
  await using receiver = await startReceiver((_request, response) => response.end());
  const url = new URL(`http://${receiver.host.replace('127.0.0.1', 'localhost')}/hook`);
  const message = { id: 'msg_1', body: '{}', secret: 'whsec_c2VjcmV0' };
  await expect(sendWebhook(url, message, [])).rejects.toThrow('not public');
  expect(receiver.asked).toEqual([]);
  expect(await sendWebhook(url, message, ['localhost'])).toBe('received');
});
