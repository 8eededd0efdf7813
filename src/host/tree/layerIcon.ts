/** Codicons by what a layer does. */

const KINDS: readonly (readonly [icon: string, ops: RegExp])[] = [
  ['filter', /^(Conv|ConvTranspose|ConvInteger|QLinearConv|DeformConv)$/],
  ['symbol-array', /^(Gemm|MatMul|MatMulInteger|QLinearMatMul|Gather|Einsum)$/],
  ['eye', /Attention$/],
  ['fold-down', /Pool$|^Reduce(Mean|Max)$/],
  ['symbol-ruler', /Norm(alization)?$|^LRN$/],
  [
    'pulse',
    /^(Relu|LeakyRelu|PRelu|Elu|Selu|Celu|Gelu|Sigmoid|HardSigmoid|HardSwish|Mish|Tanh|Softplus|Softsign|ThresholdedRelu|Clip|Swish)$/,
  ],
  ['graph', /^(Softmax|LogSoftmax)$/],
  ['git-merge', /^(Add|Sum|Concat|Mul)$/],
  ['sync', /^(LSTM|GRU|RNN|Loop)$/],
  ['screen-full', /^(Resize|Upsample|DepthToSpace|SpaceToDepth|GridSample)$/],
];

export function layerIcon(op: string): string {
  return KINDS.find(([, ops]) => ops.test(op))?.[0] ?? 'symbol-misc';
}
