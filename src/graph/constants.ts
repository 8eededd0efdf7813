import { int64Tensor, toFloat32, toIntegers, type Tensor } from '../base/tensor.js';
import { inMemory, type StoredTensor } from '../checkpoint/model.js';
import { Attributes } from './attributes.js';

/** The value of a Constant node, whichever attribute holds it; undefined when it holds something we cannot make a weight of. */
export function constantOf(attributes: Attributes, name: string): StoredTensor | undefined {
  for (const a of attributes.list) {
    if (a.ref !== undefined) return undefined;
    switch (a.type) {
      case 'tensor':
        return { ...a.value, name };
      case 'float':
        return inMemory(name, { type: 'float32', dims: [], data: Float32Array.of(a.value) });
      case 'floats':
        return inMemory(name, { type: 'float32', dims: [a.value.length], data: Float32Array.from(a.value) });
      case 'int':
        return inMemory(name, int64Tensor([], [a.value]));
      case 'ints':
        return inMemory(name, int64Tensor([a.value.length], a.value));
      case 'string':
        return inMemory(name, { type: 'string', dims: [], data: [a.value] });
      case 'strings':
        return inMemory(name, { type: 'string', dims: [a.value.length], data: [...a.value] });
      default:
        return undefined;
    }
  }
  return undefined;
}

/** The tensor of a weight that is held in memory (small ones are). */
export function smallTensor(weight: StoredTensor | undefined): Tensor | undefined {
  return weight?.at.kind === 'memory' ? weight.at.tensor : undefined;
}

/** The whole numbers of a small weight: axes, shapes, counts. */
export function smallIntegers(weight: StoredTensor | undefined): number[] | undefined {
  const tensor = smallTensor(weight);
  return tensor === undefined || tensor.type === 'string' ? undefined : toIntegers(tensor);
}

export function smallFloats(weight: StoredTensor | undefined): Float32Array | undefined {
  const tensor = smallTensor(weight);
  return tensor === undefined || tensor.type === 'string' ? undefined : toFloat32(tensor);
}
