import type { Tensor as OrtTensor } from 'onnxruntime-node';
import { LensError } from '../../base/errors.js';
import { castFloating, formatDims, type ElementType, type Tensor } from '../../base/tensor.js';

/** Our tensors to ONNX Runtime's and back. float16 crosses as bit patterns, whatever the host's JavaScript knows of Float16Array. */

type OrtModule = typeof import('onnxruntime-node');

const FEEDABLE: ReadonlySet<ElementType> = new Set([
  'float32',
  'float64',
  'float16',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'bool',
  'string',
] satisfies ElementType[]);

/** Whether a value of this type can be fed and fetched; the others exist inside a graph only. */
export function isFeedable(type: ElementType): boolean {
  return FEEDABLE.has(type);
}

/** Shares the data of `tensor`; bfloat16 is fed as float32, as which sessions compute it. Throws for types that cannot be fed. */
export function toOrt(ort: OrtModule, name: string, given: Tensor): OrtTensor {
  const tensor = given.type === 'bfloat16' ? castFloating(given, 'float32') : given;
  if (!isFeedable(tensor.type)) {
    throw new LensError(
      'unsupported',
      'session/input-type',
      `The input "${name}" is ${tensor.type}, which ONNX Runtime cannot be fed.`,
    );
  }
  // The dims are checked here because the runtime's own message does not name the input.
  const size = tensor.dims.reduce((product, d) => product * d, 1);
  if (size !== tensor.data.length) {
    throw new Error(
      `The tensor for "${name}" says ${formatDims(tensor.dims)} and holds ${tensor.data.length} elements`,
    );
  }
  return new ort.Tensor(tensor.type as 'float32', tensor.data as Float32Array, [...tensor.dims]);
}

/** Shares the data of `tensor`, which is on the CPU. */
export function fromOrt(name: string, tensor: OrtTensor): Tensor {
  const type = tensor.type as ElementType;
  if (!isFeedable(type)) {
    throw new LensError(
      'unsupported',
      'session/output-type',
      `The value "${name}" is ${type}, which ONNX Runtime does not hand out.`,
    );
  }
  const dims = [...tensor.dims];
  const data: unknown = tensor.data;
  if (type === 'float16' && !(data instanceof Uint16Array)) {
    const view = data as ArrayBufferView;
    return { type, dims, data: new Uint16Array(view.buffer, view.byteOffset, view.byteLength / 2) };
  }
  return { type, dims, data: data as Tensor['data'] };
}
