import { expect, test } from 'vitest';
import { lineageOf, theirsOf } from '../../../src/commands/support/lineage.ts';
import { loadGenerateSettings } from '../../../src/config/generate.ts';
import { sameAgain } from '../../../src/intake/rerun.ts';
import { mostAncestors } from '../../../src/queue/contract/generation.ts';
import { generationWith } from '../../support/generation.ts';

const people = { ada: '11', ben: '12', cleo: '13', dan: '14' } as const;
/** @param name a digit, as the parent's */
const idNamed = (name: string) => `01JC5W8V3Q000000000000000${name}`;
const made = (name: string, who: keyof typeof people, parent: string | null) =>
  generationWith({
    id: idNamed(name),
    userId: people[who],
    parentId: parent === null ? null : idNamed(parent),
  });
const namesOf = (generations: readonly { readonly id: string }[]) =>
  generations.map(({ id }) => id.slice(-1)).toSorted();

test('who was run again from the same one belongs together, also when its record is gone', async () => {
  const all = [made('2', 'ben', '1'), made('3', 'cleo', '1'), made('4', 'dan', '3'), made('9', 'ben', '8')];
  const list = ({ userId }: { userId?: string }) =>
    Promise.resolve(all.filter((one) => userId === undefined || one.userId === userId));
  const [first] = all;
  if (first === undefined) throw new Error('nothing was made');
  expect(namesOf(await lineageOf(first, { list }))).toEqual(['2', '3', '4']);
});

test('of a family, what is one’s own goes with all that was made from it; nobody sweeps away what they ran again', () => {
  const family = [
    made('1', 'ada', null),
    made('2', 'ben', '1'),
    made('3', 'cleo', '2'),
    made('4', 'dan', '1'),
  ];
  expect(namesOf(theirsOf(family, people.ada))).toEqual(['1', '2', '3', '4']);
  expect(namesOf(theirsOf(family, people.ben))).toEqual(['2', '3']);
  expect(namesOf(theirsOf(family, people.cleo))).toEqual(['3']);
});

test('whoever is erased in between leaves no gap', async () => {
  const settings = loadGenerateSettings('generate.yaml', 'tiny');
  const first = made('1', 'ada', null);
  // Each run again from the one before; the second is on record no more.
  const again = (parent: typeof first, name: string, who: keyof typeof people) => ({
    ...made(name, who, parent.id.slice(-1)),
    lineage: sameAgain(parent, settings).parent.lineage,
  });
  const third = again(again(first, '2', 'ben'), '3', 'cleo');
  const all = [first, third, made('9', 'dan', '8')];
  const list = ({ userId, guildId }: { userId?: string; guildId?: string }) =>
    Promise.resolve(all.filter((one) => one.userId === userId || one.guildId === guildId));
  for (const one of [first, third]) expect(namesOf(await lineageOf(one, { list }))).toEqual(['1', '3']);
  expect(namesOf(theirsOf([first, third], people.ada))).toEqual(['1', '3']);
  // A long line keeps its first and its latest.
  let last = third;
  for (let count = 0; count < 60; count += 1) last = again(last, '4', 'dan');
  const { ancestors = [] } = last.lineage;
  expect([ancestors.length, ancestors[0], ancestors.at(-1)]).toEqual([mostAncestors, first.id, idNamed('4')]);
});
