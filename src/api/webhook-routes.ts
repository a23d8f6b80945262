import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Webhooks } from '../queue/delivery/webhook-deliveries.ts';
import { identityFor } from './identity.ts';
import type { Lookup } from './lookup.ts';
import { problems } from './problem.ts';
import { webhookSecretSchema } from './schemas.ts';
import type { WebhookMessage } from './schemas.ts';
import type { TokenFile } from './tokens.ts';
import { sendWebhook, webhookSecretOf, webhookTarget } from './webhook.ts';

/** What a program needs to check that a message is from here. */
export function webhookRoutes(plain: FastifyInstance): void {
  plain.withTypeProvider<ZodTypeProvider>().get(
    '/v1/webhook-secret',
    {
      config: { scope: 'generate' },
      schema: {
        operationId: 'getWebhookSecret',
        summary: 'The secret that signs the webhooks of this token',
        tags: ['webhooks'],
        security: [{ token: [] }],
        response: { 200: webhookSecretSchema, ...problems() },
      },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store');
      return { secret: webhookSecretOf(identityFor(request).token) };
    },
  );
}

/** Tells whoever wants to hear of the end of a generation, signed with the secret of the token that asked for it. */
export async function startTelling(
  webhooks: Webhooks,
  lookup: Pick<Lookup, 'tell'>,
  tokens: TokenFile,
  ownHosts: readonly string[],
): Promise<void> {
  await webhooks.start(async (generation, { url, token: name }) => {
    const token = await tokens.named(name);
    const target = webhookTarget(url, ownHosts);
    // A token that was revoked hears nothing more, and neither does a host that is no longer one of ours.
    if (token === null || target === null) return 'gone';
    const message: WebhookMessage = {
      type: `generation.${generation.status === 'cancelled' || generation.status === 'failed' ? generation.status : 'delivered'}`,
      timestamp: new Date(generation.finishedAt ?? generation.createdAt).toISOString(),
      data: await lookup.tell(generation),
    };
    const secret = webhookSecretOf(token);
    return sendWebhook(
      target,
      { id: `msg_${generation.id}`, body: JSON.stringify(message), secret },
      ownHosts,
    );
  });
}
