import type { GenerateSettings } from '../config/generate.ts';
import { defaultLabelStyle } from '../marking/label.ts';
import type {
  Generation,
  Lineage,
  NewGeneration,
  QueuePosition,
  ReplyTarget,
} from '../queue/contract/generation.ts';
import type { Admission, Moderation } from '../queue/moderation/moderation.ts';
import type { GenerationQueue } from '../queue/interfaces.ts';
import { isUncertain, reachable } from '../queue/reachable.ts';
import { Refusal } from '../refusal.ts';
import type { Prints } from '../queue/moderation/blocked-inputs.ts';
import { findBlocked } from './blocked.ts';
import { languageOf } from '../text/texts.ts';
import type { Advice, GivenFiles, Intake, TakenFiles } from './intake.ts';
import { buildRequest, workOf } from './request.ts';
import type { Choices } from './request.ts';

/** What somebody asks for, whichever way they came. */
export interface Order {
  /** of the generation to be */
  readonly id: string;
  readonly userId: string;
  readonly guildId: string | null;
  /** BCP 47, for every later message */
  readonly locale: string;
  readonly choices: Choices;
  readonly files: GivenFiles;
  /** the largest video that may come of it, in bytes */
  readonly limitBytes: number;
  readonly reply: ReplyTarget;
  /** the generation that is run again, and what is different */
  readonly parentId?: string | undefined;
  readonly lineage?: Lineage | undefined;
  /** limits that are checked when it is accepted */
  readonly admission?: Pick<Admission, 'limits' | 'queueLength' | 'label'> | undefined;
}

export interface Accepted {
  readonly generation: Generation;
  readonly advice: readonly Advice[];
}

export interface Takers {
  readonly settings: GenerateSettings;
  readonly queue: Pick<GenerationQueue, 'accept' | 'estimate'>;
  readonly intake: Intake;
  /** who knows what is blocked in a server; what comes over the API is asked for in none */
  readonly moderation?: Pick<Moderation, 'blocks'>;
  /** aborts when the process stops: what was not accepted by then never will be */
  readonly stopping: AbortSignal;
}

/**
 * Reads the files and hands the request to the queue. Until that has happened, nothing is accepted. The one way from files and
 * options to a record, for Discord and the HTTP API alike. Of a request that is not accepted no file stays in the store.
 *
 * @throws Failure about a file, with its `option`, or `queue_unreachable`
 */
export async function acceptRequest(order: Order, takers: Takers): Promise<Accepted> {
  const { queue, intake, settings, stopping } = takers;
  try {
    const taken = await intake.take(order.id, order.files, stopping, longestFor(order.admission, settings));
    await requireUnblocked(order.guildId, taken.prints, takers.moderation);
    const { draft } = await drafted(order, taken, takers);
    const generation = await reachable(queue.accept(draft, order.admission));
    return { generation, advice: taken.advice };
  } catch (error) {
    // What may be accepted after all needs its files. Nobody else's are kept, and no store that is away hides why.
    if (!isUncertain(error)) await intake.discard(order.id).catch(() => undefined);
    throw error;
  }
}

/** @throws Refusal for what somebody says shows them, or is their voice, and may not be used there */
async function requireUnblocked(
  guildId: string | null,
  prints: Prints,
  moderation: Takers['moderation'],
): Promise<void> {
  if (guildId === null || moderation === undefined) return;
  const blocked = findBlocked(prints, await reachable(moderation.blocks(guildId)));
  if (blocked === null) return;
  throw blocked.kind === 'sound'
    ? new Refusal('refused.blocked_sound')
    : new Refusal('refused.blocked_picture', { number: blocked.number });
}

/** What would become of an order now. */
export interface Estimated {
  readonly draft: NewGeneration;
  /** its place and times, if it were accepted now */
  readonly position: QueuePosition;
}

/**
 * A dry run: what {@link acceptRequest} would accept now, its price and its wait. Nothing is queued.
 *
 * @param taken what the files are, or are said to be
 * @throws as {@link acceptRequest}, also for limits
 */
export async function estimate(
  order: Order & { readonly admission: NonNullable<Order['admission']> },
  taken: TakenFiles,
  takers: Pick<Takers, 'settings'> & {
    readonly queue: Pick<GenerationQueue, 'estimate' | 'requireAcceptable' | 'forecast'>;
  },
): Promise<Estimated> {
  const { draft, guess } = await drafted(order, taken, takers);
  const { queue } = takers;
  await reachable(queue.requireAcceptable(draft, order.admission));
  const { userId, guildId, costSeconds, request } = draft;
  const position = await reachable(queue.forecast(userId, request.model, costSeconds, { guildId, guess }));
  return { draft, position };
}

async function drafted(
  order: Order,
  taken: TakenFiles,
  { settings, queue }: Pick<Takers, 'settings'> & { readonly queue: Pick<GenerationQueue, 'estimate'> },
): Promise<{ draft: NewGeneration; guess: boolean }> {
  const { id, userId, guildId, locale, reply, choices, limitBytes, parentId = null, lineage } = order;
  const style = order.admission === undefined ? defaultLabelStyle : order.admission.label;
  const label = style === null ? null : { ...style, language: languageOf(locale) };
  const request = { ...buildRequest(choices, taken, settings, limitBytes), label };
  const work = workOf(request, settings.preset(choices.preset, choices.shape), settings);
  const { seconds: costSeconds, guess } = await reachable(queue.estimate(work));
  return { draft: { id, userId, guildId, locale, reply, parentId, lineage, request, costSeconds }, guess };
}

/** The longest video that somebody may have, in seconds. */
export function longestFor(
  admission: { readonly limits: Pick<Admission['limits'], 'videoSeconds'> } | undefined,
  { length }: Pick<GenerateSettings, 'length'>,
): number {
  return Math.min(admission?.limits.videoSeconds ?? length.default, length.maximum);
}
