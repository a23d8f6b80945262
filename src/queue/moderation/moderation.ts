import { z } from 'zod';
import { storedSnowflakeSchema } from '../../snowflake.ts';
import type { ModelId } from '../../config/model-id.ts';
import { defaultLabelStyle, labelStyleSchema } from '../../marking/label.ts';
import type { LabelStyle } from '../../marking/label.ts';
import type { Block } from './blocked-inputs.ts';
import { limitsSchema } from './limits-schema.ts';
import type { Limits } from './limits-schema.ts';
import { generationIdSchema } from '../contract/generation.ts';
import type { Generation } from '../contract/generation.ts';
import { recordRetentionDays } from '../../retention.ts';

/** Everything that keeps order: limits, pauses, bans, filters, and who did what. One guild's never touches another's. */

const timestamp = z.number().int().nonnegative();

/** Words match as whole words whatever their case; patterns are regular expressions of the RE2 kind, which match in linear time. */
export const filterSchema = z.strictObject({
  id: z.string().min(1).max(26),
  kind: z.enum(['word', 'pattern']),
  text: z.string().min(1).max(200),
  addedBy: storedSnowflakeSchema,
  addedAt: timestamp,
});
export type Filter = z.infer<typeof filterSchema>;

export const mostFilters = 200;

export const guildSettingsSchema = z.strictObject({
  version: z.literal(1),
  /** for everyone, and more or less for who has a role; of several roles the most generous value counts */
  limits: z.strictObject({
    everyone: limitsSchema.partial(),
    roles: z.record(storedSnowflakeSchema, limitsSchema.partial()),
  }),
  /** most generations of the guild that wait at a time */
  queueLength: z.number().int().min(1).max(10_000).nullable(),
  /** whether a person may run another's result again */
  rerunOthers: z.boolean(),
  /** days for which inputs are kept, so that a result can be run again */
  keepInputsDays: z.number().int().min(1).max(recordRetentionDays),
  /** whether people confirm each time that they may use a picture or voice, and not once alone */
  askEachTime: z.boolean().default(false),
  /** how videos say that they are made with AI */
  label: labelStyleSchema.default(defaultLabelStyle),
  /** where the moderators' log is posted, too */
  logChannelId: storedSnowflakeSchema.nullable(),
  filters: z.array(filterSchema).max(mostFilters),
});
export type GuildSettings = z.infer<typeof guildSettingsSchema>;

/** Most servers, and most people, that owners list. */
export const mostListed = 1_000;

/** What owners set for the whole deployment. It comes on top of what a guild sets: the stricter one counts. */
export const deploymentSettingsSchema = z.strictObject({
  version: z.literal(1),
  /** of one person over all guilds and direct messages */
  limits: limitsSchema.omit({ weight: true }),
  /** GPU seconds of everybody together in 24 hours */
  budgetGpuSecondsPerDay: z.number().int().min(1).max(100_000_000).nullable(),
  /** whether videos say in a corner that they are made with AI */
  label: z.boolean().default(true),
  filters: z.array(filterSchema).max(mostFilters),
  /**
   * Who may ask. Without entries: everybody. With guilds only what is asked for there; with people only they, who may ask
   * everywhere; with both whoever is one or the other.
   */
  allowed: z.strictObject({
    guilds: z.array(storedSnowflakeSchema).max(mostListed),
    people: z.array(storedSnowflakeSchema).max(mostListed),
  }),
});
export type DeploymentSettings = z.infer<typeof deploymentSettingsSchema>;

export const pauseSchema = z.strictObject({
  by: storedSnowflakeSchema,
  reason: z.string().max(500).nullable(),
  since: timestamp,
  /** when it ends by itself; null: when somebody resumes */
  until: timestamp.nullable(),
});
export type Pause = z.infer<typeof pauseSchema>;

/** That nothing new is taken, as it is stored. */
export const drainSchema = z.strictObject({
  by: storedSnowflakeSchema,
  since: timestamp,
  message: z.string().max(500).nullable(),
});

export const banSchema = pauseSchema.extend({ userId: storedSnowflakeSchema });
export type Ban = z.infer<typeof banSchema>;

/** What keeps somebody out: of one server, or, by the owners' word, of everything. */
export type StandingBan = Ban & { readonly isEverywhere: boolean };

