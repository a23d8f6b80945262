import type { PostedFile } from './services.ts';

/** What of a message is looked at, as discord.js has it: of one that was forwarded, too, which has no more than these. */
interface Posted {
  readonly attachments?:
    | ReadonlyMap<
        string,
        {
          readonly url: string;
          readonly name: string;
          readonly size: number;
          readonly contentType: string | null;
        }
      >
    | undefined;
  readonly embeds?:
    readonly { readonly title: string | null; readonly video: { readonly url: string } | null }[] | undefined;
}

export interface PostedVideo extends PostedFile {
  readonly name: string;
}

/** Of these, Discord says what they are by their content or their name, and no video is among them; a GIF may have been made of one. */
const otherKinds = /^(?:image\/(?!gif)|(?:audio|text|font)\/)/;

/**
 * What may be a video on messages: attached files, those that are known to be one first, and videos that Discord shows for a link. A file may have
 * lost its kind with its name, so what nobody can tell is among them.
 */
export function videosOn(messages: readonly Posted[]): PostedVideo[] {
  const files = messages
    .flatMap(({ attachments }) => [...(attachments?.values() ?? [])])
    .filter(({ contentType }) => contentType === null || !otherKinds.test(contentType));
  const [videos, others] = [
    files.filter(({ contentType }) => contentType?.startsWith('video/') === true),
    files.filter(({ contentType }) => contentType?.startsWith('video/') !== true),
  ];
  const linked = messages
    .flatMap(({ embeds }) => embeds ?? [])
    .flatMap(({ title, video }) =>
      video === null ? [] : [{ url: video.url, name: title ?? nameIn(video.url), size: null }],
    );
  return [...videos, ...linked, ...others].map(({ url, name, size }) => ({ url, name, size }));
}

function nameIn(link: string): string {
  return URL.parse(link)?.pathname.split('/').at(-1) || link;
}
