import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { writeNpy } from '../../../src/base/npy.js';
import { filePath } from '../../../src/base/place.js';
import { Random } from '../../../src/base/random.js';
import { floatTensor } from '../../../src/base/tensor.js';
import { writeModelFile } from '../../../src/checkpoint/writer.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { GraphNode } from '../../../src/graph/graph.js';
import type { ExplainRequest } from '../../../src/protocol/attribution.js';
import type { Explanation } from '../../../src/result/explanation.js';
import { RunnerService } from '../../../src/runner/service.js';
import { input, sketch, weight } from '../graph/support.js';
import { call } from '../support/call.js';
import { dataPath, requireData } from '../support/data.js';
import { temporaryFolder } from '../support/temporary.js';

const random = new Random(3);
const drawn = (...dims: number[]): Float32Array =>
  Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => random.normal());

describe('what the explained number is called', () => {
  const runner = new RunnerService();
  after(() => runner.dispose());
  const folder = temporaryFolder();
  const tensor = filePath(path.join(folder, 'x.npy'));
  writeFileSync(tensor, writeNpy(floatTensor([1, 3, 8, 8], drawn(1, 3, 8, 8))));

  /** A dense layer with a convolution before it, so that there is a map to look at. */
  const model = async (said: object | undefined, more: readonly GraphNode[], outputs: readonly string[]) => {
    const file = filePath(path.join(folder, `${JSON.stringify([said, outputs]).replace(/\W/g, '')}.onnx`));
    const graph = sketch({
      opset: 17,
      inputs: [input('x', 1, 3, 8, 8)],
      nodes: [
        makeNode('Conv', 'c', ['x', 'k']),
        makeNode('Flatten', 'f', ['c']),
        makeNode('MatMul', 'd', ['f', 'w']),
        ...more,
      ],
      outputs: [...outputs],
      weights: [weight('k', [4, 3, 3, 3], drawn(4, 3, 3, 3)), weight('w', [144, 5], drawn(144, 5))],
    });
    await writeModelFile(graph, file);
    if (said !== undefined) writeFileSync(file.replace('.onnx', '.lens.json'), JSON.stringify({ outputs: said }));
    return file;
  };
  const explained = async (asked: ExplainRequest): Promise<Explanation> => {
    const [outcome] = (await runner.operations.explain({ provider: 'cpu', ...asked }, call())).results;
    assert.ok(outcome !== undefined && 'result' in outcome, JSON.stringify(outcome));
    return outcome.result;
  };

  const METHODS = ['gradient', 'gradcam', 'occlusion', 'integrated_gradients', 'lime', 'kernel_shap', 'rise'];
  const FEW: Readonly<Record<string, Record<string, number>>> = {
    lime: { samples: 60 },
    kernel_shap: { samples: 60 },
    rise: { samples: 20 },
  };
  for (const [kind, name] of [
    ['regression', 'value'],
    ['embedding', 'value'],
    ['classes', 'logit'],
    ['multi-label', 'logit'],
  ] as const)
    it(`is a ${name} of ${kind}`, async () => {
      const file = await model({ d: { kind } }, [], ['d']);
      for (const method of METHODS) {
        const params = FEW[method] ?? {};
        const { attribution, warnings } = await explained({
          model: file,
          inputs: [tensor],
          method,
          params,
          target: kind === 'embedding' ? 'value:2' : '2',
        });
        assert.match(attribution.unit, new RegExp(`\\b${name}\\b`), `${method}: ${attribution.unit}`);
        const said = [attribution.unit, ...warnings].join(' ');
        if (name !== 'logit') assert.doesNotMatch(said, /logit/, method);
      }
    });

  it('follows what somebody says of an output for now, and what is saved of it', async () => {
    const file = await model({ d: { kind: 'unknown' } }, [], ['d']);
    const asked = { model: file, inputs: [tensor], method: 'gradient', target: '2' };
    const [refused] = (await runner.operations.explain({ provider: 'cpu', ...asked }, call())).results;
    assert.ok(refused !== undefined && 'error' in refused, JSON.stringify(refused));
    assert.deepEqual([refused.error.code, refused.error.output], ['target/unknown-output', 'd']);
    const outputs = { d: { kind: 'regression' } } as const;
    const { attribution, outputs: read } = await explained({ ...asked, outputs });
    assert.equal(attribution.unit, 'value per unit');
    assert.equal(read?.[0]?.kind, 'regression');
    const { text } = await runner.operations.sidecarText({ model: file, change: {}, outputs }, call());
    assert.deepEqual(JSON.parse(text), { outputs: { d: { kind: 'regression' } } });
    const none = { ...asked, outputs: { d: { kind: 'segmentation' } } } as const;
    const [unfit] = (await runner.operations.explain({ provider: 'cpu', ...none }, call())).results;
    assert.match(JSON.stringify(unfit), /its shape 5 is not of that kind/);
  });

  it('is a value of a dense map, and an activation of a channel', async () => {
    const file = await model({ c: { kind: 'dense' } }, [], ['c']);
    const { attribution } = await explained({ model: file, inputs: [tensor], method: 'gradient', target: 'value:7' });
    assert.equal(attribution.unit, 'value per unit');
    const unit = await explained({ model: file, inputs: [tensor], method: 'gradient', target: 'c#1' });
    assert.equal(unit.attribution.unit, 'activation per unit');
  });

  it('is a probability where that is asked for or all there is', async () => {
    const file = await model(undefined, [makeNode('Softmax', 'p', ['d'], { axis: 1 })], ['p']);
    const asked = { model: file, inputs: [tensor], method: 'gradient', target: '1' };
    assert.match((await explained({ ...asked, score: 'probability' })).attribution.unit, /^probability per/);
    assert.match((await explained(asked)).attribution.unit, /^logit per/);
  });

  it('is the score of a box, which is named by its place in the picture as the list has it', async function () {
    requireData.call(this);
    const { attribution, target, found } = await explained({
      model: dataPath('cases/two_class_ok.onnx'),
      inputs: [dataPath('images/photos/goldfish.jpg')],
      method: 'gradient',
      target: 'box:1',
    });
    assert.equal(attribution.unit, 'score of the box per unit');
    const place = found!.boxes![0]!.inPicture!.map((v) => Math.round(v)).join(', ');
    assert.ok(target.label.endsWith(` in ${place}`), `${target.label} is not at ${place}`);
  });
});
