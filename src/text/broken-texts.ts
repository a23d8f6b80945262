/** @returns the paths, such as `scales.text`, of names and texts with a surrogate that has no partner */
export function brokenTexts(value: unknown, path = ''): string[] {
  if (typeof value === 'string') return value.isWellFormed() ? [] : [path];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, one]) => {
    const inside = [path, name.toWellFormed()].filter((part) => part !== '').join('.');
    return name.isWellFormed() ? brokenTexts(one, inside) : [inside];
  });
}
