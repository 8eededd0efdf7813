import { int64Tensor } from '../../base/tensor.js';
import { inMemory, type NodeProto } from '../../checkpoint/model.js';
import { Attributes } from '../attributes.js';
import type { Names } from '../names.js';
import { constantNode, expand, plain, rowsAlong } from './controlFlow.js';

/** Dimensions of a value; those that depend on the batch, or on anything that is fed, are undefined. */
export type DimsLookup = (value: string) => readonly (number | undefined)[] | undefined;

/** Beyond these a graph opens for too long: the gradient of 3,000 nodes within seconds, that of 16,000 in three minutes. */
const MOST_STEPS = 256;
const MOST_NODES = 4000;

/** One value that a Scan goes through: the axis, and from which end. */
interface Way {
  readonly axis: number;
  readonly backwards: boolean;
}

/**
 * The steps of a Scan one after another, where the length of what it goes through is known; undefined for every other node.
 * Scan(states…, scanned…), body(states…, slices…) -> (states…, rows…): slice i of each scanned value, from the front or
 * from the back, and the rows put together in the order of the steps, or against it.
 *
 * @param room nodes that may come of it
 */
export function unrollScan(
  node: NodeProto,
  dims: DimsLookup,
  names: Names,
  room = MOST_NODES,
): NodeProto[] | undefined {
  if (node.op !== 'Scan' || node.domain !== '') return undefined;
  const attributes = new Attributes(node.attributes);
  const body = attributes.graph('body');
  const count = attributes.int('num_scan_inputs', 0);
  const states = node.inputs.length - count;
  if (body === undefined || count < 1 || states < 0) return undefined;
  if (body.inputs.length !== node.inputs.length || body.outputs.length < states) return undefined;
  const ways = (which: 'input' | 'output', length: number): Way[] => {
    const axes = attributes.ints(`scan_${which}_axes`, []);
    const directions = attributes.ints(`scan_${which}_directions`, []);
    return Array.from({ length }, (_, i) => ({ axis: axes[i] ?? 0, backwards: directions[i] === 1 }));
  };
  const scanned = node.inputs.slice(states);
  const through = ways('input', count);
  const steps = stepsOf(scanned, through, dims);
  if (steps === undefined || steps * (body.nodes.length + 2 * count) > Math.min(room, MOST_NODES)) return undefined;
  const out: NodeProto[] = [];
  const slices = scanned.map((value, k) => slicesOf(node, value, through[k]!, steps, names, out));
  const rows = node.outputs.slice(states).map((): string[] => []);
  let state = node.inputs.slice(0, states);
  for (let i = 0; i < steps; i++) {
    const now = [...state, ...slices.map((list) => list[i]!)];
    const given = new Map(body.inputs.map((v, k) => [v.name, now[k]!]));
    const results = body.outputs.map((v, k) => {
      const last = i === steps - 1 && k < states ? (node.outputs[k] ?? '') : '';
      return last === '' ? names.make(`${node.name}/${v.name}`) : last;
    });
    out.push(...expand(node, body, given, results, names));
    state = results.slice(0, states);
    rows.forEach((list, k) => list.push(results[states + k]!));
  }
  const together = ways('output', rows.length);
  rows.forEach((list, k) => {
    const output = node.outputs[states + k] ?? '';
    const { axis, backwards } = together[k]!;
    if (output !== '') out.push(...rowsAlong(node, backwards ? list.reverse() : list, output, axis, names));
  });
  return out;
}

/** How often the body runs; undefined where that is not known, or is too often to write it out. */
function stepsOf(scanned: readonly string[], through: readonly Way[], dims: DimsLookup): number | undefined {
  const [steps, ...others] = scanned.map((value, k) => dims(value)?.at(through[k]!.axis));
  if (steps === undefined || steps < 1 || others.some((length) => length !== steps)) return undefined;
  return steps > MOST_STEPS ? undefined : steps;
}

/** The slices of a value in the order of the steps: one Split, whose gradient is one Concat. */
function slicesOf(
  node: NodeProto,
  value: string,
  { axis, backwards }: Way,
  steps: number,
  names: Names,
  out: NodeProto[],
): string[] {
  const constant = (wish: string, values: readonly number[]): string => {
    const made = constantNode(node, names, wish, inMemory('', int64Tensor([values.length], values)));
    out.push(made);
    return made.outputs[0]!;
  };
  const parts = Array.from({ length: steps }, () => names.make(`${node.name}/${value}_part`));
  const sizes = constant('sizes', new Array<number>(steps).fill(1));
  out.push({ ...plain(node, 'Split', [value, sizes], parts[0]!, { axis }), outputs: parts });
  const axes = constant('axes', [axis]);
  const slices = parts.map((part) => {
    const slice = names.make(`${node.name}/${value}_slice`);
    out.push(plain(node, 'Squeeze', [part, axes], slice));
    return slice;
  });
  return backwards ? slices.reverse() : slices;
}
