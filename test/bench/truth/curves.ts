import { Random } from '../../../src/base/random.js';
import { floatTensor, type FloatTensor } from '../../../src/base/tensor.js';
import { fillTensor, gridOf } from '../../../src/method/fill.js';
import type { ModelSubject } from '../../../src/method/subject/modelSubject.js';
import type { Target } from '../../../src/method/target/target.js';
import { SIGNAL } from './network.js';

/** Points of a curve after the first. */
const STEPS = 32;

/**
 * Deletion and insertion of Petsiuk, Das, Saenko 2018 (arXiv:1806.07421): the target's probability while the pixels are
 * set to zero, or put into the blurred picture, those first where the map is largest; the area under each curve. Pixels
 * of equal importance (a map of parts) come in an order that is drawn.
 */
export async function curves(
  subject: ModelSubject,
  input: FloatTensor,
  target: Target,
  importance: Float32Array,
): Promise<{ readonly deletion: number; readonly insertion: number }> {
  const tie = new Random(0).shuffle(Array.from(importance, (_, i) => i));
  const order = Uint32Array.from(importance, (_, i) => i).sort(
    (a, b) => importance[b]! - importance[a]! || tie[a]! - tie[b]!,
  );
  const fill = (kind: 'zero' | 'blur'): FloatTensor => fillTensor(kind, input, subject.input, new Random(0));
  return {
    deletion: await area(subject, input, fill('zero'), target, order),
    insertion: await area(subject, fill('blur'), input, target, order),
  };
}

/** Mean probability over the way from one input to another, pixel by pixel in the given order. */
async function area(
  subject: ModelSubject,
  from: FloatTensor,
  to: FloatTensor,
  target: Target,
  order: Uint32Array,
): Promise<number> {
  const grid = gridOf(subject.input);
  const batch = floatTensor([STEPS + 1, ...from.dims.slice(1)]);
  const now = from.data.slice();
  let done = 0;
  for (let step = 0; step <= STEPS; step++) {
    for (const end = Math.round((order.length * step) / STEPS); done < end; done++) {
      const [y, x] = [Math.floor(order[done]! / grid.width), order[done]! % grid.width];
      for (let c = 0; c < grid.channels; c++) now[grid.at(c, y, x)] = to.data[grid.at(c, y, x)]!;
    }
    batch.data.set(now, step * now.length);
  }
  const values = await subject.scores(batch, target, 'probability', SIGNAL);
  const ends = (values[0]! + values[STEPS]!) / 2;
  return (ends + values.subarray(1, STEPS).reduce((a, b) => a + b, 0)) / STEPS;
}
