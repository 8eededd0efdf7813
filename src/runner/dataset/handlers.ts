import type { Handlers } from '../../protocol/channel.js';
import type { DatasetOperations } from '../../protocol/dataset.js';
import type { Rooms } from '../rooms.js';
import { layerCurve } from './curve.js';
import { heat } from './heat.js';
import { layout } from './layout.js';
import { nearest } from './nearest.js';
import { extract, thumbnails } from './pictures.js';
import { scoreColumn } from './scoreColumn.js';
import { survey } from './survey.js';

export function datasetHandlers({ models, products, datasets }: Rooms): Handlers<DatasetOperations> {
  return {
    survey: (request, call) => models.use(request, (model) => survey(model, datasets, request, call)),
    layout: (request, call) => models.use(request, (model) => layout(model, datasets, products, request, call)),
    steer: ({ run, state }) => Promise.resolve(datasets.steering.steer(run, state)),
    nearest: (request, call) => models.use(request, (model) => nearest(model, datasets, request, call)),
    layerCurve: (request, call) => models.use(request, (model) => layerCurve(model, datasets, products, request, call)),
    scoreColumn: (request, call) => models.use(request, (model) => scoreColumn(model, datasets, request, call)),
    heat: (request, call) => models.use(request, (model) => heat(model, datasets, request, call)),
    thumbnails: (request, { signal }) => thumbnails(datasets, request, signal),
    extract: (request, { signal }) => extract(datasets, request, signal),
    emptyStore: () => datasets.empty(),
  };
}
