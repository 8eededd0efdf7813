import { Random } from '../../../src/base/random.js';
import { isFloating, sizeOf, toNumbers, type ElementType, type Tensor } from '../../../src/base/tensor.js';
import { inMemory, type AttributeProto } from '../../../src/checkpoint/model.js';
import { LensError } from '../../../src/base/errors.js';
import { Attributes, makeAttributes, type AttributeInput } from '../../../src/graph/attributes.js';
import type { Facts, ValueFact } from '../../../src/graph/facts.js';
import type { Graph, GraphNode } from '../../../src/graph/graph.js';
import { mapGraphs } from '../../../src/graph/nested.js';
import { inferTypes } from '../../../src/graph/types.js';
import { buildGradient } from '../../../src/gradient/sweep/engine.js';
import { numbers } from '../../../src/gradient/emit/tape.js';
import { OrtSessions } from '../../../src/session/ort/ortSession.js';
import type { Prepared } from '../../../src/session/prepare.js';
import type { Session } from '../../../src/session/session.js';

/** One operator with its inputs, to be held against central differences. */
export interface Case {
  readonly title: string;
  readonly graph: Graph;
  /** Values of the graph's inputs. */
  readonly feeds: Readonly<Record<string, Tensor>>;
  readonly wrt: readonly string[];
  /** The output that is scored. */
  readonly output: string;
  /** What the gradient is made of, where that is not the graph itself but comes of it. */
  readonly prepare?: (graph: Graph, sessions: OrtSessions) => Promise<Prepared>;
  /** Integers on the way make the function a staircase: only that a gradient exists is checked, and `expected` by the case itself. */
  readonly tolerance?: number;
}

export interface Verdict {
  readonly precision: 'float64' | 'float32';
  /** Largest difference of slopes over the length of the gradient. */
  readonly error: number;
  /** Largest relative difference of the forward values inside the gradient graph. */
  readonly forward: number;
}

export type Given = readonly number[] | Tensor | undefined;

export interface OpOptions {
  readonly domain?: string;
  readonly opset?: number;
  readonly outputs?: number;
  /** Which output is scored. */
  readonly score?: number;
  /** Which inputs are differentiated; default: every floating one that was given as dimensions or as a feed. */
  readonly wrt?: readonly number[];
  readonly title?: string;
}

/** A case of one node. Inputs: dimensions (seeded noise), a tensor (whole numbers become weights), or absent. */
export function op(
  name: string,
  inputs: readonly Given[],
  attributes: Readonly<Record<string, AttributeInput | undefined>> | Attributes = {},
  options: OpOptions = {},
): Case {
  const random = new Random(7 + name.length);
  const tensors = inputs.map((given) =>
    given === undefined ? undefined : isTensor(given) ? given : noise(given, random),
  );
  const floats = tensors.flatMap((t, i) => (t !== undefined && isFloating(t.type) ? [i] : []));
  const wrt = options.wrt ?? floats;
  const names = tensors.map((t, i) => (t === undefined ? '' : `x${i}`));
  const outputs = Array.from({ length: options.outputs ?? 1 }, (_, i) => `y${i}`);
  const domain = options.domain ?? '';
  const node: GraphNode = {
    name: 'node',
    op: name,
    domain,
    inputs: names,
    outputs,
    attributes: attributes instanceof Attributes ? attributes : makeAttributes(attributes),
    doc: '',
    metadata: new Map(),
  };
  const graph: Graph = {
    name: 'case',
    irVersion: 10,
    opset: options.opset ?? 18,
    opsets: new Map(domain === '' ? [] : [[domain, 1]]),
    nodes: [node],
    metadata: new Map(),
    inputs: wrt.map((i) => ({ name: names[i]!, type: tensors[i]!.type, dims: tensors[i]!.dims })),
    outputs: outputs.map((o) => ({ name: o })),
    weights: new Map(
      tensors.flatMap((t, i) =>
        t === undefined || wrt.includes(i) ? [] : [[names[i]!, inMemory(names[i]!, t)] as const],
      ),
    ),
  };
  const title =
    options.title ??
    `${domain === '' ? '' : `${domain}.`}${name} ${inputs.map(describe).join(' ')} ${attributes instanceof Attributes ? attributes.list.map((a) => a.name).join() : JSON.stringify(attributes)} opset ${graph.opset}`;
  return {
    title,
    graph,
    feeds: Object.fromEntries(wrt.map((i) => [names[i]!, tensors[i]!])),
    wrt: wrt.map((i) => names[i]!),
    output: outputs[options.score ?? 0]!,
  };
}

