import { Random } from '../../../src/base/random.js';
import { floatTensor, type FloatTensor } from '../../../src/base/tensor.js';
import { relativeError } from './data.js';

/** Two roundings of float32 (each 2^-23), as a share of the input's largest number. */
const ROUNDING = 2 ** -22;
const DRAWS = 24;

/**
 * A unit within rounding of zero is on for one processor and off for another: the gradient jumps, in PyTorch's float32 as in
 * ours. How far that is: the largest relative difference between the answer about an input and those about inputs that
 * differ from it by rounding.
 */
export async function jumpsWithinRounding(
  answer: (input: FloatTensor) => Promise<ArrayLike<number>>,
  input: FloatTensor,
): Promise<number> {
  const random = new Random(17);
  const size = ROUNDING * input.data.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  const here = await answer(input);
  let worst = 0;
  for (let i = 0; i < DRAWS; i++) {
    const near = floatTensor(
      input.dims,
      input.data.map((v) => v + size * random.normal()),
    );
    worst = Math.max(worst, relativeError(await answer(near), here));
  }
  return worst;
}
