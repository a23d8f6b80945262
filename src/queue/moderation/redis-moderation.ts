import type { ChainableCommander, Redis } from 'ioredis';
import { monotonicFactory } from 'ulid';
import { z } from 'zod';
import type { CommonConfig } from '../../config/environment.ts';
import type { RedisServer } from '../../config/redis-url.ts';
import { modelIdSchema } from '../../config/model-id.ts';
import { Failure } from '../../failure.ts';
import type { Logger } from '../../log.ts';
import { closeConnection, openConnection } from '../redis/connection.ts';
import { generationIdSchema } from '../contract/generation.ts';
import type { Generation } from '../contract/generation.ts';
import { checkFilter, compileFilters } from './filters.ts';
import { wakingKey } from '../gpus.ts';
import { Ledger } from '../redis/ledger.ts';
import { deploymentLimits, limitsOf } from './personal-limits.ts';
import { defaultLabelStyle } from '../../marking/label.ts';
import { addBlock, readBlocks, removeBlock } from './blocked-inputs.ts';
import type { Block } from './blocked-inputs.ts';
import {
  auditEntrySchema,
  banSchema,
  deploymentSettingsSchema,
  drainSchema,
  filterSchema,
  guildSettingsSchema,
  mostFilters,
  pauseSchema,
  reportsPerHour,
} from './moderation.ts';
import type {
  Admission,
  Allowance,
  AuditEntry,
  Ban,
  DeploymentSettings,
  Filter,
  GuildSettings,
  GuildStats,
  Limits,
  Moderation,
  NewAuditEntry,
  Pause,
  Report,
  ReportOutcome,
  Use,
  WorkerState,
} from './moderation.ts';
import { createNames } from '../redis/names.ts';
import type { Names } from '../redis/names.ts';
import { readableRecords } from '../contract/readable.ts';
import { isUndelivered, retryOf } from '../delivery/retry.ts';
import { runScript } from '../redis/script.ts';
import { recordRetention } from '../redis/durations.ts';
import { statsOf } from './stats.ts';
import { Tickets } from '../order/tickets.ts';
import { day } from '../../units.ts';

/** Guilds whose compiled filters are kept; the one used longest ago makes room. */
const mostCompiled = 500;
/** Two changes of one guild's settings at once make one of them read again; more than this often is no accident. */
const changeAttempts = 20;

/** Node's timers hold 24 days; a pause that is longer is ended by who looks now and then. */
const longestTimer = 24 * 24 * 3600_000;

/** How long what is set in a guild is kept that the bot was thrown out of: milliseconds. */
const settingsOfLeft = 30 * day;

/** What a worker says about itself; see `heartbeat.ts`. */
const machineSchema = z.object({
  models: z.array(modelIdSchema),
  device: z.string().nullable().default(null),
  generation: generationIdSchema.nullable().default(null),
  at: z.number().int(),
});

/** Reported results that are looked through; more at a time is a raid, and the latest are what matters. */
const mostReports = 500;

const countReply = z.number().int();
const usageReply = z.tuple([
  z.coerce.number(),
  z.coerce.number(),
  z.coerce.number(),
  z.coerce.number(),
  z.coerce.number(),
  z.coerce.number(),
  z.coerce.number(),
]);
const reportReply = z.enum(['hidden', 'counted', 'repeated', 'too_many', 'banned', 'looked_at', 'gone']);
const reportersReply = z.record(z.string(), z.coerce.number()).default({});
const snowflakeSchema = z.string().regex(/^\d{1,20}$/, 'must be a Discord id');
const newGuild: GuildSettings = {
  version: 1,
  limits: { everyone: {}, roles: {} },
  queueLength: null,
  rerunOthers: true,
  keepInputsDays: 30,
  askEachTime: false,
  label: defaultLabelStyle,
  logChannelId: null,
  filters: [],
};

interface Compiled {
  readonly revision: string;
  readonly find: (text: string) => Filter | null;
}

/** What a method knows of its own entry; the rest is null or empty. */
type Note = Pick<AuditEntry, 'guildId' | 'actorId' | 'action'> & Partial<NewAuditEntry>;

