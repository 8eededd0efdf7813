import { LensError, type RefusedOperator } from '../../base/errors.js';
import { indexOf, type Graph } from '../../graph/graph.js';
import { layersOf } from '../../graph/layers/layers.js';
import { scopeOf } from '../../graph/layers/scopes.js';

const LISTED = 3;

/** Adds to each operator the layer it is, else the module it stands in, where the file tells one. */
export function withLayers(graph: Graph, refused: readonly RefusedOperator[]): RefusedOperator[] {
  if (refused.length === 0) return [];
  const names = new Map(layersOf(graph).map((l) => [l.node, l.name]));
  const index = indexOf(graph);
  return refused.map((r) => {
    const node = index.node(r.node);
    const layer = names.get(r.node) ?? (node === undefined ? '' : scopeOf(node).path);
    return layer === '' ? r : { ...r, layer };
  });
}

/** One sentence that names the operators that stop the gradient; all of them travel as data. */
export function refusalError(refused: readonly RefusedOperator[]): LensError {
  // Operators that stop it for the same reason share its sentence; each is named once.
  const unique = [...new Map(refused.map((r) => [`${r.op}: ${r.reason}`, r])).values()];
  const byReason = new Map<string, string[]>();
  for (const r of unique.slice(0, LISTED))
    byReason.set(r.reason, [...(byReason.get(r.reason) ?? []), `${r.op} (${place(r)})`]);
  const named = [...byReason].map(([reason, places]) => `${places.join(', ')}: ${reason}`);
  const more = unique.length > LISTED ? `; and ${unique.length - LISTED} more` : '';
  return new LensError(
    'unsupported',
    'gradient/unsupported',
    `No gradient passes through ${named.join('; ')}${more}.`,
    {
      hint: 'Methods that only run the model, such as occlusion, still work.',
      refused,
    },
  );
}

function place({ node, layer }: RefusedOperator): string {
  return layer === undefined || layer === node ? `node "${node}"` : `node "${node}" of layer "${layer}"`;
}
