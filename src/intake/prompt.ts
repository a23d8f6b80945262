/** What nobody sees: white space, control and format characters, and what Unicode says to leave out (Hangul fillers, variation selectors). */
const invisible = /^[\s\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]*$/u;

/** A prompt as a person meant it: without white space around it, and empty when there is nothing in it to be seen. */
export function meantPrompt(given: string): string {
  return invisible.test(given) ? '' : given.trim();
}
