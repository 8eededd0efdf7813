import { between, ints, op, type Case } from '../check.js';
import { Attributes, float } from '../../../../src/graph/attributes.js';

const conv = (x: readonly number[], w: readonly number[], attributes = {}, bias?: readonly number[]): Case =>
  op('Conv', bias === undefined ? [x, w] : [x, w, bias], attributes);
const deconv = (x: readonly number[], w: readonly number[], attributes = {}, bias?: readonly number[]): Case =>
  op('ConvTranspose', bias === undefined ? [x, w] : [x, w, bias], attributes);

const HARD_SIGMOID = new Attributes([
  { name: 'activation', type: 'string', value: 'HardSigmoid' },
  { name: 'activation_params', type: 'floats', value: [0.05, 0.5] },
]);

/** Convolutions, pools, normalisations and products. */
export const layerCases: readonly Case[] = [
  conv([1, 2, 5, 6], [3, 2, 3, 3], { pads: [1, 1, 1, 1] }, [3]),
  conv([2, 2, 5, 6], [3, 2, 3, 3]),
  conv([2, 3, 7, 6], [4, 3, 3, 3], { strides: [2, 2], pads: [1, 1, 1, 1] }, [4]),
  conv([1, 2, 8, 8], [2, 2, 3, 3], { strides: [3, 2], pads: [0, 1, 1, 0] }),
  conv([1, 2, 9, 9], [2, 2, 3, 2], { strides: [2, 2], dilations: [2, 3], pads: [2, 1, 1, 2] }),
  conv([1, 2, 7, 7], [3, 2, 3, 3], { dilations: [2, 2], pads: [2, 2, 2, 2] }),
  conv([1, 4, 5, 5], [6, 2, 3, 3], { group: 2, pads: [1, 1, 1, 1] }, [6]),
  conv([2, 4, 6, 5], [8, 1, 3, 3], { group: 4, pads: [1, 1, 1, 1] }),
  conv([2, 4, 6, 6], [4, 1, 3, 3], { group: 4, strides: [2, 2], pads: [1, 1, 1, 1] }),
  conv([2, 6, 7, 7], [4, 3, 3, 3], { group: 2, strides: [2, 2], dilations: [1, 2] }),
  conv([2, 4, 4, 4], [5, 4, 1, 1]),
  conv([2, 4, 5, 5], [5, 4, 1, 1], { strides: [2, 2] }),
  conv([1, 2, 5, 5], [2, 2, 2, 2], { auto_pad: 'SAME_UPPER' }),
  conv([1, 2, 5, 6], [2, 2, 4, 3], { auto_pad: 'SAME_LOWER', strides: [2, 2] }),
  conv([1, 2, 5, 6], [2, 2, 3, 3], { auto_pad: 'VALID' }),
  conv([1, 2, 4, 4], [2, 2, 3, 3], { pads: [3, 3, 3, 3] }),
  conv([2, 3, 9], [4, 3, 4], { strides: [2], pads: [1, 2] }, [4]),
  conv([1, 2, 7], [4, 1, 3], { group: 2, dilations: [2] }),
  conv([1, 2, 4, 5, 4], [3, 2, 2, 3, 2], { strides: [1, 2, 1], pads: [0, 1, 1, 1, 1, 0] }, [3]),
  conv([1, 2, 4, 4, 4], [2, 1, 3, 3, 3], { group: 2, pads: [1, 1, 1, 1, 1, 1] }),
  deconv([1, 2, 4, 4], [2, 3, 3, 3], {}, [3]),
  deconv([2, 2, 4, 3], [2, 3, 3, 3], { strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 1] }, [3]),
  deconv([1, 4, 3, 3], [4, 2, 2, 3], { group: 2, strides: [2, 3], dilations: [2, 1] }),
  deconv([1, 2, 3, 3], [2, 2, 3, 3], { strides: [2, 2], output_shape: [6, 6] }),
  deconv([1, 2, 3, 3], [2, 2, 3, 3], { strides: [2, 2], auto_pad: 'SAME_UPPER' }),
  deconv([1, 2, 3, 3], [2, 2, 3, 3], { strides: [2, 2], auto_pad: 'SAME_LOWER' }),
  deconv([1, 2, 5], [2, 2, 3], { strides: [2], pads: [2, 0] }),
  op('FusedConv', [[1, 2, 5, 5], [3, 2, 3, 3], [3]], HARD_SIGMOID, { domain: 'com.microsoft' }),
  op(
    'FusedConv',
    [[1, 2, 5, 5], [3, 2, 3, 3], [3], [1, 3, 5, 5]],
    { activation: 'Tanh', pads: [1, 1, 1, 1] },
    { domain: 'com.microsoft' },
  ),

  op('MaxPool', [[2, 2, 6, 6]], { kernel_shape: [2, 2], strides: [2, 2] }),
  op('MaxPool', [[1, 2, 7, 7]], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }, { outputs: 2 }),
  op('MaxPool', [[1, 2, 6, 7]], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }),
  op('MaxPool', [[1, 2, 8, 8]], { kernel_shape: [3, 2], dilations: [2, 3], strides: [1, 2] }),
  op('MaxPool', [[1, 1, 5, 5]], { kernel_shape: [2, 2], auto_pad: 'SAME_UPPER', strides: [2, 2] }),
  op('MaxPool', [[2, 3, 9]], { kernel_shape: [3], strides: [2], pads: [1, 0] }),
  op('MaxPool', [[1, 2, 4, 4, 4]], { kernel_shape: [2, 2, 2], strides: [2, 1, 2] }),
  op('MaxPool', [[2, 2, 5, 5]], { kernel_shape: [3, 3], strides: [1, 1], storage_order: 1 }),
  op('MaxPool', [[1, 2, 6, 5]], {
    kernel_shape: [3, 2],
    strides: [2, 2],
    dilations: [1, 2],
    pads: [1, 0, 1, 1],
    storage_order: 1,
  }),
  op('AveragePool', [[2, 2, 6, 6]], { kernel_shape: [2, 2], strides: [2, 2] }),
  op('AveragePool', [[2, 2, 7, 7]], { kernel_shape: [2, 2], strides: [2, 2] }),
  op('AveragePool', [[1, 2, 5, 5]], { kernel_shape: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1] }),
  op('AveragePool', [[1, 2, 5, 5]], {
    kernel_shape: [3, 3],
    strides: [1, 1],
    pads: [1, 1, 1, 1],
    count_include_pad: 1,
  }),
  op('AveragePool', [[1, 2, 6, 7]], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 0, 0, 1] }),
  op('AveragePool', [[1, 2, 6, 6]], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }, { opset: 19 }),
  op(
    'AveragePool',
    [[1, 2, 6, 6]],
    { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1, count_include_pad: 1, pads: [1, 1, 1, 1] },
    { opset: 19 },
  ),
  op(
    'AveragePool',
    [[1, 2, 8, 8]],
    { kernel_shape: [2, 3], dilations: [2, 2], strides: [1, 2], pads: [1, 1, 1, 1] },
    { opset: 19 },
  ),
  op('AveragePool', [[1, 2, 5, 6]], { kernel_shape: [2, 2], auto_pad: 'SAME_LOWER' }),
  op('AveragePool', [[1, 2, 7]], { kernel_shape: [3], strides: [2] }),
  op('AveragePool', [[1, 2, 4, 4, 4]], { kernel_shape: [2, 3, 2], strides: [2, 1, 1], pads: [0, 1, 0, 0, 1, 1] }),
  op('LpPool', [[1, 2, 6, 6]], { kernel_shape: [2, 2], strides: [2, 2], p: 2 }),
  op('LpPool', [[1, 2, 6, 6]], { kernel_shape: [3, 3], strides: [1, 1], p: 1 }),
  op('LpPool', [[1, 2, 7, 6]], { kernel_shape: [3, 2], strides: [2, 2], p: 3, pads: [1, 0, 1, 0] }),
  op('GlobalAveragePool', [[2, 3, 4, 5]]),
  op('GlobalMaxPool', [[2, 3, 4, 5]]),
  op('GlobalMaxPool', [[2, 3, 7]]),
  op('GlobalLpPool', [[2, 3, 4, 5]], { p: 2 }),
  op('GlobalLpPool', [[2, 3, 4, 5]], { p: 3 }),
  op('MaxUnpool', [[1, 1, 2, 2], ints([5, 7, 13, 15], [1, 1, 2, 2])], { kernel_shape: [2, 2], strides: [2, 2] }),

  op('BatchNormalization', [[2, 3, 4, 4], [3], [3], [3], between(0.5, 2, [3])]),
  op('BatchNormalization', [[2, 3], [3], [3], [3], between(0.5, 2, [3])], { epsilon: float(0.1) }),
  op('InstanceNormalization', [[2, 3, 4, 4], [3], [3]], { epsilon: float(1e-3) }),
  op('InstanceNormalization', [[2, 3, 5], [3], [3]]),
  op('LayerNormalization', [[2, 3, 4], [4], [4]], { axis: -1 }),
  op(
    'LayerNormalization',
    [
      [2, 3, 4],
      [3, 4],
    ],
    { axis: 1 },
  ),
  op('LayerNormalization', [[2, 3, 4], [4], [4]], { axis: 2 }, { outputs: 3 }),
  op('GroupNormalization', [[2, 4, 3, 3], [2], [2]], { num_groups: 2 }),
  op('GroupNormalization', [[2, 4, 3, 3], [4], [4]], { num_groups: 2 }, { opset: 21 }),
  op('RMSNormalization', [[2, 3, 4], [4]], { axis: -1 }, { opset: 23 }),
  op(
    'RMSNormalization',
    [
      [2, 3, 4],
      [3, 4],
    ],
    { axis: 1, epsilon: float(0.1) },
    { opset: 23 },
  ),
  op('SimplifiedLayerNormalization', [[2, 3, 4], [4]], { axis: -1 }),
  op('MeanVarianceNormalization', [[2, 3, 4, 4]]),
  op('MeanVarianceNormalization', [[2, 3, 4]], { axes: [1, -1] }),
  op('LpNormalization', [[2, 3, 4]], { axis: 1, p: 1 }),
  op('LpNormalization', [[2, 3, 4]], { p: 2 }),
  op('LRN', [[2, 6, 3, 3]], { size: 3, alpha: float(0.5), beta: float(0.75), bias: float(1.2) }),
  op('SkipLayerNormalization', [[2, 3, 4], [2, 3, 4], [4], [4], [4]], {}, { domain: 'com.microsoft' }),
  op('SkipLayerNormalization', [[2, 3, 4], [2, 3, 4], [4]], {}, { domain: 'com.microsoft', outputs: 4, score: 3 }),
  op(
    'SkipSimplifiedLayerNormalization',
    [[2, 3, 4], [2, 3, 4], [4]],
    { epsilon: float(1e-3) },
    { domain: 'com.microsoft' },
  ),

  op('MatMul', [
    [3, 4],
    [4, 5],
  ]),
  op('MatMul', [[4], [4, 5]]),
  op('MatMul', [[3, 4], [4]]),
  op('MatMul', [[4], [4]]),
  op('MatMul', [
    [2, 3, 4],
    [4, 5],
  ]),
  op('MatMul', [
    [3, 4],
    [2, 4, 5],
  ]),
  op('MatMul', [
    [2, 1, 3, 4],
    [3, 4, 2],
  ]),
  op('MatMul', [[4], [2, 4, 3]]),
  op('MatMul', [[2, 3, 4], [4]]),
  ...[0, 1].flatMap((transA) =>
    [0, 1].map((transB) =>
      op('Gemm', [transA ? [4, 3] : [3, 4], transB ? [5, 4] : [4, 5], [5]], {
        transA,
        transB,
        alpha: float(0.7),
        beta: float(1.3),
      }),
    ),
  ),
  op('Gemm', [
    [3, 4],
    [4, 5],
  ]),
  op('Gemm', [[3, 4], [4, 5], []]),
  op('Gemm', [
    [3, 4],
    [4, 5],
    [3, 1],
  ]),
  ...(
    [
      ['bij,bjk->bik', [2, 3, 4], [2, 4, 5]],
      ['ij,jk', [2, 3], [3, 4]],
      ['...ij,...jk->...ik', [2, 3, 4], [1, 4, 5]],
      ['...ij,jk->...ik', [2, 3, 4], [4, 5]],
      ['bhid,bhjd->bhij', [1, 2, 3, 4], [1, 2, 5, 4]],
      ['i,j->ij', [3], [4]],
      ['ij,ij->', [2, 3], [2, 3]],
      ['ab,cd->ac', [2, 3], [4, 5]],
      ['i,...i->...', [3], [2, 3]],
    ] as const
  ).map(([equation, p, q]) => op('Einsum', [p, q], { equation })),
  op('Einsum', [[2, 3, 4]], { equation: 'ijk->kij' }),
  op('Einsum', [[2, 3]], { equation: 'ij->i' }),
  op(
    'Einsum',
    [
      [2, 3],
      [3, 4],
      [4, 2],
    ],
    { equation: 'ij,jk,kl->il' },
  ),
  op('Det', [[2, 2, 2]]),
  op('Det', [[3, 3]]),
  op('Det', [[2, 1, 1]]),
  op(
    'FusedMatMul',
    [
      [2, 3, 4],
      [2, 5, 4],
    ],
    { transB: 1, alpha: float(0.5) },
    { domain: 'com.microsoft' },
  ),
  op(
    'FusedMatMul',
    [
      [2, 4, 3],
      [2, 4, 5],
    ],
    { transA: 1 },
    { domain: 'com.microsoft' },
  ),
  op(
    'FusedMatMul',
    [
      [3, 2, 4],
      [2, 4, 5],
    ],
    { transBatchA: 1 },
    { domain: 'com.microsoft' },
  ),
  op('FusedGemm', [[3, 4], [4, 5], [5]], { activation: 'Tanh', alpha: float(0.7) }, { domain: 'com.microsoft' }),
  op(
    'TransposeMatMul',
    [
      [2, 3, 4],
      [2, 5, 4],
    ],
    { transB: 1 },
    { domain: 'com.microsoft' },
  ),
];
