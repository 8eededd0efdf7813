import { LensError } from '../../base/errors.js';
import type { AttributeProto, FunctionProto, NodeProto } from '../../checkpoint/model.js';
import type { Names } from '../names.js';
import { mapGraphs, namesWithin, nestedGraphs, renameNode } from '../nested.js';
import { describe } from '../order.js';

export type FunctionTable = ReadonlyMap<string, FunctionProto>;

/** Functions by domain, name and overload. */
export function functionTable(functions: readonly FunctionProto[]): FunctionTable {
  return new Map(functions.map((f) => [keyOf(f.domain, f.name, f.overload), f]));
}

export function definitionOf(node: NodeProto, functions: FunctionTable): FunctionProto | undefined {
  return functions.size === 0 ? undefined : functions.get(keyOf(node.domain, node.op, node.overload));
}

function keyOf(domain: string, name: string, overload: string): string {
  return `${domain}\0${name}\0${overload}`;
}

/**
 * The nodes of a function in place of a call of it. Inner values and nodes get the call's name as a prefix; attribute
 * references are replaced by the call's attributes or the function's defaults, and vanish where there is neither.
 */
export function inlineCall(call: NodeProto, definition: FunctionProto, names: Names): NodeProto[] {
  const prefix = call.name === '' ? names.make(call.op) : call.name;
  const actual = new Map<string, string>();
  const extra: NodeProto[] = [];
  definition.inputs.forEach((formal, i) => actual.set(formal, call.inputs[i] ?? ''));
  definition.outputs.forEach((formal, i) => {
    const wanted = call.outputs[i] ?? '';
    const source = actual.get(formal);
    if (source === undefined) actual.set(formal, wanted === '' ? names.make(`${prefix}/${formal}`) : wanted);
    else if (wanted !== '') {
      // The function hands an input (or an output it has already named) straight out.
      extra.push({
        ...call,
        op: 'Identity',
        domain: '',
        overload: '',
        inputs: [source],
        outputs: [wanted],
        attributes: [],
        name: names.make(`${prefix}/Identity`),
      });
    }
  });
  for (const node of definition.nodes) {
    for (const name of innerNames(node))
      if (name !== '' && !actual.has(name)) actual.set(name, names.make(`${prefix}/${name}`));
  }
  const given = new Map(call.attributes.map((a) => [a.name, a]));
  for (const d of definition.defaults) if (!given.has(d.name)) given.set(d.name, d);
  const nodes = definition.nodes.map((node): NodeProto => {
    const bound = { ...node, attributes: bindAttributes(node.attributes, given, node) };
    const renamed = renameNode(bound, (name) => actual.get(name) ?? name);
    return {
      ...renamed,
      name: `${prefix}/${node.name === '' ? node.op : node.name}`,
      doc: node.doc === '' ? call.doc : node.doc,
      metadata: new Map([...call.metadata, ...node.metadata]),
    };
  });
  return [...nodes, ...extra];
}

function innerNames(node: NodeProto): Iterable<string> {
  const names = new Set([...node.inputs, ...node.outputs]);
  for (const g of nestedGraphs(node.attributes))
    namesWithin({ ...g, nodes: g.nodes.map((n) => ({ ...n, name: '' })) }, names);
  return names;
}

/** Attributes with references to the function's attributes resolved, in nested graphs too. */
function bindAttributes(
  attributes: readonly AttributeProto[],
  given: ReadonlyMap<string, AttributeProto>,
  node: NodeProto,
): readonly AttributeProto[] {
  const bound = attributes.flatMap((a): AttributeProto[] => {
    if (a.ref === undefined) return [a];
    const value = given.get(a.ref);
    if (value === undefined) return [];
    if (value.type !== a.type && a.type !== 'other') {
      throw new LensError(
        'input',
        'graph/function',
        `${describe(node)} inside a function wants the attribute "${a.ref}" as ${a.type} and is given ${value.type}.`,
      );
    }
    return [{ ...value, name: a.name }];
  });
  return mapGraphs(bound, (g) => ({
    ...g,
    nodes: g.nodes.map((n) => ({ ...n, attributes: bindAttributes(n.attributes, given, n) })),
  }));
}
