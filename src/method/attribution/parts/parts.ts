import { LensError } from '../../../base/errors.js';
import type { FloatTensor } from '../../../base/tensor.js';
import { gridOf } from '../../fill.js';
import type { LabelMap } from '../../method.js';
import type { InputSpec } from '../../subject/subject.js';
import { spaceOf } from '../shared/answer.js';
import { discs } from './discs.js';
import { blocks, squares, type Parts } from './squares.js';
import { superpixels } from './superpixels.js';

export const PARTS = ['superpixels', 'squares', 'discs', 'mask'] as const;
export type PartsKind = (typeof PARTS)[number];

/** The parameters of methods over parts; the same in each. */
export const partsParameters = {
  parts: {
    type: 'choice',
    title: 'Parts',
    default: 'superpixels',
    choices: PARTS,
    description:
      'superpixels follow the colours of the picture (SLIC); squares and discs do not look at it; a mask is given as a file',
  },
  count: {
    type: 'integer',
    title: 'Number of parts',
    default: 40,
    minimum: 2,
    maximum: 400,
    description: 'about how many parts the picture is cut into',
  },
  mask: {
    type: 'text',
    title: 'Mask',
    default: '',
    description: 'a PNG of the proportions of the picture, for parts "mask": each colour is a part, black is none',
  },
} as const;

/**
 * Cuts a prepared input into about `count` parts.
 *
 * @param input batch 1, in the model's own layout
 */
export function partsOf(
  kind: PartsKind,
  count: number,
  { input, labelMap }: { readonly input: FloatTensor; readonly labelMap?: LabelMap },
  spec: InputSpec,
): Parts {
  const { height, width } = spec;
  if (kind === 'mask') {
    if (labelMap !== undefined) return labelMap;
    throw new LensError('usage', 'params/mask', 'No mask is given whose colours are the parts.', {
      hint: 'Name a PNG in the parameter "mask", or choose other parts.',
    });
  }
  const space = spaceOf(spec);
  // Neighbours along every axis belong together: the slices of a volume are no rows of one tall picture.
  if (space.length !== 2) return blocks(space, Math.min(count, height * width));
  const wanted = Math.min(count, height * width);
  if (kind === 'discs') return discs(height, width, wanted);
  return kind === 'squares'
    ? squares(height, width, wanted)
    : superpixels(coloursOf(input, spec), height, width, wanted);
}

/** Pixel values 0 to 255 of a prepared input, one plane for each channel. */
function coloursOf(input: FloatTensor, spec: InputSpec): Float64Array[] {
  const grid = gridOf(spec);
  return Array.from({ length: grid.channels }, (_, c) => {
    const plane = new Float64Array(grid.height * grid.width);
    for (let y = 0; y < grid.height; y++)
      for (let x = 0; x < grid.width; x++)
        plane[y * grid.width + x] = Math.min(255, Math.max(0, spec.toPixel(c, input.data[grid.at(c, y, x)]!)));
    return plane;
  });
}

/** One value for each part, as a map of the pixels. */
export function spread(values: ArrayLike<number>, { of }: Parts): Float32Array {
  return Float32Array.from(of, (part) => (part < 0 ? 0 : values[part]!));
}

/** Of sample `k` of a batch: the picture where a part is on, the fill where it is off. */
export function switched(
  { input, fill, spec, parts }: { input: FloatTensor; fill: FloatTensor; spec: InputSpec; parts: Parts },
  on: ArrayLike<number>,
  sample: Float32Array,
): void {
  const grid = gridOf(spec);
  for (let c = 0; c < grid.channels; c++)
    for (let y = 0; y < grid.height; y++)
      for (let x = 0; x < grid.width; x++) {
        const at = grid.at(c, y, x);
        const part = parts.of[y * grid.width + x]!;
        sample[at] = (part < 0 || on[part] ? input : fill).data[at]!;
      }
}
