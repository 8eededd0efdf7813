import assert from 'node:assert/strict';
import { LensError } from '../../../../src/base/errors.js';
import { floatTensor, type FloatTensor } from '../../../../src/base/tensor.js';
import { Algebra } from '../../../../src/gradient/emit/algebra.js';
import type { Ref, RuleContext } from '../../../../src/gradient/rule.js';
import { addNodes, makeNode, rename } from '../../../../src/graph/edits.js';
import type { Graph } from '../../../../src/graph/graph.js';
import { openSubject, type ModelSubject, type SubjectOptions } from '../../../../src/method/subject/modelSubject.js';
import type { OwnGraph } from '../../../../src/method/subject/subject.js';
import { fromSamples, toSamples } from '../../../../src/method/subject/samples.js';
import { softmax } from '../../../../src/method/softmax.js';
import { concatBatches } from '../../../../src/session/batches.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { probeFacts } from '../../../../src/session/probe.js';
import { assertClose } from '../../support/close.js';
import { testSpec } from '../../support/subject.js';
import { CLASSES, SIDE, tinyNet, tinyPicture } from '../tinyNet.js';

const FLOAT16 = 10;
const FLOAT = 1;
const signal = new AbortController().signal;
const target = { index: 3, label: '' };

describe('method/modelSubject', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  const opened: ModelSubject[] = [];
  after(async () => {
    for (const subject of opened) await subject.dispose();
    assert.equal(sessions.openCount, 0, 'every session has been given back');
  });

  async function open(
    graph: Graph,
    options: SubjectOptions = {},
    layout: 'NCHW' | 'NHWC' = 'NCHW',
  ): Promise<ModelSubject> {
    const facts = await probeFacts(graph, sessions);
    const dims = layout === 'NCHW' ? [3, SIDE, SIDE] : [SIDE, SIDE, 3];
    const input = testSpec('x', dims, layout);
    const subject = await openSubject({ graph, facts, layers: [], input, sessions }, options);
    opened.push(subject);
    return subject;
  }

  /** The plain network: what every variant must agree with. */
  let plain: ModelSubject;
  let net: Graph;
  let output: string;
  let logits: Float32Array;
  let slope: Float32Array;
  before(async () => {
    net = tinyNet();
    output = net.outputs[0]!.name;
    plain = await open(net);
    logits = (await plain.predict(tinyPicture(), signal)).logits.data;
    slope = await gradientOf(plain, tinyPicture());
  });

  async function gradientOf(
    subject: ModelSubject,
    batch: FloatTensor,
    kind: 'logit' | 'probability' = 'logit',
  ): Promise<Float32Array> {
    const answer = await subject.gradients(batch, { of: subject.scoreAt(target, kind) }, signal);
    return answer.gradients.get('x')!.data;
  }

  it('says of a value that is a weight that no picture changes it', async () => {
    const subject = await open(tinyNet());
    await assert.rejects(subject.values(tinyPicture(), ['fc.weight'], signal), {
      code: 'subject/constant',
      message: /"fc\.weight" is a weight of the model\.$/,
    });
  });

  it('reads probabilities as the softmax of logits in double precision', async () => {
    const { probabilities } = await plain.predict(tinyPicture(), signal);
    assert.deepEqual(probabilities, softmax(logits));
    const [p] = await plain.scores(tinyPicture(), target, 'probability', signal);
    assert.equal(p, Math.fround(probabilities[3]!));
    assert.equal(plain.scoreValue('logit').note, undefined);
  });

  it('cuts a final Softmax for logits, and says so', async () => {
    const graph = {
      ...addNodes(net, [makeNode('Softmax', 'p', [output], { axis: 1 })]),
      outputs: [{ name: 'p', type: 'float32', dims: ['batch', CLASSES] }],
    } as const;
    const subject = await open(graph);
    assert.match(subject.scoreValue('logit').note!, /Softmax was cut/);
    assert.equal(subject.scoreValue('probability').value, 'p');
    const { logits: found, probabilities } = await subject.predict(tinyPicture(), signal);
    assertClose(found.data, logits, { relative: 1e-6 }, 'logits');
    assertClose(probabilities, softmax(logits), { relative: 1e-6 }, 'probabilities');
    assertClose(await gradientOf(subject, tinyPicture()), slope, { relative: 1e-5 }, 'gradient');
  });

  it('takes a Sigmoid class by class', async () => {
    const graph = {
      ...addNodes(net, [makeNode('Sigmoid', 'p', [output])]),
      outputs: [{ name: 'p', type: 'float32', dims: ['batch', CLASSES] }],
    } as const;
    const subject = await open(graph);
    const { probabilities } = await subject.predict(tinyPicture(), signal);
    assertClose(
      probabilities,
      logits.map((z) => 1 / (1 + Math.exp(-z))),
      { relative: 1e-6 },
      'probabilities',
    );
    const p = 1 / (1 + Math.exp(-logits[3]!));
    assertClose(
      await gradientOf(subject, tinyPicture(), 'probability'),
      slope.map((g) => g * p * (1 - p)),
      { relative: 1e-5 },
      'gradient of the probability',
    );
  });

  it('leaves an output alone that is a distribution without a Softmax', async () => {
    const exp = addNodes(
      net,
      [
        makeNode('Exp', 'e', [output]),
        makeNode('ReduceSum', 'sum', ['e', 'one'], { keepdims: 1 }),
        makeNode('Div', 'p', ['e', 'sum']),
      ],
      {
        weights: [
          {
            name: 'one',
            type: 'int64',
            dims: [1],
            at: { kind: 'memory', tensor: { type: 'int64', dims: [1], data: BigInt64Array.of(1n) } },
          },
        ],
      },
    );
    const subject = await open({ ...exp, outputs: [{ name: 'p', type: 'float32', dims: ['batch', CLASSES] }] });
    assert.match(subject.scoreValue('logit').note!, /probability already/);
    const { probabilities } = await subject.predict(tinyPicture(), signal);
    assertClose(probabilities, softmax(logits), { relative: 1e-5 }, 'probabilities');
  });

  it('feeds and fetches float16', async () => {
    const inner = rename(net, new Map([['x', 'x32']]));
    const graph: Graph = {
      ...inner,
      inputs: [{ name: 'x', type: 'float16', dims: ['batch', 3, SIDE, SIDE] }],
      nodes: [
        makeNode('Cast', 'x32', ['x'], { to: FLOAT }),
        ...inner.nodes,
        makeNode('Cast', 'half', [output], { to: FLOAT16 }),
      ],
      outputs: [{ name: 'half', type: 'float16', dims: ['batch', CLASSES] }],
    };
    const subject = await open(graph);
    const { logits: found } = await subject.predict(tinyPicture(), signal);
    assertClose(found.data, logits, { relative: 5e-3 }, 'logits');
    assertClose(await gradientOf(subject, tinyPicture()), slope, { relative: 2e-2 }, 'gradient');
  });

  it('feeds the channels last where the model has them last', async () => {
    const inner = rename(net, new Map([['x', 'planar']]));
    const graph: Graph = {
      ...inner,
      inputs: [{ name: 'x', type: 'float32', dims: ['batch', SIDE, SIDE, 3] }],
      nodes: [makeNode('Transpose', 'planar', ['x'], { perm: [0, 3, 1, 2] }), ...inner.nodes],
    };
    const subject = await open(graph, {}, 'NHWC');
    const picture = tinyPicture();
    const area = SIDE * SIDE;
    const last = floatTensor(
      [1, SIDE, SIDE, 3],
      picture.data.map((_, i) => picture.data[(i % 3) * area + Math.floor(i / 3)]!),
    );
    assertClose((await subject.predict(last, signal)).logits.data, logits, { relative: 1e-6 }, 'logits');
    const gradient = await gradientOf(subject, last);
    assertClose(
      gradient,
      gradient.map((_, i) => slope[(i % 3) * area + Math.floor(i / 3)]!),
      { relative: 1e-5 },
      'gradient',
    );
  });

  for (const batch of [1, 4]) {
    it(`runs a model whose batch is fixed at ${batch} piece by piece`, async () => {
      const graph: Graph = {
        ...net,
        inputs: [{ name: 'x', type: 'float32', dims: [batch, 3, SIDE, SIDE] }],
        outputs: [{ name: output, type: 'float32', dims: [batch, CLASSES] }],
      };
      const subject = await open(graph);
      assert.equal(subject.batchSize('gradient'), batch);
      const one = tinyPicture();
      const other = { ...one, data: one.data.map((v) => 0.5 * v) };
      const many = concatBatches([one, other, one, other, one, other]);
      const { logits: found } = await subject.predict(many, signal);
      assert.deepEqual(found.dims, [6, CLASSES]);
      for (const k of [0, 2, 4])
        assertClose(
          found.data.subarray(k * CLASSES, (k + 1) * CLASSES),
          logits,
          { relative: 1e-5 },
          `logits of picture ${k}`,
        );
      const gradient = await gradientOf(subject, many);
      assert.equal(gradient.length, many.data.length);
      assertClose(
        gradient.subarray(4 * one.data.length, 5 * one.data.length),
        slope,
        { relative: 1e-5 },
        'gradient of the fifth picture',
      );
      const p = await gradientOf(subject, many, 'probability');
      const expected = await gradientOf(plain, many, 'probability');
      assertClose(p, expected, { relative: 1e-4 }, 'probabilities');
    });
  }

  it('feeds zeros to inputs that nobody fills, and says so', async () => {
    const graph: Graph = {
      ...addNodes(net, [makeNode('Add', 'sum', [output, 'shift'])]),
      inputs: [...net.inputs, { name: 'shift', type: 'float32', dims: ['batch', CLASSES] }],
      outputs: [{ name: 'sum', type: 'float32', dims: ['batch', CLASSES] }],
    };
    const subject = await open(graph);
    assert.equal(subject.notes.length, 1);
    assert.match(
      subject.notes[0]!,
      /^The input "shift" is fed with zeros: give its values with --input shift=FILE.npy/,
    );
    assertClose((await subject.predict(tinyPicture(), signal)).logits.data, logits, { relative: 1e-6 }, 'logits');
  });

  it('takes the output that is named, else the one that is best understood', async () => {
    const graph: Graph = {
      ...net,
      outputs: [{ name: 'act2', type: 'float32' }, { name: 'pooled', type: 'float32' }, ...net.outputs],
    };
    assert.equal((await open(graph)).classes, CLASSES);
    assert.equal((await open(graph, { output: 'pooled' })).classes, 12);
    await assert.rejects(
      open(graph, { output: 'nothing' }),
      (e: LensError) => e.code === 'subject/output' && e.message.includes('pooled'),
    );
  });

  it('refuses a tensor of another shape', async () => {
    await assert.rejects(plain.predict(floatTensor([1, 3, 8, 8]), signal), (e: LensError) => e.code === 'input/shape');
  });

  it('brings forward values along with gradients, those of other branches too', async () => {
    const answer = await plain.gradients(
      tinyPicture(),
      { of: { value: 'pooled', pick: { index: 2 } }, wrt: ['act2'], values: ['act2', output, 'x'] },
      signal,
    );
    assert.deepEqual(answer.gradients.get('act2')!.dims, [1, 12, SIDE / 2, SIDE / 2]);
    assertClose(answer.values.get(output)!.data, logits, { relative: 1e-6 }, 'logits');
    assert.deepEqual(answer.values.get('x')!.data, tinyPicture().data);
    const map = answer.values.get('act2')!.data.subarray(2 * 64, 3 * 64);
    assertClose(answer.scores[0]!, map.reduce((a, b) => a + b, 0) / 64, { absolute: 1e-5 }, 'score');
  });

  for (const batch of ['batch', 4] as const) {
    it(`takes a graph with rules that a method brings, in pieces, with feeds of its own (batch: ${batch})`, async () => {
      const graph: Graph = {
        ...net,
        inputs: [{ name: 'x', type: 'float32', dims: [batch, 3, SIDE, SIDE] }],
        outputs: [{ name: output, type: 'float32', dims: [batch, CLASSES] }],
      };
      const subject = await open(graph);
      const dims = [batch, 12] as const;
      let made = 0;
      const own = (factors: FloatTensor): OwnGraph => ({
        key: 'pooled, scaled',
        feeds: { factor: factors },
        make: () => {
          made++;
          return {
            graph: { ...graph, inputs: [...graph.inputs, { name: 'factor', type: 'float32', dims }] },
            facts: {
              ...subject.facts,
              get: (value) => subject.facts.get(value === 'factor' ? 'pooled' : value),
            },
            // The gradient with respect to the pooled channels is multiplied by what is fed beside.
            overrides: new Map([['Gemm', (c) => [new Algebra(c).mul('factor', row(c))]]]),
          };
        },
      });
      const row = (c: RuleContext): Ref => {
        const a = new Algebra(c);
        return a.op('MatMul', [c.outputGradients[0]!, c.inputs[1]!]);
      };
      const picture = tinyPicture();
      const many = concatBatches([picture, picture, picture, picture, picture]);
      const factors = floatTensor(
        [5, 12],
        Float32Array.from({ length: 60 }, (_, i) => Math.floor(i / 12)),
      );
      for (let round = 0; round < 2; round++) {
        const of = subject.scoreAt(target, 'logit');
        const answer = await subject.gradients(many, { of, rules: own(factors) }, signal);
        assert.equal(answer.scores.length, 5);
        for (let k = 0; k < 5; k++) {
          const part = answer.gradients.get('x')!.data.subarray(k * slope.length, (k + 1) * slope.length);
          assertClose(
            part,
            slope.map((g) => k * g),
            { absolute: 1e-5 },
            `sample ${k}`,
          );
        }
      }
      assert.equal(made, 1, 'the graph is made once');
    });
  }

  it('differentiates along directions, one for all or one for each', async () => {
    const two = concatBatches([tinyPicture(), tinyPicture()]);
    const direction = floatTensor([CLASSES]);
    direction.data[3] = 2;
    const doubled = await plain.gradients(two, { of: { value: output, pick: { direction } } }, signal);
    const half = slope.length;
    assertClose(
      doubled.gradients.get('x')!.data.subarray(half),
      slope.map((g) => 2 * g),
      { relative: 1e-5 },
      'doubled gradient',
    );
    const directions = floatTensor([2, CLASSES]);
    directions.data[3] = 1;
    directions.data[CLASSES + 3] = -1;
    const each = (await plain.gradients(two, { of: { value: output, pick: { directions } } }, signal)).gradients.get(
      'x',
    )!.data;
    assertClose(each.subarray(0, half), slope, { relative: 1e-5 }, 'gradient of the first');
    assertClose(
      each.subarray(half),
      slope.map((g) => -g),
      { relative: 1e-5 },
      'gradient of the second',
    );
  });
});

describe('method/samples', () => {
  const facts = (base: number[], slope: number[]): Parameters<typeof toSamples>[1] => ({
    type: 'float32',
    base,
    slope,
  });
  const dynamic = { dynamicBatch: true, batch: 1, get: () => undefined };
  const counted = (...dims: number[]): FloatTensor =>
    floatTensor(
      dims,
      Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => i),
    );

  it('unfolds windows, moves the batch to the front, and back', () => {
    const windows = facts([0, 3], [2, 0]);
    assert.deepEqual(toSamples(counted(4, 3), windows, dynamic, 2).dims, [2, 2, 3]);
    const second = facts([3, 0, 2], [0, 1, 0]);
    const moved = toSamples(counted(3, 2, 2), second, dynamic, 2);
    assert.deepEqual(moved.dims, [2, 3, 2]);
    assert.deepEqual([...moved.data], [0, 1, 4, 5, 8, 9, 2, 3, 6, 7, 10, 11]);
    assert.deepEqual(fromSamples(moved, second, dynamic, 2), counted(3, 2, 2));
    assert.deepEqual(toSamples(counted(2, 2), facts([2, 2], [0, 0]), dynamic, 2).dims, [2, 2, 2]);
  });
});
