/** A bell: whoever waits goes on when it rings, or after a while. A ring that nobody waited for is remembered once. */
export class WakeSignal {
  #raised = false;
  #waiting: (() => void) | null = null;

  raise(): void {
    this.#raised = true;
    this.#waiting?.();
  }

  /** Resolves when the bell rings or has rung since the last wait, and after the given milliseconds at the latest. */
  async wait(milliseconds: number): Promise<void> {
    if (!this.#raised) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        this.#waiting = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#waiting = null;
    this.#raised = false;
  }
}
