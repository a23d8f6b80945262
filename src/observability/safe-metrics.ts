import type { Counter, Gauge, Histogram, LabelValues } from 'prom-client';
import { isMeasured } from '../finite-number.ts';

/** The one way in which measured values get into metrics: what is no measurement is left out, and disturbs nobody's work. */

export function count<Label extends string>(
  counter: Counter<Label>,
  labels: LabelValues<Label>,
  value: number,
): void {
  if (isMeasured(value)) counter.inc(labels, value);
}

export function observe<Label extends string>(
  histogram: Histogram<Label>,
  labels: LabelValues<Label>,
  value: number,
): void {
  if (isMeasured(value)) histogram.observe(labels, value);
}

/** What was shown last stands until there is something to show. */
export function show<Label extends string>(
  gauge: Gauge<Label>,
  labels: LabelValues<Label>,
  value: number,
): void {
  if (isMeasured(value)) gauge.set(labels, value);
}
