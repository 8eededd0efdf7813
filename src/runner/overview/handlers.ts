import { FileReach } from '../../input/reach.js';
import type { Handlers } from '../../protocol/channel.js';
import type { OverviewOperations } from '../../protocol/overview.js';
import type { Rooms } from '../rooms.js';
import { bytesWithData, outlineOf } from './describe.js';
import { differentiableByTable, inspectModel } from './inspect.js';
import { measureModel, overviewOf, scanModel } from './overview.js';

export function overviewHandlers({ models, files }: Rooms): Handlers<OverviewOperations> {
  return {
    outline: async ({ model, reach }) => {
      const { checkpoint, graph, layers } = await files.read(model);
      await new FileReach(model, reach).requireData(checkpoint.externalFiles);
      const totalBytes = await bytesWithData(checkpoint);
      return { ...outlineOf(checkpoint, graph, layers), totalBytes, differentiable: differentiableByTable(graph) };
    },
    inspect: (request, call) => models.use(request, (model) => inspectModel(model, call)),
    overview: (request) => models.use(request, overviewOf),
    measure: (request, call) => models.use(request, (model) => measureModel(model, call)),
    scanWeights: (request, call) => models.use(request, (model) => scanModel(model, call)),
  };
}
