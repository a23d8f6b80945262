import { z } from 'zod';

/** What a person may use. `null` is no limit. */
export const limitsSchema = z.strictObject({
  /** generations that wait or run at a time, in this guild (or in direct messages) */
  waiting: z.number().int().min(1).max(1000).nullable(),
  /**
   * GPU seconds, by estimate when accepted and as measured when done, in any 24 hours, counted by when they were asked for. What
   * fails, is cancelled or cannot be delivered counts nothing
   */
  gpuSecondsPerDay: z.number().int().min(1).max(1_000_000).nullable(),
  /** seconds between two requests; one that failed or was cancelled is none */
  cooldownSeconds: z.number().int().min(1).max(86_400).nullable(),
  /** the longest video, in seconds; without, as long as `generate.yaml` says */
  videoSeconds: z.number().int().min(1).max(600).optional(),
  /** share of the queue beside others: with 2, each GPU second counts half */
  weight: z.number().min(0.1).max(10),
});
export type Limits = z.infer<typeof limitsSchema>;
