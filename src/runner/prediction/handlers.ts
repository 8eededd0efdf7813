import { decodePicture } from '../../input/decode.js';
import { photographOf } from '../../input/photograph.js';
import type { Handlers } from '../../protocol/channel.js';
import type { PredictionOperations } from '../../protocol/prediction.js';
import type { Rooms } from '../rooms.js';
import { classNames } from './labels.js';
import { predictInputs } from './predict.js';

/** Pixels on the longer side, whatever is asked for. */
const MOST = 2048;

export function predictionHandlers({ models }: Rooms): Handlers<PredictionOperations> {
  return {
    predict: (request, call) => models.use(request, (model) => predictInputs(model, request, call)),
    labels: (request) => models.use(request, classNames),
    photograph: async ({ input, crop, most }, { signal }) =>
      photographOf(await decodePicture(input, { signal }), crop, Math.min(MOST, Math.max(1, most))),
  };
}
