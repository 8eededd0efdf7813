import { address } from '../../../../src/base/place.js';
import { floatTensor } from '../../../../src/base/tensor.js';
import type { AttentionAnswer } from '../../../../src/protocol/attention.js';
import type { AttentionAsked } from '../../../../src/protocol/attentionPanel.js';
import type { AttentionLayer, AttentionMatrices } from '../../../../src/result/attention.js';
import { answerAbout, recipe } from '../dataset/survey.js';

/** A layer whose tokens stand behind `prefix` tokens without a place; without a grid its places are not known. */
export function layer(
  name: string,
  change: Partial<AttentionLayer> & { prefix?: number; grid?: readonly [number, number] } = {},
): AttentionLayer {
  const { prefix = 1, grid, ...rest } = change;
  const tokens = grid === undefined ? (rest.queries ?? 5) : prefix + grid[0] * grid[1];
  const layout = grid && {
    grid,
    prefix,
    cells: Int32Array.from({ length: tokens }, (_, i) => Math.max(-1, i - prefix)),
  };
  return {
    name,
    node: name,
    value: name,
    kind: 'tokens',
    heads: 2,
    windows: 1,
    queries: tokens,
    keys: tokens,
    notes: [],
    ...(layout === undefined ? {} : { from: layout, to: layout }),
    ...rest,
  };
}

/** Matrices whose number at head h, query q, key k is h + q / 100 + k / 10000. */
export function matrices({ name, windows, heads, queries, keys }: AttentionLayer, add = 0): AttentionMatrices {
  const weights = floatTensor([windows, heads, queries, keys]);
  for (let i = 0; i < weights.data.length; i++) {
    const k = i % keys;
    const q = Math.floor(i / keys) % queries;
    const h = Math.floor(i / keys / queries) % heads;
    weights.data[i] = add + h + q / 100 + k / 10000;
  }
  const each = (value: number): Float32Array => new Float32Array(heads).fill(value);
  return {
    layer: name,
    weights,
    entropy: each(1),
    distance: each(2),
    onPrefix: each(NaN),
    onSelf: each(0.25),
    sums: [1, 1],
  };
}

export const picture = { uri: address('file:///set/bird.png'), name: 'bird.png' };

/** What a runner answers about these layers. */
export function answered(layers: readonly AttentionLayer[], asked: AttentionAsked): AttentionAnswer {
  const map = asked.params?.['map'];
  const n = layers[0]?.keys ?? 0;
  return {
    ...answerAbout,
    layers,
    without: [],
    results: [
      {
        input: 'bird.png',
        result: {
          input: 'bird.png',
          picture: { width: 20, height: 10, data: new Uint8Array(600) },
          layers: layers
            .filter(({ name }) => asked.layers.includes(name))
            .map((each) => matrices(each, asked.random === true ? 100 : 0)),
          ...(map === undefined ? {} : { joined: floatTensor([n, n]) }),
          ...(map === 'relevance' ? { target: { index: 3, label: 'cat' } } : {}),
          recipe,
          notes: [],
        },
      },
    ],
  };
}
