import type { Facts } from '../../graph/facts.js';
import type { Graph, GraphNode } from '../../graph/graph.js';
import { makeAttributes } from '../../graph/attributes.js';
import { dimsOf, type Dims } from '../dims.js';
import { isBlocked } from './gradientForms.js';
import { toIntegers } from '../../base/tensor.js';
import { ENLARGED, isSpread } from './blocked.js';
import type { Tape } from '../emit/tape.js';

/**
 * Squeeze and excitation as exporters write it, a ReduceMean over the positions and a product that repeats one number for
 * each channel, in the forms that ONNX Runtime has in its blocked layout: GlobalAveragePool, and a product of equal shapes.
 * The values stay what they are; three reorders of the whole picture for each gate go.
 */
export function blockedGates(graph: Graph, facts: Facts, tape: Tape): Graph {
  const dims = (value: string): Dims | undefined => {
    const fact = facts.get(value);
    return fact?.type === 'float32' ? dimsOf(fact) : undefined;
  };
  let changed = false;
  const nodes = graph.nodes.flatMap((node): readonly GraphNode[] => {
    if (node.domain !== '') return [node];
    const [first = '', second = ''] = node.inputs;
    const x = dims(first);
    if (node.op === 'ReduceMean' && x !== undefined && isPicture(x) && overPositions(graph, facts, node)) {
      changed = true;
      return [{ ...node, op: 'GlobalAveragePool', inputs: [first], attributes: makeAttributes({}) }];
    }
    if (node.op !== 'Mul') return [node];
    const other = dims(second);
    if (x === undefined || other === undefined) return [node];
    const gate = isSpread(x, other) ? 0 : isSpread(other, x) ? 1 : undefined;
    const whole = gate === 0 ? other : x;
    if (gate === undefined || !isPicture(whole)) return [node];
    changed = true;
    const written = tape.nodes.splice(0);
    tape.scope = node.name;
    const data = Float32Array.from([1, 1, whole[2]!.base, whole[3]!.base]);
    const scales = tape.constant({ type: 'float32', dims: [4], data });
    const wide = tape.op('Resize', [node.inputs[gate]!, undefined, scales], ENLARGED);
    tape.settle(wide, whole);
    const [resize] = tape.nodes.splice(0);
    tape.nodes.push(...written);
    return [resize!, { ...node, inputs: node.inputs.map((v, i) => (i === gate ? wide : v)) }];
  });
  return changed ? { ...graph, nodes } : graph;
}

function isPicture(dims: Dims): boolean {
  return isBlocked('cpu', 'float32', dims) && dims.slice(2).every((d) => d.slope === 0);
}

/** A mean over both axes of a picture that keeps them. */
function overPositions(graph: Graph, facts: Facts, node: GraphNode): boolean {
  if (node.attributes.int('keepdims', 1) !== 1) return false;
  const [, input = ''] = node.inputs;
  const weight = graph.weights.get(input);
  const known = weight?.at.kind === 'memory' ? weight.at.tensor : facts.get(input)?.constant;
  const axes = node.attributes.ints('axes') ?? (known === undefined ? undefined : toIntegers(known));
  return (
    axes
      ?.map((k) => (k < 0 ? k + 4 : k))
      .sort()
      .join() === '2,3'
  );
}
