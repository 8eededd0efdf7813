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
    predict: ({ settings, ...request }, call) =>
      models.use(request, async (model) => {
        // While settings are edited each change asks anew: nothing is opened again for it, as long as that need not be.
        const tried = await model.trying(settings);
        return tried === undefined
          ? models.use({ ...request, settings: settings! }, (other) => predictInputs(other, request, call))
          : predictInputs(tried, request, call);
      }),
    labels: (request) => models.use(request, classNames),
    photograph: async ({ input, crop, most }, { signal }) =>
      photographOf(await decodePicture(input, { signal }), crop, Math.min(MOST, Math.max(1, most))),
  };
}
