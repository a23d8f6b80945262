/** What a test waits for is an event: this only ends what hangs, on the busiest machine. Of vitest and of the sandbox alike, whose own are a second and five minutes. */
export const patience = { timeout: 600_000 };