function describe(given: Given): string {
  return given === undefined ? '-' : isTensor(given) ? `${given.type}[${given.dims.join()}]` : `[${given.join()}]`;
}

function isTensor(given: Given): given is Tensor {
  return given !== undefined && 'dims' in given;
}

function noise(dims: readonly number[], random: Random): Tensor {
  return numbers(
    'float32',
    dims,
    Array.from({ length: sizeOf(dims) }, () => random.normal()),
  );
}

/** Seeded numbers between two limits. */
export function between(low: number, high: number, dims: readonly number[], seed = 3): Tensor {
  const random = new Random(seed);
  return numbers(
    'float32',
    dims,
    Array.from({ length: sizeOf(dims) }, () => low + (high - low) * random.uniform()),
  );
}

/** Given numbers as floats. */
export function floats(values: readonly number[], dims: readonly number[] = [values.length]): Tensor {
  return numbers('float32', dims, values);
}

export function ints(
  values: readonly number[],
  dims: readonly number[] = [values.length],
  type: ElementType = 'int64',
): Tensor {
  return numbers(type, dims, values);
}

export function bools(values: readonly number[], dims: readonly number[] = [values.length]): Tensor {
  return numbers('bool', dims, values);
}

/** Operators whose kernels compute in single precision whatever the type is. */
const SINGLE_INSIDE = new Set(['GroupNormalization', 'Shrink']);

/** Checks one case in double precision where there are kernels, else in single. */
export async function check(sessions: OrtSessions, c: Case): Promise<Verdict> {
  if (c.graph.nodes.some((n) => SINGLE_INSIDE.has(n.op))) return checkIn(sessions, c, 'float32');
  try {
    return await checkIn(sessions, inDouble(c), 'float64');
  } catch (error) {
    if (!(error instanceof LensError) || (error.kind === 'unsupported' && error.code.startsWith('gradient/')))
      throw error;
    return checkIn(sessions, c, 'float32');
  }
}

async function checkIn(sessions: OrtSessions, c: Case, precision: Verdict['precision']): Promise<Verdict> {
  const forward = await sessions.open(c.graph);
  let backward: Session | undefined;
  try {
    const outputs = c.graph.outputs.map((o) => o.name);
    const y = await forward.run(c.feeds, outputs);
    const { graph, facts } = (await c.prepare?.(c.graph, sessions)) ?? { graph: c.graph, facts: factsOf(c, y) };
    const gradient = buildGradient(graph, facts, { score: { value: c.output, seed: 'direction' }, wrt: c.wrt });
    backward = await sessions.open(gradient.graph);
    const scored = y[c.output]!;
    const random = new Random(11);
    const direction = numbers(
      scored.type,
      scored.dims,
      Array.from({ length: sizeOf(scored.dims) }, () => random.normal()),
    );
    const v = toNumbers(direction);
    const results = [...gradient.gradients.values()];
    const out = await backward.run({ ...c.feeds, [gradient.seed!]: direction }, [
      gradient.score,
      ...results,
      ...gradient.kept,
    ]);
    let error = 0;
    const loss = async (name: string, x: Tensor): Promise<number> =>
      dot(toNumbers((await forward.run({ ...c.feeds, [name]: x }, [c.output]))[c.output]!), v);
    for (const [value, name] of gradient.gradients) {
      const g = toNumbers(out[name]!);
      const x = c.feeds[value]!;
      if (out[name]!.dims.join() !== x.dims.join())
        throw new Error(`gradient of ${value} is [${out[name]!.dims.join()}], the value [${x.dims.join()}]`);
      if (out[name]!.type !== x.type)
        throw new Error(`gradient of ${value} is ${out[name]!.type}, the value ${x.type}`);
      error = Math.max(error, await slopes(x, g, (moved) => loss(value, moved), precision, random));
    }
    let difference = 0;
    for (const k of gradient.kept)
      if (k in y && isFloating(y[k]!.type))
        difference = Math.max(difference, relative(toNumbers(out[k]!), toNumbers(y[k]!)));
    return { precision, error, forward: difference };
  } finally {
    await forward.dispose();
    await backward?.dispose();
  }
}

