/** Where something stands. */
interface Place {
  readonly name: string;
  readonly inside: Place | null;
}

/**
 * Without recursion, and without a path for each of its values: what comes from outside may be as deep as it is long.
 *
 * @param start the name of the whole
 * @returns the paths, such as `scales.text`, of names and texts with a surrogate that has no partner
 */
export function brokenTexts(given: unknown, start = ''): string[] {
  const broken: string[] = [];
  const left: { readonly value: unknown; readonly place: Place }[] = [
    { value: given, place: { name: start, inside: null } },
  ];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { value, place } = next;
    if (typeof value === 'string' && !value.isWellFormed()) broken.push(pathOf(place));
    if (typeof value !== 'object' || value === null) continue;
    // From the back, since the last one is looked at first.
    for (const [name, one] of Object.entries(value).toReversed()) {
      left.push({ value: name.isWellFormed() ? one : name, place: { name, inside: place } });
    }
  }
  return broken;
}

function pathOf(place: Place): string {
  const names: string[] = [];
  for (let one: Place | null = place; one !== null; one = one.inside) names.push(one.name.toWellFormed());
  return names
    .toReversed()
    .filter((name) => name !== '')
    .join('.');
}
