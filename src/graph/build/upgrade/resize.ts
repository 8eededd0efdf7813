import type { NodeProto } from '../../../checkpoint/model.js';
import { smallFloats } from '../../constants.js';
import { attributesOf, changed, constant, constantFrom, type Converter, type Scope } from './converter.js';

/**
 * Upsample (7, 9) and Resize (10) to Resize of 11 and later: x_in = x_out / scale without any half pixel ("asymmetric").
 * Nearest takes the floor when it enlarges and, as ONNX Runtime does it, the ceiling when it makes smaller.
 */
export const resize: Converter = (node, scope) => {
  const attributes = attributesOf(node);
  const before: NodeProto[] = [];
  let scales = node.inputs[1] ?? '';
  const attribute = attributes.get('scales');
  let values: ArrayLike<number> | undefined;
  if (attribute !== undefined) {
    const made = constantFrom(node, scope, attribute);
    before.push(made);
    scales = made.outputs[0]!;
    if (attribute.type === 'floats' && attribute.ref === undefined) values = attribute.value;
  } else values = smallFloats(scope.constant(scales));
  const x = node.inputs[0] ?? '';
  const mode = attributes.string('mode', 'nearest') === 'nearest' ? 'nearest' : 'linear';
  const list = values === undefined ? undefined : Array.from(values);
  const shrinks = list?.some((s) => s < 1) ?? false;
  if (mode === 'linear' || !shrinks || list === undefined) return [...before, step(node, x, scales, mode, 'floor')];
  if (list.every((s) => s <= 1)) return [...before, step(node, x, scales, mode, 'ceil')];
  // Some axes grow and some shrink: nearest is separable, so one step for each rounding.
  const grow = float32(
    node,
    scope,
    list.map((s) => Math.max(s, 1)),
  );
  const shrink = float32(
    node,
    scope,
    list.map((s) => Math.min(s, 1)),
  );
  const middle = scope.fresh(`${node.outputs[0] ?? ''}_grown`);
  const first = { ...step(node, x, grow.outputs[0]!, mode, 'floor'), name: middle, outputs: [middle] };
  return [grow, shrink, first, step(node, middle, shrink.outputs[0]!, mode, 'ceil')];
};

function step(node: NodeProto, x: string, scales: string, mode: string, nearest: string): NodeProto {
  return changed(node, {
    op: 'Resize',
    inputs: [x, '', scales],
    without: ['scales'],
    with: {
      mode,
      coordinate_transformation_mode: 'asymmetric',
      nearest_mode: mode === 'nearest' ? nearest : undefined,
    },
  });
}

function float32(node: NodeProto, scope: Scope, values: readonly number[]): NodeProto {
  return constant(node, scope, 'scales', { type: 'float32', dims: [values.length], data: Float32Array.from(values) });
}
