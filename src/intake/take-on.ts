import type { GenerateSettings } from '../config/generate.ts';
import { Failure } from '../failure.ts';
import type { Generation, Lineage, ReplyTarget } from '../queue/contract.ts';
import { AcceptanceUnknown } from '../queue/ledger.ts';
import { LimitReached, NotAdmitted } from '../queue/moderation.ts';
import type { Admission } from '../queue/moderation.ts';
import type { GenerationQueue } from '../queue/queue.ts';
import { Refusal } from '../refusal.ts';
import type { Advice, GivenFiles, Intake } from './intake.ts';
import { buildRequest, workOf } from './request.ts';
import type { Choices } from './request.ts';

/** Identifier of the failure after which nobody knows whether the request was accepted. */
const uncertain = 'queue_uncertain';

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
  readonly admission?: Pick<Admission, 'limits' | 'queueLength'> | undefined;
}

export interface Accepted {
  readonly generation: Generation;
  readonly advice: readonly Advice[];
}

export interface Takers {
  readonly settings: GenerateSettings;
  readonly queue: Pick<GenerationQueue, 'accept' | 'estimateSeconds'>;
  readonly intake: Intake;
  /** aborts when the process stops: what was not accepted by then never will be */
  readonly stopping: AbortSignal;
}

/**
 * Reads the files and hands the request to the queue. Until that has happened, nothing is accepted. The one way from files and
 * options to a record, for Discord and the HTTP API alike. Of a request that is not accepted no file stays in the store.
 *
 * @throws Failure about a file, with its `option`, or `queue_unreachable`
 */
export async function takeOn(
  { choices, files, limitBytes, parentId, admission, ...order }: Order,
  { settings, queue, intake, stopping }: Takers,
): Promise<Accepted> {
  try {
    const taken = await intake.take(order.id, files, stopping, longestFor(admission, settings));
    const request = buildRequest(choices, taken, settings, limitBytes);
    const work = workOf(request, settings.preset(choices.preset, choices.shape), settings);
    const generation = await reachable(
      queue.accept(
        {
          ...order,
          parentId: parentId ?? null,
          request,
          costSeconds: await reachable(queue.estimateSeconds(work)),
        },
        admission,
      ),
    );
    return { generation, advice: taken.advice };
  } catch (error) {
    // What may be accepted after all needs its files. Nobody else's are kept, and no store that is away hides why.
    if (!isUncertain(error)) await intake.discard(order.id).catch(() => undefined);
    throw error;
  }
}

/** The longest video that somebody may have, in seconds. */
export function longestFor(
  admission: { readonly limits: Pick<Admission['limits'], 'videoSeconds'> } | undefined,
  { length }: Pick<GenerateSettings, 'length'>,
): number {
  return Math.min(admission?.limits.videoSeconds ?? length.default, length.maximum);
}

function isUncertain(error: unknown): boolean {
  return error instanceof Failure && error.identifier === uncertain;
}

/** Says that the queue is the trouble, and not the person's files. */
export async function reachable<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Failure || error instanceof Refusal) throw error;
    if (error instanceof LimitReached || error instanceof NotAdmitted) throw error;
    const identifier = error instanceof AcceptanceUnknown ? uncertain : 'queue_unreachable';
    throw new Failure('internal', identifier, {}, { cause: error });
  }
}
