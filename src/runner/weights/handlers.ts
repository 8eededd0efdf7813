import type { Handlers } from '../../protocol/channel.js';
import type { WeightsOperations } from '../../protocol/weights.js';
import type { Rooms } from '../rooms.js';
import { compareWeights } from './compare.js';
import { exportWeights } from './export.js';
import { weightNeighbours, weightsPca } from './rows.js';
import { weightStatistics } from './statistics.js';
import { layerWeights } from './view.js';

export function weightsHandlers({ models }: Rooms): Handlers<WeightsOperations> {
  return {
    weights: (request, call) => models.use(request, (model) => layerWeights(model, request, call)),
    weightStatistics: (request, call) => models.use(request, (model) => weightStatistics(model, request, call)),
    compareWeights: (request, call) =>
      models.use(request, (model) => {
        const { other } = request;
        if ('random' in other) return compareWeights(model, model, request, call);
        // Only the file is different: provider and threads play no part, and a sidecar is not read for weights.
        return models.use({ ...request, model: other.model }, (second) => compareWeights(model, second, request, call));
      }),
    weightsPca: (request, call) => models.use(request, (model) => weightsPca(model, request, call)),
    weightNeighbours: (request, call) => models.use(request, (model) => weightNeighbours(model, request, call)),
    exportWeights: (request, call) => models.use(request, (model) => exportWeights(model, request, call)),
  };
}
