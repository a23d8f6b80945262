/** Something that a person can put right or has to know; shown without a trace. */
export class ContainersError extends Error {
  override readonly name = 'ContainersError';
}

/** A check that did not hold; the others go on. */
export class CheckFailed extends Error {
  override readonly name = 'CheckFailed';
}
