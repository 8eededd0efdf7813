/** Pearson's correlation of two rows of numbers; 0 where either does not vary. */
export function pearson(a: Float64Array, b: Float64Array): number {
  const mean = (v: Float64Array): number => v.reduce((x, y) => x + y, 0) / v.length;
  const [ma, mb] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]! - ma, b[i]! - mb];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  const scale = Math.sqrt(aa) * Math.sqrt(bb);
  return scale > 0 ? ab / scale : 0;
}
