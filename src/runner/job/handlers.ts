import type { Handlers } from '../../protocol/channel.js';
import type { JobOperations } from '../../protocol/job.js';
import type { Rooms } from '../rooms.js';
import { share } from './share.js';

export function jobHandlers({ models }: Rooms): Handlers<JobOperations> {
  return { share: (request, call) => models.use(request, (model) => share(model, request, call)) };
}
