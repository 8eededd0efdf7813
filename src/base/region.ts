/** Painted places of a grid over a picture, and their text: small enough for a command line, and the same wherever it is read. */

export interface Region {
  readonly width: number;
  readonly height: number;
  /** A byte for each place, rows from the top: 1 painted, 0 not. */
  readonly data: Uint8Array;
}

/** Places of a grid that a text may claim. */
const MOST_PLACES = 1 << 24;

/**
 * `64x48:3k,5,1r`: the grid, then how many places are not painted, how many are, and so on by turns, in base 36; what is
 * behind the last is not painted.
 */
export function writeRegion({ width, height, data }: Region): string {
  const runs: number[] = [];
  let [value, from] = [0, 0];
  for (let i = 0; i < data.length; i++) {
    if (data[i] === value) continue;
    runs.push(i - from);
    [value, from] = [data[i]!, i];
  }
  if (value === 1) runs.push(data.length - from);
  return `${width}x${height}:${runs.map((n) => n.toString(36)).join(',')}`;
}

/** Whether a text is one of a region, right or wrong. */
export function isRegionText(text: string): boolean {
  return /^\d+x\d+:[\da-z,]*$/i.test(text);
}

/** The region that a text says; undefined where it says none: no grid, runs that are none or do not fit. */
export function readRegion(text: string): Region | undefined {
  const found = /^(\d+)x(\d+):((?:[\da-z]+(?:,[\da-z]+)*)?)$/i.exec(text);
  if (found === null) return undefined;
  const [width, height] = [Number(found[1]), Number(found[2])];
  if (!(width * height >= 1) || width * height > MOST_PLACES) return undefined;
  const data = new Uint8Array(width * height);
  let at = 0;
  for (const [i, run] of (found[3] === '' ? [] : found[3]!.split(',')).entries()) {
    const length = Number.parseInt(run, 36);
    if (at + length > data.length) return undefined;
    if (i % 2 === 1) data.fill(1, at, at + length);
    at += length;
  }
  return { width, height, data };
}

/** How many places are painted. */
export function paintedPlaces({ data }: Region): number {
  let count = 0;
  for (const v of data) count += v;
  return count;
}
