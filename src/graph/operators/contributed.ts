import {
  activation,
  channelsFirst,
  joint,
  noTensor,
  parametric,
  plainLayer,
  rowsOf,
  window,
  type Operator,
  type Traits,
} from './traits.js';

const microsoft = rowsOf('com.microsoft');
const learning = rowsOf('ai.onnx.ml');

/** Integers in, integers out: scale and zero point of one input, then of the output. */
const OF_ONE: Traits = { storage: [1, 2, 3, 4], answersQuantised: true };
const OF_TWO: Traits = { storage: [1, 2, 4, 5, 6, 7], answersQuantised: true };
const MATRIX: Traits = { ...parametric, product: 'matrix' };

/** Operators of other domains: what ONNX Runtime joins and quantises, and classical models. */
export const CONTRIBUTED: readonly Operator[] = [
  microsoft('Gelu', activation, { flops: 8 }),
  microsoft('FastGelu', activation),
  microsoft('QuickGelu', activation),
  microsoft('BiasGelu', activation, joint),
  microsoft('FusedConv', parametric, window, channelsFirst, {
    product: 'convolution',
    roles: [undefined, 'weight', 'bias'],
  }),
  microsoft('NhwcConv'),
  microsoft('NhwcFusedConv'),
  microsoft('FusedGemm', MATRIX, { roles: [undefined, 'weight', 'bias'] }),
  microsoft('FusedMatMul', MATRIX, { biasBehind: true }),
  // How FusedMatMul was called first.
  microsoft('TransposeMatMul', MATRIX, { biasBehind: true }),
  microsoft('Attention', { layer: 'both', product: 'projection', attends: true }),
  microsoft('MultiHeadAttention', plainLayer, { attends: true }),
  microsoft('GroupQueryAttention', { attends: true }),
  microsoft('PackedAttention', { attends: true }),
  microsoft('PackedMultiHeadAttention', { attends: true }),
  microsoft('DecoderAttention', { attends: true }),
  microsoft('DecoderMaskedMultiHeadAttention', { attends: true }),
  microsoft('DecoderMaskedSelfAttention', { attends: true }),
  microsoft('LongformerAttention', { attends: true }),
  microsoft('SparseAttention', { attends: true }),
  microsoft('PagedAttention', { attends: true }),

  microsoft('RotaryEmbedding', { sameShape: true }),
  microsoft('SkipLayerNormalization', parametric, { normalises: true, channels: 'last' }),
  microsoft('SkipSimplifiedLayerNormalization', { normalises: true }),
  microsoft('EmbedLayerNormalization', { typeInput: 2 }),
  microsoft('GroupNorm', { normalises: true }),
  microsoft('SkipGroupNorm', { normalises: true }),
  microsoft('GridSample', plainLayer, { flops: 8 }),
  microsoft('QuantizeLinear', { quantises: true, sameShape: true, storage: [1, 2], answersQuantised: true }),
  microsoft('DequantizeLinear', { sameShape: true, storage: [1, 2], readThrough: true }),
  microsoft('DynamicQuantizeMatMul', MATRIX, {
    storage: [2, 3],
    operand: { weight: 1, scale: 2, zero: 3, axis: -1 },
  }),
  microsoft('MatMulIntegerToFloat', MATRIX, {
    typeInput: 2,
    storage: [2, 3, 4, 5],
    operand: { weight: 1, scale: 3, zero: 5, axis: -1 },
  }),
  microsoft('MatMulNBits', parametric, {
    product: 'packed',
    biasBehind: true,
    roles: [undefined, 'weight', undefined, undefined, undefined, 'bias'],
    storage: [2, 3, 4],
  }),
  microsoft('QGemm', MATRIX, {
    storage: [1, 2, 4, 5, 7, 8],
    operand: { weight: 3, scale: 4, zero: 5, axis: -1, bias: 6, inputScale: 1 },
    answersQuantised: true,
  }),
  microsoft('QLinearConv', parametric, window, channelsFirst, OF_TWO, {
    product: 'convolution',
    typeInput: 7,
    operand: { weight: 3, scale: 4, zero: 5, axis: 0, bias: 8, inputScale: 1 },
  }),
  microsoft('QLinearAdd', OF_TWO),
  microsoft('QLinearMul', OF_TWO),
  microsoft('QLinearWhere', { typeInput: 1 }),
  microsoft('QLinearSigmoid', OF_ONE),
  microsoft('QLinearLeakyRelu', OF_ONE),
  microsoft('QLinearSoftmax', OF_ONE),
  microsoft('QLinearAveragePool', OF_ONE),
  microsoft('QLinearGlobalAveragePool', OF_ONE),
  microsoft('QLinearConcat', { answersQuantised: true }),
  microsoft('QAttention', { typeInput: 2, storage: [3, 4, 6, 7], attends: true }),
  learning('ZipMap', noTensor),
  learning('CastMap', noTensor),
  learning('DictVectorizer', noTensor),
];
