import type { Handlers } from '../../protocol/channel.js';
import type { PredictionOperations } from '../../protocol/prediction.js';
import type { Rooms } from '../rooms.js';
import { classNames } from './labels.js';
import { predictInputs } from './predict.js';

export function predictionHandlers({ models }: Rooms): Handlers<PredictionOperations> {
  return {
    predict: (request, call) => models.use(request, (model) => predictInputs(model, request, call)),
    labels: (request) => models.use(request, classNames),
  };
}