/** Slopes along random directions, by a five-point stencil; the step shrinks until no kink lies within it. */
async function slopes(
  x: Tensor,
  g: Float64Array,
  loss: (x: Tensor) => Promise<number>,
  precision: Verdict['precision'],
  random: Random,
): Promise<number> {
  const at = toNumbers(x);
  const length = Math.sqrt(dot(g, g));
  let worst = 0;
  if (at.length === 0) return 0;
  for (let k = 0; k < Math.min(at.length, 8); k++) {
    const d = Float64Array.from(at, () => random.normal());
    const foretold = dot(g, d);
    let best = Infinity;
    for (const h of precision === 'float64' ? [1e-3, 1e-4, 1e-5, 1e-6, 1e-7] : [0.1, 0.03, 0.01, 0.003, 0.5]) {
      const f = async (t: number): Promise<number> =>
        loss(
          numbers(
            x.type,
            x.dims,
            at.map((a, i) => a + t * d[i]!),
          ),
        );
      const slope = (8 * ((await f(h)) - (await f(-h))) - ((await f(2 * h)) - (await f(-2 * h)))) / (12 * h);
      const e = Math.abs(slope - foretold) / Math.max(length, 1e-6);
      best = Math.min(best, Number.isNaN(e) ? Infinity : e);
      if (best < (precision === 'float64' ? 1e-8 : 1e-4)) break;
    }
    worst = Math.max(worst, best);
  }
  return worst;
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function relative(a: Float64Array, b: Float64Array): number {
  let scale = 1e-6;
  let difference = 0;
  for (let i = 0; i < b.length; i++) {
    if (Number.isFinite(b[i]!)) scale = Math.max(scale, Math.abs(b[i]!));
    const d = Math.abs(a[i]! - b[i]!);
    if (!Number.isNaN(d)) difference = Math.max(difference, d);
  }
  return difference / scale;
}

/** Facts of a case's values, from one run of it. */
export function factsOf(c: Case, y: Readonly<Record<string, Tensor>>): Facts {
  const types = inferTypes(c.graph);
  const facts = new Map<string, ValueFact>();
  const add = (name: string, t: { type: ElementType; dims: readonly number[] }): void =>
    void facts.set(name, { type: types.get(name) ?? t.type, base: t.dims, slope: t.dims.map(() => 0) });
  for (const [name, t] of Object.entries(c.feeds)) add(name, t);
  for (const [name, t] of Object.entries(y)) add(name, t);
  return { dynamicBatch: false, batch: 1, get: (v) => facts.get(v) };
}

/** Whether every output of the graph is one that was asked for. */
export function allOutputs(graph: Graph): Graph {
  const named = new Set(graph.outputs.map((o) => o.name));
  const more = graph.nodes.flatMap((n) => n.outputs).filter((o) => o !== '' && !named.has(o));
  return { ...graph, outputs: [...graph.outputs.map((o) => ({ name: o.name })), ...more.map((name) => ({ name }))] };
}

/** The same case with every float32 as float64. */
export function inDouble(c: Case): Case {
  const wide = (t: Tensor): Tensor => (t.type === 'float32' ? numbers('float64', t.dims, toNumbers(t)) : t);
  const info = (v: Graph['inputs'][number]): Graph['inputs'][number] =>
    v.type === 'float32' ? { ...v, type: 'float64' } : v;
  const widened = (attributes: readonly AttributeProto[]): readonly AttributeProto[] =>
    mapGraphs(attributes, (g) => ({
      ...g,
      initializers: g.initializers.map((w) => (w.at.kind === 'memory' ? inMemory(w.name, wide(w.at.tensor)) : w)),
      nodes: g.nodes.map((n) => ({ ...n, attributes: widened(n.attributes) })),
    })).map((a) =>
      a.type === 'int' && a.name === 'to' && a.value === 1n
        ? { ...a, value: 11n }
        : a.type === 'tensor' && a.value.at.kind === 'memory'
          ? { ...a, value: inMemory(a.value.name, wide(a.value.at.tensor)) }
          : a,
    );
  const graph: Graph = {
    ...c.graph,
    inputs: c.graph.inputs.map(info),
    outputs: c.graph.outputs.map((o) => ({ name: o.name })),
    weights: new Map(
      [...c.graph.weights].map(([name, w]) => [
        name,
        w.at.kind === 'memory' && !KEEPS_SINGLE.has(c.graph.nodes[0]?.op ?? '') ? inMemory(name, wide(w.at.tensor)) : w,
      ]),
    ),
    nodes: c.graph.nodes.map((n) => ({ ...n, attributes: new Attributes(widened(n.attributes.list)) })),
  };
  return { ...c, graph, feeds: Object.fromEntries(Object.entries(c.feeds).map(([k, t]) => [k, wide(t)])) };
}

/** Operators with a float32 parameter whatever the element type is (scales of Resize). */
const KEEPS_SINGLE = new Set(['Resize', 'Dropout']);
