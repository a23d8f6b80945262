import { expect, test } from 'vitest';
import { requireVoice } from '../../../src/api/orders.ts';

const amy = { name: 'amy', language: 'en', region: 'GB', kind: 'woman' } as const;
const words = (voice: string | null, language: string | null = null) => ({
  audio: { words: 'Hello', voice, language, locale: 'en' },
});

test('a dry run names a voice or a language that nobody has, where it is known who can speak', () => {
  const failed = (...[voice, language]: Parameters<typeof words>) => {
    try {
      requireVoice(words(voice, language), [amy]);
      return null;
    } catch (error) {
      return error instanceof Error && 'identifier' in error ? error.identifier : error;
    }
  };
  expect([failed('nobody'), failed(null, 'zz')]).toEqual(['speech_voice', 'speech_language']);
  expect([failed('amy'), failed(null, 'en'), failed(null)]).toEqual([null, null, null]);
  expect(() => requireVoice(words('nobody'), [])).not.toThrow();
  expect(() => requireVoice({ audio: null }, [amy])).not.toThrow();
});
