import type { SurveyAnswer } from '../../../../src/protocol/dataset.js';
import type { Recipe } from '../../../../src/result/recipe.js';

export const recipe: Recipe = {
  schema: 'onnx-lens/recipe/1',
  model: { file: 'net.onnx', sha256: 'ab' },
  preprocessing: {},
  method: 'pca',
  params: {},
  seed: 0,
  provider: 'cpu',
  versions: {},
  notes: [],
};

export const answerAbout = {
  sha256: 'ab',
  provider: 'cpu',
  refusedProviders: [],
  preprocessing: {},
  warnings: [],
  files: [],
};

/** Six pictures of three classes: two of them wrong, one without a label. */
export function surveyAnswer(change: Partial<SurveyAnswer['survey']> = {}): SurveyAnswer {
  const names = ['cat/1.png', 'cat/2.png', 'dog/1.png', 'dog/2.png', 'owl/1.png', 'loose.png'];
  return {
    ...answerAbout,
    survey: {
      place: '/set',
      title: 'a folder per class',
      names,
      files: names,
      allSplits: [],
      classes: ['cat', 'dog', 'owl'],
      labels: Int32Array.of(0, 0, 1, 1, 2, -1),
      truth: Int32Array.of(0, 0, 1, 1, 2, -1),
      predicted: Int32Array.of(0, 1, 1, 2, 2, 0),
      confidence: Float32Array.of(0.9, 0.6, 0.5, 0.8, NaN, 0.7),
      ofTruth: Float32Array.of(0.9, 0.2, 0.5, 0.1, NaN, NaN),
      margin: Float32Array.of(0.8, 0.4, 0.1, 0.7, NaN, 0.5),
      mapping: [
        { label: 'cat', count: 2, index: 0, how: 'name' },
        { label: 'dog', count: 2, index: 1, how: 'order' },
        { label: 'owl', count: 1, index: 2, how: 'none' },
      ],
      duplicates: [],
      omitted: [],
      of: 6,
      notes: [],
      recipe,
      ...change,
    },
  };
}
