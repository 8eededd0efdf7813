import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { LensError } from '../../../src/base/errors.js';
import { int64Tensor } from '../../../src/base/tensor.js';
import { inMemory, type GraphProto, type NodeProto, type ValueInfo } from '../../../src/checkpoint/model.js';
import { writeModel } from '../../../src/checkpoint/writer.js';
import { Attributes, makeAttributes } from '../../../src/graph/attributes.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { Graph, GraphNode } from '../../../src/graph/graph.js';
import { buildGradient } from '../../../src/gradient/sweep/engine.js';
import { OrtSessions } from '../../../src/session/ort/ortSession.js';
import { prepareGraph, type Prepared } from '../../../src/session/prepare.js';
import { body, graphs, proto, truth } from '../graph/nestedSupport.js';
import { difference, input, load, run, runGraph, weight } from '../graph/support.js';
import { temporaryFolder } from '../support/temporary.js';
import { random } from './bothForms.js';
import { check } from './check.js';
import { asProto, chosen, replaced } from './placed.js';
import { RandomNet } from './randomNet.js';
import { randomScan } from './randomScan.js';
import { slopeErrors } from './slopes.js';

/** `RANDOM_SCANS=2000` tries more of them. */
const COUNT = Number(process.env['RANDOM_SCANS'] ?? 40);

type Options = Parameters<typeof makeAttributes>[0];

const scanAttributes = (inner: GraphProto, options: Options): Attributes =>
  new Attributes([...graphs({ body: inner }).list, ...makeAttributes(options).list]);

/**
 * Behind a node whose answer is a picture: a state runs down its rows while others come from below, the mean of the picture
 * is taken from outside, and what it makes of each row stands where the row was.
 */
function scanned(graph: Graph, at: number): Graph {
  const node = graph.nodes[at]!;
  const [output] = node.outputs as [string];
  const inner = body(
    [
      proto('Mul', ['state', 'half'], ['faded']),
      proto('Add', ['faded', 'above'], ['sum']),
      proto('Add', ['sum', 'mean'], ['moved']),
      proto('Tanh', ['moved'], ['next']),
      proto('Mul', ['next', 'below'], ['row']),
    ],
    ['state', 'above', 'below'],
    ['next', 'row'],
    [weight('half', [], [0.5])],
  );
  const attributes = scanAttributes(inner, {
    num_scan_inputs: 2,
    scan_input_axes: [2, -2],
    scan_input_directions: [0, 1],
    scan_output_axes: [2],
    scan_output_directions: [1],
  });
  const nodes: GraphNode[] = [
    { ...node, name: 'before', outputs: ['before'] },
    makeNode('ReduceMean', 'mean', ['before', 'axis'], { keepdims: 0 }),
    makeNode('ReduceMax', 'begin', ['before', 'axis'], { keepdims: 0 }),
    makeNode('Scan', 'through', ['begin', 'before', 'before'], attributes, ['last', 'rows']),
    makeNode('Unsqueeze', 'end', ['last', 'axis']),
    makeNode('Add', output, ['rows', 'end']),
  ];
  const weights = new Map([['axis', inMemory('axis', int64Tensor([1], [2]))]]);
  return { ...replaced(graph, at, nodes, weights), name: 'scanned' };
}

