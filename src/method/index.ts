import { LensError } from '../base/errors.js';
import type { MethodDescription } from '../result/method.js';
import { gradient } from './attribution/gradient.js';
import { occlusion } from './attribution/occlusion.js';
import type { AttributionMethod } from './method.js';
import { nearest } from './nearest.js';

/** Every attribution method. A new one is a new file and a line here. */
export const attributionMethods: readonly AttributionMethod[] = [gradient, occlusion];

/** The attribution method of that id; throws a LensError that suggests near ids. */
export function attributionMethodById(id: string): AttributionMethod {
  const found = attributionMethods.find((m) => m.id === id);
  if (found !== undefined) return found;
  const ids = attributionMethods.map((m) => m.id);
  const near = nearest(id, ids);
  throw new LensError('usage', 'method/unknown', `There is no method "${id}".`, {
    hint: near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `There are ${ids.join(', ')}.`,
  });
}

/** What every method says about itself. */
export function describeMethods(): readonly MethodDescription[] {
  return attributionMethods.map(({ id, title, chapter, summary, citation, parameters, needs, layer, properties }) => ({
    id,
    title,
    chapter,
    summary,
    citation,
    parameters,
    needs,
    layer,
    properties,
  }));
}
