/**
 * Names of the modules that weights belong to: `layer1.0.conv1.weight` belongs to `layer1.0.conv1`. Answers undefined
 * for names that an exporter made up (`onnx::Conv_193`, `val_13`), which say nothing.
 */
export function ownerOf(weight: string): string | undefined {
  if (MADE_UP.test(weight)) return undefined;
  const plain = weight.replace(/:\d+$/, '').replace(/\/ReadVariableOp(_\d+)?$/, '');
  const separator = plain.includes('.') ? '.' : plain.includes('/') ? '/' : undefined;
  if (separator === undefined) {
    const stem = plain.replace(UNDERSCORED, '');
    if (stem !== plain && stem !== '') return stem;
    // A parameter of the model itself (`cls_token`) has a word for a name; `Parameter5` and `W1` say nothing.
    return plain.length > 3 && !/\d/.test(plain) && !PARAMETER.has(plain) ? plain : undefined;
  }
  const parts = plain.split(separator);
  while (
    parts.length > 1 &&
    (PARAMETER.has(parts.at(-1)!) || (separator === '/' && TENSORFLOW_OPS.test(parts.at(-1)!)))
  )
    parts.pop();
  const last = parts.pop()!;
  const owner = [...parts, separator === '.' ? last.replace(/_(weight|bias)$/, '') : last].filter(
    (p, i) => p !== '' || i > 0,
  );
  while (owner[0] === 'StatefulPartitionedCall') owner.shift();
  return owner.length === 0 ? undefined : owner.join(separator);
}

/** `onnx::Conv_193`, `193`, `/layers.0/attn/Transpose_output_0`, `val_13`, `Constant_7`, `t_4`, `_inlfunc_…`. */
const MADE_UP =
  /^(onnx::|\d+$|\/.*_output_\d+$|.*_output_\d+$|val_\d+|(_|t|n|v|p|scalar|const|constant|tensor|initializer|ortshared|variable|input|output)_?\d+$|Constant_|const_|_inlfunc_|ortshared_)/i;

const PARAMETER = new Set([
  'weight',
  'bias',
  'weight_bias',
  'kernel',
  'gamma',
  'beta',
  'scale',
  'offset',
  'running_mean',
  'running_var',
  'moving_mean',
  'moving_variance',
  'mean',
  'var',
  'weight_v',
  'weight_g',
  'alpha',
  'slope',
  'w',
  'b',
  'W',
  'B',
  'R',
  'qweight',
  'zero_point',
  'weight_quantized',
  'weight_scale',
  'weight_zero_point',
  'bias_quantized',
  'embedding',
  'embeddings',
  'depthwise_kernel',
  'pointwise_kernel',
  'recurrent_kernel',
  'num_batches_tracked',
]);

/** The same at the end of a name that has no other structure: `conv1_w_0`, `resnetv17_conv0_weight`. */
const UNDERSCORED =
  /_(weight|bias|gamma|beta|kernel|running_mean|running_var|moving_mean|moving_var|scale|mean|var|w|b|rm|riv|s)(_quantized|_scale|_zero_point)?(_\d+)?$/;

const TENSORFLOW_OPS =
  /^(Conv2D|DepthwiseConv2dNative|depthwise|separable_conv2d|MatMul|BiasAdd|Tensordot|FusedBatchNorm(V\d)?|batchnorm|Relu6?|MaxPool|AvgPool|Softmax|ReadVariableOp|mul|add|sub)(_\d+)?$/;

/** A TensorFlow node name without the operator at its end: `model/conv1/Conv2D` is the layer `model/conv1`. */
export function tensorflowScope(name: string): string | undefined {
  if (name.startsWith('/') || !name.includes('/')) return undefined;
  const parts = name.split('/').filter((p) => p !== 'StatefulPartitionedCall');
  while (parts.length > 1 && TENSORFLOW_OPS.test(parts.at(-1)!)) parts.pop();
  return parts.join('/');
}
