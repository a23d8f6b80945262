/**
 * What nobody sees: white space, control and format characters, what Unicode says to leave out (Hangul fillers, variation selectors), and
 * two symbols that are drawn as nothing: the empty pattern of Braille and music's null note head.
 */
const invisible = /^[\s\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800\u{1d159}]*$/u;

/** All control characters but those that make lines and columns. */
const controls = /[^\P{Cc}\t\n\r]/gu;

/**
 * A prompt as a person meant it: without white space around it and control characters in it, and empty when there is nothing in it to be
 * seen. A control that is white space, too, goes on parting words.
 */
export function meantPrompt(given: string): string {
  if (invisible.test(given)) return '';
  const shown = given.replaceAll(controls, (one) => (/[\s\u0085]/u.test(one) ? ' ' : ''));
  return shown.trim();
}
