import type { ModelId } from '../../config/model-id.ts';

/**
 * Every name in Redis, below one prefix. BullMQ's own keys are `prefix:queue-name:…`, and the scripts in `lua/` read and write some
 * of them, so names change there and here together.
 */
export interface Names {
  readonly prefix: string;
  /** written to see whether this server can be written to */
  readonly written: string;
  readonly deliveries: string;
  /** the BullMQ queue of words that are to be spoken */
  readonly speech: string;
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
  /** set of `channel:message`: copies of a generation's video that were sent to people */
  copiesOf(id: string): string;
  /** exists while something that is done once must not be done again */
  claim(key: string): string;
  /** a person's own defaults */
  person(userId: string): string;
  /** when a person was greeted; one of what {@link ofPerson} finds */
  greeted(userId: string): string;
  /** what a person confirmed about pictures and voices; one of what {@link ofPerson} finds */
  agreement(userId: string): string;
  /** what a person asked for and has a question to answer about; one of what {@link ofPerson} finds */
  waitingWish(userId: string, id: string): string;
  /** what else is kept of a person: limits and use, by scope; a pattern for SCAN */
  ofPerson(userId: string): string;
  /** until when what a person had asked for is erased with them: milliseconds since 1970; what comes from it is not accepted any more */
  erased(userId: string): string;
  /** tags of people in the fair share of a model */
  shareUsers(model: ModelId): string;
  /** what is to be said for a generation, until somebody has said it */
  words(id: string): string;
  /** who can speak, as JSON */
  readonly voices: string;
  /** what came of a request with an `Idempotency-Key`; one of what {@link ofPerson} finds */
  idempotency(userId: string, digest: string): string;
  /** what was answered to a request with such a key, by the generation that came of it */
  answer(id: string): string;
  /** the BullMQ queue of messages to programs that wait for the end of a generation */
  readonly webhookJobs: string;
  /** hash of generation id to who waits for its end */
  readonly webhooks: string;
  /** a form that a person has open */
  draft(id: string): string;
  indexOfUser(userId: string): string;
  indexOfGuild(guildId: string): string;
  /** ids of a user's generations that are queued or running */
  waitingOf(userId: string): string;
  /** those of them that count towards the limits of a scope: a guild's id, or `direct` */
  waitingIn(scope: string, userId: string): string;
  /** sorted set of worker ids, scored by the time until which they count as alive */
  workers(model: ModelId): string;
  worker(workerId: string): string;
  /** hash: what each worker said last, also of those that fell silent */
  readonly machines: string;
  /** sorted set of generations that ended in the last 24 hours, of a guild or of all (null), scored by when */
  finished(guildId: string | null): string;
  /** hash: how many generations ended with each outcome, since there are any */
  readonly endings: string;
  /** a number drawn once, by which watermarks name this deployment */
  readonly deployment: string;
  /** hash: certificates with which videos are signed, by fingerprint */
  readonly signers: string;
  /** set: keys with which this deployment's bots sign or have signed whose a message is, in base64 */
  readonly messageKeys: string;
  /** id of the generation whose watermark says this */
  mark(tag: bigint): string;
  /** hash of a guild's settings: `text` and `revision` */
  settings(guildId: string): string;
  /** hash of the owners' settings for the whole deployment: `text` and `revision` */
  readonly deploymentSettings: string;
  /** hash of user id to ban from the whole deployment */
  readonly deploymentBans: string;
  /** hash of user id to ban */
  bans(guildId: string): string;
  /** sorted set of a guild's reported generations, scored by when each was reported last */
  reports(guildId: string): string;
  /** hash of generation id to what is blocked for it */
  blocks(guildId: string): string;
  /** whether a moderator has lifted what was blocked for a generation */
  liftedBlock(guildId: string, id: string): string;
  /** hash: who reported a generation, and when */
  reportsOf(id: string): string;
  /** hash of guild id, or `deployment`, to pause */
  readonly pauses: string;
  readonly drain: string;
  readonly maintenance: string;
  /** sorted set of entries, each of which begins with its id; null: the owners' */
  auditOf(guildId: string | null): string;
  /** sorted set of where the last entries of all logs stand, `number id log`, scored by the number: 1 for the first that was ever written */
  readonly recentAudit: string;
  /** channel on which every entry is published */
  readonly audit: string;
}

