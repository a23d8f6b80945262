import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { RenderedMessage } from '../commands/render/message.ts';
import { parseOwned } from '../commands/support/definition.ts';
import type { Owned } from '../commands/support/definition.ts';

/** Bytes of a signature: 22 characters, and 77 of the 100 that Discord allows for all of a `custom_id`. */
const signatureBytes = 16;

/**
 * Signs the `custom_id` of what belongs to a person, so that a message tells whose it is when nothing else does any more. The key
 * comes from the bot's token: whoever has that can write such messages anyway.
 */
export class Signatures {
  readonly #key: Buffer;
  #known: readonly Buffer[];

  constructor(token: string) {
    // RFC 5869: a key for this purpose alone.
    this.#key = Buffer.from(hkdfSync('sha256', token, '', 'humo: owner of a message', 32));
    this.#known = [this.#key];
  }

  /** The key, in base64; it says nothing of the token. */
  get key(): string {
    return this.#key.toString('base64');
  }

  /** Messages that were signed with these keys, those of tokens from before, count as well. @param keys in base64 */
  know(keys: readonly string[]): void {
    this.#known = [this.#key, ...keys.map((key) => Buffer.from(key, 'base64'))];
  }

  /** Completes every `custom_id` that has an empty place for a signature; see {@link parseOwned}. */
  sign(rendered: RenderedMessage): RenderedMessage {
    const components = rendered.components.map((row) => ({
      ...row,
      components: row.components.map((component) =>
        'custom_id' in component && parseOwned(component.custom_id)?.signature === ''
          ? {
              ...component,
              custom_id: `${component.custom_id}${signatureOf(component.custom_id, this.#key)}`,
            }
          : component,
      ),
    }));
    return { ...rendered, components };
  }

  /** What a `custom_id` says that this bot has signed; null for any other. */
  verify(customId: string): Owned | null {
    const owned = parseOwned(customId);
    if (owned === null) return null;
    const { signature } = owned;
    const unsigned = customId.slice(0, customId.length - signature.length);
    const given = Buffer.from(signature);
    const isRight = this.#known.some((key) => {
      const right = Buffer.from(signatureOf(unsigned, key));
      return given.length === right.length && timingSafeEqual(given, right);
    });
    return isRight ? owned : null;
  }
}

function signatureOf(unsigned: string, key: Buffer): string {
  return createHmac('sha256', key)
    .update(unsigned)
    .digest()
    .subarray(0, signatureBytes)
    .toString('base64url');
}
