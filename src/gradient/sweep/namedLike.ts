import { rename } from '../../graph/edits.js';
import { indexOf } from '../../graph/graph.js';
import type { GradientGraph } from '../request.js';

/**
 * A gradient graph with its seed, score and gradients under the names that another one of the same request has, so that
 * whoever feeds and fetches need not know in whose forms it is written.
 */
export function namedLike(made: GradientGraph, like: GradientGraph): GradientGraph {
  const names = new Map<string, string>([[made.score, like.score]]);
  if (made.seed !== undefined && like.seed !== undefined) names.set(made.seed, like.seed);
  for (const [value, name] of made.gradients) names.set(name, like.gradients.get(value) ?? name);
  const wanted = new Set(names.values());
  const taken = new Set([...indexOf(made.graph).names, ...wanted]);
  // An inner value that bears one of those names makes way.
  for (const name of indexOf(made.graph).names) {
    if (!wanted.has(name) || names.has(name)) continue;
    let other = `${name}_`;
    while (taken.has(other)) other += '_';
    taken.add(other);
    names.set(name, other);
  }
  return {
    ...made,
    graph: rename(made.graph, names),
    score: like.score,
    ...(like.seed === undefined ? {} : { seed: like.seed }),
    gradients: like.gradients,
  };
}
