/**
 * What nobody sees: white space, control and format characters, what Unicode says to leave out (Hangul fillers, variation selectors), and
 * two symbols that are drawn as nothing: the empty pattern of Braille and music's null note head.
 */
const invisible = /^[\s\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800\u{1d159}]*$/u;

/** A prompt as a person meant it: without white space around it, and empty when there is nothing in it to be seen. */
export function meantPrompt(given: string): string {
  return invisible.test(given) ? '' : given.trim();
}
