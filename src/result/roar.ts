import type { ErrorData } from '../base/errors.js';
import type { Estimate } from './estimate.js';
import type { ParameterSchema, ParametersOf, ParameterValue } from './method.js';
import type { Recipe } from './recipe.js';

/** Remove and retrain: what a network can still learn when what a method points at is gone. Plain data. */

export const ROAR_PARAMETERS = {
  fractions: {
    type: 'text',
    title: 'Removed',
    default: '10,30,50,70,90',
    pattern: String.raw`\d+(\.\d+)?(\s*,\s*\d+(\.\d+)?)*`,
    description: 'shares of each picture that are removed, in per cent, separated by commas',
  },
  seeds: {
    type: 'integer',
    title: 'Seeds',
    default: 3,
    minimum: 1,
    maximum: 100,
    description: 'trainings of each cell, each from other random weights; random pixels are drawn anew for each',
  },
  keep: {
    type: 'boolean',
    title: 'Keep and retrain',
    default: false,
    description: 'removes the least relevant first, so that what a method points at is kept (KAR)',
  },
  rank: {
    type: 'choice',
    title: 'Ranking',
    default: 'values',
    choices: ['values', 'pixels'],
    description:
      'values: each channel of each pixel by itself, as in the code of the paper; pixels: all channels of a pixel together',
  },
  map: {
    type: 'choice',
    title: 'Map',
    default: 'squared',
    choices: ['squared', 'signed'],
    description:
      'squared: maps with a value for each channel are ranked by their squares, as in the code of the paper; signed: by the values as they are',
  },
} as const satisfies ParameterSchema;

export type RoarParameters = ParametersOf<typeof ROAR_PARAMETERS>;

/** One training. */
export interface RoarCell {
  /** The row's id; `none` where nothing was removed. */
  readonly method: string;
  /** Per cent that is removed. */
  readonly fraction: number;
  readonly seed: number;
  /** Of the test pictures with as much removed, 0 to 1. */
  readonly accuracy: number;
  readonly loss: number;
}

export interface RoarRow {
  readonly id: string;
  readonly title: string;
  readonly kind: 'method' | 'baseline';
  readonly params: Readonly<Record<string, ParameterValue>>;
  readonly layer?: string;
}

export interface Roar {
  readonly params: RoarParameters;
  /** How each network was trained. */
  readonly training: Readonly<Record<string, ParameterValue>>;
  readonly place: string;
  readonly rows: readonly RoarRow[];
  /** Per cent, rising. */
  readonly fractions: readonly number[];
  readonly seeds: readonly number[];
  readonly cells: readonly RoarCell[];
  readonly classes: readonly string[];
  /** Pictures that are trained on, and those of the accuracy. */
  readonly trained: number;
  readonly tested: number;
  /** What naming the most frequent class gets on the test pictures. */
  readonly majority: number;
  readonly omitted: readonly { readonly name: string; readonly error: ErrorData }[];
  readonly notes: readonly string[];
  readonly recipe: Recipe;
}

/** The id of the trainings in which nothing is removed. */
export const NOTHING = 'none';

function accuracies({ cells }: Pick<Roar, 'cells'>, method: string, fraction: number): number[] {
  return cells.filter((cell) => cell.method === method && cell.fraction === fraction).map((c) => c.accuracy);
}

/** Mean accuracy over the seeds, and the lowest and highest of them. */
export function overSeeds(roar: Pick<Roar, 'cells'>, method: string, fraction: number): Estimate {
  const found = accuracies(roar, method, fraction);
  if (found.length === 0) return { mean: NaN, low: NaN, high: NaN };
  return { mean: found.reduce((a, b) => a + b, 0) / found.length, low: Math.min(...found), high: Math.max(...found) };
}

/** Standard deviation of the accuracy over the seeds, of a sample (n − 1); NaN of fewer than two. */
export function deviationOverSeeds(roar: Pick<Roar, 'cells'>, method: string, fraction: number): number {
  const found = accuracies(roar, method, fraction);
  if (found.length < 2) return NaN;
  const mean = found.reduce((a, b) => a + b, 0) / found.length;
  return Math.sqrt(found.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (found.length - 1));
}

/**
 * The rows in the order of the paper's question: the method after whose removal the least can be learned first (of `keep`:
 * the most), by the mean over the fractions.
 */
export function roarRanked(
  roar: Pick<Roar, 'cells' | 'rows' | 'fractions' | 'params'>,
): (RoarRow & { readonly mean: number })[] {
  const sign = roar.params.keep ? -1 : 1;
  return roar.rows
    .map((row) => {
      const means = roar.fractions.map((fraction) => overSeeds(roar, row.id, fraction).mean);
      return { ...row, mean: means.reduce((a, b) => a + b, 0) / means.length };
    })
    .sort((a, b) => sign * (a.mean - b.mean) || (a.id < b.id ? -1 : 1));
}
