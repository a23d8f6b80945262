/** Numbers of the queue that are decisions, each with its reason. Times are in milliseconds. */

/** A crash may be the machine's fault, so there is one more try; a second crash is the request's. */
export const maximumAttempts = 2;

/** Edits in Discord are slower still, and every event costs all bots a parse. */
export const progressInterval = 1_000;

/** Pauses between deliveries grow to five minutes, in five steps; 300 of them make a day in which Discord may be away. */
export const deliveryAttempts = 300;
export const longestDeliveryPause = 5 * 60_000;

/** Ends the bot within ten seconds, with time to close what else is open. */
export const deliveryCloseTimeout = 8_000;

/** Records and jobs are compared again so often, for what no event tells: a machine that was lost, say. */
export const reconcileInterval = 60_000;

/** A worker that is silent for as many times the life of a lock is dead; before, it may only be cut off. */
export const silentLocks = 10;

/** A command that got no answer is sent again for this long: whoever waits for it has been told to. */
export const acceptPatience = 15_000;

/** Before a command that got no answer is sent again. */
export const unansweredPause = 250;

/** One clip moves the estimate by this share. */
export const paceWeight = 0.3;

/** A request's share is at least this, because BullMQ's priorities are whole seconds here. */
export const smallestCost = 1_000;

/** How long a form may stay open. Discord's links to the files live for a day. */
export const draftLifetime = 60 * 60_000;

/**
 * A producer's command that got no answer for this long has failed. Discord waits three seconds for the first answer to a person:
 * https://discord.com/developers/docs/interactions/receiving-and-responding#responding-to-an-interaction
 */
export const producerTimeout = 2_000;
