import { Random } from '../../../src/base/random.js';
import { floatTensor, sizeOf, toNumbers, type FloatTensor } from '../../../src/base/tensor.js';
import { inMemory } from '../../../src/checkpoint/model.js';
import { dimsAt } from '../../../src/graph/facts.js';
import type { Graph, GraphNode } from '../../../src/graph/graph.js';
import { buildGradient } from '../../../src/gradient/sweep/engine.js';
import type { GradientGraph } from '../../../src/gradient/request.js';
import type { OrtSessions } from '../../../src/session/ort/ortSession.js';
import { probeFacts } from '../../../src/session/probe.js';

/**
 * The forms of the CPU's blocked layout against the plain ones, which central differences check: a provider without
 * forms of its own gets those.
 */
const PLAIN = 'dml';

export function random(dims: readonly number[], draw: (r: Random) => number, seed = 3): FloatTensor {
  const r = new Random(seed);
  return floatTensor(
    [...dims],
    Float32Array.from({ length: sizeOf(dims) }, () => draw(r)),
  );
}

export function graphOf(
  dims: readonly number[],
  nodes: readonly GraphNode[],
  weights: readonly (readonly [string, FloatTensor])[] = [],
): Graph {
  return {
    name: 'blocked',
    irVersion: 10,
    opset: 18,
    opsets: new Map(),
    nodes,
    metadata: new Map(),
    inputs: [{ name: 'x', type: 'float32', dims: ['batch', ...dims.slice(1)] }],
    outputs: [{ name: nodes.at(-1)!.outputs[0]! }],
    weights: new Map(weights.map(([name, tensor]) => [name, inMemory(name, tensor)])),
  };
}

/** Both gradients of Σ y·direction with respect to `wrt`, and the two graphs. */
export async function bothForms(
  sessions: OrtSessions,
  graph: Graph,
  x: FloatTensor,
  wrt = 'x',
): Promise<{ blocked: number[]; plain: number[]; graph: GradientGraph; other: GradientGraph }> {
  const facts = await probeFacts(graph, sessions, { x: x.dims });
  const value = graph.outputs[0]!.name;
  const build = (provider: string): GradientGraph =>
    buildGradient(graph, facts, { score: { value, seed: 'direction' }, wrt: [wrt], provider });
  // Whole numbers: their sums do not depend on the order.
  const direction = random(dimsAt(facts.get(value)!, x.dims[0]!), (r) => Math.round(16 * r.normal()) || 1, 9);
  const run = async (built: GradientGraph): Promise<number[]> => {
    const session = await sessions.open(built.graph);
    const name = built.gradients.get(wrt)!;
    const out = await session.run({ x, [built.seed!]: direction }, [name]);
    await session.dispose();
    // -0 is 0.
    return [...toNumbers(out[name]!)].map((v) => v + 0);
  };
  const [first, second] = [build('cpu'), build(PLAIN)];
  return { blocked: await run(first), plain: await run(second), graph: first, other: second };
}

/** Operators of a gradient graph, forward ones included. */
export const opsOf = (g: GradientGraph): string[] => g.graph.nodes.map((n) => n.op);
