/** What a request may hold at most, whichever way it comes. Files have bounds of their own in `src/media`. */

/** The engine's text encoder reads 512 tokens; more characters than this would be cut off there. */
export const promptCharacters = 2000;

/** No sound is longer than ten minutes, so no window starts later. Seconds. */
export const latestAudioStart = 600;

/** No video is shorter: the model's least number of frames. Seconds. */
export const shortestVideo = 0.2;
/** Of words that a voice says: about a minute and a half. */
export const sayCharacters = 1000;

export const mostImages = 4;

/** Of all that is written in an order, as JSON. */
export const orderBytes = 64 * 1024;

/** Short enough to read out and type in again; given seeds may be larger. */
export const chosenSeeds = 2 ** 31;

/** Guidance: below 1 the model runs away from its condition; beyond this, colours burn out at every setting. */
export const scaleBounds = { minimum: 1, maximum: 15 } as const;
