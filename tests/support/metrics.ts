/** The value of a sample whose labels contain all of the given ones; NaN when there is none. */
export function sample(text: string, name: string, ...labels: string[]): number {
  const line = text
    .split('\n')
    .find((one) => one.split(/[{ ]/)[0] === name && labels.every((label) => one.includes(label)));
  return Number(line?.split(' ').at(-1));
}
