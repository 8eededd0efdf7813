import type { FloatTensor } from '../../base/tensor.js';
import { operator } from '../../graph/operators/operators.js';
import { indexOf } from '../../graph/graph.js';
import type { ModelSubject } from '../subject/modelSubject.js';

/** Units of an activation that have one value for every input and at every place. */
export interface StillUnits {
  /** The node that makes them. */
  readonly node: string;
  readonly op: string;
  readonly units: number;
  /** Those that are zero throughout: of a ReLU, dead. */
  readonly dead: number;
  /** Those with another value throughout: saturated. */
  readonly saturated: number;
}

/** Counts as no change, relative to the largest value of the activation: 1 - 1e-7 is the largest number below 1. */
const STILL = 1e-6;
/** Activations whose values are held at a time. */
const TOGETHER = 8;

/**
 * Of each non-linearity between layers the units that answer every input alike: dead ones and saturated ones. A unit is a
 * channel: the axis behind the batch of maps, the last one of vectors and tokens.
 *
 * @param batch `[n, …]`; of few inputs units look still that are not
 */
export async function stillUnits(
  subject: ModelSubject,
  batch: FloatTensor,
  signal: AbortSignal,
): Promise<readonly StillUnits[]> {
  const { graph, facts } = subject;
  const scores = subject.scoreValue('logit').value;
  const made = indexOf(graph);
  const nodes = graph.nodes.filter((node) => {
    const [output = ''] = node.outputs;
    const row = operator(node);
    const depends = node.inputs.some((input) => input === subject.input.name || made.producer(input) !== undefined);
    return row.activation === true && depends && output !== scores && facts.get(output)?.type === 'float32';
  });
  const out: StillUnits[] = [];
  for (let at = 0; at < nodes.length; at += TOGETHER) {
    const part = nodes.slice(at, at + TOGETHER);
    const names = part.map(({ outputs }) => outputs[0]!);
    const values = await subject.values(batch, names, signal);
    part.forEach((node, k) => {
      const found = stillIn(values.get(names[k]!)!);
      if (found !== undefined) out.push({ node: node.name, op: node.op, ...found });
    });
  }
  return out;
}

/** @returns nothing for values that have no units */
export function stillIn({ dims, data }: FloatTensor): Pick<StillUnits, 'units' | 'dead' | 'saturated'> | undefined {
  if (dims.length < 2) return undefined;
  const axis = dims.length === 3 ? 2 : 1;
  const units = dims[axis]!;
  const stride = dims.slice(axis + 1).reduce((a, b) => a * b, 1);
  const low = new Float64Array(units).fill(Infinity);
  const high = new Float64Array(units).fill(-Infinity);
  let top = 0;
  for (let i = 0; i < data.length; i++) {
    const unit = Math.floor(i / stride) % units;
    const v = data[i]!;
    if (v < low[unit]!) low[unit] = v;
    if (v > high[unit]!) high[unit] = v;
    if (Math.abs(v) > top) top = Math.abs(v);
  }
  let [dead, saturated] = [0, 0];
  for (let u = 0; u < units; u++) {
    if (!(high[u]! - low[u]! <= STILL * top)) continue;
    if (Math.max(Math.abs(high[u]!), Math.abs(low[u]!)) <= STILL * top) dead++;
    else saturated++;
  }
  return { units, dead, saturated };
}
