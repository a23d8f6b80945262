import type { ModelId } from '../config/generate.ts';

/**
 * Every name in Redis, below one prefix. BullMQ's own keys are `prefix:queue-name:…`, and `lua/share.lua` reads some of them, so
 * names change there and here together.
 */
export interface Names {
  readonly prefix: string;
  readonly deliveries: string;
  readonly open: string;
  readonly events: string;
  readonly cancel: string;
  /** channel on which idle workers hear that there may be work */
  readonly wake: string;
  readonly pace: string;
  readonly indexOfTime: string;
  generations(model: ModelId): string;
  record(id: string): string;
  /** id of the generation that a message of the bot's belongs to */
  message(messageId: string): string;
  /** exists while something that is done once must not be done again */
  claim(key: string): string;
  /** a person's own defaults */
  person(userId: string): string;
  /** a form that a person has open */
  draft(id: string): string;
  indexOfUser(userId: string): string;
  indexOfGuild(guildId: string): string;
  /** ids of a user's generations that are queued or running */
  waitingOf(userId: string): string;
  /** sorted set of worker ids, scored by the time until which they count as alive */
  workers(model: ModelId): string;
  worker(workerId: string): string;
}

export function createNames(prefix: string): Names {
  return {
    prefix,
    deliveries: 'deliveries',
    open: `${prefix}:open`,
    events: `${prefix}:events`,
    cancel: `${prefix}:cancel`,
    wake: `${prefix}:wake`,
    pace: `${prefix}:pace`,
    indexOfTime: `${prefix}:index:time`,
    generations: (model) => `generations.${model}`,
    record: (id) => `${prefix}:generation:${id}`,
    message: (messageId) => `${prefix}:message:${messageId}`,
    claim: (key) => `${prefix}:claim:${key}`,
    person: (userId) => `${prefix}:person:${userId}`,
    draft: (id) => `${prefix}:draft:${id}`,
    indexOfUser: (userId) => `${prefix}:index:user:${userId}`,
    indexOfGuild: (guildId) => `${prefix}:index:guild:${guildId}`,
    waitingOf: (userId) => `${prefix}:waiting-of:${userId}`,
    workers: (model) => `${prefix}:workers:${model}`,
    worker: (workerId) => `${prefix}:worker:${workerId}`,
  };
}

/** BullMQ refuses ids of digits only and ids with a colon. */
export function generationJobId(id: string): string {
  return `g-${id}`;
}

export function deliveryJobId(id: string): string {
  return `d-${id}`;
}
