import { LensError } from '../../base/errors.js';
import { closest } from '../../base/suggest.js';
import { embeddingMethods, type EmbeddingMethod } from '../../result/embeddingMethods.js';

export type { EmbeddingMethod };

/** @throws LensError `method/unknown` with the nearest names */
export function embeddingMethodById(id: string): EmbeddingMethod {
  const found = embeddingMethods.find((m) => m.id === id);
  if (found !== undefined) return found;
  const ids = embeddingMethods.map((m) => m.id);
  throw new LensError('usage', 'method/unknown', `There is no embedding method "${id}".`, {
    hint: `Did you mean "${closest(id, ids, 1)[0] ?? 'pca'}"? There are ${ids.join(', ')}.`,
  });
}
