/**
 * Whether something measured may be counted: a finite number that is not below zero. One NaN makes a sum NaN for good, and clocks that
 * disagree make times before they began.
 */
export function isMeasured(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
