import { createHmac, randomBytes } from 'node:crypto';
import { copyFile, open, stat, unlink, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Clock } from './clock.ts';
import { imageSize } from './image-size.ts';
import type { ImageSize } from './image-size.ts';
import type { AttachmentRecord } from './model.ts';
import type { Snowflakes } from './snowflake.ts';

/** How long a link to an attachment works. Observed, not documented: about a day. */
export const linkLifetime = 24 * 60 * 60 * 1000;

const contentTypes: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.heic': 'image/heic',
  '.avif': 'image/avif',
  '.mp3': 'audio/mpeg',
  '.wav': 'audio/wav',
  '.ogg': 'audio/ogg',
  '.flac': 'audio/flac',
  '.m4a': 'audio/mp4',
  '.mp4': 'video/mp4',
  '.webm': 'video/webm',
  '.mov': 'video/quicktime',
  '.txt': 'text/plain; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
};

export interface NewFile {
  readonly filename: string;
  /** the bytes, or a path whose content is copied */
  readonly content: Buffer | string;
  readonly contentType?: string | undefined;
  readonly description?: string | undefined;
  readonly durationSeconds?: number | undefined;
  readonly waveform?: string | undefined;
}

interface StoredFile {
  readonly diskPath: string;
  readonly size: number;
  readonly contentType: string | undefined;
}

/**
 * The bytes of all attachments, in a folder, up to a total size. Beyond it the oldest are forgotten, and their
 * links answer 404 as those of deleted messages do.
 */
export class AttachmentFiles {
  private readonly folder: string;
  private readonly clock: Clock;
  private readonly ids: Snowflakes;
  private readonly maximumBytes: number;
  private readonly key = randomBytes(32);
  private readonly stored = new Map<string, StoredFile>();
  private bytes = 0;

  /** @param folder an empty folder, which the caller removes @param maximumBytes total kept on disk */
  constructor(folder: string, clock: Clock, ids: Snowflakes, maximumBytes: number) {
    this.folder = folder;
    this.clock = clock;
    this.ids = ids;
    this.maximumBytes = maximumBytes;
  }

  /** @param owner the channel of an attachment, or the application of an ephemeral one: part of its path */
  async add(file: NewFile, owner: string, ephemeral: boolean): Promise<AttachmentRecord> {
    const id = this.ids.next();
    const diskPath = join(this.folder, id);
    if (typeof file.content === 'string') await copyFile(file.content, diskPath);
    else await writeFile(diskPath, file.content);
    const { size } = await stat(diskPath);
    const filename = safeName(file.filename);
    // A part without a type of its own arrives as octet-stream; then the name decides, as on Discord.
    const declared = file.contentType === 'application/octet-stream' ? undefined : file.contentType;
    const contentType = declared ?? contentTypes[extname(filename).toLowerCase()];
    const path = `/${ephemeral ? 'ephemeral-attachments' : 'attachments'}/${owner}/${id}/${filename}`;
    this.stored.set(path, { diskPath, size, contentType });
    this.bytes += size;
    await this.forgetOldest();
    const dimensions: ImageSize | undefined = contentType?.startsWith('image/')
      ? imageSize(typeof file.content === 'string' ? await head(diskPath) : file.content)
      : undefined;
    return {
      id,
      filename,
      size,
      contentType,
      description: file.description,
      width: dimensions?.width,
      height: dimensions?.height,
      durationSeconds: file.durationSeconds,
      waveform: file.waveform,
      path,
      ephemeral,
    };
  }

  /** The file behind a path, or undefined when it never was or was forgotten. */
  find(path: string): StoredFile | undefined {
    return this.stored.get(path);
  }

  /** The query that opens a path until a day from now. */
  sign(path: string): string {
    const issued = Math.floor(this.clock.now() / 1000);
    const expires = issued + linkLifetime / 1000;
    const [ex, is] = [expires.toString(16), issued.toString(16)];
    return `?ex=${ex}&is=${is}&hm=${this.mark(path, ex, is)}&`;
  }

  /** Whether a query opens a path now. */
  verify(path: string, query: URLSearchParams): boolean {
    const [ex, is, hm] = [query.get('ex') ?? '', query.get('is') ?? '', query.get('hm') ?? ''];
    return hm === this.mark(path, ex, is) && Number.parseInt(ex, 16) * 1000 > this.clock.now();
  }

  private mark(path: string, ex: string, is: string): string {
    return createHmac('sha256', this.key).update(`${path} ${ex} ${is}`).digest('hex');
  }

  private async forgetOldest(): Promise<void> {
    for (const [path, file] of this.stored) {
      if (this.bytes <= this.maximumBytes || this.stored.size === 1) return;
      this.stored.delete(path);
      this.bytes -= file.size;
      await unlink(file.diskPath);
    }
  }
}

/** Discord keeps letters, digits, dot, dash and underscore of a file's name. */
function safeName(name: string): string {
  const base = name.split(/[/\\]/).pop() ?? '';
  return base.replaceAll(/[^\p{L}\p{N}._-]+/gu, '_').replaceAll(/^\.+/g, '') || 'unknown';
}

async function head(path: string): Promise<Buffer> {
  await using handle = await open(path, 'r');
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(65_536), 0, 65_536, 0);
  return buffer.subarray(0, bytesRead);
}