export const auditActions = [
  'cancel',
  'clear',
  'bump',
  'pause',
  'resume',
  'ban',
  'unban',
  'limits',
  'settings',
  'filter_add',
  'filter_remove',
  'log_channel',
  'delete_result',
  'report',
  'global_pause',
  'global_resume',
  'drain',
  'retry_failed',
  'maintenance',
  'allow',
  'marking',
  'unblock',
] as const;

/** Who did what, to whom, when and why. */
export const auditEntrySchema = z.strictObject({
  /** a ULID: sortable by time */
  id: generationIdSchema,
  at: timestamp,
  /** null: an owner's, on the whole deployment */
  guildId: storedSnowflakeSchema.nullable(),
  actorId: storedSnowflakeSchema,
  action: z.enum(auditActions),
  targetUserId: storedSnowflakeSchema.nullable(),
  generationId: generationIdSchema.nullable(),
  reason: z.string().max(500).nullable(),
  /** what the action was about: numbers and short words, never a prompt */
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;
export type NewAuditEntry = Omit<AuditEntry, 'id' | 'at'>;

/** Which limit a request met, and when it clears. */
export class LimitReached extends Error {
  override readonly name = 'LimitReached';
  readonly limit: 'waiting' | 'gpu_seconds' | 'cooldown' | 'queue_length' | 'budget';
  /** the owners' limit, over all guilds and direct messages */
  readonly isEverywhere: boolean;
  /** the limit's value */
  readonly value: number;
  /**
   * milliseconds since 1970; null when it clears with the next video that is done, and for GPU seconds when the request alone
   * needs more than `value`: then no waiting helps
   */
  readonly clearsAt: number | null;
  /** of GPU seconds: what counts of the last 24 hours, and what the request would add; null for other limits */
  readonly gpuSeconds: { readonly used: number; readonly needed: number } | null;

  constructor(
    limit: LimitReached['limit'],
    value: number,
    clearsAt: number | null,
    gpuSeconds: LimitReached['gpuSeconds'] = null,
    isEverywhere = false,
  ) {
    super(`limit ${limit} (${value}) reached`);
    this.limit = limit;
    this.value = value;
    this.clearsAt = clearsAt;
    this.gpuSeconds = gpuSeconds;
    this.isEverywhere = isEverywhere;
  }
}

/** What came between a look at the admission and the acceptance: a ban, the deployment takes nothing new, or the person was erased. */
export class NotAdmitted extends Error {
  override readonly name = 'NotAdmitted';
  readonly ban: StandingBan | null;
  readonly draining: { readonly message: string | null } | null;
  /** the owners let only some servers, or people, in */
  readonly unlisted: Admission['unlisted'];
  /** they asked before they had all that is stored of them erased */
  readonly isErased: boolean;

  constructor(
    ban: StandingBan | null,
    draining: NotAdmitted['draining'],
    unlisted: NotAdmitted['unlisted'] = null,
    isErased = false,
  ) {
    super(ban === null ? 'nothing is taken now, or not from there' : 'the person is banned');
    this.isErased = isErased;
    this.ban = ban;
    this.draining = draining;
    this.unlisted = unlisted;
  }
}

/** What stands between a person and the queue right now, and what they may use. */
export interface Admission {
  /** of the deployment, or of the guild */
  readonly ban: StandingBan | null;
  /** what the owners' lists leave out: the server (or direct messages), or the person; null: neither */
  readonly unlisted: 'server' | 'person' | null;
  /** of the guild: requests are taken, and wait until it ends */
  readonly pause: Pause | null;
  /** of the whole deployment: requests are taken, and wait */
  readonly globalPause: Pause | null;
  /** nothing is taken; `message` is the owners' word on it, or null */
  readonly draining: { readonly message: string | null } | null;
  /** shown with every answer while it stands */
  readonly maintenance: string | null;
  /** when a rented GPU that is being started is likely to take jobs, milliseconds since 1970; null: none is being started */
  readonly wakingUntil: number | null;
  /** what the machines take that are at work */
  readonly modelsAtWork: readonly ModelId[];
  readonly limits: Limits;
  readonly queueLength: number | null;
  /** of the guild: people confirm each time that they may use a picture or voice */
  readonly askEachTime: boolean;
  /** how a video says that it is made with AI; null: not in the picture, by choice of the owners */
  readonly label: LabelStyle | null;
}

export interface GuildStats {
  readonly waiting: number;
  readonly running: number;
  /** of the last 24 hours */
  readonly done: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly gpuSeconds: number;
  /** most GPU seconds first, at most ten */
  readonly people: readonly { readonly userId: string; readonly done: number; readonly gpuSeconds: number }[];
  /** median of the last 24 hours, from accepted to started; null without one */
  readonly medianWaitSeconds: number | null;
}

export interface WorkerState {
  readonly id: string;
  readonly models: readonly ModelId[];
  /** as the engine names it */
  readonly device: string | null;
  readonly runningId: string | null;
  /** milliseconds since 1970 */
  readonly lastSeenAt: number;
  readonly alive: boolean;
}

/** What became of a report. `hidden`: it is the first that stands, and hid the result; `counted`: it was hidden already. */
export type ReportOutcome = 'hidden' | 'counted' | 'repeated' | 'too_many' | 'banned' | 'looked_at' | 'gone';

/** A result that people reported. */
export interface Report {
  readonly generation: Generation;
  /** a moderator has shown it again: it cannot be reported any more */
  readonly lookedAt: number | null;
  /** who reported it, the first one first; `reports`: how many results of this guild they reported in the last 30 days */
  readonly by: readonly { readonly userId: string; readonly at: number; readonly reports: number }[];
}

/** reports that one person may make in an hour, wherever */
export const reportsPerHour = 5;

/** What a person has used in the last 24 hours, and what waits or runs. */
export interface Use {
  readonly waiting: number;
  readonly gpuSeconds: number;
  /** when the last request was made that counts, milliseconds since 1970; null: none */
  readonly lastAt: number | null;
}

/** A person's use beside what they may use. */
export interface Allowance {
  readonly here: Use & { readonly limits: Limits };
  readonly everywhere: Use & { readonly limits: DeploymentSettings['limits'] };
  /** of the server; null where it may be as long as it likes */
  readonly queue: { readonly length: number; readonly waiting: number } | null;
  /** of everybody together; null without a budget */
  readonly budget: { readonly gpuSeconds: number; readonly used: number } | null;
}

/**
 * What moderators and owners do. What is done survives restarts and, where it belongs there, is in the audit log when it returns. Settings,
 * filters, bans, pauses, bumps, reports and announcements are one atomic step with their entry; lifting a block and running again what failed are
 * logged after they are done.
 */
export interface Moderation {
  /** what counts where a guild has set nothing, and in direct messages */
  readonly defaultLimits: Limits;

  /** `roleIds`: the person's roles in the guild; empty in direct messages */
  admission(person: {
    readonly userId: string;
    readonly guildId: string | null;
    readonly roleIds: readonly string[];
  }): Promise<Admission>;

  /** What a person has left, before they are refused. */
  allowance(person: {
    readonly userId: string;
    readonly guildId: string | null;
    readonly roleIds: readonly string[];
  }): Promise<Allowance>;

  /** The owners' settings for everything. */
  deployment(): Promise<DeploymentSettings>;
  changeDeployment(
    change: (settings: DeploymentSettings) => DeploymentSettings,
    entry: NewAuditEntry,
  ): Promise<DeploymentSettings>;

  guild(guildId: string): Promise<GuildSettings>;
  /** `entry` says in the log what was changed. */
  changeGuild(
    guildId: string,
    change: (settings: GuildSettings) => GuildSettings,
    entry: NewAuditEntry,
  ): Promise<GuildSettings>;

  /**
   * Holds the guild's waiting generations where they stand, and what comes in until it ends. What runs goes on, but is held, too, when a
   * worker gives it back. A pause that stands is replaced. `until`: it ends by itself then, whoever is there. @returns how many are held
   */
  pause(guildId: string, pause: Omit<Pause, 'since'>): Promise<number>;
  /** @returns how many go on, or null when nothing was paused */
  resume(guildId: string, by: string): Promise<number | null>;
  pauseOf(guildId: string): Promise<Pause | null>;

  /** `guildId` null: of the whole deployment, direct messages included */
  ban(guildId: string | null, ban: Omit<Ban, 'since'>): Promise<void>;
  unban(guildId: string | null, userId: string, by: string): Promise<boolean>;
  bans(guildId: string | null): Promise<Ban[]>;

  /**
   * Puts a waiting generation of this guild before the other waiting ones of this guild for the same model, by exchanging places among
   * them: in the queue as a whole nobody else's position changes. The places stay exchanged when one of them is cancelled.
   */
  bump(guildId: string, id: string, by: string): Promise<'bumped' | 'not_waiting' | 'unknown'>;

  /** @returns the first filter that the text meets: of the deployment, or of the guild */
  filtered(guildId: string | null, text: string): Promise<Filter | null>;
  /**
   * @throws Failure `invalid_input`: `filter_pattern` when a pattern cannot be understood (`pattern`, `reason`), `filter_pattern_size`
   *   when matching it would take too long (`size`, `maximum`), `filter_word` when a word has nothing to be seen, `filter_too_many`
   *   (`maximum`)
   */
  addFilter(guildId: string | null, filter: Pick<Filter, 'kind' | 'text'>, by: string): Promise<Filter>;
  removeFilter(guildId: string | null, filterId: string, by: string): Promise<Filter | null>;

  /** Logs what is not logged by the methods here (a cancel, a report). */
  log(entry: NewAuditEntry): Promise<AuditEntry>;
  /** Newest first. `guildId` null: the owners' own. */
  audit(filter: { guildId: string | null; limit: number; before?: string }): Promise<AuditEntry[]>;
  /** Hears every entry that any process writes from now on. */
  watchAudit(listener: (entry: AuditEntry) => void): Promise<{ close(): Promise<void> }>;

  /**
   * A person reports a result of this guild. The first report hides it and is in the log; none counts twice, and none once a moderator
   * has shown the result again.
   *
   * @param report.details of the log's entry
   */
  report(report: {
    readonly guildId: string;
    readonly generationId: string;
    readonly targetUserId: string | null;
    readonly by: string;
    readonly details: AuditEntry['details'];
    /** its record is no longer kept: the brakes are the same, and what hides it is up to the caller */
    readonly withoutRecord?: boolean;
  }): Promise<ReportOutcome>;
  /** What the first report could not do in Discord has not been reported. */
  unreport(guildId: string, generationId: string, by: string): Promise<void>;
  /** Reported in the last 30 days and still known: what nobody has looked at first, then the latest. */
  reports(guildId: string): Promise<Report[]>;

  /**
   * From now on these inputs are not taken in this guild. One for each result; who said so is in the log by the report.
   *
   * @returns false where a moderator has lifted what was blocked for this result
   */
  block(guildId: string, block: Block): Promise<boolean>;
  /** They are taken again, for good as far as this result goes. `by`: who says so, for the log. @returns whether they were not */
  unblock(guildId: string, generationId: string, by: string): Promise<boolean>;
  /** Newest first. */
  blocks(guildId: string): Promise<Block[]>;

  stats(guildId: string): Promise<GuildStats>;

  globalPause(pause: Omit<Pause, 'since'>): Promise<void>;
  globalResume(by: string): Promise<boolean>;
  globalPauseOf(): Promise<Pause | null>;
  /** Takes nothing new until it is ended; what waits and runs goes on. */
  drain(by: string, message: string | null): Promise<void>;
  endDrain(by: string): Promise<boolean>;
  maintenance(by: string, message: string | null): Promise<void>;
  /** Those that are alive, and those that fell silent in the last 24 hours. One that was stopped in order is not there. */
  workers(): Promise<WorkerState[]>;
  /**
   * Queues failed generations of the last 24 hours again, as the same person's, at no cost to their limits, whatever bans and
   * draining say. Each can be run again once; what then fails, too, is a failed generation like any other. The new record has
   * the parent's request, so its files are the parents': when they are no longer kept, it fails and says so. It has no
   * status message; the final message goes where the parent's would have gone.
   *
   * What was made and could not be delivered is delivered once more instead, under its own id, and only where it is named by its id or
   * code.
   *
   * @param options `id`: this one only; `code`: only failures with this code
   * @returns their new ids, and those of what is delivered once more
   */
  retryFailed(by: string, options: { id?: string; code?: string; limit: number }): Promise<string[]>;

  /**
   * The bot is no member of this guild any more: what is set there is forgotten after a month, unless it comes back. Bans and the log
   * stay: they are what moderators have noted of people.
   */
  guildLeft(guildId: string): Promise<void>;
  /** The bot is a member of these guilds (again): what is set there stays. */
  guildsJoined(guildIds: readonly string[]): Promise<void>;
  /** Guilds in which something is set. */
  guildsWithSettings(): Promise<string[]>;
}
