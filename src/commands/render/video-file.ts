import type { Generation } from '../../queue/contract/generation.ts';
import { plain } from '../../text/format.ts';
import { textsFor } from '../../text/texts.ts';
import type { SpokenFile } from '../support/services.ts';

/** https://discord.com/developers/docs/resources/message#attachment-object: of `description`, in characters */
const descriptionLimit = 1024;

/**
 * A video as it is uploaded: with a text that is read out to people who do not see it, and says that it is made with AI.
 *
 * @param prefix hides it behind a click: Discord goes by the file's name
 */
export function videoFile(generation: Generation, data: Buffer, prefix: '' | 'SPOILER_' = ''): SpokenFile {
  return {
    name: `${prefix}humo-${generation.id}.mp4`,
    data,
    contentType: 'video/mp4',
    description: alternativeText(generation),
  };
}

/** What a video is, and its prompt as far as it fits, in the language of the message. */
export function alternativeText({ locale, request, result }: Generation): string {
  const seconds = (result?.seconds ?? 0).toFixed(1).replace(/\.0$/, '');
  const say = (prompt: string) => textsFor(locale).say('result.alternative_text', { seconds, prompt });
  return say(plain(request.prompt, descriptionLimit - say('').length));
}
