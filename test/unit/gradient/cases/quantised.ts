/** Operators of quantised graphs: their functions are staircases, so that quantised.test.ts checks them against their smooth counterparts. */
export const quantisedOperators: readonly string[] = [
  'QuantizeLinear',
  'DequantizeLinear',
  'DynamicQuantizeLinear',
  'MatMulInteger',
  'ConvInteger',
  'QLinearConv',
  'QLinearMatMul',
  ...[
    'QuantizeLinear',
    'DequantizeLinear',
    'QLinearConv',
    'QLinearAdd',
    'QLinearMul',
    'QLinearSigmoid',
    'QLinearLeakyRelu',
    'QLinearSoftmax',
    'QLinearGlobalAveragePool',
    'QLinearAveragePool',
    'QLinearConcat',
  ].map((o) => `com.microsoft.${o}`),
];