/** Connects to what keeps order. Without `maximumWaitingPerUser` it is the environment's default. */
export function createModeration(
  config: CommonConfig & { readonly maximumWaitingPerUser?: number },
  log: Logger,
): Moderation & { close(): Promise<void> } {
  return new RedisModeration(config, log);
}

class RedisModeration implements Moderation {
  readonly defaultLimits: Limits;
  readonly #connection: Redis;
  readonly #names: Names;
  readonly #server: RedisServer;
  readonly #log: Logger;
  readonly #ulid = monotonicFactory();
  readonly #compiled = new Map<string, Compiled>();
  readonly #ledger: Ledger;
  readonly #tickets: Tickets;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #watching = new Set<{ close(): Promise<void> }>();

  constructor(config: CommonConfig & { readonly maximumWaitingPerUser?: number }, log: Logger) {
    this.#server = config.redis;
    this.#names = createNames(config.redis.prefix);
    this.#log = log;
    this.#connection = openConnection(config.redis, 'producer', log);
    this.#ledger = new Ledger(this.#connection, this.#names);
    this.#tickets = new Tickets(this.#connection, this.#names, log);
    this.defaultLimits = deploymentLimits(config.maximumWaitingPerUser ?? 10);
  }

  async admission({
    userId,
    guildId,
    roleIds,
  }: Parameters<Moderation['admission']>[0]): ReturnType<Moderation['admission']> {
    const names = this.#names;
    const whole = this.#connection
      .multi()
      .hget(names.pauses, 'deployment')
      .get(names.drain)
      .get(names.maintenance)
      .get(wakingKey(names.prefix))
      .hget(names.deploymentBans, checkedId(userId))
      .hget(names.deploymentSettings, 'text');
    if (guildId !== null) {
      const guild = checkedId(guildId);
      whole
        .hget(names.pauses, guild)
        .hget(names.bans(guild), checkedId(userId))
        .hget(names.settings(guild), 'text');
    }
    const [globalPause, drain, maintenance, waking, everywhereBan, deploymentText, pause, ban, text] =
      await answers(whole);
    const now = Date.now();
    const settings = parseSettings(text);
    const deployment = parseDeployment(deploymentText);
    return {
      ban: standing(banSchema, everywhereBan, now) ?? standing(banSchema, ban, now),
      unlisted: unlistedIn(deployment, { userId, guildId }),
      pause: standing(pauseSchema, pause, now),
      globalPause: standing(pauseSchema, globalPause, now),
      draining: typeof drain === 'string' ? { message: drainSchema.parse(JSON.parse(drain)).message } : null,
      maintenance: maintenance ?? null,
      wakingUntil: typeof waking === 'string' ? Number(waking) : null,
      limits: guildId === null ? this.defaultLimits : limitsOf(settings.limits, roleIds, this.defaultLimits),
      queueLength: guildId === null ? null : settings.queueLength,
      askEachTime: settings.askEachTime,
      label: deployment.label ? settings.label : null,
    };
  }

