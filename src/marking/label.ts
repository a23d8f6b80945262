import { z } from 'zod';

/** The words in a corner of every video that say that it is made with AI. What they can be is fixed: nobody can make them say anything else. */

export const labelWords = ['made_with_ai', 'generated', 'ai'] as const;
export const labelSizes = ['small', 'medium', 'large'] as const;
export const labelCorners = ['bottom_right', 'bottom_left', 'top_right', 'top_left'] as const;
export const labelLanguages = ['en', 'de', 'es', 'fr', 'ja'] as const;

/** What a server chooses. */
export const labelStyleSchema = z.strictObject({
  words: z.enum(labelWords),
  size: z.enum(labelSizes),
  corner: z.enum(labelCorners),
});
export type LabelStyle = z.infer<typeof labelStyleSchema>;

/** A label as it is drawn: in the language of those who asked for the video. */
export const labelSchema = labelStyleSchema.extend({ language: z.enum(labelLanguages) });
export type Label = z.infer<typeof labelSchema>;

export const defaultLabelStyle: LabelStyle = {
  words: 'made_with_ai',
  size: 'medium',
  corner: 'bottom_right',
};
