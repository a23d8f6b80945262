import { z } from 'zod';

/** An id of Discord's: https://discord.com/developers/docs/reference#snowflakes. Ours for those without an account look alike. */
export const snowflakeSchema = z.string().regex(/^\d{17,20}$/, 'must be a Discord id (17 to 20 digits)');

/** An id as it is kept in records: what a program rather than a person did has a short one. */
export const storedSnowflakeSchema = z.string().regex(/^\d{1,20}$/);
