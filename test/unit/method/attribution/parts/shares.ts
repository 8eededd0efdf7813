import assert from 'node:assert/strict';
import type { Parts } from '../../../../../src/method/attribution/parts/squares.js';
import { overChannels, sharesOf, type PooledNet } from '../pooledNet.js';

/** The one value that a map has in each part. */
export function perPart(map: ArrayLike<number>, parts: Parts): Float64Array {
  const out = new Float64Array(parts.count).fill(NaN);
  parts.of.forEach((part, at) => {
    if (Number.isNaN(out[part]!)) out[part] = map[at]!;
    assert.equal(map[at], out[part], `pixel ${at} differs from the others of part ${part}`);
  });
  return out;
}

/** What each part adds to the score of the pooled network: with zeros in its place nothing is left of it. */
export function sharesOfParts(net: PooledNet, parts: Parts): Float64Array {
  const shares = sharesOf(net);
  const pixels = overChannels((at) => shares[at]!);
  const out = new Float64Array(parts.count);
  parts.of.forEach((part, at) => (out[part]! += pixels[at]!));
  return out;
}
