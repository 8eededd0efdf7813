/** Paths with `/` between their parts. */

/** How many steps up and down lie between the folders of two files. */
export function distance(a: string, b: string): number {
  const [from, to] = [a.split('/').slice(0, -1), b.split('/').slice(0, -1)];
  let common = 0;
  while (common < Math.min(from.length, to.length) && from[common] === to[common]) common++;
  return from.length + to.length - 2 * common;
}

/** How many parts two paths have in common, counted from the end. */
export function commonEnding(a: readonly string[], b: readonly string[]): number {
  let count = 0;
  while (count < Math.min(a.length, b.length) && a[a.length - 1 - count] === b[b.length - 1 - count]) count++;
  return count;
}
