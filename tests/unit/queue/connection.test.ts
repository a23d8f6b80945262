import { pino } from 'pino';
import { expect, test } from 'vitest';
import { isRefusedForNow, isTurnedAway } from '../../../src/full-redis.ts';
import { errorTeller } from '../../../src/queue/redis/connection.ts';

test('the same trouble stands in the log once a minute, another at once, and an outage not at all', () => {
  const lines: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  let now = 0;
  const tell = errorTeller(log, 'deliveries', { queue: 'q' }, () => now);
  for (; now < 120_000; now += 100) tell(new Error('OOM command not allowed'));
  expect(lines).toHaveLength(2);
  tell(new Error('MISCONF Errors writing to the AOF file'));
  tell(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }));
  expect(lines.slice(2).map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({
      msg: 'deliveries',
      queue: 'q',
      error: 'MISCONF Errors writing to the AOF file',
    }),
  ]);
});

test.each([
  ["OOM command not allowed when used memory > 'maxmemory'.", true],
  ['MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist to disk.', true],
  ['NOREPLICAS Not enough good replicas to write.', true],
  ['ERR Error running script (call to f_1): @user_script:3: -OOM command not allowed when used memory', true],
  ['WRONGTYPE Operation against a key holding the wrong kind of value', false],
  ['Connection is closed.', false],
])('“%s”: refused for now is %s', (message, is) => {
  expect(isRefusedForNow(new Error(message))).toBe(is);
});

test.each([
  ['BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.', true],
  ['NOAUTH Authentication required.', true],
  ["NOPERM User worker has no permissions to run the 'publish' command", true],
  ["ERR The user executing the script can't publish to the channel mentioned in the command script: 1", true],
  ['WRONGPASS invalid username-password pair or user is disabled.', true],
  ['LOADING Redis is loading the dataset in memory', true],
  ["READONLY You can't write against a read only replica.", true],
  ['CLUSTERDOWN The cluster is down', true],
  ['ERR max number of clients reached', true],
  ['Missing lock for job g-1. moveToFinished', false],
  ["ERR Error running script: -BUSY in somebody's words", false],
])('“%s”: turned away is %s', (message, is) => {
  expect(isTurnedAway(new Error(message))).toBe(is);
});
