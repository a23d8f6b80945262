import { randomUUID } from 'node:crypto';
import { ulid } from 'ulid';
import type { Logger } from '../log.ts';
import { decide } from './policy.ts';
import type { Pod, Rules } from './policy.ts';
import { ProviderError } from './provider.ts';
import type { GpuProvider, Machine, Offer } from './provider.ts';
import { costByDay, spentAt } from './spending.ts';
import type { GpuPod, Gpus } from '../queue/rented-gpus.ts';

/** What the queue says of itself: never a list of our own. */
export interface QueueView {
  /** what waits and is not held, over all models */
  waiting(): Promise<{ readonly count: number; readonly seconds: number }>;
  /** workers that take jobs now, by the name they give themselves */
  workers(): Promise<readonly { readonly id: string; readonly isBusy: boolean }[]>;
}

export interface ScalerParts {
  readonly provider: GpuProvider;
  /** for people: `runpod`, `command` */
  readonly providerName: string;
  readonly state: Gpus;
  readonly queue: QueueView;
  readonly rules: Rules;
  /** what our machines' names begin with: of two deployments on one account each knows its own */
  readonly namePrefix: string;
  readonly log: Logger;
  readonly now: () => number;
}

/** A name that the provider does not know after this is not there: the answer that was lost was a no, or the machine is gone. */
const unknownAfter = 3 * 60_000;
/** The second failure in a row waits twice as long as the first, and so on, up to the last. */
const backOffSeconds = { first: 30, last: 900 } as const;

/**
 * Starts and stops rented GPUs. `look` is one look at everything, and what follows from it; it may be called by several
 * processes, of which one acts.
 */
export class Scaler {
  readonly #parts: ScalerParts;
  readonly #self = randomUUID();

  constructor(parts: ScalerParts) {
    this.#parts = parts;
  }

  /**
   * @returns false when another process leads
   * @throws Error when Redis cannot be reached; what the provider refuses is logged, shown and tried again
   */
  async look(): Promise<boolean> {
    const { state, provider, queue, rules, now } = this.#parts;
    if (!(await this.#lead())) return false;
    const problems: string[] = [];
    const attempt = async <T>(work: () => Promise<T>): Promise<T | null> => {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof ProviderError)) throw error;
        problems.push(error.message);
        this.#parts.log.warn({ problem: error.problem, reason: error.message }, 'the GPU provider');
        return null;
      }
    };

    const known = await state.pods();
    const machines = known.length === 0 ? [] : await attempt(() => provider.list(known));
    const [waiting, workers] = await Promise.all([queue.waiting(), queue.workers()]);
    const pods = await this.#follow(known, machines, workers);
    await this.#grant(pods, attempt);
    for (const pod of pods) if (pod.ending !== null) await this.#end(pod, attempt);

