import { Random } from '../../../src/base/random.js';
import { int64Tensor, sizeOf } from '../../../src/base/tensor.js';
import { inMemory, type NodeProto } from '../../../src/checkpoint/model.js';
import { Attributes, makeAttributes } from '../../../src/graph/attributes.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { GraphNode } from '../../../src/graph/graph.js';
import { prepareGraph } from '../../../src/session/prepare.js';
import { body, graphs, proto } from '../graph/nestedSupport.js';
import { input, weight } from '../graph/support.js';
import { floats, type Case } from './check.js';

const WIDE = 3;
/** Of a state, and of most slices: [2, 3]. */
const SHAPE = [2, WIDE];

/**
 * A Scan by the seed: up to two states, up to three values that it goes through along any axis from either end, up to
 * three values that it collects along any axis in either order, captured values, and a body of smooth operators. All that
 * is fed is differentiated, and all that it answers is scored.
 */
export function randomScan(seed: number): Case {
  const random = new Random(seed);
  const below = (n: number): number => random.below(n);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const steps = 1 + below(5);
  const states = Array.from({ length: below(3) }, (_, i) => `state${i}`);
  const scanned = Array.from({ length: 1 + below(3) }, (_, i) => ({
    name: `scanned${i}`,
    dims: pick([SHAPE, SHAPE, [WIDE]]),
  }));
  const captured = [
    { name: 'captured', dims: pick([SHAPE, [WIDE], [1, WIDE]]) },
    { name: 'matrix', dims: [WIDE, WIDE] },
  ];
  const axes = scanned.map(({ dims }) => below(dims.length + 1));

  const nodes: NodeProto[] = [];
  const make = (op: string, ...inputs: readonly string[]): string => {
    nodes.push(proto(op, inputs, [`v${nodes.length}`]));
    return `v${nodes.length - 1}`;
  };
  const slices = scanned.map((_, i) => `slice${i}`);
  const given = states.map((_, i) => `now${i}`);
  const values = [...given, ...slices, 'captured', 'own'];
  const step = (): string => {
    switch (below(6)) {
      case 0:
        return make('Tanh', pick(values));
      case 1:
        return make('Sigmoid', pick(values));
      case 2:
        return make('MatMul', pick(values), 'matrix');
      default:
        return make(pick(['Add', 'Mul', 'Sub']), pick(values), pick(values));
    }
  };
  for (let i = 2 + below(4); i > 0; i--) values.push(step());
  const next = given.map((state) => make('Tanh', make('Add', state, make('Mul', pick(values), 'captured'))));
  // What is collected may be a slice, a captured value, a state before or after the step, one of them twice.
  const collected = Array.from({ length: Math.max(states.length === 0 ? 1 : 0, below(4)) }, () =>
    pick([...values.slice(-3), ...values, ...next]),
  );
  // A body's output has a name of its own.
  const rows = collected.map((value) => make('Identity', value));
  const inner = body(nodes, [...given, ...slices], [...next, ...rows], [weight('own', [WIDE], [0.7, -0.4, 1.1])]);

  const turned = (): number => below(2);
  const outputAxes = rows.map(() => pick([0, 1, -1]));
  const attributes = new Attributes([
    ...graphs({ body: inner }).list,
    ...makeAttributes({
      num_scan_inputs: scanned.length,
      scan_input_axes: axes.map((axis, i) => (below(3) === 0 ? axis - scanned[i]!.dims.length - 1 : axis)),
      scan_input_directions: scanned.map(turned),
      ...(rows.length === 0 ? {} : { scan_output_axes: outputAxes, scan_output_directions: rows.map(turned) }),
    }).list,
  ]);
  const outputs = [...states.map((_, i) => `last${i}`), ...rows.map((_, i) => `rows${i}`)];
  const flat: GraphNode[] = outputs.map((output) => makeNode('Reshape', `${output}_flat`, [output, 'flat']));
  const feeds = [
    ...states.map((name) => ({ name, dims: SHAPE })),
    ...scanned.map(({ name, dims }, i) => ({ name, dims: [...dims.slice(0, axes[i]), steps, ...dims.slice(axes[i])] })),
    ...captured,
  ];
  return {
    title: `Scan ${seed}: ${states.length} states, ${scanned.length} through, ${rows.length} collected, ${steps} steps`,
    graph: {
      name: 'scan',
      irVersion: 10,
      opset: 18,
      opsets: new Map(),
      nodes: [
        makeNode('Scan', 'scan', [...states, ...scanned.map(({ name }) => name)], attributes, outputs),
        ...flat,
        makeNode(
          'Concat',
          'y',
          flat.map((n) => n.outputs[0]!),
          { axis: 0 },
        ),
      ],
      metadata: new Map(),
      inputs: feeds.map(({ name, dims }) => input(name, ...dims)),
      outputs: [{ name: 'y' }],
      weights: new Map([['flat', inMemory('flat', int64Tensor([1], [-1]))]]),
    },
    feeds: Object.fromEntries(
      feeds.map(({ name, dims }) => [
        name,
        floats(
          Array.from({ length: sizeOf(dims) }, () => random.normal()),
          dims,
        ),
      ]),
    ),
    wrt: feeds.map(({ name }) => name),
    output: 'y',
    // No first dimension of these is a batch.
    prepare: (graph, sessions) =>
      prepareGraph(
        graph,
        sessions,
        Object.fromEntries(feeds.map(({ name }) => [name, { batched: false, main: true }])),
      ),
  };
}
