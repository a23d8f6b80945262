import { UnrecoverableError } from 'bullmq';
import type { Job } from 'bullmq';
import type { ModelId } from '../../config/model-id.ts';
import type { Logger } from '../../log.ts';
import type { GenerationStatus } from '../contract/generation.ts';
import type { Ticket, Tickets } from '../order/tickets.ts';
import type { Ledger } from '../redis/ledger.ts';

/** BullMQ priority of a job that was given back: before all others. */
const frontLevel = 1;
/** A job that only a newer program understands is left to it for this long. */
const notUnderstoodPause = 60_000;

/** A job of BullMQ's that this worker has fetched, held by `token` until it is given away in one of these ways. */
export class TakenJob {
  /** the generation's id */
  readonly id: string;
  readonly token: string;
  readonly model: ModelId;
  readonly #job: Job<Ticket, void>;
  readonly #parts: { readonly ledger: Ledger; readonly tickets: Tickets; readonly log: Logger };

  constructor(
    job: Job<Ticket, void>,
    token: string,
    model: ModelId,
    parts: { readonly ledger: Ledger; readonly tickets: Tickets; readonly log: Logger },
  ) {
    this.id = job.data.id;
    this.token = token;
    this.model = model;
    this.#job = job;
    this.#parts = parts;
  }

  /** @returns whether the job was still held, and now is for `milliseconds` more */
  async extendLock(milliseconds: number): Promise<boolean> {
    return (await this.#job.extendLock(this.token, milliseconds)) === 1;
  }

  /** Ends the job as its record ended. The delivery is added first: a crash between the two repeats a step, and drops none. */
  async end(status: GenerationStatus | 'gone'): Promise<void> {
    const { ledger, tickets, log } = this.#parts;
    switch (status) {
      case 'delivering':
      case 'cancelled':
      case 'failed':
        if (await ledger.awaitsDelivery(this.id)) await tickets.addDelivery(this.id);
        break;
      case 'delivered':
      case 'gone':
        break;
      case 'queued':
      case 'running':
        log.warn({ generationId: this.id, status }, 'another worker has taken the job');
        return;
    }
    // The full reason is in the record; BullMQ's list of failed jobs only gets a hint.
    if (status === 'failed')
      await this.#job.moveToFailed(new UnrecoverableError('see the record'), this.token, false);
    else await this.#job.moveToCompleted(undefined, this.token, false);
    log.info({ generationId: this.id, status }, 'job ended');
  }

  /** Puts the job before all others of its queue, after its record was given back and has the status that this said. */
  async putBack(status: GenerationStatus | 'gone' | 'held'): Promise<void> {
    // Taken from BullMQ in the same step that held it.
    if (status === 'held') return;
    if (status !== 'queued') {
      await this.end(status);
      return;
    }
    await this.#job.moveToWait(this.token);
    await this.#job.changePriority({ priority: frontLevel });
    await this.#parts.ledger.settle(this.id, this.model);
  }

  /** Leaves a job that this program does not understand to one that does, with all its tries. */
  async leaveToNewer(): Promise<void> {
    await this.#job.moveToDelayed(Date.now() + notUnderstoodPause, this.token);
  }
}
