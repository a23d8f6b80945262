/** What tests know of `python.mjs`, which runs before TypeScript is there. */
export function isHopper(cards: string): boolean;
export function hopperPackages(): [lock: string[], others: string[]];