    const staying = pods.filter(({ ending }) => ending === null);
    const isNeeded = waiting.count > 0 && staying.length < rules.maximumPods;
    const offers = isNeeded ? ((await attempt(() => provider.offers())) ?? []) : [];
    const backOff = await state.backOff();
    const spent = spentAt(await state.ledger(), now());
    const ours = new Set(pods.map(({ name }) => name));
    const busy = new Set(workers.filter(({ isBusy }) => isBusy).map(({ id }) => id));
    const decision = decide(
      {
        now: now(),
        pods: pods.map((pod) => viewOf(pod, busy)),
        otherWorkers: workers.filter(({ id }) => !ours.has(id)).length,
        waiting,
        spent,
        offers,
        backOffUntil: backOff.until,
      },
      rules,
    );
    for (const action of decision.actions) {
      if (action.do === 'start') await this.#start(action.offer, false, attempt);
      else {
        const pod = pods.find(({ name }) => name === action.name);
        if (pod === undefined || pod.ending !== null) continue;
        await this.#end({ ...pod, ending: action.because }, attempt);
      }
    }
    await this.#publish(decision.hindrance, problems);
    return true;
  }

  /** Takes the lead or keeps it, for longer than one question to a provider may take. @returns whether it has it */
  async #lead(): Promise<boolean> {
    const { state, rules } = this.#parts;
    return await state.lead(this.#self, rules.tickSeconds * 4000);
  }

  /** Lets another process lead at once. What is running goes on. */
  async close(): Promise<void> {
    await this.#parts.state.yield(this.#self);
  }

  /** Brings what is known of each machine up to now: paid for, ready, busy, gone. */
  async #follow(
    known: readonly GpuPod[],
    machines: readonly Machine[] | null,
    workers: Awaited<ReturnType<QueueView['workers']>>,
  ): Promise<GpuPod[]> {
    const { state, now, log } = this.#parts;
    const pods: GpuPod[] = [];
    for (const pod of known) {
      const at = now();
      const machine = machines?.find(({ name }) => name === pod.name);
      const worker = workers.find(({ id }) => id === pod.name);
      const next: GpuPod = { ...pod, id: machine?.id ?? pod.id };
      if (worker !== undefined && pod.readyAt === null) {
        next.readyAt = at;
        next.busyAt = at;
        await state.rememberStart((at - pod.askedAt) / 1000);
        log.info({ pod: pod.name, seconds: Math.round((at - pod.askedAt) / 1000) }, 'a GPU takes jobs');
      }
      if (worker?.isBusy === true) next.busyAt = at;
      // Without an answer of the provider's it may still run: it is charged as if it did.
      const gone = machines !== null && (machine === undefined || machine.state === 'ended');
      // Asked for a moment ago, it may not be in the list yet, whether or not its making was answered.
      const isAwaited = pod.id === null || (pod.readyAt === null && pod.ending === null);
      const isNew = isAwaited && at - pod.askedAt < unknownAfter;
      const unknown = gone && machine === undefined && isNew;
      next.chargedUntil = at;
      await state.charge(next, costByDay(pod.chargedUntil, at, pod.pricePerHour));
      if (!gone || unknown) {
        pods.push(next);
      } else if (machine === undefined) {
        await state.forget(pod.name);
        if (pod.ending === null) log.warn({ pod: pod.name }, 'a GPU is gone, and nobody here ended it');
      } else {
        // It stands there stopped: it is taken away, so that nothing of it costs.
        pods.push({ ...next, pricePerHour: 0, ending: pod.ending ?? 'idle' });
      }
    }
    return pods;
  }

  /** Does what owners asked for by hand. */
  async #grant(pods: GpuPod[], attempt: Attempt): Promise<void> {
    const { state, provider, rules } = this.#parts;
    for (let wish = await state.nextWish(); wish !== null; wish = await state.nextWish()) {
      if ('stop' in wish) {
        const { stop } = wish;
        const index = pods.findIndex(({ name }) => name === stop);
        const pod = pods[index];
        if (pod !== undefined) pods[index] = { ...pod, ending: 'by_hand' };
        continue;
      }
      if (pods.length >= rules.maximumPods) continue;
      const [offer] = (await attempt(() => provider.offers())) ?? [];
      const started = offer === undefined ? null : await this.#start(offer, true, attempt);
      if (started !== null) pods.push(started);
    }
  }

  async #start(offer: Offer, byHand: boolean, attempt: Attempt): Promise<GpuPod | null> {
    const { state, provider, now, log, namePrefix } = this.#parts;
    // A provider that was slow to answer may have cost the lead: whoever has it now may have started one already.
    if (!(await this.#lead())) return null;
    const at = now();
    const pod: GpuPod = {
      version: 1,
      name: `${namePrefix}-${ulid(at).toLowerCase()}`,
      id: null,
      kind: offer.kind,
      pricePerHour: offer.pricePerHour,
      askedAt: at,
      readyAt: null,
      busyAt: at,
      chargedUntil: at,
      byHand,
      ending: null,
    };
    // Before it is asked for: whoever dies in between finds the name, and asks the provider what became of it.
    await state.save(pod);
    let problem: ProviderError | undefined;
    const machine = await attempt(async () => {
      try {
        return await provider.start(pod.name, offer);
      } catch (error) {
        if (error instanceof ProviderError) problem = error;
        throw error;
      }
    });
    if (machine !== null) {
      const started = { ...pod, id: machine.id, pricePerHour: machine.pricePerHour };
      await state.save(started);
      await state.setBackOff(0, 0);
      log.info({ pod: pod.name, kind: offer.kind, pricePerHour: machine.pricePerHour }, 'a GPU is started');
      return started;
    }
    await this.#backOff(problem?.retryAfterSeconds);
    if (problem?.problem === 'unanswered') return pod;
    await state.forget(pod.name);
    return null;
  }

  async #backOff(retryAfterSeconds: number | undefined): Promise<void> {
    const { state, now } = this.#parts;
    const { failures } = await state.backOff();
    const usual = Math.min(backOffSeconds.first * 2 ** failures, backOffSeconds.last);
    await state.countFailure();
    await state.setBackOff(now() + Math.max(usual, retryAfterSeconds ?? 0) * 1000, failures + 1);
  }

  /** Ends a machine, and notes before that it is to end: whoever comes after asks again until it is gone. */
  async #end(pod: GpuPod, attempt: Attempt): Promise<void> {
    const { state, provider, log } = this.#parts;
    const before = (await state.pods()).find(({ name }) => name === pod.name);
    if (before?.ending !== pod.ending || before.pricePerHour !== pod.pricePerHour) await state.save(pod);
    if (before?.ending !== pod.ending) {
      const fields = { pod: pod.name, because: pod.ending };
      if (pod.ending === 'never_ready') {
        log.error(
          fields,
          'a GPU did not take jobs in its time, and is ended: look at its log at the provider',
        );
        await this.#backOff(undefined);
      } else log.info(fields, 'a GPU is ended');
    }
    // Without an id it may not exist yet; the next look knows.
    const { id } = pod;
    if (id !== null) await attempt(() => provider.stop(id, pod.name));
  }

  async #publish(hindrance: string | null, problems: readonly string[]): Promise<void> {
    const { state, rules, now, providerName } = this.#parts;
    await state.announceWaking(await state.pods(), rules.tickSeconds * 4000);
    const ledger = await state.ledger();
    await state.trimLedger([...ledger.keys()]);
    await state.publish({
      version: 1,
      at: now(),
      provider: providerName,
      hindrance,
      problem: problems.at(-1) ?? null,
      spent: spentAt(ledger, now()),
      caps: { today: finite(rules.dailyCap), month: finite(rules.monthlyCap) },
    });
  }
}

type Attempt = <T>(work: () => Promise<T>) => Promise<T | null>;

function viewOf(pod: GpuPod, busy: ReadonlySet<string>): Pod {
  return {
    name: pod.name,
    pricePerHour: pod.pricePerHour,
    askedAt: pod.askedAt,
    readyAt: pod.readyAt,
    busyAt: pod.busyAt,
    isBusy: busy.has(pod.name),
    isEnding: pod.ending !== null,
  };
}

function finite(amount: number): number | null {
  return Number.isFinite(amount) ? amount : null;
}
