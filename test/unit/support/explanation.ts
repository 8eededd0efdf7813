import { floatTensor } from '../../../src/base/tensor.js';
import type { Explanation } from '../../../src/result/explanation.js';

/** An explanation of a picture of one pixel, but for what a test says otherwise. */
export function explanationWith(parts: Partial<Explanation>): Explanation {
  return {
    input: 'cat.png',
    picture: { width: 1, height: 1, data: new Uint8Array(3) },
    target: { index: 0, label: 'cat' },
    score: 'logit',
    value: 1,
    probability: 1,
    predictions: [],
    attribution: { values: floatTensor([1, 1]), axes: 'HW', signed: true, unit: 'logit' },
    recipe: {
      schema: 'onnx-lens/recipe/1',
      model: { file: 'net.onnx', sha256: '' },
      preprocessing: {},
      method: 'gradient',
      params: {},
      seed: 0,
      provider: 'cpu',
      versions: {},
      notes: [],
    },
    warnings: [],
    milliseconds: 1,
    ...parts,
  };
}
