import { sameDims, sizeOf, toIntegers, type ElementType, type Tensor } from '../../base/tensor.js';
import type { ValueInfo } from '../../checkpoint/model.js';
import { smallTensor } from '../constants.js';
import { makeNode } from '../edits.js';
import type { Facts, ValueFact } from '../facts.js';
import { indexOf, type Graph, type GraphNode } from '../graph.js';
import { Names } from '../names.js';
import { inferTypes } from '../types.js';

/**
 * A probe: the graph with a Shape node on every value, so that one run teaches the shape of everything, at the cost of
 * a few small outputs. Integer values are outputs themselves, because shapes and axes are computed with them.
 */
export interface Probe {
  /** What to run. Its outputs are those of `shapes` and `integers`, nothing else. */
  readonly graph: Graph;
  /** Value -> output that holds its shape (int64). */
  readonly shapes: ReadonlyMap<string, string>;
  /** Integer values, and the conditions of If and Loop, that are outputs under their own names. */
  readonly integers: readonly string[];
  readonly types: ReadonlyMap<string, ElementType>;
  /** The graph that was asked about. */
  readonly of: Graph;
}

/** One run of a probe. */
export interface ProbeRun {
  /** The batch size that was fed. */
  readonly batch: number;
  readonly feeds: Readonly<Record<string, Tensor>>;
  readonly outputs: Readonly<Record<string, Tensor>>;
}

/** Types that shapes, axes and indices have; and with them the conditions of If and Loop. */
const SHAPE_LIKE: ReadonlySet<ElementType> = new Set(['int64', 'int32']);
const KEPT: ReadonlySet<ElementType> = new Set(['int64', 'int32', 'bool']);

/** Adds the Shape nodes. Values inside If, Loop and Scan are not probed. */
export function probeGraph(graph: Graph): Probe {
  const types = inferTypes(graph);
  const names = new Names(indexOf(graph).names);
  const shapes = new Map<string, string>();
  const integers: string[] = [];
  const conditions = new Set(
    graph.nodes.flatMap((n) => (n.op === 'If' ? n.inputs.slice(0, 1) : n.op === 'Loop' ? n.inputs.slice(1, 2) : [])),
  );
  const asking: GraphNode[] = [];
  const outputs: ValueInfo[] = [];
  for (const node of graph.nodes) {
    for (const value of node.outputs) {
      const type = types.get(value);
      if (value === '' || type === undefined) continue;
      const name = names.make(`probe_shape_${shapes.size}`);
      asking.push(makeNode('Shape', name, [value]));
      shapes.set(value, name);
      outputs.push({ name, type: 'int64' });
      if (SHAPE_LIKE.has(type) || conditions.has(value)) {
        integers.push(value);
        // Without a type, so that a wrong guess about a custom operator cannot stop the model from loading.
        outputs.push({ name: value });
      }
    }
  }
  // The runtime walks back from the last node that nothing follows, then from the one before it. In this order each value
  // is asked as soon as it is there and its memory is used again; in the other one all values live until the end.
  const nodes = [...graph.nodes, ...asking.reverse()];
  return { graph: { ...graph, nodes, outputs }, shapes, integers, types, of: graph };
}

/** Integer values up to this many elements are kept as facts. */
const MOST_ELEMENTS = 4096;

/**
 * Facts from one run of the probe, or from two at different batch sizes. With two, a dimension is `base + slope × batch`;
 * with one, the batch counts as fixed.
 */
export function readProbe(probe: Probe, runs: readonly [ProbeRun] | readonly [ProbeRun, ProbeRun]): Facts {
  const [first, second] = runs;
  const facts = new Map<string, ValueFact>();
  for (const [name, w] of probe.of.weights) {
    const tensor = smallTensor(w);
    facts.set(name, {
      type: w.type,
      base: w.dims,
      slope: w.dims.map(() => 0),
      ...(tensor !== undefined && isSmallInteger(tensor) ? { constant: tensor } : {}),
    });
  }
  for (const { name } of probe.of.inputs) {
    const a = first.feeds[name];
    if (a !== undefined) add(name, a.type, a.dims, second?.feeds[name]?.dims);
  }
  const integers = new Set(probe.integers);
  for (const [value, output] of probe.shapes) {
    const shape = first.outputs[output];
    const type = probe.types.get(value);
    if (shape === undefined || type === undefined) continue;
    const other = second?.outputs[output];
    const constant = integers.has(value) ? agreed(first.outputs[value], second, value) : undefined;
    add(
      value,
      constant?.type ?? type,
      toIntegers(shape),
      other === undefined ? undefined : toIntegers(other),
      constant,
    );
  }

  function add(
    name: string,
    type: ElementType,
    dims: readonly number[],
    others: readonly number[] | undefined,
    constant?: Tensor,
  ): void {
    const line =
      others === undefined || second === undefined
        ? { base: dims, slope: dims.map(() => 0) }
        : lineThrough(first.batch, dims, second.batch, others);
    if (line !== undefined) facts.set(name, { type, ...line, ...(constant === undefined ? {} : { constant }) });
  }

  return {
    dynamicBatch: second !== undefined,
    batch: second === undefined ? first.batch : 1,
    get: (value) => facts.get(value),
  };
}

/** Each dimension as a line over the batch size; undefined when even the rank differs. */
function lineThrough(
  b1: number,
  d1: readonly number[],
  b2: number,
  d2: readonly number[],
): { base: number[]; slope: number[] } | undefined {
  if (d1.length !== d2.length) return undefined;
  const slope = d1.map((d, i) => (d2[i]! - d) / (b2 - b1));
  return { base: d1.map((d, i) => d - slope[i]! * b1), slope };
}

function isSmallInteger(tensor: Tensor): boolean {
  return KEPT.has(tensor.type) && sizeOf(tensor.dims) <= MOST_ELEMENTS;
}

/** The value when it is small and came out the same in both runs. */
function agreed(a: Tensor | undefined, second: ProbeRun | undefined, name: string): Tensor | undefined {
  if (a === undefined || !isSmallInteger(a)) return undefined;
  if (second === undefined) return a;
  const b = second.outputs[name];
  if (b === undefined || !sameDims(a.dims, b.dims)) return undefined;
  const [x, y] = [toIntegers(a), toIntegers(b)];
  return x.every((v, i) => v === y[i]) ? a : undefined;
}
