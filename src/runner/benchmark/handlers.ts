import type { BenchmarkOperations } from '../../protocol/benchmark.js';
import type { Handlers } from '../../protocol/channel.js';
import type { Rooms } from '../rooms.js';
import { evaluate } from './evaluate.js';

export function benchmarkHandlers({ models, datasets }: Rooms): Handlers<BenchmarkOperations> {
  return {
    evaluate: (request, call) => models.use(request, (model) => evaluate(model, datasets, request, call)),
  };
}
