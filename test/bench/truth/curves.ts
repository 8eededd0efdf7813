import { Random } from '../../../src/base/random.js';
import type { FloatTensor } from '../../../src/base/tensor.js';
import { areaUnder, curveOf } from '../../../src/method/benchmark/curves.js';
import { equalSteps, rankedPixels } from '../../../src/method/benchmark/order.js';
import { fillTensor } from '../../../src/method/fill.js';
import type { ModelSubject } from '../../../src/method/subject/modelSubject.js';
import type { Target } from '../../../src/method/target/target.js';
import { SIGNAL } from './network.js';

/** Points of a curve after the first. */
const STEPS = 32;

/** Deletion to zero and insertion into the blurred picture: the areas under the target's probability. */
export async function curves(
  subject: ModelSubject,
  input: FloatTensor,
  target: Target,
  importance: Float32Array,
): Promise<{ readonly deletion: number; readonly insertion: number }> {
  const order = rankedPixels(importance, new Random(0));
  const fill = (kind: 'zero' | 'blur'): FloatTensor => fillTensor(kind, input, subject.input, new Random(0));
  const area = async (from: FloatTensor, to: FloatTensor): Promise<number> => {
    const score = (batch: FloatTensor): Promise<Float32Array> => subject.scores(batch, target, 'probability', SIGNAL);
    const way = { from, to, spec: subject.input, most: STEPS + 1, score };
    return areaUnder(await curveOf(way, order, equalSteps(order.length, STEPS)));
  };
  return { deletion: await area(input, fill('zero')), insertion: await area(fill('blur'), input) };
}
