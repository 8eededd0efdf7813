import { LensError } from '../../../base/errors.js';
import { floatTensor } from '../../../base/tensor.js';
import type { Attribution } from '../../../result/explanation.js';
import { spaceLetters } from '../../../input/axes.js';
import { overChannels, reduce as reduceChannels } from '../../../result/heatmap.js';
import type { Subject } from '../../subject/subject.js';
import { featureMapOf, toPlanes } from '../../subject/featureMap.js';
import { channelAttribution, pixelAttribution } from './answer.js';
import { type ReduceChoice } from './parameters.js';

/** From where a method looks: the input, or the output of a layer. */
export interface View {
  /** The value of the graph. */
  readonly value: string;
  /** Name of the layer, where it is one. */
  readonly layer?: string;
  /** One sample of numbers about the value, as an attribution. */
  attribution(sample: Float32Array, unit: string, how?: ReduceChoice, signed?: boolean): Attribution;
}

/** The view that a request asks for. A layer whose output has no place in the picture is refused. */
export function viewOf(subject: Subject, layerName?: string): View {
  const { input } = subject;
  if (layerName === undefined || layerName === 'input' || layerName === input.name) {
    return {
      value: input.name,
      attribution: (sample, unit, how, signed) => channelAttribution(sample, input, unit, how, signed),
    };
  }
  const layer = subject.layer(layerName);
  const map = featureMapOf(subject, layer.output);
  if (map === undefined) {
    throw new LensError(
      'usage',
      'layer/no-picture',
      `The output of layer "${layer.name}" has no place in the picture.`,
      {
        hint: 'Choose a layer whose output has height and width, or patch tokens.',
      },
    );
  }
  const { channels, height, width, space } = map;
  return {
    value: layer.output,
    layer: layer.name,
    attribution: (sample, unit, how = 'none', signed = true) => {
      const sizes = space ?? [height, width];
      const full: Attribution = {
        values: floatTensor([channels, ...sizes], toPlanes(map, sample)),
        axes: `C${spaceLetters(sizes.length)}`,
        signed,
        unit,
        ...(space === undefined ? { resolution: [height, width] as const } : {}),
      };
      if (how === 'none') return full;
      if (space !== undefined) return pixelAttribution(floatTensor(space, overChannels(full, how)), false, unit);
      const { values } = reduceChannels(full, how);
      return {
        values: floatTensor([height, width], values),
        axes: 'HW',
        signed: false,
        unit,
        resolution: [height, width],
      };
    },
  };
}
