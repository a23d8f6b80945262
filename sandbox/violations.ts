/** A request that the real Discord would not have understood as meant. */
export interface Violation {
  readonly method: string;
  readonly path: string;
  readonly problem: string;
}

/** What was found wrong with the bot's requests, beyond what the answers told it. */
export class Violations {
  readonly list: Violation[] = [];

  add(method: string, path: string, problem: string): void {
    // A bot that repeats one mistake for ever should not fill the memory with it.
    if (this.list.length < 1_000) this.list.push({ method, path, problem });
  }

  /** @throws Error that lists every violation */
  assertNone(): void {
    if (this.list.length === 0) return;
    const lines = this.list.map(({ method, path, problem }) => `  ${method} ${path}: ${problem}`);
    throw new Error(`the bot's requests violate Discord's API:\n${lines.join('\n')}`);
  }
}
