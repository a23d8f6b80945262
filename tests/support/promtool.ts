import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { tool } from './tool.ts';

/** One series of Prometheus': its name with its labels, and its values, one a minute, in promtool's notation. */
export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly values: string;
}

/** An alert that fires at some time, as whoever is woken reads it. */
export interface Firing {
  readonly alert: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
}

/**
 * What a process answers at `/metrics` as series that keep their values.
 *
 * @param where the labels that Prometheus adds
 */
export function seriesOf(text: string, where: { readonly job: string; readonly instance: string }): Series[] {
  return text.split('\n').flatMap((line) => {
    const parts = /^([a-z0-9_:]+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (parts === null) return [];
    const [, name = '', labels = '', value = ''] = parts;
    const pairs = [...labels.matchAll(/([a-z_]+)="([^"]*)"/g)].map(([, key = '', word = '']) => [key, word]);
    return Number.isFinite(Number(value))
      ? [{ name, labels: { ...Object.fromEntries(pairs), ...where }, values: `${value}+0x300` }]
      : [];
  });
}

/**
 * The same series, some of them with other values.
 *
 * @throws Error when nothing has this name and these labels: then no process exports it
 */
export function withValues(
  series: readonly Series[],
  name: string,
  labels: Readonly<Record<string, string>>,
  values: string,
): Series[] {
  const matches = (one: Series) =>
    one.name === name && Object.entries(labels).every(([key, word]) => one.labels[key] === word);
  if (!series.some(matches)) throw new Error(`nobody exports ${name} with ${JSON.stringify(labels)}`);
  return series.map((one) => (matches(one) ? { ...one, values } : one));
}

interface Trial {
  readonly name: string;
  readonly series: readonly Series[];
  readonly alerts?: readonly { readonly minute: number; readonly firing: readonly Firing[] }[];
  /** expressions that have to give something */
  readonly expressions?: readonly string[];
}

/**
 * Has promtool evaluate rules over series, as Prometheus would.
 *
 * @param alerts all that there are: those that a trial does not name must not fire
 * @returns what promtool has to say; empty when everything is as expected
 */
export async function evaluate(
  rulesFile: string,
  alerts: readonly string[],
  trials: readonly Trial[],
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'humo-promtool-'));
  try {
    const file = join(folder, 'test.yaml');
    const tests = trials.map((trial) => ({
      name: trial.name,
      interval: '1m',
      input_series: trial.series.map(({ name, labels, values }) => ({
        series: selector(name, labels),
        values,
      })),
      alert_rule_test: (trial.alerts ?? []).flatMap(({ minute, firing }) =>
        alerts.map((alert) => ({
          eval_time: `${minute}m`,
          alertname: alert,
          exp_alerts: firing
            .filter((one) => one.alert === alert)
            .map(({ labels, summary }) => ({ exp_labels: labels, exp_annotations: { summary } })),
        })),
      ),
      promql_expr_test: (trial.expressions ?? []).map((expr) => ({
        expr: `count(${expr}) > bool 0`,
        eval_time: '4h',
        exp_samples: [{ labels: '{}', value: 1 }],
      })),
    }));
    await writeFile(file, stringify({ rule_files: [rulesFile], evaluation_interval: '1m', tests }));
    const { exitCode, all } = await execa(tool('promtool'), ['test', 'rules', file], {
      reject: false,
      all: true,
    });
    return exitCode === 0 ? '' : all;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function selector(name: string, labels: Readonly<Record<string, string>>): string {
  return `${name}{${Object.entries(labels)
    .map(([key, word]) => `${key}="${word}"`)
    .join(',')}}`;
}
