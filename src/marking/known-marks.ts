import { deploymentBits, generationBits } from './payload.ts';
import type { Code } from './payload.ts';

/** Payloads that may be in a video: all that a deployment gave out of late. */
export interface OwnMarks {
  /** the bits that all of them begin with */
  readonly deployment: bigint;
  /** the rest of each, latest first; more than {@link mostKnown} are not looked at */
  readonly generations: readonly bigint[];
}

/** Payloads that one reading is compared with. */
export const mostKnown = 10_000;
/**
 * Standard deviations of the correlation of noise, from which a payload is recognised. Of words whose bits have been drawn, one is beyond it with a chance below
 * exp(−t² / 2), whatever was read (Hoeffding, "Probability inequalities for sums of bounded random variables", 1963).
 */
const leastLikeness = 7.5;

/** Chance that one of as many payloads as are looked at is recognised in a reading of nothing. */
export const wrongRecognition = mostKnown * Math.exp(-(leastLikeness ** 2) / 2);

/**
 * Recognises payloads in what is too faint to be read: to find one of ten thousand takes fewer bits than to find one of 2⁴⁰.
 *
 * What all of a deployment's payloads begin with is left out: it would speak for each of them.
 */
export class KnownMarks {
  readonly #own: OwnMarks;
  readonly #words = new Map<Code, readonly { readonly payload: bigint; readonly word: Int8Array }[]>();

  constructor(own: OwnMarks) {
    this.#own = own;
  }

  get deployment(): bigint {
    return this.#own.deployment;
  }

  /**
   * @param soft what was read for each of the code's bits, as `Code.read` takes it
   * @returns null where none of them is near enough
   */
  recognise(code: Code, soft: Float64Array): bigint | null {
    const from = (code.bits / code.steps) * deploymentBits;
    let squares = 0;
    for (let bit = from; bit < code.bits; bit += 1) squares += (soft[bit] ?? 0) ** 2;
    let [best, most] = [null as bigint | null, leastLikeness * Math.sqrt(squares)];
    if (squares === 0) return null;
    for (const { payload, word } of this.#wordsOf(code)) {
      let sum = 0;
      for (let bit = from; bit < code.bits; bit += 1) sum += (word[bit] ?? 0) * (soft[bit] ?? 0);
      if (sum >= most) [best, most] = [payload, sum];
    }
    return best;
  }

  #wordsOf(code: Code) {
    const made =
      this.#words.get(code) ??
      this.#own.generations.slice(0, mostKnown).map((generation) => {
        const payload = (this.#own.deployment << BigInt(generationBits)) | generation;
        return { payload, word: code.encode(payload) };
      });
    this.#words.set(code, made);
    return made;
  }
}
