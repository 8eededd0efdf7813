import { inMemory } from '../../../../src/checkpoint/model.js';
import { Random } from '../../../../src/base/random.js';
import { floatTensor, sizeOf, toFloat32, type FloatTensor } from '../../../../src/base/tensor.js';
import { makeNode } from '../../../../src/graph/edits.js';
import type { Graph } from '../../../../src/graph/graph.js';
import { attributionMethodById } from '../../../../src/method/index.js';
import type { AttributionAnswer } from '../../../../src/method/method.js';
import { parseParameters } from '../../../../src/method/parameters.js';
import type { ModelSubject } from '../../../../src/method/subject/modelSubject.js';
import type { ParameterValue } from '../../../../src/result/method.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { openTiny, SIDE, tinyPicture } from '../tinyNet.js';

/**
 * A network about which everything is known: S_k = Σ_c w_kc · mean over all places of A_c, where A = relu(a · x). So
 * dS_k/dA_c = w_kc / places everywhere, and dS_k/dx = w_kc / places · a where the unit is on.
 */
export interface PooledNet {
  /** `x`, flat `[3, 16, 16]`. */
  readonly picture: Float32Array;
  /** `a`, flat. */
  readonly factors: Float32Array;
  /** A, flat. */
  readonly on: Float64Array;
  /** dS/dA for the class, flat: the same for a whole channel. */
  readonly slopes: Float64Array;
  /** The score of the class. */
  readonly score: number;
  /** One map or answer of a method about the class. */
  ask(
    id: string,
    params?: Readonly<Record<string, ParameterValue>>,
    layer?: string,
  ): Promise<AttributionAnswer & { readonly map: Float32Array }>;
  /** The picture that a fill makes, flat. */
  filled(level: 'zero' | 'black' | 'white' | 'grey'): Float32Array;
}

export const PLACES = SIDE * SIDE;

/** The class that most tests ask about has weights of both signs; all weights of `POSITIVE` are positive. */
export const CLASS = 1;
export const POSITIVE = 0;
const WEIGHTS = [
  [2, 1, 0.5],
  [1.5, -2, 0.75],
] as const;

function graphOf(factors: FloatTensor): Graph {
  const weights = floatTensor([WEIGHTS.length, 3], Float32Array.from(WEIGHTS.flat()));
  return {
    name: 'pooled',
    irVersion: 9,
    opset: 18,
    opsets: new Map(),
    inputs: [{ name: 'x', type: 'float32', dims: ['batch', 3, SIDE, SIDE] }],
    outputs: [{ name: 'fc', type: 'float32', dims: ['batch', WEIGHTS.length] }],
    nodes: [
      makeNode('Mul', 'scaled', ['x', 'a']),
      makeNode('Relu', 'act', ['scaled']),
      makeNode('GlobalAveragePool', 'pooled', ['act']),
      makeNode('Flatten', 'flat', ['pooled'], { axis: 1 }),
      makeNode('Gemm', 'fc', ['flat', 'fc.weight'], { transB: 1 }),
    ],
    weights: new Map([
      ['a', inMemory('a', factors)],
      ['fc.weight', inMemory('fc.weight', weights)],
    ]),
    metadata: new Map(),
  };
}

/** Opens the network for the tests of a suite. */
export function pooledNet(index: number = CLASS): PooledNet {
  const random = new Random(21);
  const dims = [1, 3, SIDE, SIDE];
  const a = floatTensor(
    dims,
    Float32Array.from({ length: sizeOf(dims) }, () => (random.uniform() < 0.5 ? -1 : 1) * (0.5 + random.uniform())),
  );
  const input = tinyPicture();
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  let subject: ModelSubject | undefined;
  before(async () => void (subject = await openTiny(graphOf(a), sessions)));
  after(async () => {
    await subject?.dispose();
    await sessions.dispose();
  });
  const on = Float64Array.from(input.data, (x, i) => Math.max(0, Math.fround(x * a.data[i]!)));
  const slopes = on.map((_, i) => WEIGHTS[index]![Math.floor(i / PLACES)]! / PLACES);
  return {
    picture: input.data,
    factors: a.data,
    on,
    slopes,
    score: on.reduce((sum, v, i) => sum + v * slopes[i]!, 0),
    ask: async (id, params = {}, layer) => {
      const method = attributionMethodById(id);
      const request = {
        input,
        target: { index, label: '' },
        score: 'logit',
        seed: 5,
        params: parseParameters(id, method.parameters, params),
        ...(layer === undefined ? {} : { layer }),
      } as const;
      const { signal } = new AbortController();
      const context = { signal, random: new Random(5), progress: () => undefined };
      const answer = await method.run(subject!, request, context);
      return { ...answer, map: toFloat32(answer.attribution.values) };
    },
    filled: (level) => {
      const colour = subject!.input.fill(level);
      return input.data.map((_, i) => colour[Math.floor(i / PLACES)]!);
    },
  };
}

/** dS/dx. */
export function gradientOf({ on, slopes, factors }: PooledNet): Float64Array {
  return slopes.map((s, i) => (on[i]! > 0 ? s * factors[i]! : 0));
}

/** What each input adds to the score: x · dS/dx, and A · dS/dA. */
export function sharesOf({ on, slopes }: PooledNet): Float64Array {
  return slopes.map((s, i) => s * on[i]!);
}

/** Σ_c f(c, place), one value per place. */
export function overChannels(f: (at: number) => number): Float64Array {
  return Float64Array.from({ length: PLACES }, (_, p) => [0, 1, 2].reduce((sum, c) => sum + f(c * PLACES + p), 0));
}

/** Cumulative distribution of the normal distribution (Abramowitz and Stegun 7.1.26, error below 1e-7). */
export function normalShare(z: number): number {
  const t = 1 / (1 + (0.3275911 * Math.abs(z)) / Math.SQRT2);
  const tail =
    t *
    (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) *
    Math.exp((-z * z) / 2);
  return z >= 0 ? 1 - tail / 2 : tail / 2;
}

/** Share of noisy copies of the picture, of that noise, in which each unit is on. */
export function shareOn({ picture, factors }: PooledNet, noise: number): Float64Array {
  const sigma = noise * (Math.max(...picture) - Math.min(...picture));
  return Float64Array.from(picture, (x, i) => normalShare((x * Math.sign(factors[i]!)) / sigma));
}
