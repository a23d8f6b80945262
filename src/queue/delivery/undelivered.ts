import type { Generation, NewGeneration } from '../contract/generation.ts';
import { newGenerationSchema } from '../contract/record.ts';

/** Whether the video is there and has not reached its person, because Discord did not take it: not where the store had lost it. */
export function isUndelivered({ status, result, failure, deletedAt }: Generation): boolean {
  return (
    status === 'failed' && result !== null && deletedAt === null && failure?.identifier !== 'files_expired'
  );
}

/** The request of a failed generation as a new one: same person, same files, a record of its own. */
export function retryOf(failed: Generation, id: string): NewGeneration & { readonly parentId: string } {
  const { reply } = failed;
  const draft = newGenerationSchema.strip().parse({
    ...failed,
    id,
    parentId: failed.id,
    // The parent's messages stay the parent's: one message belongs to one generation.
    reply: {
      ...reply,
      ...{ statusMessageId: null, finalChannelId: null, finalMessageId: null, finalIsSmaller: false },
      ...{ interactionToken: null, tokenExpiresAt: null },
    },
  });
  return { ...draft, parentId: failed.id };
}
