import { smallFloats, smallIntegers } from '../constants.js';
import { indexOf, type Graph, type GraphNode } from '../graph.js';
import { operator } from '../operators/operators.js';

/** A Pad and the pool that reads what it made. */
export interface PaddedPool {
  readonly pad: GraphNode;
  readonly pool: GraphNode;
}

const POOLS = ['MaxPool', 'AveragePool'];
/** What an optimiser takes out of the way. */
const REMOVED = ['Identity', 'Dropout', 'Cast'];

/**
 * Pads with a pool behind them. ONNX Runtime (1.30) makes one pool of the two, whose own padding takes the place of the
 * zeros: a maximum never takes that, and it has to be smaller than the kernel.
 */
export function paddedPools(graph: Graph): PaddedPool[] {
  const pads = new Map<string, GraphNode>();
  const found: PaddedPool[] = [];
  for (const node of graph.nodes) {
    const pad = pads.get(node.inputs[0] ?? '');
    if (isOnnx(node, ['Pad'])) pads.set(node.outputs[0]!, node);
    else if (pad === undefined) continue;
    else if (isOnnx(node, REMOVED)) pads.set(node.outputs[0]!, pad);
    else if (isOnnx(node, POOLS)) found.push({ pad, pool: node });
  }
  return found;
}

/** Those in which zeros that can be the maximum of negative numbers are lost when ONNX Runtime optimises as it comes. */
export function zerosBeforeMaxima(graph: Graph): PaddedPool[] {
  const index = indexOf(graph);
  return paddedPools(graph).filter(({ pad, pool }) => {
    const made = pad.outputs[0]!;
    // What others read as well stays, and so does what the pool's own padding cannot say.
    if (index.consumers(made).length > 1 || graph.outputs.some((o) => o.name === made)) return false;
    if (pool.op !== 'MaxPool' || pool.attributes.string('auto_pad', 'NOTSET') !== 'NOTSET') return false;
    return padsPlacesWithZeros(graph, pad) && !isNeverNegative(graph, index.producer(pad.inputs[0]!));
  });
}

function padsPlacesWithZeros(graph: Graph, pad: GraphNode): boolean {
  const small = (i: number): readonly number[] | undefined => smallIntegers(graph.weights.get(pad.inputs[i] ?? ''));
  const value = pad.inputs[2] ?? '';
  if (pad.attributes.string('mode', 'constant') !== 'constant') return false;
  if (value !== '' && smallFloats(graph.weights.get(value))?.[0] !== 0) return false;
  const pads = small(1) ?? [];
  if (pads.some((n) => n < 0)) return false;
  // Without axes the first two of each half are batch and channels.
  return (pad.inputs[3] ?? '') !== '' || pads.every((n, i) => n === 0 || i % (pads.length / 2) > 1);
}

function isNeverNegative(graph: Graph, maker: GraphNode | undefined): boolean {
  if (maker === undefined) return false;
  const low = smallFloats(graph.weights.get(maker.inputs[1] ?? ''))?.[0];
  const { range } = operator(maker);
  return (
    (maker.domain === '' && range !== undefined && range[0] >= 0) ||
    (isOnnx(maker, ['Clip']) && low !== undefined && low >= 0)
  );
}

function isOnnx(node: GraphNode, ops: readonly string[]): boolean {
  return node.domain === '' && ops.includes(node.op);
}
