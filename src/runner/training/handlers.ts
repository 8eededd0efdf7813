import { isCancelled, LensError, toErrorData } from '../../base/errors.js';
import type { Handlers } from '../../protocol/channel.js';
import type { TrainForm, TrainFormRequest, TrainingOperations } from '../../protocol/training.js';
import type { DataSets } from '../dataset/sets.js';
import type { OpenModel } from '../model/open.js';
import type { Rooms } from '../rooms.js';
import { trainingPresets, trainingSchema } from './parameters.js';
import { trainingQuestion } from './question.js';
import { trainModel } from './train.js';

export function trainingHandlers({ models, datasets }: Rooms): Handlers<TrainingOperations> {
  return {
    train: (request, call) =>
      models.use(request, (model) =>
        datasets.steering.during(request.run, (steered) => trainModel(model, datasets.sets, steered, request, call)),
      ),
    trainForm: (request, { signal }) =>
      models.use(request, (model) => trainForm(model, datasets.sets, request, signal)),
  };
}

/** What can be set, and what would happen. */
async function trainForm(
  model: OpenModel,
  sets: DataSets,
  request: TrainFormRequest,
  signal: AbortSignal,
): Promise<TrainForm> {
  const form = { schema: trainingSchema, presets: trainingPresets() };
  try {
    const { set, parameters, notes } = await trainingQuestion(model, sets, request, signal);
    return { ...form, set: set.about, parameters, notes };
  } catch (error) {
    if (isCancelled(error) || !(error instanceof LensError)) throw error;
    return { ...form, refused: toErrorData(error), notes: [] };
  }
}
