import type { Address } from '../../../src/base/place.js';
import type { ErrorData } from '../../../src/base/errors.js';
import { floatTensor } from '../../../src/base/tensor.js';
import type { SeriesEntry } from '../../../src/protocol/modelPanel.js';
import type { Explanation } from '../../../src/result/explanation.js';
import { hasChannels, percentileOf, reduce } from '../../../src/result/heatmap.js';
import type { LayerWeights, WeightEntry, WeightStatistics } from '../../../src/result/weights.js';
import { DEFAULT_DISPLAY } from '../../shared/canvas/display.js';
import type { WeightPages } from '../weights/pages.js';

/** One checkpoint of a training, as far as it is known. */
export interface Frame {
  readonly entry: SeriesEntry;
  weights?: { readonly answer: LayerWeights; readonly pages: WeightPages };
  statistics?: WeightStatistics;
  weightsError?: ErrorData;
  /** With one value per pixel. */
  explanation?: Explanation;
  /** Score of the explained class; kept longer than the map. */
  score?: number;
  /** The value that this map alone would draw at the end of the scale. */
  limit?: number;
  explanationError?: ErrorData;
}

/** What is asked of every checkpoint about a picture. */
export interface FrameQuestion {
  readonly picture: Address;
  readonly method: string;
  /** Class index as text, or `top1`: the best class of the newest checkpoint, which then is asked of all. */
  readonly target: string;
  readonly layer?: string;
}

/** One of a layer's weights: by its name, and in checkpoints that call it otherwise by its part in the layer. */
export type WeightPart = Pick<WeightEntry, 'name' | 'role'>;

/** An explanation with its channels reduced as they are drawn, and the end of its own scale. */
export function flattened(explanation: Explanation): { readonly explanation: Explanation; readonly limit: number } {
  const { attribution } = explanation;
  const { reduction, percentile } = DEFAULT_DISPLAY;
  const map = reduce(attribution, hasChannels(attribution) ? reduction : 'sum');
  const values = floatTensor([map.height, map.width], map.values);
  return {
    explanation: { ...explanation, attribution: { ...attribution, values, axes: 'HW', signed: map.signed } },
    limit: percentileOf(map.values, percentile),
  };
}
