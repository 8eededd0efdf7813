import assert from 'node:assert';
import { CancelledError, LensError } from '../../../src/base/errors.js';
import { noticeOf } from '../../../src/host/notice.js';
import { sidecarPath, sidecarText } from '../../../src/host/workspace/sidecar.js';
import { parseSidecar } from '../../../src/input/sidecar.js';
import type { Inspection } from '../../../src/result/inspection.js';
import type { Origin } from '../../../src/result/recipe.js';

const origin: Origin = { kind: 'file', detail: 'preprocessor_config.json beside the model' };
const inspection: Inspection = {
  model: '/m/net.onnx',
  bytes: 5_010_000,
  ir: 8,
  opset: { '': 17 },
  producer: 'pytorch',
  inputs: [{ name: 'input', type: 'float32', dims: ['batch', 3, 224, 224] }],
  outputs: [{ name: 'output', type: 'float32', dims: ['batch', 2] }],
  parameters: 1_250_000,
  nodes: 65,
  layers: [{ name: 'conv|1', op: 'Conv', node: 'n0', parameters: 448, output: 'o', weights: ['w'], scope: [] }],
  metadata: {},
  warnings: ['<b>bold</b>'],
  sha256: 'ab',
  preprocessing: {
    layout: { value: 'NCHW', origin },
    channels: { value: 3, origin },
    color: { value: 'RGB', origin },
    size: { value: [224, 224], origin },
    resize: { value: { mode: 'none', size: 0, interpolation: 'bilinear' }, origin },
    crop: { value: 'center', origin },
    range: { value: [0, 1], origin },
    mean: { value: [0.485, 0.456, 0.406], origin },
    std: { value: [0.229, 0.224, 0.225], origin },
    pad: { value: [0, 0, 0], origin },
  },
  labels: { count: 2, origin, names: ['cat', 'dog'] },
  differentiable: { yes: true, refused: [] },
};

describe('what is said about an error', () => {
  it('is nothing for a cancellation', () => assert.strictEqual(noticeOf(new CancelledError()), undefined));

  it('is the sentence, what to do, and the button that does it', () => {
    const notice = noticeOf(
      new LensError('runtime', 'runner/start', 'It could not be started.', { hint: 'Correct the setting.' }),
    );
    assert.strictEqual(notice?.text, 'It could not be started. Correct the setting.');
    assert.deepStrictEqual(
      notice.actions.map((action) => action.title),
      ['Open Setting', 'Show Log'],
    );
  });

  it('calls a bug unexpected', () => {
    const notice = noticeOf(new TypeError('x is not a function'));
    assert.match(notice!.text, /unexpected.*x is not a function/);
    assert.strictEqual(notice!.actions[0]!.command, 'onnxLens.showLog');
  });
});

describe('the sidecar that is written', () => {
  it('holds every setting and is accepted by the reader of sidecars', () => {
    const sidecar = parseSidecar(sidecarText(inspection), 'net.lens.json');
    assert.deepStrictEqual(sidecar.input?.mean, [0.485, 0.456, 0.406]);
    assert.deepStrictEqual(sidecar.input.resize, { mode: 'none', interpolation: 'bilinear' });
    assert.deepStrictEqual(sidecar.labels, ['cat', 'dog']);
  });

  it('leaves out labels that nobody gave', () => {
    const labels = { ...inspection.labels, origin: { kind: 'default', detail: '' } as const };
    assert.strictEqual(parseSidecar(sidecarText({ ...inspection, labels }), 'x').labels, undefined);
  });

  it('keeps short lists on one line', () => assert.match(sidecarText(inspection), /"size": \[224, 224\],/));

  it('lies beside the model', () => assert.strictEqual(sidecarPath('/a/net.v2.ONNX'), '/a/net.v2.lens.json'));
});
