import type { FastifyRequest } from 'fastify';
import { reachable } from '../queue/reachable.ts';
import { isOpen } from '../queue/contract/generation.ts';
import type { Generation } from '../queue/contract/generation.ts';
import { textsFor } from '../text/texts.ts';
import type { Texts } from '../text/texts.ts';
import { identityFor } from './identity.ts';
import { languageFor, Problem } from './problem.ts';
import type { GenerationView } from './schemas.ts';
import type { ApiParts } from './server.ts';
import { viewOf } from './view.ts';
import { recordRetentionDays } from '../retention.ts';

/** Generations as whoever asks may see them. */
export interface Lookup {
  /** @throws Problem `not_found`, also for what belongs to somebody else: whether it exists is nobody's business */
  readonly own: (id: string, request: FastifyRequest) => Promise<Generation>;
  /** As it stands now, in the language that `request` asks for. */
  readonly show: (generation: Generation, request: FastifyRequest) => Promise<GenerationView>;
  /** The same for whoever is told of it: in the language that it was asked for in. */
  readonly tell: (generation: Generation) => Promise<GenerationView>;
}

export function createLookup({
  config,
  queue,
  moderation,
}: Pick<ApiParts, 'config' | 'queue' | 'moderation'>): Lookup {
  const view = async (generation: Generation, texts: Texts): Promise<GenerationView> => {
    const { id, status, userId, guildId } = generation;
    const [position, notices] = await Promise.all([
      status === 'queued' ? reachable(queue.position(id)) : null,
      isOpen(generation) ? reachable(moderation.admission({ userId, guildId, roleIds: [] })) : null,
    ]);
    return viewOf(generation, position, notices, texts, config.generate);
  };
  return {
    async own(id, request) {
      const identity = identityFor(request);
      const generation = await reachable(queue.get(id));
      if (generation === null || !(identity.has('admin') || generation.userId === identity.userId)) {
        throw new Problem(404, 'not_found', { values: { days: recordRetentionDays } });
      }
      return generation;
    },
    show: (generation, request) => view(generation, textsFor(languageFor(request))),
    tell: (generation) => view(generation, textsFor(generation.locale)),
  };
}
