import { castFloating, floatTensor, int64Tensor, toIntegers, type ElementType } from '../../base/tensor.js';
import { inMemory, type GraphProto, type NodeProto, type StoredTensor } from '../../checkpoint/model.js';
import { Attributes } from '../attributes.js';
import { constantOf, smallTensor } from '../constants.js';
import type { Names } from '../names.js';
import { capturedNames, nestedGraphs, renameNode } from '../nested.js';
import { helper } from './upgrade/converter.js';

/** Looks a constant up by name. */
export type ConstantLookup = (value: string) => StoredTensor | undefined;

const MOST_TRIPS = 64;
const MOST_NODES = 20_000;

/** Ordinary nodes in place of an If whose condition is constant; undefined for every other node. */
export function resolveIf(node: NodeProto, constant: ConstantLookup, names: Names): NodeProto[] | undefined {
  if (node.op !== 'If' || node.domain !== '') return undefined;
  const condition = truth(constant(node.inputs[0] ?? ''));
  if (condition === undefined) return undefined;
  const branch = new Attributes(node.attributes).graph(condition ? 'then_branch' : 'else_branch');
  return branch === undefined ? undefined : expand(node, branch, new Map(), node.outputs, names);
}

/** An If that has become its two branches: the values between which Where chooses, and what it answers. */
export interface Choice {
  readonly ifTrue: string;
  readonly ifFalse: string;
  readonly output: string;
}

/** What merging needs and finds. */
export interface Merging {
  /** Element types of the values around a node, as far as they are known. */
  readonly types: Map<string, ElementType>;
  readonly choices: Choice[];
}

/**
 * Both branches of an If whose condition depends on what is fed, and a choice of their results by Where; undefined for
 * every other node. The branch that is not taken computes with ones in place of the floating values that it takes from
 * outside: so it fails on no value that it was never meant for, and its gradient is 0 whatever it computes, where a
 * product of 0 and infinity would be no number. Where broadcasts: whoever merges has to see that the branches' results
 * are of one shape.
 */
export function mergeIf(node: NodeProto, { types, choices }: Merging, names: Names): NodeProto[] | undefined {
  if (node.op !== 'If' || node.domain !== '') return undefined;
  const attributes = new Attributes(node.attributes);
  const condition = node.inputs[0] ?? '';
  const out: NodeProto[] = [];
  const results = ['then_branch', 'else_branch'].map((branch) => {
    const body = attributes.graph(branch);
    if (body === undefined) return undefined;
    const guarded = new Map<string, string>();
    for (const value of capturedNames(body)) {
      const type = types.get(value);
      if (type !== 'float32' && type !== 'float64' && type !== 'float16' && type !== 'bfloat16') continue;
      const one = constantNode(
        node,
        names,
        'one',
        inMemory('', castFloating(floatTensor([], Float32Array.of(1)), type)),
      );
      const guard = names.make(`${node.name}/${branch}/${value}`);
      const chosen = branch === 'then_branch' ? [value, one.outputs[0]!] : [one.outputs[0]!, value];
      out.push(one, plain(node, 'Where', [condition, ...chosen], guard));
      guarded.set(value, guard);
      types.set(guard, type);
    }
    const made = body.outputs.map((v) => names.make(`${node.name}/${branch}/${v.name}`));
    out.push(...expand(node, body, guarded, made, names));
    return made;
  });
  const [then, otherwise] = results;
  if (then === undefined || otherwise === undefined) return undefined;
  node.outputs.forEach((output, k) => {
    if (output === '') return;
    out.push(plain(node, 'Where', [condition, then[k]!, otherwise[k]!], output));
    choices.push({ ifTrue: then[k]!, ifFalse: otherwise[k]!, output });
  });
  return out;
}

/**
 * The iterations of a Loop one after another, where the trip count is a small constant and the condition stays true;
 * undefined for every other node. Loop(M, cond, carried…), body(i, cond, carried…) -> (cond, carried…, scanned…).
 */
export function unrollLoop(node: NodeProto, constant: ConstantLookup, names: Names): NodeProto[] | undefined {
  if (node.op !== 'Loop' || node.domain !== '') return undefined;
  const body = new Attributes(node.attributes).graph('body');
  const trips = wholeNumber(constant(node.inputs[0] ?? ''));
  const condition = node.inputs[1] ?? '';
  if (
    body === undefined ||
    trips === undefined ||
    trips < 1 ||
    trips > MOST_TRIPS ||
    trips * body.nodes.length > MOST_NODES
  )
    return undefined;
  if (condition !== '' && truth(constant(condition)) !== true) return undefined;
  if (!staysTrue(body)) return undefined;
  const carried = body.inputs.length - 2;
  const scanned = node.outputs.slice(carried).map((): string[] => []);
  const out: NodeProto[] = [];
  let state = node.inputs.slice(2);
  for (let i = 0; i < trips; i++) {
    const last = i === trips - 1;
    const index = constantNode(node, names, `iteration_${i}`, inMemory('', int64Tensor([], [i])));
    const yes = constantNode(
      node,
      names,
      `condition_${i}`,
      inMemory('', { type: 'bool', dims: [], data: Uint8Array.of(1) }),
    );
    const given = new Map(
      body.inputs.map((v, k) => [
        v.name,
        k === 0 ? index.outputs[0]! : k === 1 ? yes.outputs[0]! : (state[k - 2] ?? ''),
      ]),
    );
    const results = body.outputs.map((v, k) =>
      last && k >= 1 && k <= carried && (node.outputs[k - 1] ?? '') !== ''
        ? node.outputs[k - 1]!
        : names.make(`${node.name}/${v.name}`),
    );
    out.push(index, yes, ...expand(node, body, given, results, names));
    state = results.slice(1, 1 + carried);
    scanned.forEach((list, k) => list.push(results[1 + carried + k]!));
  }
  scanned.forEach((parts, k) => {
    const output = node.outputs[carried + k] ?? '';
    if (output === '') return;
    out.push(...rowsAlong(node, parts, output, 0, names));
  });
  return out;
}

