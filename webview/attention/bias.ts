import type { FloatTensor } from '../../src/base/tensor.js';
import type { AttentionLayer, AttentionMatrices } from '../../src/result/attention.js';
import {
  byChance,
  drawnToken,
  mapsOf,
  meanSimilarity,
  numberOfMaps,
  shuffledLayers,
  tokenAt,
  type ByChance,
  type Counted,
  type PictureRegion,
} from '../../src/result/attentionBias.js';
import { mapOf, type AskedToken, type TokenAt } from '../../src/result/attentionMap.js';
import type { HeadName } from './kept.js';

/** The same draws each time: a token that nobody chose, an order of layers that the network does not have. */
const SEED = 1;

/** A map that nobody chose, beside the one that was. */
export interface Beside {
  readonly name: string;
  readonly map: FloatTensor | undefined;
}

export interface Bias {
  readonly counted: Counted;
  /** Of the maps of the token, each with each: Pearson's correlation; NaN where there are fewer than two. */
  readonly similarity: number;
  readonly beside: readonly Beside[];
  readonly chance: ByChance | undefined;
  /** Layers whose matrices are held, of how many. */
  readonly held: number;
}

export interface BiasOf {
  readonly layers: readonly AttentionLayer[];
  at(layer: string): AttentionMatrices | undefined;
  readonly asked: AskedToken;
  readonly row: number;
  readonly head: HeadName;
  readonly region: PictureRegion | undefined;
}

/** What helps against seeing what one expects: how many maps there are, how alike, and what others would have shown. */
export function biasOf({ layers, at, asked, row, head, region }: BiasOf): Bias {
  const matrices = layers.map(({ name }) => at(name)).filter((each) => each !== undefined);
  const chosen = tokenAt(asked);
  const own = mapsOf(layers, matrices, chosen);
  const mapAt = (
    layer: AttentionLayer | undefined,
    token: (layer: AttentionLayer) => TokenAt | undefined,
  ): FloatTensor | undefined => {
    const weights = layer && at(layer.name)?.weights;
    const where = layer && token(layer);
    if (weights === undefined || where === undefined) return undefined;
    return mapOf(layer!, weights, typeof head === 'number' ? head % layer!.heads : head, where);
  };
  // A layer without places has no map to stand beside one.
  const shown = [...layers.keys()].filter((i) => i === row || layers[i]!.to !== undefined);
  const other = shown[shuffledLayers(shown.length, SEED)[shown.indexOf(row)]!];
  return {
    counted: numberOfMaps(layers),
    similarity: meanSimilarity(own.map(({ map }) => map)),
    beside: [
      { name: 'chosen', map: mapAt(layers[row], chosen) },
      { name: 'another token', map: mapAt(layers[row], drawnToken(SEED)) },
      ...(shown.length > 1 && other !== undefined
        ? [{ name: `layer ${other} instead`, map: mapAt(layers[other], chosen) }]
        : []),
    ],
    chance: region === undefined ? undefined : byChance(layers, matrices, asked, region, { seed: SEED }),
    held: matrices.length,
  };
}
