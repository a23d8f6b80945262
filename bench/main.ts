/**
 * Every figure that was promised, measured on this machine beside its own baseline, as a table. `npm run bench` runs all of it, which
 * takes some minutes; `npm run bench -- queue hand-over` some of it. Exits with 1 when a figure is missed.
 */
import { cpus, availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { largestClip } from './usual-clip.ts';

interface Row {
  readonly figure: string;
  readonly target: string;
  readonly measured: string;
  readonly baseline: string;
  readonly holds: boolean;
}

type Result = Readonly<Record<string, unknown>>;

/** They take minutes more than all others together, or need the page and Chromium: only where they are asked for. */
const onRequest = ['scale', 'page', 'fingerprints', 'watermark', 'media', 'deliveries'];

/** From the one JSON line that a bench prints to the rows of the table. */
const benches: Readonly<Record<string, (result: Result) => readonly Row[]>> = {
  acknowledge(result) {
    const [median, maximum] = [
      number(result, 'botMilliseconds', 'median'),
      number(result, 'botMilliseconds', 'max'),
    ];
    const [bareMedian, bareMaximum] = [
      number(result, 'bareMilliseconds', 'median'),
      number(result, 'bareMilliseconds', 'max'),
    ];
    const [people, accepted] = [number(result, 'people'), number(result, 'accepted')];
    return [
      row(
        'first answer, median',
        number(result, 'limits', 'median'),
        median,
        `${bareMedian} ms, a bot that only defers`,
      ),
      row(
        'first answer, slowest',
        number(result, 'limits', 'maximum'),
        maximum,
        `${bareMaximum} ms, the same`,
      ),
      {
        figure: 'requests accepted',
        target: `${people} of ${people}`,
        measured: `${accepted}`,
        baseline: '',
        holds: accepted === people,
      },
    ];
  },
  'hand-over'(result) {
    const [ratio, limit] = [number(result, 'ratio'), number(result, 'limit')];
    return [
      {
        figure: 'last frame to video in the channel',
        target: `< ${limit}× the encode`,
        measured: `${ratio}×, ${number(result, 'handOver', 'median')} ms`,
        baseline: `${number(result, 'bareEncode', 'median')} ms, bare ffmpeg encode`,
        holds: ratio < limit,
      },
    ];
  },
  queue(result) {
    const bare = (name: string) => `${number(result, 'baseline', name, 'p99')} ms, ${name}`;
    return [
      row(
        'add a job, p99',
        number(result, 'limits', 'add'),
        number(result, 'figures', 'add', 'p99'),
        bare('bare BullMQ add'),
      ),
      row(
        'position, p99',
        number(result, 'limits', 'position'),
        number(result, 'figures', 'position', 'p99'),
        bare('bare ZADD + ZRANK'),
      ),
    ];
  },
  page(result) {
    const people = number(result, 'people');
    const limit = number(result, 'limits', 'firstView');
    const bare = (which: string) =>
      `${number(result, 'bare', 'alone', which, 'whole')} ms, Gradio with one field`;
    const [cold, warm] = [
      ['alone', 'cold'],
      ['alone', 'warm'],
    ] as const;
    const atOnce = `${number(result, 'bare', 'together', 'whole')} ms, Gradio with one field`;
    const came = (...path: string[]) => `${Math.round(100 * number(result, ...path, 'share'))} % had come`;
    const [megabytes, playing] = [
      number(result, 'playing', 'bytes') / 1e6,
      number(result, 'bare', 'playing', 'milliseconds'),
    ];
    return [
      row('very first view of the page: to write on', limit, number(result, 'first', 'seen'), ''),
      row('the same: all of it', limit, number(result, 'first', 'whole'), ''),
      row(
        'first view in a browser: to write on, median',
        limit,
        number(result, ...cold, 'seen'),
        bare('cold'),
      ),
      row('the same: all of it, median', limit, number(result, ...cold, 'whole'), bare('cold')),
      row('every other view: to write on, median', limit, number(result, ...warm, 'seen'), bare('warm')),
      row('the same: all of it, median', limit, number(result, ...warm, 'whole'), bare('warm')),
      row(
        `slowest of ${people} first views at once: to write on`,
        people * limit,
        number(result, 'together', 'seen'),
        atOnce,
      ),
      row('the same: all of it', people * limit, number(result, 'together', 'whole'), atOnce),
      {
        figure: 'part of a core that the browser uses while a person waits',
        target: `≤ ${number(result, 'limits', 'waiting') * 100} %`,
        measured: `${(100 * number(result, 'waiting')).toFixed(1)} %`,
        baseline: `${(100 * number(result, 'bare', 'waiting')).toFixed(1)} %, Gradio with one field, nothing happening`,
        holds: number(result, 'waiting') <= number(result, 'limits', 'waiting'),
      },
      row(
        `a video of ${megabytes.toFixed(1)} MB plays after`,
        number(result, 'limits', 'playing'),
        number(result, 'playing', 'milliseconds'),
        `${playing} ms, bare file server; ${came('playing')}, ${came('bare', 'playing')}`,
      ),
    ];
  },
  scaler(result) {
    const figure = (who: string, what: string) => number(result, who, what);
    const times = (who: string, what: string) => figure(who, what) / figure('alwaysOn', what);
    const [costLimit, waitLimit] = [number(result, 'limits', 'cost'), number(result, 'limits', 'wait')];
    const two = (name: string, who: string, isMeant: boolean): Row[] => [
      {
        figure: `rented GPUs, a week, ${name}`,
        target: isMeant ? `≤ ${costLimit * 100} % of always on` : '',
        measured: `$${figure(who, 'dollars')}, ${(times(who, 'dollars') * 100).toFixed(1)} %`,
        baseline: `$${figure('alwaysOn', 'dollars')} always on`,
        holds: !isMeant || times(who, 'dollars') <= costLimit,
      },
      {
        figure: `the same: median wait in the evening`,
        target: isMeant ? `≤ ${waitLimit}× that of always on` : '',
        measured: `${figure(who, 'medianEveningWait')} s, ${times(who, 'medianEveningWait').toFixed(2)}×`,
        baseline: `${figure('alwaysOn', 'medianEveningWait')} s always on`,
        holds: !isMeant || times(who, 'medianEveningWait') <= waitLimit,
      },
    ];
    return [
      ...two('started by hand', 'byHand', false),
      ...two('as it is when nothing is set: one pod', 'scaler', false),
      ...two('GPU_IDLE_MINUTES=60', 'longerIdle', false),
      ...two('GPU_READY_HOURS=19-22', 'shortReadyHours', true),
      ...two('GPU_READY_HOURS=18-23', 'readyHours', true),
      ...two('GPU_MAXIMUM_PODS=2', 'scalerOfTwo', true),
      ...two('both of these', 'readyHoursOfTwo', true),
    ];
  },
  scale(result) {
    const seconds = (order: string, kind: string, which: string) =>
      number(result, order, 'waits', kind, which);
    const waits = (kind: string, which: string, name: string): Row => ({
      figure: `wait of ${kind} users, ${name}`,
      target: kind === 'light' ? 'less than first come' : '',
      measured: `${seconds('fair', kind, which)} s`,
      baseline: `${seconds('firstCome', kind, which)} s, first come, first served`,
      holds: kind !== 'light' || seconds('fair', kind, which) <= seconds('firstCome', kind, which),
    });
    const none = (figure: string, key: string): Row => ({
      figure: `requests ${figure}, of ${number(result, 'jobs')}`,
      target: '0',
      measured: `${number(result, 'fair', key)}`,
      baseline: `${number(result, 'firstCome', key)}, first come, first served`,
      holds: number(result, 'fair', key) === 0,
    });
    return [
      none('lost', 'lost'),
      none('run twice', 'twice'),
      ...['light', 'medium', 'heavy'].flatMap((kind) => [
        waits(kind, 'median', 'median'),
        waits(kind, 'p95', '95 %'),
      ]),
      {
        figure: "Jain's index of fairness",
        target: 'more than first come',
        measured: `${number(result, 'fair', 'fairness')}`,
        baseline: `${number(result, 'firstCome', 'fairness')}, first come, first served`,
        holds: number(result, 'fair', 'fairness') >= number(result, 'firstCome', 'fairness'),
      },
      {
        figure: 'Redis: commands a request, memory at most, CPU',
        target: '',
        measured: `${number(result, 'fair', 'redis', 'commandsPerJob')}, ${number(result, 'fair', 'redis', 'peakMebibytes')} MiB, ${number(result, 'fair', 'redis', 'cpuSeconds')} s`,
        baseline: `${number(result, 'fair', 'realSeconds')} s in all, ${number(result, 'fair', 'redis', 'connections')} connections`,
        holds: true,
      },
    ];
  },
  fingerprints(result) {
    const pictures = number(result, 'pictures');
    const edits = Object.keys(part(result, 'edits')).map((edit) => ({
      figure: `recognised: ${edit}`,
      target: '',
      measured: `${number(result, 'edits', edit, 'found')} of ${pictures}`,
      baseline: `${number(result, 'edits', edit, 'median')} bits in the middle, ${number(result, 'edits', edit, 'most')} at most`,
      holds: true,
    }));
    const taken = (figure: string, pairs: string) => ({
      figure,
      target: pairs === 'others' ? '0' : '',
      measured: `${number(result, pairs, 'taken')} of ${number(result, pairs, 'pairs')} pairs`,
      baseline: `the nearest: ${number(result, pairs, 'nearest')} bits`,
      holds: pairs !== 'others' || number(result, pairs, 'taken') === 0,
    });
    return [
      ...edits,
      taken('others taken for it', 'others'),
      ...('samePlace' in result ? [taken('somebody else in the same place', 'samePlace')] : []),
    ];
  },
  watermark(result) {
    const bound = number(result, 'bound');
    const rates = list(result, 'groups').flatMap((group) => {
      const attacks = list(group, 'attacks');
      const asDelivered = attacks[0] ?? {};
      return attacks.map((attack) => {
        const [read, of] = [number(attack, 'read'), number(attack, 'of')];
        return {
          figure: `read, ${String(group['name'])}: ${String(attack['attack'])}`,
          target: '≥ 99 %',
          measured: `${read} of ${of}`,
          baseline: `${number(asDelivered, 'read')} of ${number(asDelivered, 'of')} as delivered`,
          holds: read >= 0.99 * of,
        };
      });
    });
    const wrong = number(result, 'wrong') + number(result, 'unmarked', 'read');
    return [
      ...rates,
      {
        figure: 'marks read that are not there',
        target: '0; ≤ 1 in a million by the code',
        measured: `${wrong}; ${bound.toExponential(1)}`,
        baseline: `the pilot's best fit in ${number(result, 'clips')} clips without a mark: ${number(result, 'unmarked', 'confidence').toFixed(1)} deviations, 6 are needed`,
        holds: wrong === 0 && bound <= 1e-6,
      },
      {
        figure: 'PSNR of the worst marked frame',
        target: '≥ 42 dB',
        measured: `${number(result, 'decibels').toFixed(1)} dB`,
        baseline: '',
        holds: number(result, 'decibels') >= 42,
      },
      {
        figure: `added to the encode of ${largestClip.frames} frames at ${largestClip.height} lines`,
        target: '≤ 2 s of a processor',
        measured: `${number(result, 'time', 'added').toFixed(1)} s`,
        baseline: `${number(result, 'time', 'without').toFixed(1)} s without a mark`,
        holds: number(result, 'time', 'added') <= 2,
      },
    ];
  },
  media(result) {
    const most = (files: string, what: string) => number(result, files, what, 'most');
    const bare = (what: string, unit: string) =>
      `${number(result, 'bare', what, 'median')} ${unit}, at most ${most('bare', what)}, bare ffmpeg`;
    const limit = (what: string) => number(result, 'limits', what);
    return ['whole', 'changed'].flatMap((files) => {
      const count = number(result, files, 'files');
      const figure = (name: string, what: string, unit: string): Row => ({
        figure: `${count} ${files} files: ${name}`,
        target: `≤ ${limit(what)} ${unit} each`,
        measured: `${number(result, files, what, 'median')} ${unit}, at most ${most(files, what)}`,
        baseline: bare(what, unit),
        holds: most(files, what) <= limit(what),
      });
      const broken = part(part(result, files), 'broken');
      return [
        figure('memory', 'megabytes', 'MB'),
        figure('processor', 'cpuSeconds', 's'),
        {
          figure: `${count} ${files} files: errors that are nobody's`,
          target: '0',
          measured: String(Object.keys(broken).length),
          baseline: '',
          holds: Object.keys(broken).length === 0,
        },
      ];
    });
  },
  deliveries(result) {
    const [held, limit] = [number(result, 'held'), number(result, 'limit')];
    return [
      {
        figure: `${number(result, 'videos')} deliveries of ${(number(result, 'bytes') / 1e6).toFixed(0)} MB at once`,
        target: `≤ ${limit} MB more than at rest`,
        measured: `${held} MB, ${number(result, 'most')} MB in all`,
        baseline: `${number(result, 'rest')} MB at rest`,
        holds: held <= limit,
      },
    ];
  },
  memory(result) {
    const [growth, limit] = [number(result, 'growth'), number(result, 'limit')];
    const sizes = Object.entries(part(result, 'residentMebibytes'));
    return [
      {
        figure: `bot's memory after ${sizes.at(-1)?.[0]} generations`,
        target: `≤ ${limit}× that after ${sizes[0]?.[0]}`,
        measured: `${growth}×, ${String(sizes.at(-1)?.[1])} MiB`,
        baseline: `${String(sizes[0]?.[1])} MiB`,
        holds: growth <= limit,
      },
    ];
  },
};

const chosen =
  process.argv.length > 2
    ? process.argv.slice(2)
    : Object.keys(benches).filter((name) => !onRequest.includes(name));
const unknown = chosen.filter((name) => benches[name] === undefined);
if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}.`);
  process.exit(1);
}

const rows: Row[] = [];
for (const name of chosen) {
  process.stderr.write(`${name} …\n`);
  const { stdout } = await execa(process.execPath, [join(import.meta.dirname, `${name}.ts`)], {
    reject: false,
    stderr: 'inherit',
    stdin: 'ignore',
  });
  const line = stdout.trim().split('\n').at(-1) ?? '';
  const read = benches[name];
  if (read === undefined || !line.startsWith('{')) {
    rows.push({ figure: name, target: '', measured: 'did not finish', baseline: '', holds: false });
    continue;
  }
  const result: unknown = JSON.parse(line);
  if (isObject(result)) rows.push(...read(result));
}
print(rows);
process.exit(rows.every(({ holds }) => holds) ? 0 : 1);

function row(figure: string, limit: number, measured: number, baseline: string): Row {
  return { figure, target: `< ${limit} ms`, measured: `${measured} ms`, baseline, holds: measured < limit };
}

function print(table: readonly Row[]): void {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  console.log(
    `\n${new Date().toISOString().slice(0, 10)} · ${availableParallelism()} cores, ${model} · ${gibibytes} GiB · Node ${process.version}\n`,
  );
  const lines = [
    ['figure', 'target', 'measured', "this machine's baseline", 'verdict'],
    ...table.map(({ figure, target, measured, baseline, holds }) => [
      figure,
      target,
      measured,
      baseline,
      holds ? 'holds' : 'MISSED',
    ]),
  ];
  const widths =
    lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  const format = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  for (const [index, line] of lines.entries()) {
    console.log(format(line));
    if (index === 0) console.log(format(widths.map((width) => '-'.repeat(width))));
  }
}

/** A number deep in a result. @throws Error that names where it should be */
function number(result: Result, ...path: readonly string[]): number {
  const value = path.reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), result);
  if (typeof value !== 'number') throw new Error(`the result of a bench has no number at ${path.join('.')}`);
  return value;
}

function part(result: Result, key: string): Result {
  const value = result[key];
  return isObject(value) ? value : {};
}

function list(result: Result, key: string): readonly Result[] {
  const value = result[key];
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function isObject(value: unknown): value is Result {
  return typeof value === 'object' && value !== null;
}
