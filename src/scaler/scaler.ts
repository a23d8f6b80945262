import { randomUUID } from 'node:crypto';
import { ulid } from 'ulid';
import type { Logger } from '../log.ts';
import { affordable, decide, keptReadyUntil } from './policy.ts';
import type { Pod, Rules, Situation } from './policy.ts';
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
  /** other providers by name, which end what was started before this one was chosen */
  readonly others: ReadonlyMap<string, GpuProvider>;
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
 * One that never took jobs was paid for all the same. A second one in a row is likely to be for nothing, too: the pause is as long as the
 * time that each is given, and doubles, up to this. One that an owner starts by hand does not wait.
 */
const unreadyPauseSeconds = 6 * 3600;
/** No provider is left alone for longer, whatever it asks for. */
const longestRetryAfterSeconds = 3600;
/** How long the list of a provider's that is behind itself may bring back what was believed gone: it is ours, and costs. */
const lostFor = 60 * 60_000;

/** Another process leads: what this one knows is old. */
class LeadLost extends Error {}

/**
 * Starts and stops rented GPUs. `look` is one look at everything, and what follows from it; it may be called by several
 * processes, of which one acts.
 */
export class Scaler {
  readonly #parts: ScalerParts;
  readonly #self = randomUUID();
  /** when the worker of each machine was last seen; after a restart all of them count as seen now */
  readonly #seen = new Map<string, number>();
  /** machines of other providers of which the log has been told */
  readonly #told = new Set<string>();

  constructor(parts: ScalerParts) {
    this.#parts = parts;
  }

  /**
   * @returns false when another process leads
   * @throws Error when Redis cannot be reached; what the provider refuses is logged, shown and tried again
   */
  async look(): Promise<boolean> {
    try {
      await this.#lookAsLeader();
      return true;
    } catch (error) {
      if (error instanceof LeadLost) return false;
      throw error;
    }
  }

