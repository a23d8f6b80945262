import { createHash } from 'node:crypto';
import type { z } from 'zod';

/** What is as good as not said, by the name of its field. */
export type Unsaid = Readonly<Record<string, unknown>>;

/** In a new order: what is meant where nothing is said. Defaults that a schema has, it writes out itself. */
export const unsaidInOrder: Unsaid = { negativePrompt: '', audioStart: 0, clean: 'auto' };

/** In changes, what is not said stays as it was: `auto` and 0 say something. */
export const unsaidInChanges: Unsaid = { negativePrompt: '' };

/**
 * Tells requests apart by what was understood, not by how it was written: white space, the order of keys and of parts, and whether defaults are
 * written out make no difference. What does not fit the schema is all the same, since nothing ever comes of it: it may be nested deeper than
 * can be gone into.
 *
 * @param files digests of what came along
 * @returns SHA-256, in hex
 */
export function digestOf(
  order: unknown,
  schema: z.ZodType,
  unsaid: Unsaid,
  files: { readonly images: readonly string[]; readonly audio: string | null },
): string {
  const parsed = schema.safeParse(order ?? {});
  const said = parsed.success ? withoutUnsaid(parsed.data, unsaid, files) : null;
  return createHash('sha256')
    .update(JSON.stringify([canonical(said), files.images, files.audio]))
    .digest('hex');
}

function withoutUnsaid(
  order: unknown,
  unsaid: Unsaid,
  { images, audio }: { readonly images: readonly string[]; readonly audio: string | null },
): unknown {
  // That files may be used says nothing where there are none.
  const none = images.length === 0 && audio === null ? ['agreed'] : [];
  return Object.fromEntries(
    Object.entries(order ?? {}).filter(([name, value]) => !none.includes(name) && unsaid[name] !== value),
  );
}

/** The same with its keys in one order, and without what is empty. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, one]) => [name, canonical(one)] as const);
  const said = entries.filter(([, one]) => one !== undefined && !isEmpty(one));
  return Object.fromEntries(said.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
