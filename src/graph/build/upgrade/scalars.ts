import type { NodeProto } from '../../../checkpoint/model.js';
import { attributesOf, changed, constant, constantFrom, helper, type Converter, type Scope } from './converter.js';

/** Float attributes that became inputs of the data's own type: Clip (11), Pad (11), Dropout (12). */

export const clip: Converter = (node, scope) => {
  const attributes = attributesOf(node);
  if (!attributes.has('min') && !attributes.has('max')) return [node];
  const nodes: NodeProto[] = [];
  const inputs = [node.inputs[0] ?? ''];
  for (const name of ['min', 'max']) inputs.push(attributes.has(name) ? scalar(node, scope, name, nodes) : '');
  if (inputs[2] === '') inputs.pop();
  return [...nodes, changed(node, { inputs, without: ['min', 'max'] })];
};

export const pad: Converter = (node, scope) => {
  const attributes = attributesOf(node);
  const pads = attributes.get('pads');
  if (pads === undefined) return [node];
  const amounts = constantFrom(node, scope, pads);
  const nodes: NodeProto[] = [amounts];
  const inputs = [node.inputs[0] ?? '', amounts.outputs[0]!];
  if (attributes.has('value')) inputs.push(scalar(node, scope, 'value', nodes));
  return [...nodes, changed(node, { inputs, without: ['pads', 'value'] })];
};

/** Before opset 10 the mask had the type of the data; since then it is boolean. */
export const dropout: Converter = (node, scope) => {
  const attributes = attributesOf(node);
  const nodes: NodeProto[] = [];
  const inputs = [node.inputs[0] ?? ''];
  if (attributes.has('ratio')) {
    const value = attributes.get('ratio')!;
    const ratio =
      value.ref === undefined && value.type === 'float'
        ? constant(node, scope, 'ratio', { type: 'float32', dims: [], data: Float32Array.of(value.value) })
        : constantFrom(node, scope, value);
    nodes.push(ratio);
    inputs.push(ratio.outputs[0]!);
  }
  const mask = node.outputs[1] ?? '';
  if (mask === '' || scope.opset >= 10) return [...nodes, changed(node, { inputs, without: ['ratio'] })];
  const boolean = scope.fresh(`${mask}_bool`);
  const main = changed(node, { inputs, outputs: [node.outputs[0] ?? '', boolean], without: ['ratio'] });
  return [...nodes, main, helper(node, 'CastLike', [boolean, inputs[0]!], mask)];
};

/** A float attribute as a scalar of the type of the node's data. */
function scalar(node: NodeProto, scope: Scope, name: string, nodes: NodeProto[]): string {
  const attribute = attributesOf(node).get(name)!;
  const value =
    attribute.type === 'float' && attribute.ref === undefined
      ? constant(node, scope, name, { type: 'float32', dims: [], data: Float32Array.of(attribute.value) })
      : constantFrom(node, scope, attribute);
  nodes.push(value);
  const data = node.inputs[0] ?? '';
  if (scope.type(data) === 'float32') return value.outputs[0]!;
  const cast = helper(node, 'CastLike', [value.outputs[0]!, data], scope.fresh(`${value.outputs[0]!}_cast`));
  nodes.push(cast);
  return cast.outputs[0]!;
}
