import { sizeOf } from '../../base/tensor.js';
import { indexOf, type Graph, type GraphNode } from '../../graph/graph.js';
import { operator } from '../../graph/operators/operators.js';
import type { Layer } from '../../graph/layers/layer.js';
import { quantisedOperand } from '../../graph/layers/quantised.js';
import { permuted, plainArray, reshaped, weightArray, type WeightArray } from '../../session/weightArray.js';
import type { WeightEntry, WeightView } from '../../result/weights.js';

/** A weight in the arrangement in which it is looked at: rows are outputs (filters, units, tokens). */
export interface ShownWeight {
  readonly entry: WeightEntry;
  readonly array: WeightArray;
}

/** The weights of a layer, main one first, each in the arrangement that shows it best. */
export async function shownWeights(graph: Graph, layer: Layer): Promise<ShownWeight[]> {
  const out: ShownWeight[] = [];
  for (const name of layer.weights) {
    const shown = await shownWeight(graph, name, layer.node);
    if (shown !== undefined) out.push(shown);
  }
  return out;
}

/**
 * One weight as the node that reads it sees it.
 *
 * @param preferred the reading node that is meant, where several read the weight
 */
export async function shownWeight(graph: Graph, name: string, preferred?: string): Promise<ShownWeight | undefined> {
  const stored = graph.weights.get(name);
  if (stored === undefined || stored.type === 'string' || stored.type.startsWith('complex')) return undefined;
  const reader = readerOf(graph, name, preferred);
  const seen = reader === undefined ? undefined : await weightArray(graph, reader.node, reader.input);
  const array = seen ?? plainArray(stored);
  const { view, arranged } = arrange(graph, array, reader);
  const { label } = arranged;
  return {
    array: arranged,
    entry: {
      name,
      role: roleOf(name, view, reader),
      dims: stored.dims,
      type: stored.type,
      view,
      shape: arranged.shape,
      ...(label === undefined ? {} : { label }),
    },
  };
}

interface Reader {
  readonly node: GraphNode;
  readonly input: number;
}

/** The node that computes with a weight, transpositions and dequantisation passed over. */
function readerOf(graph: Graph, name: string, preferred: string | undefined): Reader | undefined {
  const index = indexOf(graph);
  const found: Reader[] = [];
  const values = [name];
  for (const value of values) {
    for (const node of index.consumers(value)) {
      const input = node.inputs.indexOf(value);
      if (input === 0 && node.domain === '' && operator(node).readThrough === true) values.push(...node.outputs);
      else if (input >= 0) found.push({ node, input });
    }
    if (values.length > 64) break;
  }
  return found.find((r) => r.node.name === preferred) ?? found[0];
}

/** In the place of a reader that a weight does not have. */
const NOBODY = { op: '', domain: '' };

interface Arranged {
  readonly view: WeightView;
  readonly arranged: WeightArray;
}

function arrange(graph: Graph, array: WeightArray, reader: Reader | undefined): Arranged {
  const { shape } = array;
  const wide = shape.filter((d) => d !== 1).length;
  const { op, product, gates } = operator(reader?.node ?? NOBODY);
  if (product === 'convolution' && shape.length >= 3) return convolution(graph, array, reader!.node);
  if (product === 'transposed' && shape.length >= 3) {
    const order = shape.map((_, i) => i);
    // Stored as in × out/group; a depthwise one has a single output for each input and is in its order already.
    return convolution(graph, shape[1] === 1 ? array : permuted(array, [1, 0, ...order.slice(2)]), reader!.node);
  }
  if (wide <= 1) return { view: 'vector', arranged: asShape(array, [sizeOf(shape)]) };
  if (product === 'matrix' || product === 'projection') return { view: 'matrix', arranged: linear(array, reader!) };
  if (gates !== undefined)
    return { view: 'matrix', arranged: asShape(array, [sizeOf(shape.slice(0, -1)), shape.at(-1)!]) };
  const dims = shape.filter((d) => d !== 1);
  if (op === 'Add' && dims.length === 2 && shape.at(-1) === dims[1] && dims[1]! >= 4)
    return { view: 'position', arranged: asShape(array, dims) };
  return { view: 'matrix', arranged: asShape(array, [shape[0] === 1 ? dims[0]! : shape[0]!, -1]) };
}

function convolution(graph: Graph, array: WeightArray, node: GraphNode): Arranged {
  const [outputs, inputs, ...kernel] = array.shape as [number, number, ...number[]];
  const area = sizeOf(kernel);
  if (area === 1)
    return inputs === 1
      ? { view: 'vector', arranged: asShape(array, [outputs]) }
      : { view: 'matrix', arranged: asShape(array, [outputs, inputs]) };
  const width = kernel.at(-1)!;
  const arranged = asShape(array, [outputs, inputs, area / width, width]);
  if (inputs === 1) return { view: 'depthwise', arranged };
  return { view: inputs === 3 && readsPicture(graph, node) ? 'rgb' : 'kernels', arranged };
}

/** Rows are outputs: in a product the weight's last axis, unless a Gemm turns it. */
function linear(array: WeightArray, { node, input }: Reader): WeightArray {
  const { shape } = array;
  const rank = shape.length;
  const leads = sizeOf(shape.slice(0, -2));
  const second = input === (quantisedOperand(node)?.weight ?? 1);
  const turned = node.op.includes('Gemm') && node.attributes.int(second ? 'transB' : 'transA', 0) !== 0;
  if (second === turned) return asShape(array, [leads * shape[rank - 2]!, shape[rank - 1]!]);
  const order = [...shape.keys()];
  const swapped = permuted(array, [...order.slice(0, -2), rank - 1, rank - 2]);
  return asShape(swapped, [leads * shape[rank - 1]!, shape[rank - 2]!]);
}

/** The array in a shape (-1: what is left); where its axes cannot be merged, as it is stored. */
function asShape(array: WeightArray, shape: readonly number[]): WeightArray {
  const known = shape.reduce((product, d) => (d < 0 ? product : product * d), 1);
  const full = shape.map((d) => (d < 0 ? sizeOf(array.shape) / known : d));
  return reshaped(array, full) ?? reshaped(plainArray(array.stored), full) ?? array;
}

/** Whether no other layer stands between the picture and a convolution: then its three channels are colours. */
function readsPicture(graph: Graph, node: GraphNode): boolean {
  const index = indexOf(graph);
  const seen = new Set<GraphNode>();
  const open = [node];
  for (const at of open) {
    for (const input of at === node ? at.inputs.slice(0, 1) : at.inputs) {
      const producer = index.producer(input);
      if (producer === undefined || seen.has(producer)) continue;
      if (operator(producer).product !== undefined) return false;
      seen.add(producer);
      open.push(producer);
    }
  }
  return true;
}

function roleOf(name: string, view: WeightView, reader: Reader | undefined): string {
  if (view === 'position') return 'position';
  if (reader === undefined) return 'unused';
  const operand = quantisedOperand(reader.node);
  if (reader.input === operand?.weight) return 'weight';
  if (reader.input === operand?.bias) return 'bias';
  const role = operator(reader.node).roles?.[reader.input];
  if (role !== undefined) return role;
  if (reader.node.op === 'Add') return 'bias';
  if (reader.node.op === 'Mul') return 'scale';
  return view === 'vector' ? (name.split(/[./]/).at(-1) ?? name) : 'weight';
}
