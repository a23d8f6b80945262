import type { Redis } from 'ioredis';
import { z } from 'zod';
import { recordRetention } from '../../retention.ts';
import { generationIdSchema } from '../contract/generation.ts';
import type { Names } from '../redis/names.ts';

/** Pictures and sounds that are not taken in a guild any more, because somebody says that they show them. Who said so stands in the log. */

/** More of them are a flood: the oldest give way. */
const mostBlocks = 500;

const hash = z.string().regex(/^[0-9a-f]{64}$/);
/** A hash, and of drawn pictures the colours of their parts. */
const picturePrint = z.string().regex(/^(?:[0-9a-f]{64}){1,2}$/);

/** By what inputs are known again. No picture and no sound can be made of it. */
export const printsSchema = z.strictObject({
  /** of each picture: the hashes of it, and of it with a little cut off or seen in a mirror */
  pictures: z.array(z.array(picturePrint).max(32)).max(4),
  /** SHA-256 of the files of the sound */
  sounds: z.array(hash).max(4),
});
export type Prints = z.infer<typeof printsSchema>;

export const blockSchema = printsSchema.extend({
  version: z.literal(1),
  /** the result that it was said of */
  generationId: generationIdSchema,
  /** milliseconds since 1970 */
  at: z.number().int().nonnegative(),
});
export type Block = z.infer<typeof blockSchema>;

/** Newest first. */
export async function readBlocks(connection: Redis, names: Names, guildId: string): Promise<Block[]> {
  const stored = await connection.hvals(names.blocks(guildId));
  return stored.map((text) => blockSchema.parse(JSON.parse(text))).sort((one, other) => other.at - one.at);
}

/** @returns false where a moderator has lifted it: what they decided of a result stays so */
export async function addBlock(
  connection: Redis,
  names: Names,
  guildId: string,
  block: Block,
): Promise<boolean> {
  if ((await connection.exists(names.liftedBlock(guildId, block.generationId))) === 1) return false;
  const text = JSON.stringify(blockSchema.parse(block));
  await connection.hset(names.blocks(guildId), block.generationId, text);
  // Also one who did so at this moment.
  if ((await connection.exists(names.liftedBlock(guildId, block.generationId))) === 1) {
    await connection.hdel(names.blocks(guildId), block.generationId);
    return false;
  }
  const old = (await readBlocks(connection, names, guildId)).slice(mostBlocks);
  if (old.length > 0)
    await connection.hdel(names.blocks(guildId), ...old.map(({ generationId }) => generationId));
  return true;
}

/**
 * From then on nobody blocks anything for this result again, also where nothing was blocked yet: whoever pressed “That’s me” may have their pictures
 * looked at just now.
 *
 * @returns whether there was one
 */
export async function removeBlock(
  connection: Redis,
  names: Names,
  guildId: string,
  generationId: string,
): Promise<boolean> {
  // First: whoever presses at this moment comes too late.
  await connection.set(names.liftedBlock(guildId, generationId), '1', 'PX', recordRetention);
  return (await connection.hdel(names.blocks(guildId), generationId)) === 1;
}
