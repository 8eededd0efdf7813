import assert from 'node:assert/strict';
import { readTensor } from '../../../../src/checkpoint/readTensor.js';
import { toFloat32, type Tensor } from '../../../../src/base/tensor.js';
import { attentionOf, type ModelAttention } from '../../../../src/method/attention/layers.js';
import { matricesOf } from '../../../../src/method/attention/matrices.js';
import { answeringAs, cutsOf, Silencer, silenced } from '../../../../src/method/attention/silence.js';
import { assertClose } from '../../support/close.js';
import { suiteSubject } from '../../support/subject.js';

const NEAR = { absolute: 1e-5 } as const;

describe('heads that are silenced', () => {
  const at = suiteSubject('small_vit');
  let attention: ModelAttention;
  before(async () => void (attention = await attentionOf(at.subject, at.signal)));

  /** What the model answers whose projection behind a layer's heads reads nothing of one of them, or of any. */
  const withoutInput = async (layer: number, head: number | undefined): Promise<Float32Array> => {
    const name = at.subject.layer(`blocks.${layer}.attn.proj`).weights[0]!;
    const stored = await readTensor(at.subject.graph.weights.get(name)!);
    const [rows, columns] = stored.dims as [number, number];
    const { heads } = attention.layers[layer]!;
    const data = Float32Array.from(toFloat32(stored));
    const width = rows / heads;
    for (let i = 0; i < rows; i++)
      if (head === undefined || Math.floor(i / width) === head) data.fill(0, i * columns, (i + 1) * columns);
    const edited: Tensor = { type: 'float32', dims: stored.dims, data };
    const other = at.subject.reweighted(new Map([[name, edited]]));
    try {
      return (await other.predict(at.case(0).input, at.signal)).logits.data;
    } finally {
      await other.dispose();
    }
  };

  it('change nothing where none is cut', async () => {
    const { input } = at.case(0);
    const silencer = new Silencer(at.subject, attention);
    const [own, other] = [await at.subject.predict(input, at.signal), await silencer.subject.predict(input, at.signal)];
    assert.deepEqual([...other.logits.data], [...own.logits.data]);
  });

  it('are gone as if the projection behind them did not read them', async () => {
    const { input, target } = at.case(0);
    const silencer = new Silencer(at.subject, attention);
    const plain = await at.subject.predict(input, at.signal);
    for (const [layer, head] of [[0, 0], [1, 3], [2, 1], [1]] as const) {
      silencer.cut([{ layer: attention.layers[layer]!, ...(head === undefined ? {} : { head }) }]);
      const { logits } = await silencer.subject.predict(input, at.signal);
      const expected = await withoutInput(layer, head);
      assertClose(logits.data, expected, NEAR, `layer ${layer}, head ${head ?? 'all'}`);
      assert.notDeepEqual([...logits.data], [...plain.logits.data]);
      const [score] = await silencer.subject.scores(input, target, 'logit', at.signal);
      assertClose([score!], [expected[target.index]!], NEAR, 'the score of the target');
    }
  });

  it('leave what layers before them look at, and change what is behind', async () => {
    const { input } = at.case(0);
    const cut = silenced(attention, cutsOf(attention, [{ layer: 'blocks.1.attn', head: 2 }]));
    const [whole, other] = [
      await matricesOf(at.subject, attention, attention.layers, input, at.signal),
      await matricesOf(at.subject, cut, cut.layers, input, at.signal),
    ];
    const size = 17 * 17;
    assertClose(other[0]!.weights.data, whole[0]!.weights.data, NEAR, 'the layer before');
    const [was, is] = [whole[1]!.weights.data, other[1]!.weights.data];
    const expected = Float32Array.from(was, (v, i) => (Math.floor(i / size) === 2 ? 0 : v));
    assertClose(is, expected, NEAR, 'the layer itself');
    assert.notDeepEqual([...other[2]!.weights.data], [...whole[2]!.weights.data]);
    const answered = await answeringAs(at.subject, cut).predict(input, at.signal);
    assertClose(answered.logits.data, await withoutInput(1, 2), NEAR, 'the prediction');
  });

  it('are refused by name where there are none', () => {
    assert.throws(
      () => cutsOf(attention, [{ layer: 'blocks.1.attn', head: 4 }]),
      /blocks\.1\.attn\.softmax has 4 heads; none is number 4/,
    );
    assert.throws(() => cutsOf(attention, [{ layer: 'head' }]), /There is no attention in a layer "head"/);
    assert.equal(cutsOf(attention, [{ layer: 'blocks' }]).length, 3);
  });
});
