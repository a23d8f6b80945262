import { expect, test } from 'vitest';
import { lineageOf, theirsOf } from '../../../src/commands/support/lineage.ts';
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
