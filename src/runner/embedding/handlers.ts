import type { Handlers } from '../../protocol/channel.js';
import type { EmbeddingOperations } from '../../protocol/embedding.js';
import type { Rooms } from '../rooms.js';
import { embed } from './embed.js';

export function embeddingHandlers({ models, products }: Rooms): Handlers<EmbeddingOperations> {
  return { embed: (request, call) => models.use(request, (model) => embed(model, products, request, call)) };
}
