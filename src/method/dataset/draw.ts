import { Random } from '../../base/random.js';

/**
 * Places of `most` of the examples, in their order, drawn so that each label keeps its share (largest remainders). The same
 * every time.
 *
 * @param labels one for each; undefined where it has none, which counts as a label
 */
export function stratified(labels: readonly (string | undefined)[], most: number, seed = 0): number[] {
  if (most >= labels.length) return labels.map((_, i) => i);
  const groups = new Map<string | undefined, number[]>();
  labels.forEach((label, i) => {
    const group = groups.get(label);
    if (group === undefined) groups.set(label, [i]);
    else group.push(i);
  });
  const shares = [...groups.values()].map((members) => {
    const exact = (members.length * most) / labels.length;
    return { members, exact, taken: Math.floor(exact) };
  });
  let left = most - shares.reduce((sum, s) => sum + s.taken, 0);
  for (const share of [...shares].sort((a, b) => b.exact - b.taken - (a.exact - a.taken)))
    if (left > 0 && share.taken < share.members.length) [share.taken, left] = [share.taken + 1, left - 1];
  const random = new Random(seed);
  return shares
    .flatMap(({ members, taken }, group) =>
      random
        .fork(group)
        .shuffle([...members])
        .slice(0, taken),
    )
    .sort((a, b) => a - b);
}
