import type { AttentionOperations } from '../../protocol/attention.js';
import type { Handlers } from '../../protocol/channel.js';
import type { Rooms } from '../rooms.js';
import { attentionOn } from './attention.js';
import { silenceOn } from './silence.js';

export function attentionHandlers({ models }: Rooms): Handlers<AttentionOperations> {
  return {
    attention: (request, call) => models.use(request, (model) => attentionOn(model, request, call)),
    silence: (request, call) => models.use(request, (model) => silenceOn(model, request, call)),
  };
}
