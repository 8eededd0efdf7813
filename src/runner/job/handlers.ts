import type { Handlers } from '../../protocol/channel.js';
import type { JobOperations } from '../../protocol/job.js';
import type { Rooms } from '../rooms.js';
import { shareRoar } from '../benchmark/roar/roar.js';
import { shareEvaluation } from '../benchmark/share.js';
import { shareComparison } from '../comparison/share.js';
import { shareChannels } from '../reconstruction/channels.js';
import { sized } from '../reconstruction/sized.js';
import { share } from './share.js';

export function jobHandlers({ models, products, datasets }: Rooms): Handlers<JobOperations> {
  return {
    share: (request, call) =>
      request.work === 'visualize'
        ? models.use(sized(request), (model) => shareChannels(model, datasets, request, call))
        : models.use(request, (model) => {
            if (request.work === 'evaluate') return shareEvaluation(model, datasets, request, call);
            if (request.work === 'roar') return shareRoar(model, datasets, request, call);
            if (request.work !== 'compare') return share(model, request, call);
            return models.use(request.other, (other) =>
              shareComparison({ a: model, b: other }, request, { products, datasets }, call),
            );
          }),
  };
}
