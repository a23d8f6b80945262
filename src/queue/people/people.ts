import { z } from 'zod';
import type { CommonConfig } from '../../config/environment.ts';
import { shapeSchema } from '../../config/generate.ts';
import type { Logger } from '../../log.ts';
import { closeConnection, openConnection } from '../redis/connection.ts';
import { createNames } from '../redis/names.ts';
import { draftLifetime } from '../constants.ts';

/** What a person wants when they do not say otherwise. `null`: as this deployment has it. */
export const preferencesSchema = z.strictObject({
  preset: z.string().max(32).nullable().default(null),
  shape: shapeSchema.nullable().default(null),
  negativePrompt: z.string().max(2000).nullable().default(null),
  private: z.boolean().default(false),
  /** a direct message with a link when a video is done */
  notify: z.boolean().default(false),
});
export type Preferences = z.infer<typeof preferencesSchema>;

const storedPreferences = preferencesSchema.extend({ version: z.literal(1) });

/** Files of a message that a person has a form open for: the form itself has no room for addresses. */
export const draftSchema = z.strictObject({
  version: z.literal(1),
  userId: z.string(),
  images: z.array(z.strictObject({ url: z.url(), size: z.number(), name: z.string() })).max(4),
  audio: z.strictObject({ url: z.url(), size: z.number(), name: z.string() }).nullable(),
});
export type Draft = z.infer<typeof draftSchema>;

/** That a person may use the pictures and voices that they bring. */
const agreementSchema = z.strictObject({
  /** which text they agreed to */
  wording: z.string().max(32),
  /** milliseconds since 1970 */
  at: z.number().int().nonnegative(),
});
export type Agreement = z.infer<typeof agreementSchema>;

/** What is kept of people besides their generations. */
export interface People {
  preferences(userId: string): Promise<Preferences>;
  setPreferences(userId: string, preferences: Preferences): Promise<void>;
  /** @returns true the first time ever, whichever process asks: then the person is to be greeted */
  greet(userId: string): Promise<boolean>;
  /** The greeting did not reach them: the next time is the first. */
  forgetGreeting(userId: string): Promise<void>;
  /** Kept for an hour: a form that is open for longer is asked to be opened again. */
  keepDraft(id: string, draft: Draft): Promise<void>;
  /** null once its time is over */
  draft(id: string): Promise<Draft | null>;
  /** What the person confirmed last about pictures and voices; null: nothing yet. */
  agreement(userId: string): Promise<Agreement | null>;
  agree(userId: string, agreement: Agreement): Promise<void>;
  /** Keeps for an hour what a person asked for, until they have answered a question about it. */
  keepWaiting(userId: string, id: string, text: string): Promise<void>;
  /** @returns null when it is not theirs, its time is over, or it was taken before */
  takeWaiting(userId: string, id: string): Promise<string | null>;
  /** Nothing came of it: it can be taken once more, also where the answer to {@link takeWaiting} never came. */
  returnWaiting(id: string): Promise<void>;
  /** Something came of it. */
  forgetWaiting(userId: string, id: string): Promise<void>;
  close(): Promise<void>;
}

export function createPeople(config: CommonConfig, log: Logger): People {
  const connection = openConnection(config.redis, 'producer', log);
  const names = createNames(config.redis.prefix);
  return {
    async preferences(userId) {
      const text = await connection.get(names.person(userId));
      if (text === null) return preferencesSchema.parse({});
      const { version: _, ...preferences } = storedPreferences.parse(JSON.parse(text));
      return preferences;
    },
    async setPreferences(userId, preferences) {
      const stored = { version: 1, ...preferencesSchema.parse(preferences) };
      await connection.set(names.person(userId), JSON.stringify(stored));
    },
    async greet(userId) {
      return (await connection.set(names.greeted(userId), String(Date.now()), 'NX')) === 'OK';
    },
    async forgetGreeting(userId) {
      await connection.del(names.greeted(userId));
    },
    async keepDraft(id, draft) {
      await connection.set(names.draft(id), JSON.stringify(draftSchema.parse(draft)), 'PX', draftLifetime);
    },
    async draft(id) {
      const text = await connection.get(names.draft(id));
      return text === null ? null : draftSchema.parse(JSON.parse(text));
    },
    async agreement(userId) {
      const text = await connection.get(names.agreement(userId));
      return text === null ? null : agreementSchema.parse(JSON.parse(text));
    },
    async agree(userId, agreement) {
      await connection.set(names.agreement(userId), JSON.stringify(agreementSchema.parse(agreement)));
    },
    async keepWaiting(userId, id, text) {
      await connection.set(names.waitingWish(userId, id), text, 'PX', draftLifetime);
    },
    async takeWaiting(userId, id) {
      // Sent together: whatever gives it back afterwards comes after both, however long Redis is silent.
      const [text, taken] = await Promise.all([
        connection.get(names.waitingWish(userId, id)),
        connection.set(names.claim(`wish:${id}`), '', 'PX', draftLifetime, 'NX'),
      ]);
      // Of several who take it at a time, one has the claim. Whoever it is not meant for takes nothing.
      if (text === null && taken === 'OK') await connection.del(names.claim(`wish:${id}`));
      return taken === 'OK' ? text : null;
    },
    async returnWaiting(id) {
      await connection.del(names.claim(`wish:${id}`));
    },
    async forgetWaiting(userId, id) {
      await connection.del(names.waitingWish(userId, id));
    },
    close: () => Promise.resolve(closeConnection(connection)),
  };
}