  async allowance(person: Parameters<Moderation['allowance']>[0]): Promise<Allowance> {
    const { userId, guildId } = person;
    const [{ limits }, deployment, usage] = await Promise.all([
      this.admission(person),
      this.deployment(),
      this.#run('usage', {
        scope: guildId === null ? 'direct' : checkedId(guildId),
        user: checkedId(userId),
      }),
    ]);
    const [waiting, used, last, allWaiting, allUsed, allLast, spent] = usageReply.parse(usage);
    const use = (...[count, milliseconds, at]: [number, number, number]): Use => ({
      waiting: count,
      gpuSeconds: milliseconds / 1000,
      lastAt: at === 0 ? null : at,
    });
    const budget = deployment.budgetGpuSecondsPerDay;
    return {
      here: { ...use(waiting, used, last), limits },
      everywhere: { ...use(allWaiting, allUsed, allLast), limits: deployment.limits },
      budget: budget === null ? null : { gpuSeconds: budget, used: spent / 1000 },
    };
  }

  async deployment(): Promise<DeploymentSettings> {
    return parseDeployment(await this.#connection.hget(this.#names.deploymentSettings, 'text'));
  }

  async changeDeployment(
    change: (settings: DeploymentSettings) => DeploymentSettings,
    entry: NewAuditEntry,
  ): Promise<DeploymentSettings> {
    if (entry.guildId !== null) throw new Error("the entry of a change to everything is the owners'");
    return this.#change(
      this.#names.deploymentSettings,
      (text) => deploymentSettingsSchema.parse(change(parseDeployment(text))),
      entry,
    );
  }

  async guild(guildId: string): Promise<GuildSettings> {
    return parseSettings(await this.#connection.hget(this.#names.settings(checkedId(guildId)), 'text'));
  }

  async changeGuild(
    guildId: string,
    change: (settings: GuildSettings) => GuildSettings,
    entry: NewAuditEntry,
  ): Promise<GuildSettings> {
    if (entry.guildId !== guildId) throw new Error("the entry of a guild's change is that guild's");
    return this.#change(
      this.#names.settings(checkedId(guildId)),
      (text) => guildSettingsSchema.parse(change(parseSettings(text))),
      entry,
    );
  }

  /** Only over what was read: whoever comes second reads again. */
  async #change<T>(key: string, change: (text: string | null) => T, entry: NewAuditEntry): Promise<T> {
    for (let attempt = 0; attempt < changeAttempts; attempt += 1) {
      const [text, revision] = await this.#connection.hmget(key, 'text', 'revision');
      const settings = change(text ?? null);
      const changed = await this.#run('changeSettings', {
        key,
        revision: revision ?? '0',
        text: JSON.stringify(settings),
        entry: this.#entry(entry),
      });
      if (changed === 1) return settings;
    }
    throw new Error(`${key} changed again and again meanwhile`);
  }

  #bansOf(guildId: string | null): string {
    return guildId === null ? this.#names.deploymentBans : this.#names.bans(checkedId(guildId));
  }

  async ban(guildId: string | null, ban: Omit<Ban, 'since'>): Promise<void> {
    const since = Date.now();
    const text = JSON.stringify(banSchema.parse({ ...ban, since }));
    const { userId, by, reason, until } = ban;
    await this.#run('ban', {
      key: this.#bansOf(guildId),
      user: userId,
      text,
      entry: this.#entry({
        ...{ guildId, actorId: by, action: 'ban', targetUserId: userId, reason },
        details: { until },
      }),
    });
  }

  async unban(guildId: string | null, userId: string, by: string): Promise<boolean> {
    const ended = await this.#run('unban', {
      key: this.#bansOf(guildId),
      user: checkedId(userId),
      entry: this.#entry({ guildId, actorId: by, action: 'unban', targetUserId: userId }),
    });
    return ended === 1;
  }

  async bans(guildId: string | null): Promise<Ban[]> {
    const stored = await this.#connection.hvals(this.#bansOf(guildId));
    const now = Date.now();
    return stored
      .map((text) => standing(banSchema, text, now))
      .filter((ban) => ban !== null)
      .sort((left, right) => right.since - left.since);
  }

  async filtered(guildId: string | null, text: string): Promise<Filter | null> {
    const met = await this.#meets(
      'deployment',
      this.#names.deploymentSettings,
      (stored) => parseDeployment(stored).filters,
      text,
    );
    if (met !== null || guildId === null) return met;
    const key = this.#names.settings(checkedId(guildId));
    return this.#meets(guildId, key, (stored) => parseSettings(stored).filters, text);
  }

  async #meets(
    scope: string,
    key: string,
    filtersIn: (stored: string | null) => readonly Filter[],
    text: string,
  ): Promise<Filter | null> {
    const revision = await this.#connection.hget(key, 'revision');
    if (revision === null) return null;
    let compiled = this.#compiled.get(scope);
    // The revision is asked for each time, so that a change by any process counts from its moment on.
    if (compiled?.revision !== revision) {
      const [settings, current] = await this.#connection.hmget(key, 'text', 'revision');
      compiled = { revision: current ?? '0', find: compileFilters(filtersIn(settings ?? null)) };
    }
    this.#compiled.delete(scope);
    this.#compiled.set(scope, compiled);
    for (const oldest of this.#compiled.keys()) {
      if (this.#compiled.size <= mostCompiled) break;
      this.#compiled.delete(oldest);
    }
    return compiled.find(text);
  }

  /** The filters of a guild, or of the deployment (null). */
  async #filters(guildId: string | null): Promise<readonly Filter[]> {
    return (guildId === null ? await this.deployment() : await this.guild(guildId)).filters;
  }

  async #changeFilters(
    guildId: string | null,
    change: (filters: Filter[]) => Filter[],
    entry: NewAuditEntry,
  ): Promise<void> {
    if (guildId === null) {
      await this.changeDeployment((settings) => ({ ...settings, filters: change(settings.filters) }), entry);
    } else {
      await this.changeGuild(
        guildId,
        (settings) => ({ ...settings, filters: change(settings.filters) }),
        entry,
      );
    }
  }

  async addFilter(
    guildId: string | null,
    { kind, text }: Pick<Filter, 'kind' | 'text'>,
    by: string,
  ): Promise<Filter> {
    const addedAt = Date.now();
    const filter = filterSchema.parse({ id: this.#ulid(addedAt), kind, text, addedBy: by, addedAt });
    await this.#changeFilters(
      guildId,
      (filters) => {
        if (filters.length >= mostFilters) {
          throw new Failure('invalid_input', 'filter_too_many', { maximum: mostFilters });
        }
        checkFilter(filter, filters);
        return [...filters, filter];
      },
      this.#note({ guildId, actorId: by, action: 'filter_add', details: { filter: filter.id, kind, text } }),
    );
    return filter;
  }

  async removeFilter(guildId: string | null, filterId: string, by: string): Promise<Filter | null> {
    const found = (await this.#filters(guildId)).find(({ id }) => id === filterId);
    if (found === undefined) return null;
    await this.#changeFilters(
      guildId,
      (filters) => filters.filter(({ id }) => id !== filterId),
      this.#note({
        ...{ guildId, actorId: by, action: 'filter_remove' },
        details: { filter: filterId, kind: found.kind, text: found.text },
      }),
    );
    return found;
  }

  async log(entry: NewAuditEntry): Promise<AuditEntry> {
    const full = this.#entry(entry);
    await this.#run('log', { entry: full });
    return auditEntrySchema.parse(JSON.parse(full.text));
  }

  async audit({ guildId, limit, before }: Parameters<Moderation['audit']>[0]): Promise<AuditEntry[]> {
    const key = this.#names.auditOf(guildId === null ? null : checkedId(guildId));
    // An entry begins with its id, so everything before it sorts below the bare id.
    const from = before === undefined ? '+' : `(${auditEntrySchema.shape.id.parse(before)}`;
    const stored = await this.#connection.zrevrangebylex(key, from, '-', 'LIMIT', 0, limit);
    return stored.map((member) => auditEntrySchema.parse(JSON.parse(member.slice(idLength))));
  }

  async watchAudit(listener: (entry: AuditEntry) => void): Promise<{ close(): Promise<void> }> {
    const subscriber = openConnection(this.#server, 'subscriber', this.#log);
    subscriber.on('message', (_channel, message) => {
      try {
        const entry = parseEntry(message);
        if (entry !== null) listener(entry);
      } catch (error) {
        this.#log.error({ error: String(error) }, 'a listener of the audit log failed');
      }
    });
    const watching = {
      close: async () => {
        this.#watching.delete(watching);
        closeConnection(subscriber);
      },
    };
    try {
      await this.#connection.ping();
      await subscriber.subscribe(this.#names.audit);
    } catch (error) {
      closeConnection(subscriber);
      throw error;
    }
    this.#watching.add(watching);
    return watching;
  }

  async globalPauseOf(): Promise<Pause | null> {
    return standing(pauseSchema, await this.#connection.hget(this.#names.pauses, 'deployment'), Date.now());
  }

  async pauseOf(guildId: string): Promise<Pause | null> {
    const stored = await this.#connection.hget(this.#names.pauses, checkedId(guildId));
    return standing(pauseSchema, stored, Date.now());
  }

  async drain(by: string, message: string | null): Promise<void> {
    await this.#run('announce', {
      key: this.#names.drain,
      text: JSON.stringify(drainSchema.parse({ by, since: Date.now(), message })),
      entry: this.#entry({ ...owners(by), action: 'drain', reason: message, details: { on: true } }),
    });
  }

  async endDrain(by: string): Promise<boolean> {
    const ended = await this.#run('withdraw', {
      key: this.#names.drain,
      entry: this.#entry({ ...owners(by), action: 'drain', details: { on: false } }),
    });
    return ended === 1;
  }

  async maintenance(by: string, message: string | null): Promise<void> {
    const details = { on: message !== null };
    const entry = this.#entry({ ...owners(by), action: 'maintenance', reason: message, details });
    if (message === null) await this.#run('withdraw', { key: this.#names.maintenance, entry });
    else await this.#run('announce', { key: this.#names.maintenance, text: message, entry });
  }

  async pause(guildId: string, pause: Omit<Pause, 'since'>): Promise<number> {
    return this.#pause(checkedId(guildId), pause, {
      ...{ guildId, actorId: pause.by, action: 'pause', reason: pause.reason },
      details: { until: pause.until },
    });
  }

  async resume(guildId: string, by: string): Promise<number | null> {
    return this.#resume(checkedId(guildId), { guildId, actorId: by, action: 'resume' });
  }

  async globalPause(pause: Omit<Pause, 'since'>): Promise<void> {
    await this.#pause('deployment', pause, {
      ...{ ...owners(pause.by), action: 'global_pause', reason: pause.reason },
      details: { until: pause.until },
    });
  }

  async globalResume(by: string): Promise<boolean> {
    return (await this.#resume('deployment', { ...owners(by), action: 'global_resume' })) !== null;
  }

  async #pause(scope: string, pause: Omit<Pause, 'since'>, note: Note): Promise<number> {
    const text = JSON.stringify(pauseSchema.parse({ ...pause, since: Date.now() }));
    const waiting = await this.#run('pause', { scope, text, entry: this.#entry(note) });
    this.#endPausesAt(pause.until);
    return countReply.parse(waiting);
  }

  async #resume(scope: string, note: Note): Promise<number | null> {
    const going = countReply.parse(await this.#run('resume', { scope, entry: this.#entry(note) }));
    return going < 0 ? null : going;
  }

  /** Others look too, but not at the very moment. */
  #endPausesAt(until: number | null): void {
    if (until === null || until - Date.now() > longestTimer) return;
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        this.#run('endPauses', {}).catch((error: unknown) =>
          this.#log.warn({ error: String(error) }, 'a pause is over, but could not be ended yet'),
        );
      },
      Math.max(0, until - Date.now()),
    );
    timer.unref();
    this.#timers.add(timer);
  }

  async bump(guildId: string, id: string, by: string): ReturnType<Moderation['bump']> {
    return z.enum(['bumped', 'not_waiting', 'unknown']).parse(
      await this.#run('bump', {
        scope: checkedId(guildId),
        id: generationIdSchema.parse(id),
        entry: this.#entry({ guildId, actorId: by, action: 'bump', generationId: id }),
      }),
    );
  }

  async report({
    guildId,
    generationId,
    targetUserId,
    by,
    details,
  }: Parameters<Moderation['report']>[0]): Promise<ReportOutcome> {
    return reportReply.parse(
      await this.#run('report', {
        scope: checkedId(guildId),
        id: generationIdSchema.parse(generationId),
        user: checkedId(by),
        perHour: reportsPerHour,
        retention: recordRetention,
        log: this.#entry({ guildId, actorId: by, action: 'report', targetUserId, generationId, details }),
      }),
    );
  }

  async unreport(guildId: string, generationId: string, by: string): Promise<void> {
    const [scope, user, id] = [checkedId(guildId), checkedId(by), generationIdSchema.parse(generationId)];
    await this.#run('unreport', { scope, user, id });
  }

  async reports(guildId: string): Promise<Report[]> {
    const names = this.#names;
    const key = names.reports(checkedId(guildId));
    const ids = await this.#connection.zrevrange(key, 0, mostReports - 1);
    const whole = this.#connection.pipeline();
    for (const id of ids) whole.hgetall(names.reportsOf(id)).hget(names.record(id), 'lookedAt');
    const answered = (await whole.exec()) ?? [];
    const reporters = ids.map((_, index) => reportersReply.parse(answered[2 * index]?.[1]));
    const totals = new Map<string, number>();
    for (const who of reporters)
      for (const userId of Object.keys(who)) totals.set(userId, (totals.get(userId) ?? 0) + 1);
    const known = new Map((await this.#readable(ids)).map((generation) => [generation.id, generation]));
    const found = ids.flatMap((id, index): Report[] => {
      const generation = known.get(id);
      if (generation === undefined) return [];
      const by = Object.entries(reporters[index] ?? {})
        .map(([userId, at]) => ({ userId, at, reports: totals.get(userId) ?? 1 }))
        .sort((one, other) => one.at - other.at);
      const lookedAt = z.coerce
        .number()
        .nullable()
        .parse(answered[2 * index + 1]?.[1] ?? null);
      return [{ generation, lookedAt, by }];
    });
    const isOpen = ({ generation }: Report) => generation.hiddenAt !== null && generation.deletedAt === null;
    return [...found.filter(isOpen), ...found.filter((report) => !isOpen(report))];
  }

  async block(guildId: string, block: Block): Promise<void> {
    await addBlock(this.#connection, this.#names, checkedId(guildId), block);
  }

  async unblock(guildId: string, generationId: string, by: string): Promise<boolean> {
    const id = generationIdSchema.parse(generationId);
    const there = await removeBlock(this.#connection, this.#names, checkedId(guildId), id);
    if (there) await this.log(this.#note({ guildId, actorId: by, action: 'unblock', generationId: id }));
    return there;
  }

  async blocks(guildId: string): Promise<Block[]> {
    return readBlocks(this.#connection, this.#names, checkedId(guildId));
  }

  async stats(guildId: string): Promise<GuildStats> {
    const names = this.#names;
    const now = Date.now();
    const guild = checkedId(guildId);
    const [openIds, endedIds] = await Promise.all([
      this.#connection.zinter(2, names.open, names.indexOfGuild(guild)),
      this.#connection.zrange(names.finished(guild), String(now - day), String(now), 'BYSCORE'),
    ]);
    const [open, ended] = await Promise.all([this.#readable(openIds), this.#readable(endedIds)]);
    return statsOf(open, ended, now);
  }

  async workers(): Promise<WorkerState[]> {
    const { machines } = this.#names;
    const states: WorkerState[] = [];
    for (const [id, text] of Object.entries(await this.#connection.hgetall(machines))) {
      const said = machineSchema.safeParse(JSON.parse(text));
      if (!said.success) continue;
      const { models, device, generation, at } = said.data;
      const alive = (await this.#connection.exists(this.#names.worker(id))) === 1;
      if (!alive && at < Date.now() - day) {
        await this.#connection.hdel(machines, id);
        continue;
      }
      const runningId = alive ? generation : null;
      states.push({ id, models, device, runningId, lastSeenAt: at, alive });
    }
    return states.sort((left, right) => left.id.localeCompare(right.id));
  }

  async retryFailed(by: string, options: Parameters<Moderation['retryFailed']>[1]): Promise<string[]> {
    const { id, code, limit } = options;
    const now = Date.now();
    const ids = await this.#connection.zrange(
      this.#names.finished(null),
      String(now - day),
      String(now),
      'BYSCORE',
    );
    const wanted = id === undefined ? ids : ids.filter((other) => other === id);
    const retried: string[] = [];
    // Oldest first: who has waited longest is next.
    for (const generation of await this.#readable(wanted)) {
      if (retried.length >= limit) break;
      if (generation.status !== 'failed') continue;
      if (code !== undefined && generation.failure?.code !== code) continue;
      if (isUndelivered(generation)) {
        // It is made already. Whoever retries what failed for want of a machine does not mean it.
        if (id === undefined && code === undefined) continue;
        if (!(await this.#ledger.redeliver(generation.id))) continue;
        await this.#tickets.isDeliveryAlive(generation.id);
        await this.#tickets.addDelivery(generation.id);
        retried.push(generation.id);
        continue;
      }
      const next = retryOf(generation, this.#ulid(Date.now()));
      const accepted = await this.#ledger.acceptRetry(next);
      if (accepted === null) continue;
      // A crash in between leaves a record without a job, which `reconcile` gives one.
      await this.#tickets.addGeneration(next.id, next.request.model, accepted.level);
      await this.#ledger.settle(next.id, next.request.model);
      retried.push(next.id);
    }
    const details = { retried: retried.length, ...(code === undefined ? {} : { code }) };
    if (retried.length > 0) {
      await this.log(
        this.#note({ ...owners(by), action: 'retry_failed', generationId: id ?? null, details }),
      );
    }
    return retried;
  }

  async guildLeft(guildId: string): Promise<void> {
    const name = this.#names.settings(checkedId(guildId));
    // One that is counted down already is not given more time by another bot, or by a restart.
    if ((await this.#connection.pttl(name)) === -1) await this.#connection.pexpire(name, settingsOfLeft);
  }

  async guildsJoined(guildIds: readonly string[]): Promise<void> {
    const names = guildIds.map((guildId) => this.#names.settings(checkedId(guildId)));
    await Promise.all(names.map((name) => this.#connection.persist(name)));
  }

  async guildsWithSettings(): Promise<string[]> {
    const pattern = this.#names.settings('*');
    const [before = '', after = ''] = pattern.split('*');
    const found = new Set<string>();
    let cursor = '0';
    do {
      const [next, keys] = await this.#connection.scan(cursor, 'MATCH', pattern, 'COUNT', 1000);
      for (const key of keys) found.add(key.slice(before.length, key.length - after.length));
      cursor = next;
    } while (cursor !== '0');
    return [...found];
  }

  async #readable(ids: readonly string[]): Promise<Generation[]> {
    return readableRecords({ connection: this.#connection, ledger: this.#ledger, log: this.#log }, ids);
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.all([...this.#watching].map(async (watching) => watching.close()));
    await this.#tickets.close().catch(() => undefined);
    closeConnection(this.#connection);
  }

  async #run(command: string, input: object): Promise<unknown> {
    return runScript(this.#connection, this.#names.prefix, command, { now: Date.now(), ...input });
  }

  #note(note: Note): NewAuditEntry {
    return { targetUserId: null, generationId: null, reason: null, details: {}, ...note };
  }

  /** An entry as the script writes it. */
  #entry(note: Note): { key: string; id: string; text: string } {
    const at = Date.now();
    const entry = auditEntrySchema.parse({ ...this.#note(note), id: this.#ulid(at), at });
    return { key: this.#names.auditOf(entry.guildId), id: entry.id, text: JSON.stringify(entry) };
  }
}

const idLength = 26;

function owners(actorId: string): { guildId: null; actorId: string } {
  return { guildId: null, actorId };
}

/** Ids become parts of names in Redis: nothing else may. */
function checkedId(id: string): string {
  return snowflakeSchema.parse(id);
}

function parseSettings(text: string | null | undefined): GuildSettings {
  return text === null || text === undefined ? newGuild : guildSettingsSchema.parse(JSON.parse(text));
}

const newDeployment: DeploymentSettings = {
  version: 1,
  limits: { waiting: null, gpuSecondsPerDay: null, cooldownSeconds: null },
  budgetGpuSecondsPerDay: null,
  label: true,
  filters: [],
  allowed: { guilds: [], people: [] },
};

function parseDeployment(text: string | null | undefined): DeploymentSettings {
  return text === null || text === undefined
    ? newDeployment
    : deploymentSettingsSchema.parse(JSON.parse(text));
}

/** As the queue sees it when it accepts; asked before, so that nobody waits for a refusal. */
function unlistedIn(
  { allowed: { guilds, people } }: DeploymentSettings,
  { userId, guildId }: { readonly userId: string; readonly guildId: string | null },
): Admission['unlisted'] {
  if (people.includes(userId)) return null;
  if (guilds.length > 0) return guildId !== null && guilds.includes(guildId) ? null : 'server';
  return people.length > 0 ? 'person' : null;
}

function parseEntry(message: string): AuditEntry | null {
  try {
    return auditEntrySchema.safeParse(JSON.parse(message)).data ?? null;
  } catch {
    return null;
  }
}

/** A pause or a ban that has not ended by itself. */
function standing<T extends { readonly until: number | null }>(
  schema: z.ZodType<T>,
  text: string | null | undefined,
  now: number,
): T | null {
  if (text === null || text === undefined) return null;
  const value = schema.parse(JSON.parse(text));
  return value.until !== null && value.until <= now ? null : value;
}

async function answers(commands: ChainableCommander): Promise<(string | null | undefined)[]> {
  const results = (await commands.exec()) ?? [];
  return results.map(([error, value]) => {
    if (error !== null) throw error;
    return typeof value === 'string' ? value : null;
  });
}
