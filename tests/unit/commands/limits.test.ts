import { expect, test } from 'vitest';
import { renderAllowance } from '../../../src/commands/limits.ts';
import { textsFor } from '../../../src/text/texts.ts';

const none = { waiting: null, gpuSecondsPerDay: null, cooldownSeconds: null };
const unused = { waiting: 0, gpuSeconds: 0, lastAt: null };
const allowance = (
  limits: { readonly videoSeconds?: number },
  queue: Parameters<typeof renderAllowance>[0]['queue'],
) => ({
  here: { ...unused, limits: { ...none, weight: 1, ...limits } },
  everywhere: { ...unused, limits: none },
  queue,
  budget: { gpuSeconds: 600, used: 700 },
});

test.each(['en', 'de', 'es', 'fr', 'ja'])(
  'what a person has left, in %s: each limit that there is, and never less than nothing',
  (locale) => {
    const texts = textsFor(locale);
    const lines = renderAllowance(allowance({ videoSeconds: 90 }, { length: 40, waiting: 41 }), texts, 0);
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/1\D+30/);
    expect(lines[1]).toMatch(/\b0\b.*40|40.*0/);
    expect(lines[2]).not.toMatch(/-\d/);
    expect(renderAllowance({ ...allowance({}, null), budget: null }, texts, 0)).toEqual([]);
  },
);
