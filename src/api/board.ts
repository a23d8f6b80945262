import { createBoardQueues } from '../queue/bull-board-queues.ts';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { createBullBoard } from '@bull-board/api';
import { FastifyAdapter } from '@bull-board/fastify';
import basicAuth from '@fastify/basic-auth';
import type { FastifyInstance } from 'fastify';
import type { CommonConfig } from '../config/environment.ts';
import type { Logger } from '../log.ts';
import { identityOf } from './identity.ts';
import { answerProblem, languageFor, Problem, problemOfStatus } from './problem.ts';
import type { TokenFile } from './tokens.ts';

const boardPath = '/admin/queues';

/** The board's page names fonts of another host: it does without them, and tells nobody that it was opened. */
const policy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

/**
 * Shows BullMQ's queues in the browser, read only: what acts on them goes through the records. The browser asks for a name, which may be
 * anything, and a password, which is a token with the scope `admin`.
 */
export async function mountBoard(
  app: FastifyInstance,
  tokens: TokenFile,
  config: CommonConfig,
  logger: Logger,
): Promise<void> {
  const shown = createBoardQueues(config, logger);
  const adapter = new FastifyAdapter();
  createBullBoard({
    queues: shown.queues.map((queue) => new BullMQAdapter(queue, { readOnlyMode: true })),
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: 'HuMo' } },
  });
  adapter.setBasePath(boardPath);
  await app.register(async (board) => {
    await board.register(basicAuth, {
      authenticate: { realm: 'humo' },
      async validate(_name, password) {
        const token = await tokens.find(password);
        if (token === null || !identityOf(token).has('admin')) throw new Problem(401, 'unauthorised');
      },
    });
    // After the rate limit has counted: guessing is bounded, too.
    board.addHook('preValidation', board.basicAuth);
    board.addHook('onSend', async (request, reply, payload) => {
      reply.header('content-security-policy', policy);
      if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
      const type = String(reply.getHeader('content-type') ?? '');
      if (reply.statusCode < 400 || type.startsWith('application/problem+json')) return payload;
      reply
        .removeHeader('content-length')
        .type('application/problem+json')
        .header('content-language', languageFor(request))
        .header('cache-control', 'no-store');
      return problemOfStatus(reply.statusCode, request);
    });
    const plugin = adapter.registerPlugin();
    await board.register(
      (pages, options, done) => {
        // Its own handler would make 500 of everything that is not its own.
        pages.addHook('onRoute', (route) => {
          route.errorHandler = (error, request, reply) => void answerProblem(error, request, reply);
        });
        plugin(pages, options, done);
      },
      { prefix: boardPath },
    );
  });
  app.addHook('onClose', () => shown.close());
}
