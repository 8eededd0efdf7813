import { attributesOf, changed, helper, type Converter } from './converter.js';

/**
 * Softmax, LogSoftmax and Hardmax before opset 13 treat their input as a matrix: all axes from `axis` (1 by default) on
 * together are one. From 13 on they work along one axis. Where `axis` is the last one, both are the same; otherwise
 * y = Reshape(Softmax(Flatten(x, axis)), Shape(x)).
 */
export const softmax: Converter = (node, scope) => {
  const x = node.inputs[0] ?? '';
  const y = node.outputs[0] ?? '';
  const axis = attributesOf(node).int('axis', 1);
  const rank = scope.rank(x);
  const dims = scope.dims(x);
  const last = axis === -1 || (rank !== undefined && (axis === rank - 1 || rank === 0));
  const onesBehind = dims !== undefined && axis >= 0 && dims.slice(axis + 1).every((d) => d === 1);
  if (last) return [changed(node, { with: { axis: -1 } })];
  if (onesBehind) return [changed(node, { with: { axis } })];
  const shape = helper(node, 'Shape', [x], scope.fresh(`${y}_shape`));
  const flat = helper(node, 'Flatten', [x], scope.fresh(`${y}_flat`), { axis });
  const main = changed(node, { inputs: [flat.outputs[0]!], outputs: [scope.fresh(`${y}_matrix`)], with: { axis: -1 } });
  const back = helper(node, 'Reshape', [main.outputs[0]!, shape.outputs[0]!], y);
  return [shape, flat, main, { ...back, name: scope.fresh(`${y}_back`) }];
};