/** What the rounds have answered, one after the other along a new axis. */
export function rowsAlong(
  node: NodeProto,
  parts: readonly string[],
  output: string,
  axis: number,
  names: Names,
): NodeProto[] {
  const axes = constantNode(node, names, 'axes', inMemory('', int64Tensor([1], [axis])));
  const rows = parts.map((p) => plain(node, 'Unsqueeze', [p, axes.outputs[0]!], names.make(`${p}_row`)));
  const all = rows.map((r) => r.outputs[0]!);
  return [axes, ...rows, plain(node, 'Concat', all, output, { axis })];
}

/** A Loop that runs on and on, as far as its constants say. */
export interface LongLoop {
  readonly node: Pick<NodeProto, 'name' | 'outputs'>;
  /** Times that its body is run, those of the Loops around it multiplied; Infinity where nothing ends it. */
  readonly trips: number;
}

/**
 * The Loop that runs its body most often by constants alone, nested ones included. One whose condition is computed is left
 * out: exporters write a `while` with the greatest number that there is.
 */
export function longestLoop(
  nodes: readonly Pick<NodeProto, 'name' | 'op' | 'domain' | 'inputs' | 'outputs' | 'attributes'>[],
  constant: ConstantLookup,
  times = 1,
): LongLoop | undefined {
  let found: LongLoop | undefined;
  for (const node of nodes) {
    const attributes = new Attributes(node.attributes);
    const body = node.op === 'Loop' && node.domain === '' ? attributes.graph('body') : undefined;
    const trips = times * (body === undefined ? 1 : tripsOf(node, body, constant));
    if (body !== undefined && trips > (found?.trips ?? 1)) found = { node, trips };
    for (const inner of nestedGraphs(node.attributes)) {
      const own = new Map(inner.initializers.map((w) => [w.name, w]));
      const longer = longestLoop(inner.nodes, (value) => own.get(value) ?? constant(value), trips);
      if (longer !== undefined && longer.trips > (found?.trips ?? 1)) found = longer;
    }
  }
  return found;
}

/** How often a Loop runs its body for certain; 1 where that cannot be told. */
function tripsOf(node: Pick<NodeProto, 'inputs'>, body: GraphProto, constant: ConstantLookup): number {
  const [most = '', condition = ''] = node.inputs;
  const goesOn = condition === '' || truth(constant(condition)) === true;
  if (!goesOn || !(staysTrue(body) || (condition === '' && most !== ''))) return 1;
  return most === '' ? Infinity : Math.max(1, wholeNumber(constant(most)) ?? 1);
}

/** The nodes of a nested graph in the scope around it. `given` maps its inputs, `results` names its outputs. */
export function expand(
  node: NodeProto,
  body: GraphProto,
  given: ReadonlyMap<string, string>,
  results: readonly string[],
  names: Names,
): NodeProto[] {
  const map = new Map(given);
  const made = new Set([...body.initializers.map((w) => w.name), ...body.nodes.flatMap((n) => n.outputs)]);
  const identities: [string, string][] = [];
  body.outputs.forEach((v, i) => {
    const result = results[i] ?? '';
    if (result === '') return;
    // A result that is an input, a captured value, or used twice has to be copied under the name that is wanted.
    if (made.has(v.name) && !map.has(v.name)) map.set(v.name, result);
    else identities.push([v.name, result]);
  });
  for (const name of made) if (name !== '' && !map.has(name)) map.set(name, names.make(`${node.name}/${name}`));
  const to = (name: string): string => map.get(name) ?? name;
  const out: NodeProto[] = body.initializers.map((w) => plain(node, 'Constant', [], to(w.name), { value: w }));
  for (const inner of body.nodes) {
    out.push({
      ...renameNode(inner, to),
      name: inner.name === '' ? '' : `${node.name}/${inner.name}`,
      metadata: new Map([...node.metadata, ...inner.metadata]),
    });
  }
  for (const [source, result] of identities) out.push(plain(node, 'Identity', [to(source)], result));
  return out;
}

/** A helper without a name: what stands in the place of the node that is resolved. */
export const plain: typeof helper = (...node) => ({ ...helper(...node), name: '' });

export function constantNode(of: NodeProto, names: Names, wish: string, value: StoredTensor): NodeProto {
  return plain(of, 'Constant', [], names.make(`${of.name}/${wish}`), { value });
}

/** Whether the body hands its condition on unchanged, or always says true. */
function staysTrue(body: GraphProto): boolean {
  let name = body.outputs[0]?.name;
  const condition = body.inputs[1]?.name;
  for (let steps = 0; name !== undefined && steps < 16; steps++) {
    if (name === condition) return true;
    const producer = body.nodes.find((n) => n.outputs.includes(name!));
    if (producer === undefined) return truth(body.initializers.find((w) => w.name === name)) === true;
    if (producer.op === 'Constant') return truth(constantOf(new Attributes(producer.attributes), name)) === true;
    if (producer.op !== 'Identity' && producer.op !== 'Cast') return false;
    name = producer.inputs[0];
  }
  return false;
}

function truth(value: StoredTensor | undefined): boolean | undefined {
  const n = wholeNumber(value);
  return n === undefined ? undefined : n !== 0;
}

function wholeNumber(value: StoredTensor | undefined): number | undefined {
  const tensor = smallTensor(value);
  if (tensor === undefined || tensor.data.length !== 1 || tensor.type === 'string') return undefined;
  return toIntegers(tensor)[0];
}
