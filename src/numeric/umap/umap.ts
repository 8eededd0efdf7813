import { Random } from '../../base/random.js';
import { floatTensor, type FloatTensor } from '../../base/tensor.js';
import { startOf } from '../start.js';
import { curve } from './curve.js';
import type { FuzzyGraph } from './fuzzy.js';
import { Tabulated } from './tabulated.js';

export interface UmapOptions {
  /** Rounds over the edges: 500 of fewer than 10,000 points, 200 of more. */
  readonly rounds?: number;
  /** How near points may lie to each other, in the picture's own unit. */
  readonly least?: number;
  readonly spread?: number;
  /** Points that are pushed away for each edge that pulls. */
  readonly negatives?: number;
  readonly seed?: number;
}

const MANY = 10_000;
/** No coordinate moves farther for one edge; as in umap-learn. */
const LONGEST = 4;
/** Half the width of where points begin. */
const REACH = 10;

/**
 * The layout of UMAP (McInnes, Healy and Melville 2018): edges pull as often as their membership says, and for each pull
 * some points drawn at random push. One `step` is one round. One thread, in the order of the edges: the same seed gives the
 * same bytes.
 */
export class Umap {
  private readonly positions: Float64Array;
  private readonly dimensions: number;
  /** Rounds of all. */
  readonly rounds: number;
  private readonly negatives: number;
  private readonly random: Random;
  /** By the squared distance: how strongly an edge pulls, and how strongly another point pushes, for each unit apart. */
  private readonly pull: Tabulated;
  private readonly push: Tabulated;
  private readonly heads: Int32Array;
  private readonly tails: Int32Array;
  /** Rounds from one pull of an edge to its next, the round of its next pull, and of its next push. */
  private readonly every: Float64Array;
  private readonly nextPull: Float64Array;
  private readonly nextPush: Float64Array;
  private done = 0;

  /** @param start `[count, 2 or 3]`, e.g. first principal components; its scale does not matter */
  constructor(
    private readonly graph: FuzzyGraph,
    start: FloatTensor,
    { rounds, least = 0.1, spread = 1, negatives = 5, seed = 0 }: UmapOptions = {},
  ) {
    this.rounds = rounds ?? (graph.count < MANY ? 500 : 200);
    this.negatives = negatives;
    this.random = new Random(seed);
    const { a, b } = curve(least, spread);
    this.pull = new Tabulated((s) => (-2 * a * b * s ** (b - 1)) / (1 + a * s ** b));
    this.push = new Tabulated((s) => (2 * b) / ((0.001 + s) * (1 + a * s ** b)));
    this.dimensions = start.dims[1] === 3 ? 3 : 2;
    this.positions = spreadOut(startOf(start, this.dimensions), this.random);
    const most = graph.weights.reduce((x, y) => Math.max(x, y), 0);
    // An edge that would pull less than once is left out.
    const kept = [...graph.weights.keys()].filter((e) => graph.weights[e]! * this.rounds >= most);
    this.heads = Int32Array.from(kept, (e) => graph.heads[e]!);
    this.tails = Int32Array.from(kept, (e) => graph.tails[e]!);
    this.every = Float64Array.from(kept, (e) => most / graph.weights[e]!);
    this.nextPull = this.every.slice();
    this.nextPush = this.every.map((v) => v / negatives);
  }

  get round(): number {
    return this.done;
  }

  get finished(): boolean {
    return this.done >= this.rounds;
  }

  /** `[count, dimensions]`, a copy. */
  get points(): FloatTensor {
    return { ...floatTensor([this.graph.count, this.dimensions]), data: Float32Array.from(this.positions) };
  }

  step(): void {
    const { positions: y, dimensions: d, every, nextPull, nextPush } = this;
    const rate = 1 - this.done / this.rounds;
    for (let e = 0; e < every.length; e++) {
      if (nextPull[e]! > this.done) continue;
      const [i, j] = [this.heads[e]! * d, this.tails[e]! * d];
      let squared = distance(y, i, j, d);
      if (squared > 0) {
        const pull = this.pull.at(squared);
        for (let c = 0; c < d; c++) {
          const move = clip(pull * (y[i + c]! - y[j + c]!)) * rate;
          y[i + c]! += move;
          y[j + c]! -= move;
        }
      }
      nextPull[e]! += every[e]!;
      const pushEvery = every[e]! / this.negatives;
      const pushes = Math.floor((this.done - nextPush[e]!) / pushEvery);
      for (let n = 0; n < pushes; n++) {
        const other = this.random.below(this.graph.count) * d;
        if (other === i) continue;
        squared = distance(y, i, other, d);
        const push = squared > 0 ? this.push.at(squared) : 0;
        for (let c = 0; c < d; c++) y[i + c]! += (push > 0 ? clip(push * (y[i + c]! - y[other + c]!)) : LONGEST) * rate;
      }
      if (pushes > 0) nextPush[e]! += pushes * pushEvery;
    }
    this.done++;
  }
}

function distance(y: Float64Array, i: number, j: number, d: number): number {
  let sum = 0;
  for (let c = 0; c < d; c++) sum += (y[i + c]! - y[j + c]!) ** 2;
  return sum;
}

function clip(v: number): number {
  return v > LONGEST ? LONGEST : v < -LONGEST ? -LONGEST : v;
}

/** Within ±10, with noise that parts equal points. */
function spreadOut(start: Float64Array, random: Random): Float64Array {
  const most = start.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  return Float64Array.from(start, (v) => (most > 0 ? (v / most) * REACH : 0) + random.normal() * 1e-4);
}
