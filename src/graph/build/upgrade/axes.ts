import { int64Tensor } from '../../../base/tensor.js';
import type { NodeProto } from '../../../checkpoint/model.js';
import { attributesOf, changed, constant, constantFrom, type Converter, type Scope } from './converter.js';

/** Attributes that became inputs: Squeeze, Unsqueeze (13), the reductions (13, 18), Slice (10), Split (13, 18), TopK (10). */

/** `axes` to input 1. */
export const axesToInput: Converter = (node, scope) => attributesToInputs(node, scope, ['axes']);

/** Slice(data) with starts, ends, axes -> Slice(data, starts, ends, axes). */
export const slice: Converter = (node, scope) => attributesToInputs(node, scope, ['starts', 'ends', 'axes']);

/** Split: sizes to input 1; without sizes the number of parts is said. */
export const split: Converter = (node, scope) => {
  if (attributesOf(node).has('split')) return attributesToInputs(node, scope, ['split']);
  if ((node.inputs[1] ?? '') !== '') return [node];
  return [changed(node, { inputs: node.inputs.slice(0, 1), with: { num_outputs: node.outputs.length } })];
};

/** TopK(x) with k -> TopK(x, [k]). */
export const topK: Converter = (node, scope) => {
  const k = attributesOf(node).get('k');
  if (k?.type !== 'int') return [node];
  const value = constant(node, scope, 'k', int64Tensor([1], [k.value]));
  return [value, changed(node, { inputs: [node.inputs[0] ?? '', value.outputs[0]!], without: ['k'] })];
};

/** Each attribute becomes the next input, after the first; absent ones leave a gap. */
function attributesToInputs(node: NodeProto, scope: Scope, names: readonly string[]): readonly NodeProto[] {
  const attributes = attributesOf(node);
  if (!names.some((name) => attributes.has(name))) return [node];
  const constants: NodeProto[] = [];
  const inputs = [node.inputs[0] ?? ''];
  for (const name of names) {
    const attribute = attributes.get(name);
    if (attribute === undefined) inputs.push('');
    else {
      const value = constantFrom(node, scope, attribute);
      constants.push(value);
      inputs.push(value.outputs[0]!);
    }
  }
  while (inputs.at(-1) === '') inputs.pop();
  return [...constants, changed(node, { inputs, without: names })];
}
