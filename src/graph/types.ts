import { perObject } from '../base/memo.js';
import type { ElementType } from '../base/tensor.js';
import type { GraphProto, ValueInfo } from '../checkpoint/model.js';
import { typeOfCode } from '../checkpoint/elements.js';
import { Attributes } from './attributes.js';
import type { Graph } from './graph.js';
import { operator } from './operators/operators.js';

/** The part of a node that its types depend on. */
interface Typed {
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

type TypeMap = Map<string, ElementType>;
type InputType = (input: number) => ElementType | undefined;

/**
 * Element types of the values of a graph, from those of inputs and weights. Values that are no tensors (sequences,
 * optionals, maps) are absent. An operator that is not listed keeps the type of its first input.
 */
export const inferTypes: (graph: Graph) => ReadonlyMap<string, ElementType> = perObject(infer);

function infer(graph: Graph): TypeMap {
  const types: TypeMap = new Map();
  for (const [name, w] of graph.weights) types.set(name, w.type);
  note(types, graph.inputs);
  for (const node of graph.nodes) inferNode(node, types);
  for (const o of graph.outputs) if (o.type !== undefined && !types.has(o.name)) types.set(o.name, o.type);
  return types;
}

/** Adds the types of a node's outputs. */
export function inferNode(node: Typed, types: TypeMap): void {
  const of: InputType = (i) => types.get(node.inputs[i] ?? '');
  node.outputs.forEach((output, i) => {
    if (output === '') return;
    const type = outputType(node, i, of, types);
    if (type !== undefined) types.set(output, type);
  });
}

function note(types: TypeMap, values: readonly ValueInfo[]): void {
  for (const v of values) if (v.type !== undefined) types.set(v.name, v.type);
}

function outputType(node: Typed, index: number, of: InputType, types: TypeMap): ElementType | undefined {
  const { op, attributes } = node;
  const dtype = (name: string): ElementType | undefined =>
    attributes.has(name) ? typeOfCode(attributes.int(name, 0)) : undefined;
  const { answers, indices, typeInput = 0 } = operator(node);
  if (answers === 'none') return undefined;
  if (answers !== undefined) return answers;
  if (index > 0 && indices === true) return 'int64';
  switch (op) {
    case 'Cast':
      return dtype('to');
    case 'Constant':
      return constantType(attributes);
    case 'ConstantOfShape':
      return attributes.tensor('value')?.type ?? 'float32';
    case 'RandomNormal':
    case 'RandomUniform':
      return dtype('dtype') ?? 'float32';
    case 'RandomNormalLike':
    case 'RandomUniformLike':
    case 'EyeLike':
    case 'Bernoulli':
      return dtype('dtype') ?? of(0);
    case 'Multinomial':
      return dtype('dtype') ?? 'int32';
    case 'HannWindow':
    case 'HammingWindow':
    case 'BlackmanWindow':
    case 'MelWeightMatrix':
      return dtype('output_datatype') ?? 'float32';
    case 'QuantizeLinear':
      return of(2) ?? dtype('output_dtype') ?? 'uint8';
    case 'DequantizeLinear':
      return dtype('output_dtype') ?? of(1);
    case 'DynamicQuantizeLinear':
      return index === 1 ? 'float32' : 'uint8';
    case 'QGemm':
      return of(8) ?? of(1);
    case 'ConvInteger':
    case 'MatMulInteger':
      return 'int32';
    case 'ImageDecoder':
      return 'uint8';
    case 'Dropout':
      return index === 0 ? of(0) : 'bool';
    case 'LayerNormalization':
      return index === 0 ? of(0) : (dtype('stash_type') ?? 'float32');
    case 'If':
      return (
        bodyType(attributes.graph('then_branch'), index, [], types) ??
        bodyType(attributes.graph('else_branch'), index, [], types)
      );
    case 'Loop':
      return loopType(node, index, of, types);
    case 'Scan':
      return bodyType(
        attributes.graph('body'),
        index,
        node.inputs.map((_, i) => of(i)),
        types,
      );
    default:
      return of(typeInput);
  }
}

function constantType(attributes: Attributes): ElementType | undefined {
  const a = attributes.list[0];
  switch (a?.type) {
    case 'tensor':
      return a.value.type;
    case 'float':
    case 'floats':
      return 'float32';
    case 'int':
    case 'ints':
      return 'int64';
    case 'string':
    case 'strings':
      return 'string';
    default:
      return undefined;
  }
}

/** Loop(M, cond, carried…) with a body (iteration, cond, carried…) -> (cond, carried…, scanned…). */
function loopType(node: Typed, index: number, of: InputType, types: TypeMap): ElementType | undefined {
  const inputs = ['int64' as const, 'bool' as const, ...node.inputs.slice(2).map((_, i) => of(i + 2))];
  return bodyType(node.attributes.graph('body'), index + 1, inputs, types);
}

function bodyType(
  body: GraphProto | undefined,
  output: number,
  inputs: readonly (ElementType | undefined)[],
  outer: TypeMap,
): ElementType | undefined {
  const value = body?.outputs[output];
  if (body === undefined || value === undefined) return undefined;
  if (value.type !== undefined) return value.type;
  const types: TypeMap = new Map(outer);
  for (const w of body.initializers) types.set(w.name, w.type);
  body.inputs.forEach((v, i) => {
    const type = v.type ?? inputs[i];
    if (type !== undefined) types.set(v.name, type);
  });
  for (const n of body.nodes) inferNode({ ...n, attributes: new Attributes(n.attributes) }, types);
  return types.get(value.name);
}
