/**
 * Whoever rents GPUs out. Four calls are all that the scaler needs, so that a further one is an afternoon's work: `runpod-provider.ts` and
 * `command-provider.ts` are the two there are.
 */
export interface GpuProvider {
  /** the longest that any call takes: whoever leads leads for longer than that */
  readonly patienceSeconds: number;
  /**
   * What could be started now, in the order of preference, none above its price cap. Empty: nothing is in stock.
   *
   * @throws ProviderError
   */
  offers(): Promise<readonly Offer[]>;
  /**
   * Starts one machine. Its worker calls itself `name`, by which the scaler knows it again in the queue.
   *
   * @throws ProviderError; with `unanswered` the machine may have been made all the same: `list` tells by its name
   */
  start(name: string, offer: Offer): Promise<Machine>;
  /**
   * Every machine of the account that is not ended, whoever started it.
   *
   * @param known what was started and not yet seen to be gone, by this process or one before it: a provider that has no list of its own
   *   goes by this
   * @throws ProviderError
   */
  list(known: readonly Known[]): Promise<readonly Machine[]>;
  /**
   * Ends what costs money. One that is gone already is no error.
   *
   * @throws ProviderError
   */
  stop(id: string, name: string): Promise<void>;
}

/** A machine that was asked for. */
export interface Known {
  readonly name: string;
  /** null: its start was not answered */
  readonly id: string | null;
}

/** A kind of GPU that can be had. */
export interface Offer {
  /** the provider's own name of it */
  readonly kind: string;
  /** US dollars */
  readonly pricePerHour: number;
}

export interface Machine {
  /** the provider's own */
  readonly id: string;
  readonly name: string;
  /** US dollars; 0 while it is stopped */
  readonly pricePerHour: number;
  /** `ended`: it stands there and does nothing, and starts no more by itself */
  readonly state: 'starting' | 'running' | 'ended';
}

/**
 * - `no_stock`: this kind cannot be had now; another one may
 * - `no_money`: the account is empty; nothing can be had
 * - `refused`: it will be refused again: a key, a right, a field
 * - `busy`: later; `retryAfterSeconds` says when, where the provider did
 * - `unanswered`: no answer came, or one that says nothing about whether it was done
 */
export type ProviderProblem = 'no_stock' | 'no_money' | 'refused' | 'busy' | 'unanswered';

/** Why a provider did not do what was asked. The message is for the log and the owner, and holds no secret. */
export class ProviderError extends Error {
  override name = 'ProviderError';
  readonly problem: ProviderProblem;
  readonly retryAfterSeconds: number | undefined;

  constructor(problem: ProviderProblem, message: string, options: { retryAfterSeconds?: number } = {}) {
    super(message);
    this.problem = problem;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}
