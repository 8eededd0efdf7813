/** Softmax in double precision. A value that is infinite or no number makes NaN of all: there is no distribution then. */
export function softmax(logits: ArrayLike<number>): Float64Array {
  const out = Float64Array.from(logits);
  const top = out.reduce((a, b) => Math.max(a, b), -Infinity);
  let sum = 0;
  for (let i = 0; i < out.length; i++) sum += out[i] = Math.exp(out[i]! - top);
  return out.map((v) => v / sum);
}
