/** The delivery is refused for now, and whoever refused it said for how long. */
export class NotBefore extends Error {
  override readonly name = 'NotBefore';
  /** from now on */
  readonly milliseconds: number;

  constructor(milliseconds: number, options: ErrorOptions) {
    super(`not before ${Math.ceil(milliseconds / 1000)} s have passed`, options);
    this.milliseconds = milliseconds;
  }
}
