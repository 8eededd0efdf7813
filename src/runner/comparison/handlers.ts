import type { Handlers } from '../../protocol/channel.js';
import type { ComparisonOperations } from '../../protocol/comparison.js';
import type { Rooms } from '../rooms.js';
import { compareModels } from './compare.js';

export function comparisonHandlers({ models, products, datasets }: Rooms): Handlers<ComparisonOperations> {
  return {
    compareModels: (request, call) =>
      models.use(request, (a) =>
        models.use(request.other, (b) => compareModels({ a, b }, request, { products, datasets }, call)),
      ),
  };
}
