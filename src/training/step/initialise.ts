import { Random } from '../../base/random.js';
import { castFloating, sizeOf, type Tensor } from '../../base/tensor.js';
import { indexOf, type Graph, type GraphNode } from '../../graph/graph.js';
import { operator } from '../../graph/operators/operators.js';
import { trainableWeights, weightUse, type WeightUse } from './parameters.js';

export interface Initialisation {
  readonly seed: number;
  /** Weights that keep what they have. */
  readonly keep?: ReadonlySet<string>;
  /** The value that is trained; default: the first output. */
  readonly logits?: string;
}

/** Deviation of the matrices of a transformer (Dosovitskiy et al. 2021, Liu et al. 2021). */
const TRANSFORMER = 0.02;
/** Slope of a PRelu (He et al. 2015). */
const SLOPE = 0.25;

/**
 * Weights as they are before any training, by the kind of layer. Kernels, and matrices in front of a rectifier: normal with
 * variance 2 / fan-in (He et al. 2015). Other matrices: normal with variance 2 / (fan-in + fan-out) (Glorot & Bengio 2010);
 * in a model with attention or layer normalisation, and tokens and embeddings everywhere: truncated normal with deviation
 * 0.02. Recurrent cells: uniform within 1 / √hidden. Scales 1, biases 0, running means 0 and variances 1. A weight gets the
 * same draw whichever others are kept.
 */
export function initialised(graph: Graph, { seed, keep, logits }: Initialisation): Map<string, Tensor> {
  const value = logits ?? graph.outputs[0]?.name ?? '';
  const random = new Random(seed);
  const transformer = isTransformer(graph);
  const out = new Map<string, Tensor>();
  const names = [...trainableWeights(graph, value), ...statistics(graph)];
  const places = new Map([...graph.weights.keys()].map((name, i) => [name, i]));
  for (const name of names) {
    const stored = graph.weights.get(name)!;
    const use = weightUse(graph, name);
    if (keep?.has(name) === true || use === undefined) continue;
    const stream = random.fork(places.get(name)!);
    const variance = use.part === 'statistic' && roleOf(use.node, name) === 'variance';
    const data = variance
      ? new Float64Array(sizeOf(stored.dims)).fill(1)
      : drawn(graph, use, new Float64Array(sizeOf(stored.dims)), stream, transformer);
    out.set(name, castFloating({ type: 'float64', dims: stored.dims, data }, stored.type as 'float32'));
  }
  return out;
}

/** The running statistics of the batch normalisations. */
function statistics(graph: Graph): readonly string[] {
  const found = graph.nodes.flatMap((node) =>
    node.inputs.filter((v) => graph.weights.has(v) && ['mean', 'variance'].includes(roleOf(node, v) ?? '')),
  );
  return [...new Set(found)];
}

function roleOf(node: GraphNode, name: string): string | undefined {
  return operator(node).roles?.[node.inputs.indexOf(name)];
}

function drawn(graph: Graph, use: WeightUse, out: Float64Array, random: Random, transformer: boolean): Float64Array {
  switch (use.part) {
    case 'kernel':
      return random.fillNormal(out, 0, Math.sqrt(2 / use.fanIn));
    case 'matrix':
      return transformer
        ? random.fillTruncatedNormal(out, 0, TRANSFORMER)
        : random.fillNormal(
            out,
            0,
            Math.sqrt(rectified(graph, use.node) ? 2 / use.fanIn : 2 / (use.fanIn + use.fanOut)),
          );
    case 'recurrent': {
      const limit = 1 / Math.sqrt(use.fanOut);
      return out.map(() => (2 * random.uniform() - 1) * limit);
    }
    case 'embedding':
    case 'token':
      return random.fillTruncatedNormal(out, 0, TRANSFORMER);
    case 'scale':
      return out.fill(1);
    case 'slope':
      return out.fill(SLOPE);
    case 'shift':
    case 'statistic':
      return out.fill(0);
  }
}

/** Whether what a product answers goes into a rectifier next, biases and normalisations in between. */
function rectified(graph: Graph, node: GraphNode): boolean {
  const index = indexOf(graph);
  let at: GraphNode | undefined = node;
  for (let steps = 0; at !== undefined && steps < 4; steps++) {
    const next: GraphNode | undefined = index.consumers(at.outputs[0] ?? '')[0];
    if (next === undefined) return false;
    const { activation, range, op, normalises } = operator(next);
    // Squashing functions lie within limits on both sides.
    if (activation === true) return !(range !== undefined && Number.isFinite(range[0]) && Number.isFinite(range[1]));
    at = op === 'Add' || normalises === true ? next : undefined;
  }
  return false;
}

/** Whether queries look at keys, or layers are normalised one sample at a time, as transformers and their kin do. */
function isTransformer(graph: Graph): boolean {
  const index = indexOf(graph);
  return graph.nodes.some(
    (node) =>
      operator(node).attends === true ||
      node.op === 'LayerNormalization' ||
      (node.op === 'Softmax' &&
        index
          .consumers(node.outputs[0]!)
          .some((n) => operator(n).product !== undefined && n.inputs.every((v) => !graph.weights.has(v)))),
  );
}
