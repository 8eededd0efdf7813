import type { FloatTensor } from '../../src/base/tensor.js';
import type { AttentionLayer, AttentionMatrices } from '../../src/result/attention.js';
import {
  byChance,
  mapsOf,
  meanSimilarity,
  numberOfMaps,
  randomToken,
  shuffledLayers,
  tokenAt,
  type ByChance,
  type Counted,
  type PictureRegion,
} from '../../src/result/attentionBias.js';
import { mapOf, type AskedToken } from '../../src/result/attentionMap.js';
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
  const own = mapsOf(layers, matrices, tokenAt(asked));
  const mapAt = (layer: AttentionLayer | undefined, token: AskedToken): FloatTensor | undefined => {
    const weights = layer && at(layer.name)?.weights;
    const where = layer && tokenAt(token)(layer);
    if (weights === undefined || where === undefined) return undefined;
    return mapOf(layer!, weights, typeof head === 'number' ? head % layer!.heads : head, where);
  };
  const other = shuffledLayers(layers.length, SEED)[row];
  return {
    counted: numberOfMaps(layers),
    similarity: meanSimilarity(own.map(({ map }) => map)),
    beside: [
      { name: 'chosen', map: mapAt(layers[row], asked) },
      { name: 'another token', map: mapAt(layers[row], randomToken(SEED)) },
      ...(layers.length > 1 && other !== undefined
        ? [{ name: `layer ${other} instead`, map: mapAt(layers[other], asked) }]
        : []),
    ],
    chance: region === undefined ? undefined : byChance(layers, matrices, asked, region, { seed: SEED }),
    held: matrices.length,
  };
}
