import { given } from '../../base/given.js';
import { filePath } from '../../base/place.js';
import type { Handlers } from '../../protocol/channel.js';
import type { ReconstructionOperations } from '../../protocol/reconstruction.js';
import type { Rooms } from '../rooms.js';
import { visualizeChannels } from './channels.js';
import { visualizeForm } from './form.js';
import { sized } from './sized.js';
import { visualize } from './visualize.js';

export function reconstructionHandlers({ models, datasets }: Rooms): Handlers<ReconstructionOperations> {
  return {
    visualize: (request, call) =>
      models.use(sized(request), (model) =>
        datasets.steering.during(request.run, (steered) =>
          visualize(model, steered, request, {
            ...call,
            other: (file, work) =>
              models.use({ ...given({ provider: request.provider }), model: filePath(file) }, work),
          }),
        ),
      ),
    visualizeChannels: (request, call) =>
      models.use(sized(request), (model) => visualizeChannels(model, datasets, request, call)),
    visualizeForm: (request, call) =>
      models.use(sized({ ...request, params: { size: request.size ?? 0 } }), (model) =>
        visualizeForm(model, request, call.signal),
      ),
  };
}
