import type { Handlers } from '../../protocol/channel.js';
import type { GradientOperations } from '../../protocol/gradient.js';
import type { Rooms } from '../rooms.js';
import { writeGradient } from './gradientModel.js';

export function gradientHandlers({ models }: Rooms): Handlers<GradientOperations> {
  return {
    exportGradient: (request, call) =>
      models.use(request, (model) => writeGradient(model, request.file, request.embed, call)),
  };
}
