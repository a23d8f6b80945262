import { expect, test } from 'vitest';
import { meantPrompt } from '../../../src/intake/prompt.ts';

test.each([
  '',
  ' \n',
  '\u200b\u200d',
  '\u3164',
  '\u115f\uffa0',
  '\u00ad\u2060',
  '\u2800',
  '\u{1d159}',
  '\ufe0f',
  '\u{e0041}',
  '\u202e',
  '\0',
  '\u0007\u0085',
])('%j has nothing to be seen in it', (prompt) => expect(meantPrompt(prompt)).toBe(''));

test.each([
  [' A woman speaks ', 'A woman speaks'],
  ['👩‍🚀', '👩‍🚀'],
  ['‏שלום', '‏שלום'],
  ['.', '.'],
  ['A wo\0man\u0007', 'A woman'],
  ['one\vtwo\u0085three', 'one two three'],
  ['one\r\n\ttwo', 'one\r\n\ttwo'],
])('%j is a prompt', (given, meant) => expect(meantPrompt(given)).toBe(meant));
