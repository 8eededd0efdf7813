import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { LensError } from '../../../src/base/errors.js';
import { isShipped, trustedOnly } from '../../../src/host/workspaceTrust.js';
import type { Client } from '../../../src/protocol/channel.js';
import type { RunnerApi } from '../../../src/protocol/runner.js';
import { TRAITS } from '../../../src/protocol/traits.js';
import { temporaryFolder } from '../support/temporary.js';

/** What each operation does in a workspace that is not trusted. Written out: a change of the traits is a change of this list. */
const SERVED: Readonly<Record<keyof RunnerApi, boolean>> = {
  outline: true,
  inspect: false,
  overview: true,
  measure: false,
  scanWeights: true,
  graphView: true,
  graphNode: true,
  graphActivations: false,
  weights: true,
  weightStatistics: true,
  compareWeights: true,
  weightsPca: true,
  weightNeighbours: true,
  exportWeights: true,
  activations: false,
  exportActivations: false,
  topPictures: false,
  predict: false,
  labels: false,
  photograph: true,
  methods: true,
  methodFits: false,
  explain: false,
  explainCells: false,
  attention: false,
  silence: false,
  visualize: false,
  visualizeChannels: false,
  visualizeForm: false,
  train: false,
  trainForm: false,
  embed: false,
  compareModels: true,
  survey: false,
  evaluate: false,
  roar: false,
  share: false,
  layout: false,
  steer: true,
  nearest: false,
  layerCurve: false,
  scoreColumn: false,
  heat: false,
  thumbnails: true,
  extract: true,
  emptyStore: true,
  sanity: false,
  check: false,
  checkList: true,
  exportGradient: false,
  recipe: true,
  findSettings: false,
  sidecarText: true,
  presets: true,
  release: true,
  status: true,
};

/** The words that stand for an operation in what the editor shows of an untrusted workspace. */
const WORDS: Readonly<Record<string, RegExp>> = {
  photograph: /pictures and data sets are shown/,
  outline: /listed/,
  overview: /layers/,
  scanWeights: /scan for oddities/,
  graphView: /graph/,
  graphNode: /node details/,
  weights: /weights/,
  weightStatistics: /statistics/,
  compareWeights: /comparison/,
  compareModels: /comparison/,
  weightsPca: /principal components/,
  weightNeighbours: /neighbours/,
  exportWeights: /weights are exported/,
  recipe: /what is said about them/,
  sidecarText: /what a settings file would say/,
  presets: /from presets/,
  methods: /what is said about them/,
  release: /only read/,
  status: /only read/,
  inspect: /measurements/,
  measure: /measurements/,
  graphActivations: /activations/,
  activations: /activations/,
  exportActivations: /activations/,
  topPictures: /activations/,
  predict: /predictions/,
  labels: /predictions/,
  explain: /explanations/,
  explainCells: /explanations/,
  methodFits: /explanations/,
  attention: /attention maps/,
  silence: /attention maps/,
  visualize: /feature visualisations/,
  visualizeChannels: /feature visualisations/,
  visualizeForm: /feature visualisations/,
  train: /trainings/,
  trainForm: /trainings/,
  embed: /embeddings/,
  share: /predictions, embeddings/,
  evaluate: /evaluations of methods/,
  roar: /trainings/,
  survey: /surveys of data sets/,
  layout: /embeddings/,
  steer: /data sets are shown/,
  nearest: /embeddings/,
  layerCurve: /surveys of data sets/,
  scoreColumn: /surveys of data sets/,
  heat: /explanations/,
  thumbnails: /data sets are shown/,
  extract: /data sets are shown/,
  emptyStore: /emptied/,
  sanity: /explanations/,
  check: /checks/,
  checkList: /what is said about them/,
  exportGradient: /exported gradients/,
  findSettings: /predictions/,
};