  async #lookAsLeader(): Promise<void> {
    const { state, provider, queue, rules, now } = this.#parts;
    const problems: string[] = [];
    const attempt: Attempt = async (work) => {
      // Held for longer than any answer takes: nobody else asks the provider meanwhile.
      await this.#lead();
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof ProviderError)) throw error;
        problems.push(error.message);
        this.#parts.log.warn({ problem: error.problem, reason: error.message }, 'the GPU provider');
        return null;
      }
    };

    await this.#lead();
    const asked = await this.#ownPods();
    const lost = await this.#lost();
    const machines = asked.length + lost.length === 0 ? [] : await attempt(() => provider.list(asked));
    const [waiting, workers] = await Promise.all([queue.waiting(), queue.workers()]);
    await this.#lead();
    await this.#takeBack(lost, machines ?? []);
    // Read again: a process that stood still for a while must not write down what another one has changed since.
    const pods = await this.#follow(await this.#ownPods(), machines, workers);
    problems.push(...(await this.#endOthers(workers, attempt)));
    const spent = spentAt(await state.ledger(), now());
    const startSeconds = await state.expectedStartSeconds();
    await this.#grant(pods, { spent, startSeconds }, attempt);
    for (const pod of pods) if (pod.ending !== null) await this.#end(pod, attempt);

    const backOff = await state.backOff();
    const ours = new Set(pods.map(({ name }) => name));
    const busy = new Set(workers.filter(({ isBusy }) => isBusy).map(({ id }) => id));
    const situation = (offers: readonly Offer[]): Situation => ({
      now: now(),
      pods: pods.map((pod) => viewOf(pod, busy, this.#seen.get(pod.name) ?? now())),
      otherWorkers: workers.filter(({ id }) => !ours.has(id)).length,
      waiting,
      spent,
      offers,
      // From a time that has not come yet: the clock was set back, and nobody waits for it to catch up.
      backOffUntil: backOff.since > now() ? 0 : backOff.until,
      startSeconds,
      restUntil: backOff.restUntil,
    });
    let decision = decide(situation([]), rules);
    // Only then is it worth a question what could be had.
    if (decision.hindrance === 'no_offer') {
      decision = decide(situation((await attempt(() => provider.offers())) ?? []), rules);
    }
    for (const action of decision.actions) {
      if (action.do === 'start') await this.#startOne(action.offers, false, attempt);
      else {
        const pod = pods.find(({ name }) => name === action.name);
        if (pod === undefined || pod.ending !== null) continue;
        await this.#end({ ...pod, ending: action.because }, attempt);
      }
    }
    await this.#publish(decision.hindrance, problems, startSeconds);
  }

  /**
   * Takes the lead or keeps it, for longer than one question to a provider may take.
   *
   * @throws LeadLost when another process has it
   */
  async #lead(): Promise<void> {
    const { state, rules, provider, others } = this.#parts;
    const patience = Math.max(...[provider, ...others.values()].map((each) => each.patienceSeconds));
    const seconds = Math.max(rules.tickSeconds * 4, patience + rules.tickSeconds * 2);
    if (!(await state.lead(this.#self, seconds * 1000))) throw new LeadLost();
  }

  /** Keeps what a machine is now, and counts what it cost since it was last charged. */
  async #charge(pod: GpuPod, at: number): Promise<void> {
    const from = pod.chargedUntil;
    // A clock that was set back does not charge the same hour twice when it comes to it again.
    pod.chargedUntil = Math.max(at, from);
    await this.#parts.state.charge(pod, costByDay(from, at, pod.pricePerHour));
  }

  /** What the provider that is chosen started. */
  async #ownPods(): Promise<GpuPod[]> {
    return (await this.#parts.state.pods()).filter((pod) => this.#isOwn(pod));
  }

  #isOwn({ provider }: GpuPod): boolean {
    return provider === undefined || provider === this.#parts.providerName;
  }

  /**
   * Ends what another provider started before GPU_PROVIDER was changed: by that provider, where its variables are still there. Where they are not,
   * it stays on record, is charged, and the owners hear of it until one of them says that it is ended.
   *
   * @returns what could not be done, for people
   */
  async #endOthers(
    workers: Awaited<ReturnType<QueueView['workers']>>,
    attempt: Attempt,
  ): Promise<readonly string[]> {
    const { state, others, now, log } = this.#parts;
    const problems: string[] = [];
    for (const before of await state.pods()) {
      if (this.#isOwn(before)) continue;
      const at = now();
      const pod: GpuPod = { ...before };
      const other = others.get(before.provider ?? '');
      if (other !== undefined) pod.ending ??= 'other_provider';
      await this.#charge(pod, at);
      if (other === undefined) {
        const problem = `${pod.name} was started with GPU_PROVIDER=${pod.provider}, may run on, and cannot be ended here: end it there, then stop it here`;
        problems.push(problem);
        if (!this.#told.has(pod.name))
          log.error({ pod: pod.name, id: pod.id, provider: pod.provider }, problem);
        this.#told.add(pod.name);
        continue;
      }
      if (before.ending === null)
        log.warn(
          { pod: pod.name, because: pod.ending },
          'a GPU of the provider that was chosen before is ended',
        );
      const machines = await attempt(() => other.list([pod]));
      if (machines === null) continue;
      const machine = machines.find(({ name }) => name === pod.name);
      const isAlive = workers.some(({ id }) => id === pod.name);
      const isNew = pod.id === null && at - pod.askedAt < unknownAfter;
      if (machine !== undefined) await attempt(() => other.stop(machine.id, pod.name));
      else if (!isAlive && !isNew) await state.forget(pod.name);
    }
    return problems;
  }

  /** Lets another process lead at once. What is running goes on. */
  async close(): Promise<void> {
    await this.#parts.state.yield(this.#self);
  }

  /** What was believed gone not long ago. */
  async #lost(): Promise<readonly GpuPod[]> {
    const { state, now } = this.#parts;
    const lost = await state.lost();
    const old = lost.filter(({ lostAt }) => Math.abs(now() - lostAt) > lostFor);
    for (const { pod } of old) await state.giveUp(pod.name);
    return lost.filter((one) => !old.includes(one) && this.#isOwn(one.pod)).map(({ pod }) => pod);
  }

  /** One of ours that the provider shows again is ours again, with what it cost meanwhile; where its place is taken, it ends. */
  async #takeBack(lost: readonly GpuPod[], machines: readonly Machine[]): Promise<void> {
    const { state, rules, log } = this.#parts;
    for (const pod of lost) {
      const machine = machines.find(({ name }) => name === pod.name);
      if (machine === undefined) continue;
      const isTooMany = (await this.#ownPods()).length >= rules.maximumPods;
      await state.save({ ...pod, id: machine.id, ending: isTooMany ? 'idle' : null });
      await state.giveUp(pod.name);
      log.warn({ pod: pod.name }, 'a GPU that was believed gone is there');
    }
  }

  /** Brings what is known of each machine up to now: paid for, ready, busy, gone. */
  async #follow(
    known: readonly GpuPod[],
    machines: readonly Machine[] | null,
    workers: Awaited<ReturnType<QueueView['workers']>>,
  ): Promise<GpuPod[]> {
    const { state, now, log } = this.#parts;
    const pods: GpuPod[] = [];
    for (const name of this.#seen.keys()) {
      if (!known.some((pod) => pod.name === name)) this.#seen.delete(name);
    }
    for (const before of known) {
      const at = now();
      const pod = notAhead(before, at);
      const machine = machines?.find(({ name }) => name === pod.name);
      const worker = workers.find(({ id }) => id === pod.name);
      const next: GpuPod = { ...pod, id: machine?.id ?? pod.id };
      if (worker !== undefined && pod.readyAt === null) {
        next.readyAt = at;
        next.busyAt = at;
        await state.rememberStart((at - pod.askedAt) / 1000);
        await state.setBackOff({ unready: 0 });
        log.info({ pod: pod.name, seconds: Math.round((at - pod.askedAt) / 1000) }, 'a GPU takes jobs');
      }
      if (worker?.isBusy === true) next.busyAt = at;
      if (worker !== undefined || !this.#seen.has(pod.name)) this.#seen.set(pod.name, at);
      // Without an answer of the provider's it may still run: it is charged as if it did. One whose worker is alive does.
      const isAlive = worker !== undefined && pod.ending === null;
      const gone = !isAlive && machines !== null && (machine === undefined || machine.state === 'ended');
      // Asked for a moment ago, it may not be in the list yet, whether or not its making was answered.
      const isAwaited = pod.id === null || (pod.readyAt === null && pod.ending === null);
      const isNew = isAwaited && at - pod.askedAt < unknownAfter;
      const unknown = gone && machine === undefined && isNew;
      await this.#charge(next, at);
      if (!gone || unknown) {
        pods.push(next);
      } else if (machine === undefined) {
        if (pod.ending === null) {
          await state.lose(next, at);
          log.warn({ pod: pod.name }, 'a GPU is gone, and nobody here ended it');
        } else await state.forget(pod.name);
      } else {
        // It stands there stopped: it is taken away, so that nothing of it costs.
        pods.push({ ...next, pricePerHour: 0, ending: pod.ending ?? 'idle' });
      }
    }
    return pods;
  }

  /** Does what owners asked for by hand. The caps hold for them, too. */
  async #grant(
    pods: GpuPod[],
    { spent, startSeconds }: Pick<Situation, 'spent' | 'startSeconds'>,
    attempt: Attempt,
  ): Promise<void> {
    const { state, provider, rules, now } = this.#parts;
    for (let wish = await state.nextWish(); wish !== null; wish = await state.nextWish()) {
      if ('stop' in wish) {
        const { stop } = wish;
        const index = pods.findIndex(({ name }) => name === stop);
        const pod = pods[index];
        if (pod === undefined) {
          await this.#takeWordFor(stop);
          continue;
        }
        pods[index] = { ...pod, ending: 'by_hand' };
        // Whoever stops one in the hours in which one is kept ready does not want the next one in its place.
        await state.setBackOff({ restUntil: keptReadyUntil(now(), rules, startSeconds) ?? 0 });
        continue;
      }
      await state.setBackOff({ restUntil: 0 });
      if (pods.length >= rules.maximumPods) continue;
      const offers = (await attempt(() => provider.offers())) ?? [];
      const perHour = pods.reduce((sum, { pricePerHour }) => sum + pricePerHour, 0);
      const started = await this.#startOne(affordable(perHour, { offers, spent }, rules), true, attempt);
      if (started !== null) pods.push(started);
    }
  }

  /** An owner stops one that only another provider could end: it is ended there, and nobody asks for it any more. */
  async #takeWordFor(name: string): Promise<void> {
    const { state, others, log } = this.#parts;
    const pod = (await state.pods()).find((one) => one.name === name && !this.#isOwn(one));
    if (pod === undefined || others.has(pod.provider ?? '')) return;
    await state.forget(name);
    log.warn({ pod: name, provider: pod.provider }, 'a GPU of another provider is ended, as an owner says');
  }

  /** Starts one machine: the first of the offers that can really be had. */
  async #startOne(offers: readonly Offer[], byHand: boolean, attempt: Attempt): Promise<GpuPod | null> {
    let problem: ProviderError | undefined;
    for (const offer of offers) {
      const started = await this.#start(offer, byHand, attempt);
      if (!(started instanceof ProviderError)) return started;
      problem = started;
      if (problem.problem !== 'no_stock') break;
    }
    if (problem !== undefined) await this.#backOff(problem.retryAfterSeconds);
    return null;
  }

  /** @returns what was started, or may have been; a ProviderError where it surely was not */
  async #start(offer: Offer, byHand: boolean, attempt: Attempt): Promise<GpuPod | ProviderError> {
    const { state, provider, providerName, now, log, namePrefix } = this.#parts;
    // A provider that was slow to answer may have cost the lead: whoever has it now may have started one already.
    await this.#lead();
    const at = now();
    const pod: GpuPod = {
      version: 1,
      name: `${namePrefix}-${ulid(at).toLowerCase()}`,
      id: null,
      kind: offer.kind,
      provider: providerName,
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
      await state.setBackOff({ since: 0, until: 0, failures: 0 });
      log.info({ pod: pod.name, kind: offer.kind, pricePerHour: machine.pricePerHour }, 'a GPU is started');
      return started;
    }
    if (problem === undefined || problem.problem === 'unanswered') {
      await this.#backOff(problem?.retryAfterSeconds);
      return pod;
    }
    await state.forget(pod.name);
    return problem;
  }

  async #backOff(retryAfterSeconds: number | undefined): Promise<void> {
    const { failures } = await this.#parts.state.backOff();
    const usual = Math.min(backOffSeconds.first * 2 ** failures, backOffSeconds.last);
    const asked = Math.min(retryAfterSeconds ?? 0, longestRetryAfterSeconds);
    await this.#pause(Math.max(usual, asked), { failures: failures + 1 });
  }

  /** The pause after one that was paid for and never took jobs. */
  async #backOffUnready(): Promise<void> {
    const { unready } = await this.#parts.state.backOff();
    const { startTimeoutSeconds } = this.#parts.rules;
    const seconds =
      unready === 0
        ? backOffSeconds.first
        : Math.min(startTimeoutSeconds * 2 ** (unready - 1), unreadyPauseSeconds);
    await this.#pause(seconds, { unready: unready + 1 });
  }

  async #pause(seconds: number, counts: { failures: number } | { unready: number }): Promise<void> {
    const { state, now } = this.#parts;
    const since = now();
    await state.countFailure();
    await state.setBackOff({ since, until: since + seconds * 1000, ...counts });
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
        await this.#backOffUnready();
      } else log.info(fields, 'a GPU is ended');
    }
    // Without an id it may not exist yet; the next look knows.
    const { id } = pod;
    if (id !== null) await attempt(() => provider.stop(id, pod.name));
  }

  async #publish(hindrance: string | null, problems: readonly string[], startSeconds: number): Promise<void> {
    const { state, rules, now, providerName } = this.#parts;
    await state.announceWaking(await this.#ownPods(), rules.tickSeconds * 4000);
    const ledger = await state.ledger();
    await state.trimLedger([...ledger.keys()]);
    const readyUntil = keptReadyUntil(now(), rules, startSeconds);
    const { restUntil } = await state.backOff();
    await state.publish({
      version: 1,
      at: now(),
      provider: providerName,
      hindrance,
      problem: problems.at(-1) ?? null,
      spent: spentAt(ledger, now()),
      caps: { today: finite(rules.dailyCap), month: finite(rules.monthlyCap) },
      ready: readyUntil === null ? null : { until: readyUntil, rests: now() < restUntil },
    });
  }
}

type Attempt = <T>(work: () => Promise<T>) => Promise<T | null>;

/**
 * What is known of a machine, with nothing in it that lies ahead: a clock that was set back by a day must not give an idle one, or one that
 * never takes jobs, another day.
 */
function notAhead(pod: GpuPod, now: number): GpuPod {
  return {
    ...pod,
    askedAt: Math.min(pod.askedAt, now),
    readyAt: pod.readyAt === null ? null : Math.min(pod.readyAt, now),
    busyAt: Math.min(pod.busyAt, now),
  };
}

function viewOf(pod: GpuPod, busy: ReadonlySet<string>, seenAt: number): Pod {
  return {
    name: pod.name,
    pricePerHour: pod.pricePerHour,
    askedAt: pod.askedAt,
    readyAt: pod.readyAt,
    busyAt: pod.busyAt,
    isBusy: busy.has(pod.name),
    seenAt,
    isEnding: pod.ending !== null,
  };
}

function finite(amount: number): number | null {
  return Number.isFinite(amount) ? amount : null;
}