export function createNames(prefix: string): Names {
  return {
    prefix,
    written: `${prefix}:written`,
    deliveries: 'deliveries',
    speech: 'speech',
    open: `${prefix}:open`,
    events: `${prefix}:events`,
    cancel: `${prefix}:cancel`,
    wake: `${prefix}:wake`,
    pace: `${prefix}:pace`,
    indexOfTime: `${prefix}:index:time`,
    generations: (model) => `generations.${model}`,
    record: (id) => `${prefix}:generation:${id}`,
    message: (messageId) => `${prefix}:message:${messageId}`,
    copiesOf: (id) => `${prefix}:copies:${id}`,
    claim: (key) => `${prefix}:claim:${key}`,
    person: (userId) => `${prefix}:person:${userId}`,
    greeted: (userId) => `${prefix}:person:greeted:${userId}:at`,
    agreement: (userId) => `${prefix}:person:agreed:${userId}:at`,
    waitingWish: (userId, id) => `${prefix}:person:wish:${userId}:${id}`,
    ofPerson: (userId) => `${prefix}:person:*:${userId}:*`,
    erased: (userId) => `${prefix}:erased:${userId}`,
    shareUsers: (model) => `${prefix}:share:${model}:users`,
    words: (id) => `${prefix}:words:${id}`,
    voices: `${prefix}:voices`,
    idempotency: (userId, digest) => `${prefix}:person:idempotency:${userId}:${digest}`,
    answer: (id) => `${prefix}:answer:${id}`,
    webhookJobs: 'webhooks',
    webhooks: `${prefix}:webhooks`,
    draft: (id) => `${prefix}:draft:${id}`,
    indexOfUser: (userId) => `${prefix}:index:user:${userId}`,
    indexOfGuild: (guildId) => `${prefix}:index:guild:${guildId}`,
    waitingOf: (userId) => `${prefix}:waiting-of:${userId}`,
    waitingIn: (scope, userId) => `${prefix}:person:${scope}:${userId}:waiting`,
    workers: (model) => `${prefix}:workers:${model}`,
    worker: (workerId) => `${prefix}:worker:${workerId}`,
    machines: `${prefix}:machines`,
    finished: (guildId) => (guildId === null ? `${prefix}:finished` : `${prefix}:guild:${guildId}:finished`),
    endings: `${prefix}:endings`,
    deployment: `${prefix}:deployment`,
    signers: `${prefix}:signers`,
    messageKeys: `${prefix}:message-keys`,
    mark: (tag) => `${prefix}:mark:${tag.toString(16).padStart(10, '0')}`,
    settings: (guildId) => `${prefix}:guild:${guildId}:settings`,
    deploymentSettings: `${prefix}:deployment:settings`,
    deploymentBans: `${prefix}:deployment:bans`,
    bans: (guildId) => `${prefix}:guild:${guildId}:bans`,
    reports: (guildId) => `${prefix}:guild:${guildId}:reports`,
    blocks: (guildId) => `${prefix}:guild:${guildId}:blocks`,
    liftedBlock: (guildId, id) => `${prefix}:guild:${guildId}:lifted:${id}`,
    reportsOf: (id) => `${prefix}:reports:${id}`,
    pauses: `${prefix}:pauses`,
    drain: `${prefix}:drain`,
    maintenance: `${prefix}:maintenance`,
    auditOf: (guildId) => (guildId === null ? `${prefix}:audit:owners` : `${prefix}:audit:guild:${guildId}`),
    recentAudit: `${prefix}:audit:recent`,
    audit: `${prefix}:audit`,
  };
}

/** BullMQ refuses ids of digits only and ids with a colon. */
export function generationJobId(id: string): string {
  return `g-${id}`;
}

export function deliveryJobId(id: string): string {
  return `d-${id}`;
}

export function webhookJobId(id: string): string {
  return `w-${id}`;
}

export function speechJobId(id: string): string {
  return `s-${id}`;
}

/** The other way round: what an id of a job is about. */
export function generationOfJob(jobId: string): string {
  return jobId.replace(/^[gd]-/, '');
}
