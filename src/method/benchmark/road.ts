import { LensError } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import type { FloatTensor } from '../../base/tensor.js';
import { gridOf } from '../fill.js';
import type { InputSpec } from '../subject/subject.js';
import { roughly, solvePlane, systemOf } from './impute.js';
import { scoresOfMade, type ScoreOf } from './replace.js';

/** An input of which pixels are imputed, and who scores it. */
export interface Imputed {
  readonly input: FloatTensor;
  readonly spec: InputSpec;
  readonly most: number;
  readonly score: ScoreOf;
  /** Standard deviation of the noise, in those of the input's values. */
  readonly noise: number;
  readonly random: Random;
  readonly signal: AbortSignal;
}

/** The shares that a text names, in per cent, rising. */
export function percentagesOf(text: string): number[] {
  const found = [...new Set(text.split(',').map((part) => Number(part.trim())))].sort((a, b) => a - b);
  if (found.every((p) => p > 0 && p < 100)) return found;
  throw new LensError(
    'usage',
    'benchmark/percentages',
    `"${text}": shares lie between 0 and 100 per cent, without either.`,
    {
      hint: 'Write e.g. 10,30,50,70,90: where no pixel is left there is nothing to impute from.',
    },
  );
}

/**
 * Scores without the most relevant, and without the least relevant pixels.
 *
 * @param order the most relevant first
 */
export async function road(
  { input, spec, most, score, noise, random, signal }: Imputed,
  order: Uint32Array,
  percentages: readonly number[],
): Promise<{ readonly most: Float64Array; readonly least: Float64Array }> {
  const counts = percentages.map((p) => Math.min(order.length - 1, Math.round((order.length * p) / 100)));
  const deviation = noise * spread(input.data);
  const last = order.length - 1;
  const made = await scoresOfMade(
    2 * counts.length,
    input,
    most,
    (k, into) => {
      const first = k < counts.length;
      const count = counts[first ? k : k - counts.length]!;
      const missing = new Uint8Array(order.length);
      for (let i = 0; i < count; i++) missing[order[first ? i : last - i]!] = 1;
      imputeInto(into, input.data, missing, spec, signal);
      if (deviation > 0) addNoise(into, missing, spec, deviation, random.fork(k));
    },
    score,
  );
  return { most: made.slice(0, counts.length), least: made.slice(counts.length) };
}

/** The input with the missing pixels imputed, each channel by itself. */
export function imputeInto(
  into: Float32Array,
  input: Float32Array,
  missing: Uint8Array,
  spec: InputSpec,
  signal?: AbortSignal,
): void {
  const { channels, height, width, at } = gridOf(spec);
  const system = systemOf(missing, height, width);
  into.set(input);
  const plane = new Float64Array(height * width);
  for (let c = 0; c < channels; c++) {
    for (let p = 0; p < plane.length; p++) plane[p] = input[at(c, Math.floor(p / width), p % width)]!;
    roughly(plane, missing, height, width);
    solvePlane(system, plane, height, width, signal);
    for (const p of system.missing) into[at(c, Math.floor(p / width), p % width)] = plane[p]!;
  }
}

function addNoise(into: Float32Array, missing: Uint8Array, spec: InputSpec, deviation: number, random: Random): void {
  const { channels, width, at } = gridOf(spec);
  for (let p = 0; p < missing.length; p++) {
    if (missing[p] !== 1) continue;
    for (let c = 0; c < channels; c++) into[at(c, Math.floor(p / width), p % width)]! += deviation * random.normal();
  }
}

/** Standard deviation of all values. */
function spread(values: Float32Array): number {
  let [sum, square] = [0, 0];
  for (const v of values) sum += v;
  const mean = sum / values.length;
  for (const v of values) square += (v - mean) ** 2;
  return Math.sqrt(square / values.length);
}
