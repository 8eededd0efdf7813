import type { Fit } from './regression.js';

/** What is said of a fit: how well it describes the model, and which of its values are sure. */
export function fitNotes(fit: Fit, samples: number, errors: Float64Array, of: string): string[] {
  const sure = fit.values.filter((v, i) => Math.abs(v) > 2 * errors[i]!).length;
  const strongest = fit.values.reduce((best, v, i) => (Math.abs(v) > Math.abs(fit.values[best]!) ? i : best), 0);
  const value = fit.values[strongest]!;
  const margin = 2 * errors[strongest]!;
  const quality = Number.isNaN(fit.r2)
    ? 'The score does not change with the parts: there is nothing to explain with this fill.'
    : `A sum over the parts explains ${(100 * fit.r2).toFixed(0)} % of the variance of the ${of} (R² ${fit.r2.toFixed(2)}).`;
  const few = `${samples} samples are few for ${fit.values.length} parts: take at least ${4 * fit.values.length}, or fewer parts.`;
  return [
    ...(samples < 2 * fit.values.length ? [few] : []),
    quality,
    `The strongest part has ${value.toPrecision(3)} ± ${margin.toPrecision(2)} (two standard errors, by leaving out samples); ` +
      `${sure} of ${fit.values.length} parts are further from 0 than that.`,
  ];
}
