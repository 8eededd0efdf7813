import { bools, ints, op, type Case } from '../check.js';
import { float } from '../../../../src/graph/attributes.js';

const lstm = (
  attributes: Readonly<Record<string, string>>,
  directions = 1,
  more: readonly (readonly number[] | undefined)[] = [],
): Case =>
  op(
    'LSTM',
    [[4, 2, 3], [directions, 8, 3], [directions, 8, 2], [directions, 16], undefined, ...more],
    { hidden_size: 2, ...attributes },
    { outputs: 3 },
  );

/** Attention and recurrent operators. */
export const sequenceCases: readonly Case[] = [
  op(
    'Attention',
    [
      [1, 2, 3, 4],
      [1, 2, 5, 4],
      [1, 2, 5, 3],
    ],
    {},
    { opset: 23 },
  ),
  op(
    'Attention',
    [
      [1, 4, 3, 4],
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ],
    { is_causal: 1 },
    { opset: 23 },
  ),
  op(
    'Attention',
    [[2, 3, 8], [2, 5, 8], [2, 5, 8], bools([1, 1, 0, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 0, 1], [3, 5])],
    { q_num_heads: 2, kv_num_heads: 2, scale: float(0.3) },
    { opset: 23 },
  ),
  op(
    'Attention',
    [
      [1, 2, 3, 4],
      [1, 2, 5, 4],
      [1, 2, 5, 4],
      [3, 5],
    ],
    { softcap: float(1.5) },
    { opset: 23 },
  ),
  op(
    'Attention',
    [[1, 2, 3, 4], [1, 2, 2, 4], [1, 2, 2, 4], undefined, [1, 2, 3, 4], [1, 2, 3, 4]],
    {},
    { opset: 23, outputs: 3 },
  ),
  op(
    'RotaryEmbedding',
    [
      [2, 2, 3, 4],
      [2, 3, 2],
      [2, 3, 2],
    ],
    {},
    { opset: 23, wrt: [0] },
  ),
  op(
    'RotaryEmbedding',
    [[1, 2, 3, 6], [5, 2], [5, 2], ints([0, 2, 4], [1, 3])],
    { interleaved: 1, rotary_embedding_dim: 4 },
    { opset: 23, wrt: [0] },
  ),
  op('Attention', [[2, 3, 4], [4, 12], [12]], { num_heads: 2 }, { domain: 'com.microsoft' }),
  op(
    'Attention',
    [[2, 3, 4], [4, 12], [12], ints([1, 1, 0, 1, 1, 1], [2, 3], 'int32')],
    { num_heads: 2, unidirectional: 1 },
    { domain: 'com.microsoft' },
  ),
  op('MultiHeadAttention', [[2, 3, 4], [2, 5, 4], [2, 5, 4], [12]], { num_heads: 2 }, { domain: 'com.microsoft' }),
  op(
    'MultiHeadAttention',
    [[2, 3, 4], [2, 5, 4], [2, 5, 4], undefined, undefined, [1, 2, 3, 5]],
    { num_heads: 2, scale: float(0.4) },
    { domain: 'com.microsoft' },
  ),
  lstm({}),
  lstm({ direction: 'bidirectional' }, 2),
  lstm({ direction: 'reverse' }, 1, [
    [1, 2, 2],
    [1, 2, 2],
    [1, 6],
  ]),
  op(
    'GRU',
    [
      [4, 2, 3],
      [1, 6, 3],
      [1, 6, 2],
      [1, 12],
    ],
    { hidden_size: 2 },
    { outputs: 2 },
  ),
  op(
    'GRU',
    [[4, 2, 3], [2, 6, 3], [2, 6, 2], [2, 12], undefined, [2, 2, 2]],
    { hidden_size: 2, direction: 'bidirectional', linear_before_reset: 1 },
    { outputs: 2, score: 1 },
  ),
  op(
    'RNN',
    [
      [4, 2, 3],
      [1, 2, 3],
      [1, 2, 2],
      [1, 4],
    ],
    { hidden_size: 2 },
    { outputs: 2 },
  ),
  op(
    'RNN',
    [
      [4, 2, 3],
      [1, 2, 3],
      [1, 2, 2],
    ],
    { hidden_size: 2, direction: 'reverse' },
    { outputs: 2, score: 1 },
  ),
  op('TensorScatter', [[2, 2, 5, 3], [2, 2, 2, 3], ints([1, 2])], {}, { opset: 24 }),
  op('CumProd', [[2, 4], ints([1], [])], {}, { opset: 26 }),
];