describe('gradient: Scan', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  after(() => sessions.dispose());

  /** From a file, with what a run teaches. */
  const open = async (graph: Graph): Promise<Prepared & { file: string }> => {
    const file = path.join(temporaryFolder(), 'net.onnx');
    writeFileSync(file, (await writeModel(graph)).bytes);
    return { file, ...(await prepareGraph((await load(file)).graph, sessions)) };
  };
  const left = ({ nodes }: Graph): string[] => nodes.flatMap((n) => (/^(Scan|Loop|If)$/.test(n.op) ? [n.op] : []));
  /** What is prepared computes what the runtime makes of the file, and its gradient foretells what a step does. */
  const holds = async (graph: Graph, dims: readonly number[], seed: number): Promise<Prepared> => {
    const { file, graph: prepared, facts } = await open(graph);
    assert.deepEqual(left(prepared), []);
    const [logits] = graph.outputs;
    const batch = random([facts.dynamicBatch ? 2 : 1, ...dims], (r) => r.normal(), seed);
    const [own, ours] = [await run(file, { x: batch }), await runGraph(prepared, { x: batch })];
    assert.ok(difference(own[logits!.name], ours[logits!.name]) < 1e-5, 'the values are those of the runtime');
    const x = random([1, ...dims], (r) => r.normal(), seed);
    const m = { graph: prepared, facts, sessions, input: 'x', logits: logits!.name };
    const { length, errors } = await slopeErrors(m, x, 2, 2e-3);
    assert.ok(length > 0, 'something depends on the picture');
    assert.ok(Math.min(...errors) < 1e-2, errors.map((e) => e.toExponential(1)).join(' '));
    return { graph: prepared, facts };
  };

  for (let seed = 0; seed < COUNT; seed++) {
    const scan = randomScan(seed);
    it(`${scan.title}: the gradient with respect to all that is fed is that of the runtime's own`, async () => {
      const { precision, error, forward } = await check(sessions, scan);
      // The runtime fuses x · sigmoid(x) in any precision into an operator that it has in single precision only.
      const double = precision === 'float64';
      assert.ok(error < (double ? 1e-7 : 1e-3), `${precision}: slopes differ by ${error.toExponential(1)}`);
      assert.ok(forward < (double ? 1e-12 : 1e-5), `${precision}: values differ by ${forward.toExponential(1)}`);
    });
  }

  for (let seed = 0; seed < 8; seed++) {
    const net = new RandomNet(seed);
    const graph = net.graph();
    const at = chosen(graph, seed);
    it(`network ${seed}: a Scan down and up the rows behind its ${graph.nodes[at]!.op} is followed, whatever the batch`, async () => {
      const { facts } = await holds(scanned(graph, at), net.dims, seed);
      assert.equal(facts.dynamicBatch, true);
    });
  }

  it('one in the body of another, of a Loop and of a branch that the picture decides is followed', async () => {
    const net = new RandomNet(1);
    const graph = net.graph();
    const at = chosen(graph, 1);
    const node = graph.nodes[at]!;
    const [output] = node.outputs as [string];
    // The runtime wants the shapes of what a Scan in a Loop answers.
    const over = (inner: NodeProto, from: ValueInfo, to: ValueInfo): Attributes =>
      scanAttributes(
        { ...body([inner], [], []), inputs: [from], outputs: [to] },
        { num_scan_inputs: 1, scan_input_axes: [2], scan_output_axes: [2] },
      );
    const columns = over(proto('Tanh', ['cell'], ['bent']), input('cell', 'n', 'c'), input('bent', 'n', 'c'));
    const row = [input('row', 'n', 'c', 'w'), input('r', 'n', 'c', 'w')] as const;
    const rows = over(proto('Scan', ['row'], ['r'], columns.list), ...row);
    const inner: GraphProto = {
      ...body([proto('Identity', ['go'], ['on']), proto('Scan', ['round'], ['next'], rows.list)], [], []),
      inputs: [{ name: 'i', type: 'int64', dims: [] }, { name: 'go', type: 'bool', dims: [] }, { name: 'round' }],
      outputs: [{ name: 'on', type: 'bool', dims: [] }, { name: 'next' }],
    };
    const nested = graphs({
      then_branch: body([proto('Loop', ['rounds', 'yes', 'before'], ['r'], graphs({ body: inner }).list)], [], ['r']),
      else_branch: body([{ ...asProto(node), outputs: ['e'] }, proto('Sqrt', ['e'], ['r'])], [], ['r']),
    });
    const weights = new Map([
      ['rounds', inMemory('rounds', int64Tensor([], [2]))],
      ['yes', truth('yes', true)],
      ['far', weight('far', [], [1e9])],
    ]);
    const nodes = [
      { ...node, name: 'before', outputs: ['before'] },
      makeNode('ReduceSum', 'whole', ['x'], { keepdims: 0 }),
      makeNode('Less', 'decided', ['whole', 'far']),
      makeNode('If', output, ['decided'], nested),
    ];
    await holds({ ...replaced(graph, at, nodes, weights), name: 'nested' }, net.dims, 1);
  });

  it('one that goes along the batch, or on for too long, is refused by its name', async () => {
    const inner = body([proto('Add', ['sum', 'row'], ['next'])], ['sum', 'row'], ['next']);
    const along = (axis: number, dims: readonly (number | string)[]): Graph => ({
      name: 'along',
      irVersion: 10,
      opset: 18,
      opsets: new Map(),
      metadata: new Map(),
      inputs: [{ name: 'x', type: 'float32', dims }],
      nodes: [
        makeNode('ReduceMean', 'begin', ['x', 'axis'], { keepdims: 0 }),
        makeNode(
          'Scan',
          'total',
          ['begin', 'x'],
          scanAttributes(inner, { num_scan_inputs: 1, scan_input_axes: [axis] }),
        ),
        makeNode('Unsqueeze', 'end', ['total', 'axis']),
        makeNode('Add', 'y', ['x', 'end']),
      ],
      outputs: [{ name: 'y' }],
      weights: new Map([['axis', inMemory('axis', int64Tensor([1], [axis]))]]),
    });
    for (const graph of [along(0, ['batch', 4]), along(1, ['batch', 300])]) {
      const { graph: prepared, facts } = await open(graph);
      assert.deepEqual(left(prepared), ['Scan']);
      assert.throws(
        () => buildGradient(prepared, facts, { score: { value: 'y', seed: 'index' }, wrt: ['x'] }),
        (error: unknown) => error instanceof LensError && error.refused?.[0]?.op === 'Scan',
      );
    }
  });
});
