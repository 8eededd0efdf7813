import { LensError } from '../../base/errors.js';
import { sizeOf, toFloat32, type FloatTensor } from '../../base/tensor.js';
import type { Facts } from '../../graph/facts.js';
import { dimsAt } from '../../graph/facts.js';
import type { InputSpec } from '../../input/preprocessing.js';
import type { Value, Writer } from './graph/writer.js';

/**
 * How pictures, planes of red, green and blue or of grey from 0 to 1, become the model's input: the part of preprocessing
 * that is left when nothing has to be resized.
 */
export interface PictureSpace {
  readonly input: string;
  readonly height: number;
  readonly width: number;
  /** 1 or 3. */
  readonly colours: number;
  /** The colour of each channel of the tensor. */
  readonly order: readonly number[];
  /** Of each channel of the tensor: value = scale · colour + offset. */
  readonly scale: readonly number[];
  readonly offset: readonly number[];
  readonly layout: 'NCHW' | 'NHWC';
}

/** @param order the colour of each channel of the tensor: 2, 1, 0 for blue, green, red; all 0 for grey */
export function pictureSpace(input: InputSpec, order: readonly number[]): PictureSpace {
  const { name, height, width, channels, layout } = input;
  const each = (of: (channel: number) => number): number[] => Array.from({ length: channels }, (_, c) => of(c));
  const offset = each((c) => input.toTensor(c, 0));
  return {
    input: name,
    height,
    width,
    layout,
    order,
    colours: Math.max(...order) + 1,
    offset,
    scale: each((c) => input.toTensor(c, 255) - offset[c]!),
  };
}

/** Planes of colours, `[C, H, W]`, of one prepared input. */
export function toPlanes(space: PictureSpace, tensor: FloatTensor): Float32Array {
  const { height, width, colours, order, layout, scale, offset } = space;
  const area = height * width;
  const count = order.length;
  if (tensor.data.length !== area * count) throw new Error(`A tensor of ${tensor.data.length} is no picture`);
  const data = toFloat32(tensor);
  const out = new Float32Array(colours * area);
  for (let c = 0; c < count; c++) {
    const [from, step] = layout === 'NCHW' ? [c * area, 1] : [c, count];
    for (let i = 0; i < area; i++) out[order[c]! * area + i] = (data[from + i * step]! - offset[c]!) / scale[c]!;
  }
  return out;
}

/** The model's input `[1, …]`, flat, of one picture: the inverse of {@link toPlanes}. */
export function fromPlanes(space: PictureSpace, planes: Float32Array): Float32Array {
  const { height, width, order, layout, scale, offset } = space;
  const area = height * width;
  const count = order.length;
  const out = new Float32Array(count * area);
  for (let c = 0; c < count; c++) {
    const [from, step] = layout === 'NCHW' ? [c * area, 1] : [c, count];
    for (let i = 0; i < area; i++) out[from + i * step] = planes[order[c]! * area + i]! * scale[c]! + offset[c]!;
  }
  return out;
}

/** Channels of one sample of the model's own tensor, as `[channels, H, W]`, and back: {@link toPlanes} without colours. */
export function tensorPlanes({ height, width, order, layout }: PictureSpace, data: Float32Array): Float32Array {
  return layout === 'NCHW' ? data.slice() : turned(data, height * width, order.length);
}

export function tensorOfPlanes({ height, width, order, layout }: PictureSpace, planes: Float32Array): Float32Array {
  return layout === 'NCHW' ? planes.slice() : turned(planes, order.length, height * width);
}

/** A matrix of `rows × columns`, transposed. */
function turned(data: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(data.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = data[r * columns + c]!;
  return out;
}

/**
 * Preprocessing within the graph: pictures `[n, C, H, W]` become what the nodes of the model read in place of its input.
 *
 * @param colours whether the planes are colours from 0 to 1; else they are the tensor's own channels
 */
export function writeInput(w: Writer, facts: Facts, space: PictureSpace, pictures: Value, colours: boolean): void {
  const fact = facts.get(space.input);
  if (fact === undefined) throw new Error(`Nothing is known of "${space.input}"`);
  const n = pictures.dims[0]!;
  const channels = space.order.length;
  let tensor = pictures;
  if (colours) {
    tensor = w.gather(tensor, 1, space.order);
    tensor = w.mul(tensor, w.constant(space.scale, [1, channels, 1, 1]));
    tensor = w.add(tensor, w.constant(space.offset, [1, channels, 1, 1]));
  }
  if (space.layout === 'NHWC') tensor = w.transpose(tensor, [0, 2, 3, 1]);
  const dims = dimsAt(fact, facts.dynamicBatch ? n : facts.batch);
  if (sizeOf(dims) !== sizeOf(tensor.dims)) {
    throw new LensError(
      'unsupported',
      'reconstruction/input',
      `The input "${space.input}" of ${dims.join('×')} is no ${space.height}×${space.width} picture of ${channels} channels.`,
    );
  }
  tensor = w.reshape(tensor, dims);
  // Whole numbers are read by casts, which hand on what is fed in their place.
  const type = fact.type === 'float16' || fact.type === 'float64' || fact.type === 'bfloat16' ? fact.type : 'float32';
  w.as(type === w.type ? tensor : w.cast(tensor, type), space.input, type);
}
