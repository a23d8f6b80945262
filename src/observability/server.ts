import { once } from 'node:events';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { answerHalfClosed } from '../half-closed.ts';
import { errorFields } from '../error-fields.ts';
import type { Logger } from '../log.ts';
import type { Health } from './health.ts';

export interface HealthServer {
  /** where it listens; null when the port was taken */
  readonly port: number | null;
  stop(): Promise<void>;
}

/**
 * Serves `/healthz` (200 unless something has been broken for long), `/readyz` (200 when work can be sent here) and `/metrics`
 * (Prometheus). A port that is taken is no reason to stop working: the log says so, and the process goes on without.
 */
export async function serveHealth(parts: {
  readonly host: string;
  /** 0: any free one */
  readonly port: number;
  readonly health: Health;
  readonly registry: Registry;
  readonly log: Logger;
}): Promise<HealthServer> {
  const { host, port, health, registry, log } = parts;
  const server = createServer((request, response) => {
    // Whatever stands there, also what is no address.
    const path = (request.url ?? '/').replace(/^http:\/\/[^/]*/i, '').replace(/\?.*$/, '');
    answer(request.method ?? '', path, response).catch((error: unknown) => {
      log.warn({ error: errorFields(error) }, 'a health request failed');
      response.writeHead(500).end();
    });
  });
  answerHalfClosed(server);

  async function answer(method: string, path: string, response: ServerResponse): Promise<void> {
    if (method !== 'GET' && method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
    } else if (path === '/healthz' || path === '/readyz') {
      const report = await health.report();
      const good = path === '/healthz' ? report.healthy : report.ready;
      response
        .writeHead(good ? 200 : 503, { 'content-type': 'application/json', 'cache-control': 'no-store' })
        .end(`${JSON.stringify({ status: good ? 'ok' : 'unavailable', ...report })}\n`);
    } else if (path === '/metrics') {
      const text = await render(registry, log);
      response.writeHead(200, { 'content-type': registry.contentType }).end(text);
    } else {
      response.writeHead(404).end();
    }
  }

  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    log.error(
      { host, port, error: errorFields(error) },
      'HEALTH_PORT cannot be used; going on without health checks and metrics',
    );
    return { port: null, stop: () => Promise.resolve() };
  }
  const address = server.address();
  const used = isAddress(address) ? address.port : port;
  log.info({ host, port: used }, 'health checks and metrics');
  return {
    port: used,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** What cannot be read now is left out: all else still tells. */
async function render(registry: Registry, log: Logger): Promise<string> {
  const texts = registry.getMetricsAsArray().map(async ({ name }) => {
    try {
      return [await registry.getSingleMetricAsString(name)];
    } catch (error) {
      log.debug({ metric: name, error: errorFields(error) }, 'a metric cannot be read');
      return [];
    }
  });
  return `${(await Promise.all(texts)).flat().join('\n\n')}\n`;
}

function isAddress(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}
