import { isFloating, toNumbers, type FloatTensor } from '../../base/tensor.js';
import { readWeights } from '../../session/readWeights.js';
import type { ModelSubject } from '../subject/modelSubject.js';

/** Numbers of a weight or of what a layer answers that are not finite. */
export interface OddNumbers {
  readonly layer: string;
  /** The weight; absent for what the layer answers. */
  readonly weight?: string;
  readonly nan: number;
  readonly infinite: number;
  readonly of: number;
}

/**
 * Weights of layers, and what layers answer to some inputs, in which numbers are not finite, from the input on. Minus
 * infinity in an answer is what masks leave.
 *
 * @param batch `[n, …]`
 */
export async function oddNumbers(
  subject: ModelSubject,
  batch: FloatTensor,
  signal: AbortSignal,
): Promise<readonly OddNumbers[]> {
  const { graph, layers, facts } = subject;
  const found: OddNumbers[] = [];
  for (const layer of layers)
    for (const weight of layer.weights.filter((name) => isFloating(graph.weights.get(name)?.type ?? 'string'))) {
      const tensor = (await readWeights(graph, [weight], signal)).get(weight)!;
      const { nan, infinite } = countsOf(toNumbers(tensor));
      if (nan + infinite > 0) found.push({ layer: layer.name, weight, nan, infinite, of: sizeIn(tensor.dims) });
    }
  const answered = layers.filter((l) => isFloating(facts.get(l.output)?.type ?? 'string'));
  for (let at = 0; at < answered.length; at += TOGETHER) {
    const part = answered.slice(at, at + TOGETHER);
    const names = [...new Set(part.map(({ output }) => output))];
    const values = await subject.values(batch, names, signal);
    for (const { name, output } of part) {
      const { data } = values.get(output)!;
      const { nan, above } = countsOf(data);
      if (nan + above > 0) found.push({ layer: name, nan, infinite: above, of: data.length });
    }
  }
  return found;
}

/** Layers whose answers are held at a time. */
const TOGETHER = 16;

function countsOf(values: ArrayLike<number>): { nan: number; infinite: number; above: number } {
  let [nan, infinite, above] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const v = values[i]!;
    if (Number.isNaN(v)) nan++;
    else if (v === Infinity) above++;
    else if (v === -Infinity) infinite++;
  }
  return { nan, infinite: infinite + above, above };
}

const sizeIn = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);
