import type { ActivationsOperations } from '../../protocol/activations.js';
import type { Handlers } from '../../protocol/channel.js';
import type { Rooms } from '../rooms.js';
import { activationsOf, exportActivations } from './activations.js';
import { topPicturesOf } from './top.js';

export function activationsHandlers({ models }: Rooms): Handlers<ActivationsOperations> {
  return {
    activations: (request, call) => models.use(request, (model) => activationsOf(model, request, call)),
    exportActivations: (request, call) => models.use(request, (model) => exportActivations(model, request, call)),
    topPictures: (request, call) => models.use(request, (model) => topPicturesOf(model, request, call)),
  };
}
