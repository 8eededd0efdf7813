import { castFloating, isFloating, toNumbers, type Tensor, type TensorData } from '../base/tensor.js';
import type { Random } from '../base/random.js';
import { readTensor } from '../checkpoint/readTensor.js';
import type { StoredTensor } from '../checkpoint/model.js';
import { indexOf, type Graph } from '../graph/graph.js';
import type { Layer, WeightReplacement } from '../graph/layers/layer.js';

/**
 * The weights of some layers, drawn anew. Matrices and kernels are redrawn from a normal distribution with their own mean
 * and standard deviation; vectors (biases, scales) and whole numbers are shuffled, which keeps variances positive. The four
 * vectors of a batch normalisation are shuffled alike, so that its statistics stay those of one channel.
 *
 * @param random a stream of its own is taken for each layer, by its place in the graph: a layer gets the same draw in
 *   whatever company it is asked for
 */
export async function randomWeights(
  graph: Graph,
  layers: readonly Layer[],
  random: Random,
  signal?: AbortSignal,
): Promise<WeightReplacement> {
  const index = indexOf(graph);
  const places = new Map(graph.nodes.map((node, i) => [node.name, i]));
  const out = new Map<string, Tensor>();
  for (const layer of layers) {
    const stream = random.fork(places.get(layer.node) ?? 0);
    const node = index.node(layer.node);
    const buffers = node?.op === 'BatchNormalization' ? node.inputs.slice(1) : [];
    const names = [...new Set([...layer.weights, ...buffers])].filter((n) => graph.weights.has(n) && !out.has(n));
    // One order for all vectors of the same length: those of a normalisation belong together.
    const orders = new Map<number, number[]>();
    for (const name of names) {
      const stored = graph.weights.get(name)!;
      out.set(name, await redrawn(stored, stream, orders, signal));
    }
  }
  return out;
}

async function redrawn(
  stored: StoredTensor,
  random: Random,
  orders: Map<number, number[]>,
  signal?: AbortSignal,
): Promise<Tensor> {
  const tensor = await readTensor(stored, signal);
  const { type, dims, data } = tensor;
  if (Array.isArray(data)) return tensor;
  if (isFloating(type) && dims.filter((d) => d > 1).length > 1)
    return type === 'float32'
      ? { type, dims, data: drawnLike(data as Float32Array, new Float32Array(data.length), random) }
      : castFloating(
          { type: 'float64', dims, data: drawnLike(toNumbers(tensor), new Float64Array(data.length), random) },
          type as 'float16',
        );
  let order = orders.get(data.length);
  if (order === undefined) {
    order = random.shuffle(Array.from({ length: data.length }, (_, i) => i));
    orders.set(data.length, order);
  }
  const shuffled = data.slice() as Exclude<TensorData, string[]>;
  order.forEach((from, i) => (shuffled[i] = data[from]!));
  return { type, dims, data: shuffled };
}

/** Fills `out` from a normal distribution with the mean and standard deviation of `values`. */
function drawnLike<T extends Float32Array | Float64Array>(values: T, out: T, random: Random): T {
  // Counted loops: a large network has a hundred million weights, and a callback for each takes a minute.
  const n = values.length;
  let [sum, squares] = [0, 0];
  for (let i = 0; i < n; i++) sum += values[i]!;
  const mean = sum / n;
  for (let i = 0; i < n; i++) squares += (values[i]! - mean) * (values[i]! - mean);
  const spread = Math.sqrt(squares / n);
  return random.fillNormal(out, mean, spread);
}
