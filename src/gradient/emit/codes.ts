import type { ElementType } from '../../base/tensor.js';

const CODES: Partial<Record<ElementType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  complex64: 14,
  complex128: 15,
  bfloat16: 16,
};

/** ONNX's number for an element type, for the attribute of Cast. */
export function codeOf(type: ElementType): number {
  const code = CODES[type];
  if (code === undefined) throw new Error(`No gradient is cast to ${type}`);
  return code;
}
