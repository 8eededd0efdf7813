import type { BenchmarkOperations } from '../../protocol/benchmark.js';
import type { Handlers } from '../../protocol/channel.js';
import type { Rooms } from '../rooms.js';
import { evaluate } from './evaluate.js';
import { roar } from './roar/roar.js';

export function benchmarkHandlers({ models, datasets }: Rooms): Handlers<BenchmarkOperations> {
  return {
    roar: (request, call) => models.use(request, (model) => roar(model, datasets, request, call)),
    evaluate: (request, call) => models.use(request, (model) => evaluate(model, datasets, request, call)),
  };
}
