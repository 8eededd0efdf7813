/** Share of the map's magnitudes that lie where `mark` is 1; 0 for a map of zeros. */
export function massOn(map: ArrayLike<number>, mark: Uint8Array): number {
  let [on, all] = [0, 0];
  for (let i = 0; i < map.length; i++) {
    const v = Math.abs(map[i]!);
    all += v;
    if (mark[i] === 1) on += v;
  }
  return all > 0 ? on / all : 0;
}

/** Share of the places with the largest magnitude that lie on the mark: 1 or 0, but for maps with several such places. */
export function peakOn(map: ArrayLike<number>, mark: Uint8Array): number {
  let top = 0;
  for (let i = 0; i < map.length; i++) top = Math.max(top, Math.abs(map[i]!));
  if (!(top > 0)) return 0;
  let [on, all] = [0, 0];
  for (let i = 0; i < map.length; i++) {
    if (Math.abs(map[i]!) !== top) continue;
    all++;
    if (mark[i] === 1) on++;
  }
  return on / all;
}
