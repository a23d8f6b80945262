/** What tests know of `packages.mjs`, which runs before TypeScript is there. */
export declare function sweepUnfinished(folder: string): void;