describe('a workspace that is not trusted', () => {
  const folder = temporaryFolder();
  const extension = path.join(folder, 'extension');
  const workspace = path.join(folder, 'extension-workspace');
  const shipped = path.join(extension, 'models', 'digits.onnx');
  const foreign = path.join(workspace, 'foreign.onnx');
  let trusted = false;

  before(() => {
    for (const file of [shipped, foreign]) {
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, '');
    }
  });
  beforeEach(() => void (trusted = false));

  /** Answers every operation, also one that nobody has described, with its name. */
  const answers: Record<string, (request: unknown) => Promise<unknown>> = {};
  for (const name of [...Object.keys(SERVED), 'reconstruct', 'toString'])
    answers[name] = (): Promise<unknown> => Promise.resolve(name);
  const guarded: unknown = trustedOnly(answers as unknown as Client<RunnerApi>, extension, () => trusted);
  const client = guarded as typeof answers;
  const served = async (name: string, request: unknown): Promise<boolean> => {
    try {
      assert.equal(await client[name]!(request), name);
      return true;
    } catch (error) {
      assert.ok(error instanceof LensError, String(error));
      assert.equal(error.code, 'workspace/untrusted');
      return false;
    }
  };

  it('is served what reads a model, and refused what runs it, operation by operation', async () => {
    assert.deepEqual(Object.keys(SERVED).sort(), Object.keys(TRAITS).sort());
    for (const [name, expected] of Object.entries(SERVED))
      assert.equal(await served(name, { model: foreign }), expected, name);
  });

  it('is refused a graph with shapes, which takes a run, and activations for files', async () => {
    assert.equal(await served('graphView', { model: foreign, measured: true }), false);
    assert.equal(await served('graphView', { model: foreign, measured: false }), true);
    assert.equal(await served('exportActivations', { model: foreign, inputs: [], layer: 'conv1' }), false);
  });

  it('is refused two models on a data set, unless both came with the extension', async () => {
    const place = path.join(workspace, 'pictures');
    const asked = (model: string, other: string): Promise<boolean> =>
      served('compareModels', { model, other: { model: other }, place });
    assert.deepEqual(
      [await asked(shipped, shipped), await asked(shipped, foreign), await asked(foreign, shipped)],
      [true, false, false],
    );
    assert.equal(await served('compareModels', { model: shipped, other: {}, place }), false);
  });

  it('is refused an operation that nobody has described', async () => {
    assert.equal(await served('reconstruct', { model: foreign }), false);
    assert.equal(await served('toString', { model: foreign }), false);
    assert.equal(await served('reconstruct', undefined), false);
  });

  it('runs the shipped models', async () => {
    for (const name of Object.keys(SERVED)) assert.equal(await served(name, { model: shipped }), true, name);
    assert.equal(await served('graphView', { model: shipped, measured: true }), true);
  });

  it('is served everything once it is trusted', async () => {
    trusted = true;
    for (const name of Object.keys(SERVED)) assert.equal(await served(name, { model: foreign }), true, name);
  });

  it('does not take a model for a shipped one by the look of its path', async () => {
    const around = `${extension}${path.sep}..${path.sep}${path.basename(workspace)}${path.sep}foreign.onnx`;
    assert.equal(await served('explain', { model: around }), false);
    // A folder whose name begins as the extension's does, and the extension's folder itself.
    assert.equal(isShipped(foreign, extension), false);
    assert.equal(isShipped(extension, extension), false);
    assert.equal(isShipped(path.join(extension, '..digits.onnx'), extension), true);
    assert.equal(isShipped(undefined, extension), false);
  });

  it('follows links both ways', () => {
    const out = path.join(extension, 'models', 'linked.onnx');
    symlinkSync(foreign, out);
    assert.equal(isShipped(out, extension), false);
    const other = path.join(folder, 'other-way-in');
    symlinkSync(extension, other);
    assert.equal(isShipped(path.join(other, 'models', 'digits.onnx'), extension), true);
    assert.equal(isShipped(shipped, other), true);
  });

  it('is told so in writing, operation by operation', () => {
    const readme = readFileSync('README.md', 'utf8');
    const listed = /<!-- untrusted -->(.*?)<!-- untrusted end -->/s.exec(readme)?.[1] ?? '';
    const served = Object.entries(SERVED).flatMap(([name, is]) => (is ? [name] : []));
    assert.deepEqual([...listed.matchAll(/`(\w+)`/g)].map((m) => m[1]!).sort(), served.sort());
    const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
      capabilities: { untrustedWorkspaces: { description: string; restrictedConfigurations: string[] } };
    };
    const { description } = manifest.capabilities.untrustedWorkspaces;
    const refused = Object.entries(SERVED).flatMap(([name, is]) => (is ? [] : [name]));
    for (const name of served) assert.match(description.split('No model is run')[0]!, WORDS[name]!, name);
    for (const name of refused) assert.match(description.split('No model is run')[1]!, WORDS[name]!, name);
  });

  it('does not look like a promise', () => {
    assert.equal(client.then, undefined);
  });
});
