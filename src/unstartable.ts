/**
 * Something that only the people who run this can put right, and trying again does not. The message says all that has to be said.
 */
export class Unstartable extends Error {
  override readonly name = 'Unstartable';
}

/** From sysexits.h: a restart does not help against a wrong configuration. */
export const configurationExit = 78;
