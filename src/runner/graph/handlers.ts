import type { Handlers } from '../../protocol/channel.js';
import type { GraphOperations } from '../../protocol/graph.js';
import type { Rooms } from '../rooms.js';
import { graphActivationsOf } from './activations.js';
import { graphNodeOf } from './node.js';
import { graphViewOf } from './view.js';

export function graphHandlers({ models }: Rooms): Handlers<GraphOperations> {
  return {
    graphView: (request, call) => models.use(request, (model) => graphViewOf(model, request, call)),
    graphNode: (request, call) => models.use(request, (model) => graphNodeOf(model, request, call)),
    graphActivations: (request, call) => models.use(request, (model) => graphActivationsOf(model, request, call)),
  };
}
