import { writeRegion, type Region } from '../../../base/region.js';
import type { Box } from '../../../result/output.js';
import type { DetectionLayout, SampleValues } from '../layout.js';

/**
 * Masks of a detector that answers prototypes (YOLACT, Bolya et al. 2019, arXiv:1904.02689; the YOLO segment heads): a mask
 * is the sum of the prototypes, each by its coefficient; a place belongs to the thing where the Sigmoid of it is above half,
 * which is where the sum is above zero, within the box.
 */

/** What a mask is made of, in one sample: the coefficients of a candidate, and `[count, height × width]` prototypes. */
function partsOf(
  { masks, boxes }: DetectionLayout,
  values: SampleValues,
  candidate: number,
):
  | {
      readonly coefficients: readonly number[];
      readonly planes: ArrayLike<number>;
      readonly height: number;
      readonly width: number;
    }
  | undefined {
  const planes = masks?.prototypes === undefined ? undefined : values.get(masks.prototypes.value);
  const rows = values.get(boxes.value);
  if (masks?.prototypes === undefined || planes === undefined || rows === undefined) return undefined;
  const { height, width } = masks.prototypes;
  if (planes.length !== masks.count * height * width) return undefined;
  const coefficients = Array.from({ length: masks.count }, (_, k) => rows[masks.at(candidate, k)]!);
  return { coefficients, planes, height, width };
}

/** The mask of a candidate within its box, over the grid of the prototypes; undefined where the detector makes none. */
export function maskRegion(
  layout: DetectionLayout,
  values: SampleValues,
  { candidate, box }: Pick<Box, 'candidate' | 'box'>,
  input: { readonly height: number; readonly width: number },
): Region | undefined {
  const parts = partsOf(layout, values, candidate);
  if (parts === undefined) return undefined;
  const { coefficients, planes, height, width } = parts;
  const data = new Uint8Array(height * width);
  const within = (at: number, of: number): number => Math.min(of, Math.max(0, at));
  // Places whose middle lies in the box.
  const [left, right] = [box[0], box[2]].map((x) => within(Math.ceil((x / input.width) * width - 0.5), width));
  const [top, bottom] = [box[1], box[3]].map((y) => within(Math.ceil((y / input.height) * height - 0.5), height));
  for (let y = top!; y < bottom!; y++)
    for (let x = left!; x < right!; x++) {
      let sum = 0;
      for (const [k, c] of coefficients.entries()) sum += c * planes[(k * height + y) * width + x]!;
      if (sum > 0) data[y * width + x] = 1;
    }
  return { width, height, data };
}

/** The same as a field of a box. */
export function maskIn(
  layout: DetectionLayout,
  values: SampleValues,
  box: Pick<Box, 'candidate' | 'box'>,
  input: { readonly height: number; readonly width: number },
): Pick<Box, 'mask'> {
  const region = maskRegion(layout, values, box, input);
  return region === undefined ? {} : { mask: writeRegion(region) };
}
