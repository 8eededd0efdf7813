import { LensError } from '../base/errors.js';
import type { PictureEdit, Rgb } from '../base/picture.js';
import { floatTensor, type FloatTensor } from '../base/tensor.js';
import { luminance } from './geometry.js';
import { sourceChannels, tableOf } from './preprocessing.js';
import type { Preprocessing } from './settings.js';

/**
 * A prepared picture with pixels painted over: both the tensor and what is shown of it. Values of pixels that the edit
 * leaves alone are those of before, to the bit.
 *
 * @param tensor one sample in the plan's layout, whatever axes it has for the batch
 * @throws LensError `input/edit-size` where the edit is not of the size of the model's input
 */
export function painted(
  { tensor, view }: { readonly tensor: FloatTensor; readonly view: Rgb },
  edit: PictureEdit,
  plan: Preprocessing,
): { readonly tensor: FloatTensor; readonly view: Rgb } {
  const { width, height } = view;
  const area = width * height;
  if (edit.width !== width || edit.height !== height || edit.data.length !== 4 * area) {
    throw new LensError(
      'usage',
      'input/edit-size',
      `The painted picture is ${edit.width}×${edit.height} with ${edit.data.length} values; the model sees ${width}×${height}.`,
      { hint: 'Paint again on the picture as the model sees it now.' },
    );
  }
  const sources = sourceChannels(plan);
  const gray = plan.color.value === 'gray';
  const planar = plan.layout.value === 'NCHW';
  const tables = sources.map((_, channel) => tableOf(channel, plan));
  const colour = new Uint8Array(3);
  const values = tensor.data.slice();
  const data = view.data.slice();
  for (let i = 0; i < area; i++) {
    const alpha = edit.data[4 * i + 3]! / 255;
    if (alpha === 0) continue;
    for (let c = 0; c < 3; c++) colour[c] = edit.data[4 * i + c]!;
    if (gray) colour.fill(luminance(colour[0]!, colour[1]!, colour[2]!));
    for (let c = 0; c < 3; c++) data[3 * i + c] = Math.round(data[3 * i + c]! * (1 - alpha) + colour[c]! * alpha);
    for (const [channel, source] of sources.entries()) {
      const at = planar ? channel * area + i : i * sources.length + channel;
      const value = tables[channel]![colour[source]!]!;
      values[at] = alpha === 1 ? value : values[at]! * (1 - alpha) + value * alpha;
    }
  }
  return { tensor: floatTensor(tensor.dims, values), view: { width, height, data } };
}
