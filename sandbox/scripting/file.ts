import { basename } from 'node:path';
import type { NewFile } from '../files.ts';

/** A file that a person attaches. */
export class ScenarioFile implements NewFile {
  readonly filename: string;
  readonly content: Buffer | string;
  readonly contentType: string | undefined;

  constructor(content: Buffer | string, filename: string, contentType: string | undefined) {
    this.content = content;
    this.filename = filename;
    this.contentType = contentType;
  }
}

/**
 * A file to attach.
 * @param content the bytes, or the path of a file on this machine
 * @param name as others see it; the last part of the path unless given
 * @param contentType as the person's client declares it; guessed from the name unless given
 */
export function file(content: Uint8Array | string, name?: string, contentType?: string): ScenarioFile {
  if (typeof content === 'string') return new ScenarioFile(content, name ?? basename(content), contentType);
  return new ScenarioFile(Buffer.from(content), name ?? 'unknown', contentType);
}
