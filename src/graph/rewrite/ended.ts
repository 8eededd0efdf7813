import { int64Tensor, toIntegers } from '../../base/tensor.js';
import { inMemory, type GraphProto, type NodeProto, type StoredTensor } from '../../checkpoint/model.js';
import { Attributes } from '../attributes.js';
import { helper } from '../build/upgrade/converter.js';
import { smallTensor } from '../constants.js';
import type { Graph } from '../graph.js';
import { Names } from '../names.js';
import { mapGraphs, namesWithin, nestedGraphs } from '../nested.js';

/** Nodes that a Loop of which nobody knows when it ends may run in all: some seconds of the smallest. */
const MOST_NODES = 1_000_000;

/** Every such Loop may run its body so often, whatever its size. */
const LEAST_TRIPS = 1000;
const MOST_TRIPS = 1_000_000;

/** How the node is called that fails where a Loop has run too often: what the runtime says names it. */
const MARK = 'endless';

type Constants = (value: string) => StoredTensor | undefined;

/**
 * The same graph with every Loop made to fail after a bounded number of trips where constants do not bound it: a `while`
 * whose condition never becomes false runs for ever, and a native run cannot be stopped. The trips go with the size of the
 * body, those of Loops within it included. What a run answers is the same.
 */
export function ended(graph: Graph): Graph {
  let changed = false;
  const constant: Constants = (value) => graph.weights.get(value);
  const nodes = graph.nodes.map((node) => {
    if (nestedGraphs(node.attributes.list).length === 0) return node;
    const { attributes } = bounded({ ...node, attributes: node.attributes.list, overload: '' }, constant, 0);
    if (attributes === node.attributes.list) return node;
    changed = true;
    return { ...node, attributes: new Attributes(attributes) };
  });
  return changed ? { ...graph, nodes } : graph;
}

/** The Loop of which the runtime says that it failed so, and after how many trips. */
export function endlessLoop(text: string): { readonly loop: string; readonly trips: number } | undefined {
  const found = new RegExp(`Name:'${MARK} (\\d+) (.*?)' Status Message`, 's').exec(text);
  return found === null ? undefined : { loop: found[2]!, trips: Number(found[1]) };
}

/** @param around Loops around the node and within those, counted at the outermost; 0 at the top */
function bounded(node: NodeProto, constant: Constants, around: number): NodeProto {
  const isLoop = node.op === 'Loop' && node.domain === '';
  const depth = around > 0 ? around : depthOf(node);
  const attributes = sameWhereEqual(node.attributes, (inner) => boundedWithin(inner, constant, depth));
  const [body] = nestedGraphs(node.attributes);
  if (!isLoop || body === undefined) return attributes === node.attributes ? node : { ...node, attributes };
  const size = Math.max(1, sizeOf(body));
  const trips = Math.min(MOST_TRIPS, Math.max(LEAST_TRIPS, Math.floor((MOST_NODES / size) ** (1 / depth))));
  const said = wholeNumber(constant(node.inputs[0] ?? ''));
  if (said !== undefined && said <= MOST_TRIPS) return { ...node, attributes };
  const name = node.name === '' ? (node.outputs.find((v) => v !== '') ?? '') : node.name;
  return { ...node, attributes: mapGraphs(attributes, (inner) => failing(inner, name, trips)) };
}

function boundedWithin(graph: GraphProto, constant: Constants, depth: number): GraphProto {
  const own = new Map(graph.initializers.map((w) => [w.name, w]));
  const inner: Constants = (value) => own.get(value) ?? constant(value);
  const nodes = graph.nodes.map((node) =>
    nestedGraphs(node.attributes).length === 0 ? node : bounded(node, inner, depth),
  );
  return nodes.every((node, i) => node === graph.nodes[i]) ? graph : { ...graph, nodes };
}

/** The attributes, and the very same ones where no nested graph changes. */
function sameWhereEqual(
  attributes: NodeProto['attributes'],
  change: (graph: GraphProto) => GraphProto,
): NodeProto['attributes'] {
  let changed = false;
  const mapped = mapGraphs(attributes, (graph) => {
    const next = change(graph);
    changed ||= next !== graph;
    return next;
  });
  return changed ? mapped : attributes;
}

/**
 * A body that goes on only while its iteration is below `trips`: `condition ∧ [true][⌊iteration / trips⌋]`, of which the
 * list has no second element.
 */
function failing(body: GraphProto, loop: string, trips: number): GraphProto {
  const [iteration] = body.inputs;
  const [condition, ...others] = body.outputs;
  if (iteration === undefined || condition === undefined) return body;
  const names = new Names(namesWithin(body));
  const fresh = (wish: string): string => names.make(`${MARK}_${wish}`);
  const of: NodeProto = { ...body.nodes[0]!, name: '', domain: '', overload: '', doc: '', metadata: new Map() };
  const constants = {
    trips: inMemory(fresh('trips'), int64Tensor([], [trips])),
    yes: inMemory(fresh('yes'), { type: 'bool', dims: [1], data: Uint8Array.of(1) }),
    scalar: inMemory(fresh('scalar'), int64Tensor([0], [])),
  };
  const [part, one, goes, goesOn] = [fresh('part'), fresh('one'), fresh('goes'), fresh('goes_on')] as const;
  const node = (op: string, inputs: string[], output: string, name = output): NodeProto => ({
    ...helper(of, op, inputs, output),
    name,
  });
  const nodes = [
    node('Div', [iteration.name, constants.trips.name], part),
    // An iteration may be one number or a list of one.
    node('Reshape', [part, constants.scalar.name], one),
    node('Gather', [constants.yes.name, one], goes, `${MARK} ${trips} ${loop}`),
    node('And', [condition.name, goes], goesOn),
  ];
  return {
    ...body,
    initializers: [...body.initializers, ...Object.values(constants)],
    nodes: [...body.nodes, ...nodes],
    outputs: [{ ...condition, name: goesOn }, ...others],
  };
}

/** Loops from this node inwards, itself included. */
function depthOf(node: Pick<NodeProto, 'op' | 'domain' | 'attributes'>): number {
  const inside = nestedGraphs(node.attributes).flatMap((g) => g.nodes.map(depthOf));
  return inside.reduce((most, n) => Math.max(most, n), 0) + (node.op === 'Loop' && node.domain === '' ? 1 : 0);
}

function sizeOf(graph: GraphProto): number {
  return graph.nodes.reduce((sum, n) => sum + nestedGraphs(n.attributes).reduce((s, g) => s + sizeOf(g), 1), 0);
}

function wholeNumber(value: StoredTensor | undefined): number | undefined {
  const tensor = smallTensor(value);
  return tensor === undefined || tensor.data.length !== 1 || tensor.type === 'string'
    ? undefined
    : toIntegers(tensor)[0];
}
