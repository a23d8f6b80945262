import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { Failure } from '../failure.ts';
import type { Generation, GenerationResult } from '../queue/contract/generation.ts';
import { watchDisk } from './disk.ts';
import { observe, show } from './safe-metrics.ts';

/** From a draft on a fast card to a long clip at 720 lines on a slow one: seconds. */
const workBuckets = [1, 5, 10, 30, 60, 120, 300, 600, 1200, 2400, 4800];
const waitBuckets = [1, 10, 60, 300, 900, 1800, 3600, 7200, 14_400, 43_200];

/** What a worker counts. */
export class WorkerMetrics {
  readonly registry = new Registry();
  readonly #wait;
  readonly #run;
  readonly #stages;
  readonly #ended;
  readonly #peak;
  readonly #signatures;
  readonly #engineStarts;
  readonly #engineEnds;
  readonly #engineUp;

  constructor(dataDirectory: string) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    watchDisk(this.registry, dataDirectory);
    const byWork = ['model', 'preset'] as const;
    this.#wait = new Histogram({
      name: 'humo_wait_seconds',
      help: 'From the acceptance of a request to its first start on a worker',
      labelNames: byWork,
      buckets: waitBuckets,
      registers,
    });
    this.#run = new Histogram({
      name: 'humo_run_seconds',
      help: 'From the start on this worker to its end, whatever the end was',
      labelNames: byWork,
      buckets: workBuckets,
      registers,
    });
    this.#stages = new Histogram({
      name: 'humo_stage_seconds',
      help: 'Parts of a run: fetch, engineStart, engine (of it encode, denoise, decode), compress, store',
      labelNames: ['model', 'stage'],
      buckets: workBuckets,
      registers,
    });
    this.#ended = new Counter({
      name: 'humo_runs_total',
      help: 'Runs that ended on this worker, those that are tried again included; outcome is done or the code of the failure',
      labelNames: [...byWork, 'outcome'],
      registers,
    });
    this.#peak = new Gauge({
      name: 'humo_gpu_peak_gib',
      help: 'Most GPU memory that the last run of a model took, in GiB',
      labelNames: ['model'],
      registers,
    });
    this.#signatures = new Counter({
      name: 'humo_signatures_total',
      help: 'Videos by what became of their signature: signed, stamped (with a time stamp), unstamped (none could be had), failed, off',
      labelNames: ['outcome'],
      registers,
    });
    // Nothing increases from nowhere: without a first 0, the first failure would go unseen.
    this.#signatures.inc({ outcome: 'failed' }, 0);
    this.#engineStarts = new Counter({
      name: 'humo_engine_starts_total',
      help: 'Engines that became ready on this worker; the first one, and every replacement',
      registers,
    });
    this.#engineEnds = new Counter({
      name: 'humo_engine_crashes_total',
      help: 'Engines that ended without being asked to',
      registers,
    });
    this.#engineUp = new Gauge({
      name: 'humo_engine_up',
      help: '1 while an engine is loaded and ready',
      registers,
    });
  }

  engineReady(): void {
    this.#engineStarts.inc();
    this.#engineUp.set(1);
  }

  engineEnded(asked: boolean): void {
    if (!asked) this.#engineEnds.inc();
    this.#engineUp.set(0);
  }

  signature(outcome: string): void {
    this.#signatures.inc({ outcome });
  }

  stage(model: string, stage: string, seconds: number): void {
    observe(this.#stages, { model, stage }, seconds);
  }

  /** Counts one run around `work`, and lets through what it returns or throws. */
  async run(generation: Generation, work: () => Promise<GenerationResult>): Promise<GenerationResult> {
    const { model, preset } = generation.request;
    if (generation.attempts <= 1 && generation.startedAt !== null) {
      observe(this.#wait, { model, preset }, (generation.startedAt - generation.createdAt) / 1000);
    }
    const stop = this.#run.startTimer({ model, preset });
    try {
      const result = await work();
      this.#ended.inc({ model, preset, outcome: 'done' });
      if (result.peakGiB !== null) show(this.#peak, { model }, result.peakGiB);
      return result;
    } catch (error) {
      this.#ended.inc({ model, preset, outcome: error instanceof Failure ? error.code : 'internal' });
      throw error;
    } finally {
      stop();
    }
  }
}
