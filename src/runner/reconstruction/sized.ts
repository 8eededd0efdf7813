import type { ModelRequest } from '../../protocol/request.js';
import type { ParameterValue } from '../../result/method.js';

/**
 * The same request of a model whose input has the size that the picture is to have. A model that leaves its size free takes
 * it; what one that does not says of it is said to the person.
 */
export function sized<Q extends ModelRequest & { readonly params?: Readonly<Record<string, ParameterValue>> }>(
  request: Q,
): Q {
  const side = Number(request.params?.['size'] ?? 0);
  if (!(side > 0)) return request;
  return { ...request, settings: { ...request.settings, size: [side, side] } };
}
