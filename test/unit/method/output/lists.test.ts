import assert from 'node:assert/strict';
import { assertClose } from '../../support/close.js';
import { constantNet, through, type Given } from './constantNet.js';
import { readNet } from './support.js';

const list = (...data: number[]): Given => ({ dims: [1, data.length], data });

describe('method/output: lists of numbers', () => {
  it('are classes behind a Softmax, and where as many names are given', async () => {
    const net = (head?: ReturnType<typeof through>): ReturnType<typeof constantNet> =>
      constantNet({ y: { parts: [list(1, 3, 2)], ...(head === undefined ? {} : { head }) } });
    const softmax = await readNet(net(through(['Softmax', { axis: 1 }])));
    assert.deepEqual([softmax.output.kind, softmax.output.guessed], ['classes', false]);
    assert.match(softmax.output.reason, /ends in Softmax/);
    assert.deepEqual([softmax.ranking.top[0]!.index, softmax.ranking.top.length], [1, 3]);
    const named = await readNet(net(), { labels: ['a', 'b', 'c'] });
    assert.deepEqual([named.output.kind, named.output.guessed, named.ranking.top[0]!.label], ['classes', false, 'b']);
    assertClose(named.ranking.top[0]!.probability!, 0.66524, { absolute: 1e-5 }, 'softmax of 1, 3, 2');
    const bare = await readNet(net());
    assert.deepEqual([bare.output.kind, bare.output.guessed], ['classes', true], 'is said to be a guess');
  });

  it('are labels of their own behind a Sigmoid: no softmax over them', async () => {
    const { output, ranking } = await readNet(
      constantNet({ tags: { parts: [list(2, -1, 0, 4)], head: through(['Sigmoid']) } }),
    );
    assert.equal(output.kind, 'multi-label');
    const p = ranking.top.map((c) => c.probability!);
    assertClose(p[0]!, 1 / (1 + Math.exp(-4)), { absolute: 1e-6 }, 'best label');
    assertClose(
      p.reduce((a, b) => a + b, 0),
      2.6317,
      { absolute: 1e-3 },
      'sum of four probabilities',
    );
  });

  for (const [name, dims, data] of [
    ['landmarks', [1, 10], [0.1, -0.2]],
    ['face_kps', [1, 5, 2], [3, 4]],
    ['age', [1, 1], [-0.104]],
    ['head_pose', [1, 3], [0.5, 0.1, -1]],
    ['bbox_regression', [1, 4], [1, 2, 3, 4]],
  ] as const)
    it(`"${name}" holds numbers, and nothing of it is a probability`, async () => {
      const { output, ranking } = await readNet(constantNet({ [name]: { parts: [{ dims, data }] } }));
      assert.equal(output.kind, 'regression', output.reason);
      assert.equal(
        ranking.decoded!.values!.length,
        dims.reduce<number>((a, b) => a * b, 1),
      );
      assertClose(ranking.decoded!.values![0]!, data[0], { absolute: 1e-6 }, 'first value');
      assert.ok(
        ranking.top.every((c) => c.probability === undefined),
        'a probability was made',
      );
      assert.equal(ranking.probabilities, undefined);
    });

  it('one number without a Sigmoid is a value, and behind a Tanh so are several', async () => {
    assert.equal((await readNet(constantNet({ out: { parts: [list(7)] } }))).output.kind, 'regression');
    const steer = await readNet(constantNet({ out: { parts: [list(7, 1)], head: through(['Tanh']) } }));
    assert.equal(steer.output.kind, 'regression');
  });

  it('are an embedding where they are divided by their length, are called so, or are as many and unnamed', async () => {
    const unit = await readNet(
      constantNet({
        out: {
          parts: [list(3, 4, 0, 0)],
          head: ([v], add) => add('Div', [v!, add('ReduceL2', [v!], { keepdims: 1 })]),
        },
      }),
    );
    assert.deepEqual([unit.output.kind, unit.output.guessed], ['embedding', false], unit.output.reason);
    assertClose(unit.ranking.decoded!.norm!, 1, { absolute: 1e-6 }, 'norm');
    const named = await readNet(constantNet({ face_embedding: { parts: [list(3, 4, 0)] } }));
    assert.equal(named.output.kind, 'embedding');
    assertClose(named.ranking.decoded!.norm!, 5, { absolute: 1e-6 }, 'norm');
    assert.deepEqual(named.ranking.top, []);
    const many = await readNet(constantNet({ out: { parts: [{ dims: [1, 512], data: [1] }] } }));
    assert.deepEqual([many.output.kind, many.output.guessed], ['embedding', true]);
  });

  it('are what the settings say', async () => {
    const net = constantNet({ out: { parts: [list(1, 2, 3)] } });
    for (const kind of ['regression', 'embedding', 'multi-label', 'classes'] as const) {
      const { output, ranking } = await readNet(net, { said: { out: { kind } } });
      assert.deepEqual([output.kind, output.guessed], [kind, false]);
      if (kind === 'multi-label')
        assertClose(ranking.top[0]!.probability!, 1 / (1 + Math.exp(-3)), { absolute: 1e-6 }, 'p');
    }
    const { output } = await readNet(net, { said: { out: { kind: 'segmentation' } } });
    assert.deepEqual(
      [output.kind, output.reason],
      ['unknown', 'The settings say that it is segmentation, but its shape 3 is not of that kind.'],
    );
  });

  it('of several outputs the best understood is taken, and small ones are told beside it', async () => {
    const { outputs, output, ranking } = await readNet(
      constantNet({
        age: { parts: [list(31.5)] },
        gender: { parts: [list(1, 2)], head: through(['Softmax', { axis: 1 }]) },
      }),
    );
    assert.deepEqual(
      outputs.map((o) => [o.name, o.kind]),
      [
        ['age', 'regression'],
        ['gender', 'classes'],
      ],
    );
    assert.equal(output.name, 'gender');
    assert.deepEqual(
      ranking.others.map((o) => [o.name, o.values]),
      [['age', [31.5]]],
    );
  });
});
