/**
 * The two numbers of UMAP's curve 1 / (1 + a d^2b) that come nearest to: 1 up to `least`, then exp(-(d - least) / spread).
 * Least squares over 300 distances up to 3 spreads, by Levenberg and Marquardt; with 0.1 and 1 they are 1.577 and 0.895.
 */
export function curve(least: number, spread = 1): { readonly a: number; readonly b: number } {
  const xs = Array.from({ length: 300 }, (_, i) => (i / 299) * 3 * spread);
  const ys = xs.map((x) => (x < least ? 1 : Math.exp(-(x - least) / spread)));
  let [a, b, damping] = [1, 1, 1e-3];
  let error = misfit(xs, ys, a, b);
  for (let round = 0; round < 200; round++) {
    let [aa, ab, bb, ga, gb] = [0, 0, 0, 0, 0];
    xs.forEach((x, i) => {
      if (x === 0) return;
      const power = x ** (2 * b);
      const value = 1 / (1 + a * power);
      const [da, db] = [-power * value * value, -2 * a * Math.log(x) * power * value * value];
      const off = ys[i]! - value;
      aa += da * da;
      ab += da * db;
      bb += db * db;
      ga += da * off;
      gb += db * off;
    });
    const [p, r] = [aa * (1 + damping), bb * (1 + damping)];
    const determinant = p * r - ab * ab;
    const [na, nb] = [a + (r * ga - ab * gb) / determinant, b + (p * gb - ab * ga) / determinant];
    const next = misfit(xs, ys, na, nb);
    if (next < error) {
      const moved = Math.abs(na - a) + Math.abs(nb - b);
      [a, b, error, damping] = [na, nb, next, damping / 3];
      if (moved < 1e-12) break;
    } else damping *= 3;
  }
  return { a, b };
}

function misfit(xs: readonly number[], ys: readonly number[], a: number, b: number): number {
  return xs.reduce((sum, x, i) => sum + (ys[i]! - 1 / (1 + a * x ** (2 * b))) ** 2, 0);
}
