import { contractVersion, generationSchema } from './generation.ts';
import type { Generation, NewGeneration, ReplyTarget } from './generation.ts';

const replyPrefix = 'reply.';
const plainFields = ['id', 'userId', 'status', 'locale'] as const;
const jsonFields = [
  'version',
  'parentId',
  'lineage',
  'guildId',
  'request',
  'result',
  'failure',
  'progress',
] as const;
const numberFields = [
  'costSeconds',
  'attempts',
  'createdAt',
  'startedAt',
  'finishedAt',
  'deliveredAt',
  'hiddenAt',
  'deletedAt',
] as const;

/** The fields that the bot writes when it accepts a request, as stored. The rest is written by the transitions. */
export function recordFields(draft: NewGeneration): Record<string, string> {
  return {
    version: JSON.stringify(contractVersion),
    id: draft.id,
    parentId: JSON.stringify(draft.parentId),
    lineage: JSON.stringify(draft.lineage ?? null),
    userId: draft.userId,
    guildId: JSON.stringify(draft.guildId),
    locale: draft.locale,
    model: draft.request.model,
    request: JSON.stringify(draft.request),
    costSeconds: String(draft.costSeconds),
    ...replyFields(draft.reply),
  };
}

/** Each part of `reply` is a field of its own: two writers that change different parts do not undo each other. */
export function replyFields(change: Partial<ReplyTarget>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(change)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [replyPrefix + name, JSON.stringify(value)]),
  );
}

/** A record that this program cannot read: of another version, or damaged. */
export class UnreadableRecord extends Error {
  override readonly name = 'UnreadableRecord';
}

/**
 * A stored hash as a generation.
 *
 * @returns null for an empty hash: there is no such record
 * @throws UnreadableRecord when the record is of another version or damaged, naming the id and the fields, never their values
 */
export function parseRecord(stored: Readonly<Record<string, string>>): Generation | null {
  const { id } = stored;
  if (id === undefined) return null;
  const decode = (name: string, text: string): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      // What JSON.parse throws quotes the text, and the text may be what somebody wrote.
      throw new UnreadableRecord(`the record of generation ${id} is damaged: ${name}`);
    }
  };
  const record: Record<string, unknown> = {
    workerId: stored['workerId'] ?? null,
    reply: Object.fromEntries(
      Object.entries(stored)
        .filter(([name]) => name.startsWith(replyPrefix))
        .map(([name, value]) => [name.slice(replyPrefix.length), decode(name, value)]),
    ),
  };
  for (const name of plainFields) record[name] = stored[name];
  for (const name of jsonFields) record[name] = decode(name, stored[name] ?? 'null');
  for (const name of numberFields) record[name] = stored[name] === undefined ? null : Number(stored[name]);
  if (record['version'] !== contractVersion) {
    throw new UnreadableRecord(
      `generation ${id} has version ${String(record['version'])}; this program understands ${contractVersion}: update it`,
    );
  }
  const parsed = generationSchema.safeParse(record);
  if (!parsed.success) {
    const paths = parsed.error.issues.map((issue) => issue.path.join('.')).join(', ');
    throw new UnreadableRecord(`the record of generation ${id} is damaged: ${paths}`);
  }
  return parsed.data;
}

/** Checks what the bot hands in, so that nothing is stored that cannot be read back. */
export const newGenerationSchema = generationSchema
  .pick({
    id: true,
    parentId: true,
    lineage: true,
    userId: true,
    guildId: true,
    locale: true,
    request: true,
    reply: true,
    costSeconds: true,
  })
  .partial({ lineage: true });
