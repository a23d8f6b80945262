import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { hostAndPort } from './address.ts';
import type { Certificate } from './certificate.ts';
import type { Faults } from './faults.ts';
import type { AttachmentFiles } from './files.ts';

/** Serves attachments over https, under links that carry a signature and an end. */
export class Cdn {
  private readonly server: Server;
  private readonly files: AttachmentFiles;
  private readonly faults: Faults;
  private readonly listeningHost: string;

  private constructor(server: Server, listeningHost: string, files: AttachmentFiles, faults: Faults) {
    this.server = server;
    this.listeningHost = listeningHost;
    this.files = files;
    this.faults = faults;
  }

  static async start(
    host: string,
    files: AttachmentFiles,
    certificate: Certificate,
    faults: Faults,
  ): Promise<Cdn> {
    const server = createServer({ key: certificate.privateKey, cert: certificate.certificate });
    const cdn = new Cdn(server, host, files, faults);
    server.on('request', (request, response) => void cdn.answer(request, response));
    server.listen(0, host);
    await once(server, 'listening');
    return cdn;
  }

  /** `host:port`: what a bot has to allow as an attachment host. */
  get host(): string {
    return hostAndPort(this.server, this.listeningHost);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', `https://${this.host}`);
    const path = readPath(url);
    const failure = await this.faults.strike('before', request.method ?? 'GET', path);
    if (failure !== undefined) {
      if (failure.drop) response.destroy();
      else response.writeHead(failure.status, { 'content-type': 'text/plain' }).end(failure.message);
      return;
    }
    const file = this.files.find(path);
    if (file === undefined || !this.files.verify(path, url.searchParams)) {
      response.writeHead(404, { 'content-type': 'text/plain' });
      response.end('This content is no longer available.');
      return;
    }
    response.writeHead(200, {
      'content-type': file.contentType ?? 'application/octet-stream',
      'content-length': file.size,
      'content-disposition': 'attachment',
      'cache-control': 'private, max-age=31536000',
    });
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    try {
      await pipeline(createReadStream(file.diskPath), response);
    } catch {
      // The reader hung up or the file was forgotten meanwhile: the connection is gone either way.
      response.destroy();
    }
  }
}

/** The path that is asked for; one that is no proper text is the path of nothing. */
function readPath(url: URL): string {
  try {
    return decodeURIComponent(url.pathname);
  } catch {
    return '';
  }
}
