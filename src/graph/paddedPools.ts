import { smallFloats } from './constants.js';
import { indexOf, type Graph, type GraphNode } from './graph.js';

/** A Pad and the pool that reads what it made. */
export interface PaddedPool {
  readonly pad: GraphNode;
  readonly pool: GraphNode;
}

const POOLS = ['MaxPool', 'AveragePool'];
/** What an optimiser takes out of the way. */
const REMOVED = ['Identity', 'Dropout', 'Cast'];
const NOT_NEGATIVE = ['Relu', 'Sigmoid', 'HardSigmoid', 'Softmax', 'Softplus', 'Exp', 'Abs', 'Sqrt'];

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

/** Those in which the zeros can be the maximum of negative numbers, so that it matters whether they count. */
export function zerosBeforeMaxima(graph: Graph): PaddedPool[] {
  const index = indexOf(graph);
  return paddedPools(graph).filter(({ pad, pool }) => {
    const value = pad.inputs[2] ?? '';
    // What others read as well stays.
    if (index.consumers(pad.outputs[0]!).length > 1) return false;
    if (pool.op !== 'MaxPool' || pad.attributes.string('mode', 'constant') !== 'constant') return false;
    if (value !== '' && smallFloats(graph.weights.get(value))?.[0] !== 0) return false;
    const maker = index.producer(pad.inputs[0]!);
    if (maker === undefined || !isOnnx(maker, ['Clip', ...NOT_NEGATIVE])) return true;
    const low = smallFloats(graph.weights.get(maker.inputs[1] ?? ''))?.[0] ?? -Infinity;
    return maker.op === 'Clip' && low < 0;
  });
}

function isOnnx(node: GraphNode, ops: readonly string[]): boolean {
  return node.domain === '' && ops.includes(node.op);
}
