import { floatTensor, type FloatTensor } from '../../base/tensor.js';
import { Random } from '../../base/random.js';
import { startOf } from '../start.js';
import type { Affinities } from './affinities.js';
import { field, forces, SHARE, type Field } from './forces.js';
import { plant, type Allocate } from './tree.js';

export interface TsneOptions {
  /** Rounds of all, and of those in which neighbours are drawn together 12 times as strongly. */
  readonly rounds?: number;
  readonly early?: number;
  /** How coarse the far field is (0: exact). */
  readonly theta?: number;
  readonly seed?: number;
  readonly allocate?: Allocate;
  /** Lets others compute the forces of all shares; in this thread where it is not given. */
  readonly team?: (all: Field, theta: number) => Promise<void>;
}

const EXAGGERATION = 12;
const LEAST_GAIN = 0.01;
/** Steps this small, in the gradient's own length, change nothing that is seen. */
const STILL = 1e-7;

/**
 * t-SNE (van der Maaten and Hinton 2008) by Barnes-Hut, with the settings that scikit-learn and openTSNE use: learning rate
 * max(n / 48, 50) × 4, momentum 0.5 while exaggerated and 0.8 after, gains for each coordinate. One `step` is one round, so
 * that it can be drawn, paused and ended. The same seed gives the same bytes, by any number of threads.
 */
export class Tsne {
  readonly field: Field;
  private readonly velocity: Float64Array;
  private readonly gains: Float64Array;
  private readonly options: Required<Omit<TsneOptions, 'team' | 'seed'>> & Pick<TsneOptions, 'team'>;
  private readonly rate: number;
  private done = 0;
  private norm = Infinity;

  /** @param start `[count, 2 or 3]`: where points begin, e.g. their first principal components; its scale does not matter */
  constructor(affinities: Affinities, start: FloatTensor, options: TsneOptions = {}) {
    const { rounds = 1000, early = 250, theta = 0.5, seed = 0, allocate = (n) => new ArrayBuffer(n) } = options;
    this.options = { rounds, early, theta, allocate, ...(options.team && { team: options.team }) };
    const dimensions = start.dims[1] === 3 ? 3 : 2;
    this.field = field(affinities, dimensions, allocate);
    this.rate = Math.max(affinities.count / EXAGGERATION / 4, 50);
    begin(this.field.positions, startOf(start, dimensions), dimensions, new Random(seed));
    this.velocity = new Float64Array(this.field.positions.length);
    this.gains = new Float64Array(this.field.positions.length).fill(1);
  }

  /** Rounds done. */
  get round(): number {
    return this.done;
  }

  get finished(): boolean {
    return this.done >= this.options.rounds || (this.done > this.options.early && this.norm < STILL);
  }

  /** `[count, dimensions]`, a copy. */
  get points(): FloatTensor {
    const { positions, tree } = this.field;
    return { ...floatTensor([tree.count, tree.dimensions]), data: Float32Array.from(positions) };
  }

  async step(): Promise<void> {
    const { early, theta, team } = this.options;
    const exaggerated = this.done < early;
    const gradient = await this.gradient(theta, exaggerated ? EXAGGERATION : 1, team);
    const { positions } = this.field;
    const momentum = exaggerated ? 0.5 : 0.8;
    let norm = 0;
    for (let i = 0; i < positions.length; i++) {
      const g = gradient[i]!;
      norm += g * g;
      this.gains[i] = Math.max(LEAST_GAIN, this.velocity[i]! * g < 0 ? this.gains[i]! + 0.2 : this.gains[i]! * 0.8);
      this.velocity[i] = momentum * this.velocity[i]! - this.rate * this.gains[i]! * g;
      positions[i]! += this.velocity[i]!;
    }
    this.norm = Math.sqrt(norm);
    this.done++;
  }

  /** dKL / dy = 4 (Σ p q (y_i - y_j) - Σ q² (y_i - y_j) / Z), `[count, dimensions]`. */
  async gradient(theta = 0, exaggeration = 1, team?: TsneOptions['team']): Promise<Float64Array> {
    const all = this.field;
    plant(all.tree, all.positions);
    if (team === undefined) forces(all, 0, all.sums.length, theta);
    else await team(all, theta);
    const total = all.sums.reduce((a, b) => a + b, 0) || 1;
    return all.attraction.map((a, i) => 4 * (exaggeration * a - all.repulsion[i]! / total));
  }

  /** The Kullback-Leibler divergence of where points are now, in nats, over the pairs that the affinities hold. */
  divergence(theta = this.options.theta): number {
    const all = this.field;
    plant(all.tree, all.positions);
    forces(all, 0, Math.ceil(all.tree.count / SHARE), theta);
    const total = all.sums.reduce((a, b) => a + b, 0);
    const { rows, columns, weights } = all.affinities;
    const d = all.tree.dimensions;
    let sum = 0;
    for (let i = 0; i + 1 < rows.length; i++) {
      for (let e = rows[i]!; e < rows[i + 1]!; e++) {
        let squared = 0;
        for (let c = 0; c < d; c++) squared += (all.positions[i * d + c]! - all.positions[columns[e]! * d + c]!) ** 2;
        if (weights[e]! > 0) sum += weights[e]! * Math.log(weights[e]! * (1 + squared) * total);
      }
    }
    return sum;
  }
}

/** Scaled so that the first coordinate has standard deviation 1e-4; points at one place are moved apart by a millionth of that. */
function begin(positions: Float64Array, start: Float64Array, dimensions: number, random: Random): void {
  const n = positions.length / dimensions;
  let [mean, squares] = [0, 0];
  for (let i = 0; i < n; i++) mean += start[i * dimensions]! / n;
  for (let i = 0; i < n; i++) squares += (start[i * dimensions]! - mean) ** 2 / n;
  const scale = squares > 0 ? 1e-4 / Math.sqrt(squares) : 0;
  const apart = scale === 0 ? 1e-4 : 1e-10;
  for (let i = 0; i < positions.length; i++) positions[i] = start[i]! * scale + random.normal() * apart;
}
