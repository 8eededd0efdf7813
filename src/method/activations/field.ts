import type { FieldOfView } from '../../graph/measure/receptiveField.js';
import type { Box, ReceptiveField } from '../../result/activations.js';
import type { Crop, Rgb } from '../../base/picture.js';
import type { InputSpec } from '../subject/subject.js';
import type { MapLayout } from './layout.js';

/** What a unit of the maps sees, as it is shown; undefined for vectors and values of no known place. */
export function shownField(field: FieldOfView | undefined, layout: MapLayout, input: InputSpec): ReceptiveField {
  const { height, width } = input;
  if (field === undefined || field === 'whole' || layout.layout !== 'maps')
    return {
      size: [height, width],
      stride: [height / layout.height, width / layout.width],
      start: [0, 0],
      local: false,
    };
  const { vertical: v, horizontal: h } = field;
  return {
    size: [v.high - v.low + 1, h.high - h.low + 1],
    stride: [v.jump, h.jump],
    start: [v.low, h.low],
    local: true,
  };
}

/**
 * The pixels of the model's input that a unit sees, cut to the picture. Where every unit sees everything, the cell of
 * the picture that the unit stands over: the patch of a token.
 */
export function fieldBox(field: ReceptiveField, row: number, column: number, input: InputSpec): Box {
  const [tall, wide] = field.local ? field.size : field.stride;
  const top = Math.floor(field.start[0] + field.stride[0] * row);
  const left = Math.floor(field.start[1] + field.stride[1] * column);
  const cutTop = clamp(top, 0, input.height - 1);
  const cutLeft = clamp(left, 0, input.width - 1);
  return {
    left: cutLeft,
    top: cutTop,
    width: Math.max(1, clamp(Math.ceil(left + wide), 0, input.width) - cutLeft),
    height: Math.max(1, clamp(Math.ceil(top + tall), 0, input.height) - cutTop),
  };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** A box of the model's input in pixels of the original picture, cut to it. */
export function inOriginal(box: Box, crop: Crop, input: InputSpec): Box {
  const x = crop.width / input.width;
  const y = crop.height / input.height;
  const left = clamp(crop.left + box.left * x, 0, crop.originalWidth);
  const top = clamp(crop.top + box.top * y, 0, crop.originalHeight);
  return {
    left,
    top,
    width: clamp(crop.left + (box.left + box.width) * x, 0, crop.originalWidth) - left,
    height: clamp(crop.top + (box.top + box.height) * y, 0, crop.originalHeight) - top,
  };
}

/** Part of a picture. */
export function cutPicture(picture: Rgb, { left, top, width, height }: Box): Rgb {
  const w = Math.min(width, picture.width - left);
  const h = Math.min(height, picture.height - top);
  const data = new Uint8Array(3 * w * h);
  for (let y = 0; y < h; y++) {
    const from = 3 * ((top + y) * picture.width + left);
    data.set(picture.data.subarray(from, from + 3 * w), 3 * y * w);
  }
  return { width: w, height: h, data };
}
