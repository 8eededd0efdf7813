import { LensError } from '../../base/errors.js';
import type { AttentionLayer, SaidTokens, TokenChoices, TokenLayout } from '../../result/attention.js';

/** Said of a layer of whose keys nobody knows where they stand. */
export const NOT_TOLD = 'Where the keys stand in the picture could not be told from the graph.';

/**
 * Layers as somebody says that their tokens stand: those that are named, or all that have so many tokens and whose places are
 * not known.
 *
 * @throws LensError `attention/tokens` where a layer that is named has another number of tokens, or no layer has so many
 */
export function withTokens<L extends AttentionLayer>(
  layers: readonly L[],
  said: TokenChoices | undefined,
): readonly L[] {
  if (said === undefined) return layers;
  if (isSaid(said)) {
    if (!layers.some((l) => l.queries === countOf(said) || l.keys === countOf(said)))
      throw wrong('No layer of attention has', said, layers);
    return layers.map((layer) => placed(layer, said, false));
  }
  for (const [name, asked] of Object.entries(said)) {
    const layer = layers.find((l) => l.name === name);
    if (layer === undefined || (layer.queries !== countOf(asked) && layer.keys !== countOf(asked)))
      throw wrong(
        layer === undefined ? `There is no layer of attention "${name}" with` : `"${name}" has not`,
        asked,
        layers,
      );
  }
  return layers.map((layer) => {
    const asked = said[layer.name];
    return asked === undefined ? layer : placed(layer, asked, true);
  });
}

/** @param over also where the graph told places */
function placed<L extends AttentionLayer>(layer: L, said: SaidTokens, over: boolean): L {
  if (layer.windows > 1 || layer.kind === 'channels') return layer;
  const at = (tokens: number, known: TokenLayout | undefined): TokenLayout | undefined =>
    tokens === countOf(said) && (over || known === undefined) ? laid(said) : known;
  const [from, to] = [at(layer.queries, layer.from), at(layer.keys, layer.to)];
  const notes = to === undefined ? layer.notes : layer.notes.filter((note) => note !== NOT_TOLD);
  return { ...layer, notes, ...(from && { from }), ...(to && { to }) };
}

function isSaid(said: TokenChoices): said is SaidTokens {
  return typeof said.prefix === 'number';
}

function countOf({ prefix, grid }: SaidTokens): number {
  return prefix + grid[0] * grid[1];
}

function laid({ prefix, grid }: SaidTokens): TokenLayout {
  const cells = Int32Array.from({ length: prefix + grid[0] * grid[1] }, (_, t) => (t < prefix ? -1 : t - prefix));
  return { grid, cells, prefix };
}

function wrong(who: string, said: SaidTokens, layers: readonly AttentionLayer[]): LensError {
  const { prefix, grid } = said;
  const names = layers.slice(0, 6).map((l) => `${l.name} (${l.queries} × ${l.keys})`);
  return new LensError(
    'usage',
    'attention/tokens',
    `${who} ${countOf(said)} tokens: ${prefix} without a place and ${grid.join(' × ')}, as was said.`,
    { hint: `There are ${names.join(', ')}${layers.length > 6 ? ' …' : ''}.` },
  );
}
