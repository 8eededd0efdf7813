import assert from 'node:assert/strict';
import { floatTensor } from '../../../src/base/tensor.js';
import { assertClose } from '../support/close.js';
import { modelPath, reference, relativeError, requireData } from '../support/data.js';
import { differentiate, openModel, type Opened } from './run.js';

/** Largest relative difference per sample, of all samples the worst. */
function worst(actual: Float32Array, expected: Float32Array, samples: number): number[] {
  const size = expected.length / samples;
  return Array.from({ length: samples }, (_, k) =>
    relativeError(actual.slice(k * size, (k + 1) * size), expected.slice(k * size, (k + 1) * size)),
  );
}

const MODELS: readonly (readonly [model: string, tolerance: number])[] = [
  ['small_cnn', 1e-5],
  ['odd_cnn', 2e-6],
  ['small_vit', 2e-6],
  ['mnist_vit', 2e-6],
];

describe('gradient/models', () => {
  before(requireData);

  for (const [model, tolerance] of MODELS) {
    it(`${model}: the gradient of the target's logit equals the reference`, async () => {
      const m = await openModel(modelPath(`${model}.onnx`));
      const input = reference(model, 'input');
      const target = [...reference(model, 'target').data];
      const answer = await differentiate(
        m,
        { [m.input]: input },
        { score: { value: m.logits, seed: 'index' }, wrt: [m.input] },
        target,
      );
      const gradient = answer.gradients.get(m.input)!;
      const expected = reference(model, 'gradient');
      assert.deepEqual(gradient.dims, expected.dims);
      const errors = worst(gradient.data, expected.data, target.length);
      assert.ok(
        errors.every((e) => e < tolerance),
        `relative errors ${errors.map((e) => e.toExponential(1)).join(', ')}`,
      );
      const logits = reference(model, 'logits');
      const scores = target.map((t, k) => logits.data[k * logits.dims[1]! + t]!);
      assertClose(answer.score, scores, { relative: 1e-5 }, 'scores');
      await m.sessions.dispose();
    });
  }

  for (const model of ['cifar_resnet20', 'cifar_resnet20_fused', 'cifar_resnet20_dynamo']) {
    it(`${model}: equals the reference except where a ReLU stands at 0`, async () => {
      const m = await openModel(modelPath(`${model}.onnx`));
      const input = reference('cifar_resnet20', 'input');
      const target = [...reference('cifar_resnet20', 'target').data];
      const answer = await differentiate(
        m,
        { [m.input]: input },
        { score: { value: m.logits, seed: 'index' }, wrt: [m.input] },
        target,
      );
      const errors = worst(
        answer.gradients.get(m.input)!.data,
        reference('cifar_resnet20', 'gradient').data,
        target.length,
      );
      assert.ok(errors.filter((e) => e < 1e-4).length >= target.length - 1, errors.join());
      assert.ok(
        errors.every((e) => e < 2e-2),
        errors.join(),
      );
      await m.sessions.dispose();
    });
  }

  it('squeezenet: the gradient and its sum over channels equal the reference on photographs', async () => {
    const name = 'squeezenet_v1.0_dc';
    const m = await openModel(modelPath(`${name}.onnx`));
    const target = [...reference(name, 'target').data];
    const { gradients } = await differentiate(
      m,
      { [m.input]: reference(name, 'input') },
      { score: { value: m.logits, seed: 'index' }, wrt: [m.input] },
      target,
    );
    const found = gradients.get(m.input)!;
    const plane = found.dims[2]! * found.dims[3]!;
    const sums = new Float32Array(target.length * plane);
    found.data.forEach((v, i) => {
      sums[Math.floor(i / (3 * plane)) * plane + (i % plane)]! += Math.abs(v);
    });
    const errors = worst(found.data, reference(name, 'gradient').data, target.length);
    errors.push(...worst(sums, reference(name, 'gradient_abs_sum').data, target.length));
    assert.ok(
      errors.every((e) => e < 1e-4),
      errors.map((e) => e.toExponential(1)).join(' '),
    );
    await m.sessions.dispose();
  });

  it('squeezenet: a batch gives what its samples give', async () => {
    const m = await openModel(modelPath('squeezenet_v1.0_dc.onnx'));
    const input = reference('squeezenet_v1.0_dc', 'input');
    await compareBatches(m, input);
    await m.sessions.dispose();
  });
});

async function compareBatches(m: Opened, input: ReturnType<typeof reference>): Promise<void> {
  const size = input.data.length / input.dims[0]!;
  const two = floatTensor([2, ...input.dims.slice(1)], new Float32Array(2 * size));
  two.data.set(input.data.slice(0, size));
  two.data.set(
    input.data.slice(0, size).map((v) => -v),
    size,
  );
  const request = { score: { value: m.logits, seed: 'index' as const }, wrt: [m.input] };
  const both = await differentiate(m, { [m.input]: two }, request, [1, 1]);
  const one = await differentiate(
    m,
    { [m.input]: floatTensor([1, ...input.dims.slice(1)], input.data.slice(0, size)) },
    request,
    [1],
  );
  assertClose(
    both.gradients.get(m.input)!.data.slice(0, size),
    one.gradients.get(m.input)!.data,
    { relative: 1e-5 },
    'gradient of the first half',
  );
}
