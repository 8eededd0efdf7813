import type { ElementType, Tensor } from '../../../base/tensor.js';
import {
  inMemory,
  type AttributeProto,
  type Dimension,
  type NodeProto,
  type StoredTensor,
} from '../../../checkpoint/model.js';
import { LensError } from '../../../base/errors.js';
import { Attributes, makeAttributes, type AttributeInput } from '../../attributes.js';
import { describe } from '../../order.js';

/** What is known where a node stands. */
export interface Scope {
  /** Opset the nodes were written for. */
  readonly opset: number;
  /** A weight or constant of this scope or one around it. */
  constant(value: string): StoredTensor | undefined;
  type(value: string): ElementType | undefined;
  /** Declared dimensions, where the file says them. */
  dims(value: string): readonly Dimension[] | undefined;
  rank(value: string): number | undefined;
  /** A name nobody uses. */
  fresh(wish: string): string;
}

/**
 * Rewrites a node of an older opset to its opset-18 form. The last node but for helpers keeps the name; new constants
 * are Constant nodes, so that one converter serves graphs, nested graphs and functions alike.
 */
export type Converter = (node: NodeProto, scope: Scope) => readonly NodeProto[];

/** A helper node beside the one that is converted. */
export function helper(
  of: NodeProto,
  op: string,
  inputs: readonly string[],
  output: string,
  attributes: Readonly<Record<string, AttributeInput | undefined>> = {},
): NodeProto {
  return {
    ...of,
    name: output,
    op,
    domain: '',
    overload: '',
    inputs,
    outputs: [output],
    attributes: makeAttributes(attributes).list,
  };
}

/** The node with other inputs and attributes. */
export function changed(
  node: NodeProto,
  change: {
    readonly op?: string;
    readonly inputs?: readonly string[];
    readonly outputs?: readonly string[];
    readonly without?: readonly string[];
    readonly with?: Readonly<Record<string, AttributeInput | undefined>>;
  },
): NodeProto {
  const added = makeAttributes(change.with ?? {}).list;
  const gone = new Set([...(change.without ?? []), ...added.map((a) => a.name)]);
  return {
    ...node,
    op: change.op ?? node.op,
    inputs: change.inputs ?? node.inputs,
    outputs: change.outputs ?? node.outputs,
    attributes: [...node.attributes.filter((a) => !gone.has(a.name)), ...added],
  };
}

/** A Constant node with a tensor. */
export function constant(of: NodeProto, scope: Scope, wish: string, tensor: Tensor): NodeProto {
  const name = scope.fresh(`${of.outputs[0] ?? of.name}_${wish}`);
  return helper(of, 'Constant', [], name, { value: inMemory(name, tensor) });
}

/**
 * A Constant node with what an attribute holds. Inside a function the attribute may refer to one of the function's own,
 * and the constant then refers to it in its turn.
 */
export function constantFrom(of: NodeProto, scope: Scope, attribute: AttributeProto): NodeProto {
  const name = scope.fresh(`${of.outputs[0] ?? of.name}_${attribute.name}`);
  return { ...helper(of, 'Constant', [], name), attributes: [{ ...attribute, name: `value_${attribute.type}` }] };
}

export function attributesOf(node: NodeProto): Attributes {
  return new Attributes(node.attributes);
}

/** Says that an old form cannot be brought up. */
export function refuse(node: NodeProto, scope: Scope, why: string): never {
  throw new LensError(
    'unsupported',
    'graph/upgrade',
    `${describe(node)} of opset ${scope.opset} cannot be read: ${why}.`,
    {
      hint: 'Export the model with opset 18 or later.',
    },
  );
}
