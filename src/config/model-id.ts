import { z } from 'zod';

/** The two sizes that HuMo's weights are published in. */
export const modelIdSchema = z.enum(['17b', '1_7b']);
export type ModelId = z.infer<typeof modelIdSchema>;
