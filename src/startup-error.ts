/**
 * Something that only the people who run this can put right, and trying again does not. The message says all that has to be said.
 */
export class Unstartable extends Error {
  override readonly name = 'Unstartable';
}

/** Says first what the error is about: "connect ENOENT" alone helps nobody. */
export async function named(problem: string, check: Promise<void>): Promise<void> {
  try {
    await check;
  } catch (error) {
    if (error instanceof Unstartable) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${problem}: ${reason}`, { cause: error });
  }
}
