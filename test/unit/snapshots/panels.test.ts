import assert from 'node:assert/strict';
import path from 'node:path';
import { filePath } from '../../../src/base/place.js';
import type { Call } from '../../../src/protocol/channel.js';
import type { SurveyAnswer } from '../../../src/protocol/dataset.js';
import type { AskedToken } from '../../../src/result/attentionMap.js';
import type { Explanation } from '../../../src/result/explanation.js';
import { RunnerService } from '../../../src/runner/service.js';
import { browserPath } from '../../../.build/browser.mjs';
import { skipBecause } from '../../../.build/counts.mjs';
import { compare, type Pixels, type Tolerance } from './compare.js';
import { Studio } from './studio.js';
import { surveyAnswer } from '../webview/dataset/survey.js';
import { THEMES } from './themes.js';

const call = <P>(): Call<P> => ({ signal: new AbortController().signal, progress: () => undefined });
const bird = filePath(path.resolve('models/birds/pictures/Lanternfinch/lanternfinch-3000006.png'));
const cnn = { model: filePath(path.resolve('models/birds/birds_cnn.onnx')), provider: 'cpu' } as const;
const vit = { model: filePath(path.resolve('models/birds/birds_vit.onnx')), provider: 'cpu' } as const;

/** Lines and circles: their edges are smoothed. */
const LINES: Tolerance = { share: 0.01 };
/** Whole cells of maps whose numbers a run computed; of thousands, a few may lie at the border of two colours. */
const COMPUTED: Tolerance = { levels: 12, share: 0.002 };

/** Drawings that no theme changes. */
const PLAIN: Record<string, Pixels | undefined> = {
  channel: undefined,
  gradcam: undefined,
  'gradcam-mask': undefined,
  attribution: undefined,
  'scale-magnitude': undefined,
  'scale-signed': undefined,
};

/** Ninety pictures in three clouds, every seventh taken for something else. */
function cloudsOfPictures(): { answer: SurveyAnswer; points: Float32Array } {
  const count = 90;
  const truth = Int32Array.from({ length: count }, (_, i) => i % 3);
  const names = Array.from(truth, (c, i) => `${c}/${i}.png`);
  const none = new Float32Array(count).fill(NaN);
  const { survey, ...about } = surveyAnswer();
  return {
    answer: {
      ...about,
      survey: {
        ...survey,
        names,
        files: names,
        labels: truth,
        truth,
        predicted: truth.map((c, i) => (i % 7 === 0 ? (c + 1) % 3 : c)),
        confidence: none,
        ofTruth: none,
        margin: none,
        of: count,
      },
    },
    points: Float32Array.from(
      { length: 3 * count },
      (_, i) => 3 * Math.cos(truth[Math.floor(i / 3)]! * 2 + i) + Math.sin(i * 12.9898),
    ),
  };
}

describe('pictures of the panels, from the shipped models', function () {
  this.timeout(180_000);
  const runner = new RunnerService();
  const service = runner.operations;
  let studio: Studio | undefined;

  before(async function () {
    try {
      browserPath();
    } catch (error) {
      skipBecause(this, (error as Error).message);
    }
    studio = await Studio.open();
  });
  after(async () => {
    await studio?.close();
    await runner.dispose();
  });

  /** Draws in every theme, twice each: the same picture both times, and the committed one. */
  const snapshots = async (
    name: string,
    draw: (...given: [(typeof THEMES)['dark']]) => ReturnType<Studio['draw']>,
    tolerance?: Tolerance,
  ): Promise<void> => {
    const failed: string[] = [];
    for (const [theme, variables] of Object.entries(THEMES)) {
      const pixels = await draw(variables);
      assert.ok(pixels.width > 100 && new Set(pixels.data).size > 2, `${name} in ${theme} is empty`);
      assert.deepEqual((await draw(variables)).data, pixels.data, `${name} in ${theme} differs from time to time`);
      // Pictures of the model's own colours are kept once.
      if (name in PLAIN) assert.deepEqual(pixels.data, (PLAIN[name] ??= pixels).data, `${name} differs in ${theme}`);
      await compare(name in PLAIN ? name : `${name}-${theme}`, pixels, tolerance).catch((error: Error) =>
        failed.push(error.message),
      );
    }
    if (failed.length > 0) throw new Error([...new Set(failed)].join('\n'));
  };

  it('filters of the first layer in colours, their scale shared or their own', async () => {
    const answer = await service.weights({ ...cnn, layer: 'stem' }, call());
    assert.equal(answer.shown.view, 'rgb');
    await snapshots('filters', (theme) => studio!.draw(theme, 'weights', answer, 'shared'));
    await snapshots('filters-own', (theme) => studio!.draw(theme, 'weights', answer, 'own'));
  });

  it('kernels of a deeper layer, inputs × outputs, a dead filter crossed out', async () => {
    const answer = await service.weights({ ...cnn, layer: 'stage2.conv1' }, call());
    await snapshots('kernels', (theme) => studio!.draw(theme, 'weights', answer, 'shared', [2]), LINES);
  });

  it('the matrix of the last layer', async () => {
    const answer = await service.weights({ ...cnn, layer: 'head' }, call());
    await snapshots('matrix', (theme) => studio!.draw(theme, 'weights', answer, 'shared'));
  });

  it('patch embedding and similarity of positions of a transformer', async () => {
    const patches = await service.weights({ ...vit, layer: 'patch_embed' }, call());
    await snapshots('patches', (theme) => studio!.draw(theme, 'weights', patches, 'shared'));
    const positions = await service.weights({ ...vit, layer: 'pos_embed' }, call());
    await snapshots('positions', (theme) => studio!.draw(theme, 'similarity', positions), COMPUTED);
  });

  it('the histogram of a weight', async () => {
    const { histogram } = await service.weightStatistics({ ...cnn, layer: 'stage3.conv2' }, call());
    await snapshots('histogram', (theme) => studio!.draw(theme, 'histogram', histogram));
  });

  it('classes in the plane of their principal components', async () => {
    const pca = await service.weightsPca({ ...cnn, components: 2 }, call());
    const { neighbours } = await service.weightNeighbours({ ...cnn, index: 6, count: 2 }, call());
    const marked = neighbours.map((n) => n.index);
    await snapshots('classes', (theme) => studio!.draw(theme, 'points', pca, 6, marked), LINES);
  });

  it('channels of a layer on a picture, one of them over it, and tokens as maps', async () => {
    const maps = await service.activations({ ...cnn, layer: 'stage1.relu_1', input: bird }, call());
    await snapshots('channels', (theme) => studio!.draw(theme, 'channels', maps), COMPUTED);
    await snapshots('channel', (theme) => studio!.draw(theme, 'channel', maps, 3), COMPUTED);
    const tokens = await service.activations({ ...vit, layer: 'patch_embed', input: bird }, call());
    await snapshots('tokens', (theme) => studio!.draw(theme, 'channels', tokens), COMPUTED);
  });

  it('every layer and head of a transformer, for its class token and for a token of the picture', async () => {
    const { layers, results } = await service.attention({ ...vit, inputs: [bird] }, call());
    const [outcome] = results;
    assert.ok(outcome !== undefined && 'result' in outcome, 'there is no outcome');
    const { layers: matrices } = outcome.result;
    const looks = { class: { prefix: 0 }, token: { y: 0.5, x: 0.6 } } as const;
    const heads = (theme: (typeof THEMES)['dark'], asked: AskedToken, direction: 'outgoing' | 'incoming') =>
      studio!.draw(theme, 'heads', layers, matrices, { asked, direction });
    await snapshots('heads', (theme) => heads(theme, looks.class, 'outgoing'), COMPUTED);
    await snapshots('heads-incoming', (theme) => heads(theme, looks.token, 'incoming'), COMPUTED);
  });

  it('the points of a data set in the plane and in space: the same by WebGL and by hand', async function () {
    const { answer, points } = cloudsOfPictures();
    await snapshots('map', (theme) => studio!.draw(theme, 'map', answer, points, 2, 'canvas'), LINES);
    await snapshots('map-space', (theme) => studio!.draw(theme, 'map', answer, points, 3, 'canvas'), LINES);
    const hand = await studio!.draw(THEMES.dark, 'map', answer, points, 2, 'canvas');
    let gl: Pixels;
    try {
      gl = await studio!.draw(THEMES.dark, 'map', answer, points, 2, 'webgl');
    } catch (error) {
      return skipBecause(this, (error as Error).message);
    }
    let apart = 0;
    for (let i = 0; i < hand.data.length; i += 4)
      if ([0, 1, 2].some((c) => Math.abs(hand.data[i + c]! - gl.data[i + c]!) > 90)) apart++;
    const dots = (pixels: Pixels): number => new Set(pixels.data).size;
    assert.ok(apart < 0.02 * (hand.data.length / 4), `${apart} pixels are apart`);
    assert.ok(dots(gl) > 10, 'something is drawn');
  });

  it('the graph, collapsed and with a module open, by kind and by parameters', async () => {
    const structure = await service.graphView({ ...cnn, measured: false }, call());
    await snapshots('graph', (theme) => studio!.draw(theme, 'graph', structure, [], false), LINES);
    const inside = structure.modules.findIndex((m) => m.path === 'stage2');
    assert.ok(inside > 0, `inside: ${inside}`);
    await snapshots('graph-open', (theme) => studio!.draw(theme, 'graph', structure, [inside], true), LINES);
  });

  it('explanations: where it looks, and what argues for and against', async () => {
    const explain = async (method: string): Promise<Explanation> => {
      const { results } = await service.explain({ ...cnn, inputs: [bird], method, target: 'top1' }, call());
      const [outcome] = results;
      assert.ok(outcome !== undefined && 'result' in outcome, 'there is no outcome');
      return outcome.result;
    };
    const cam = await explain('gradcam');
    await snapshots('gradcam', (theme) => studio!.draw(theme, 'explanation', cam, { smooth: true }), COMPUTED);
    await snapshots('gradcam-mask', (theme) => studio!.draw(theme, 'explanation', cam, { mode: 'mask' }), COMPUTED);
    const signed = await explain('input_x_gradient');
    const display = { mode: 'heat', reduction: 'sum' } as const;
    await snapshots('attribution', (theme) => studio!.draw(theme, 'explanation', signed, display), COMPUTED);
  });

  it('scales of colours', async () => {
    await snapshots('scale-magnitude', (theme) => studio!.draw(theme, 'colorBar', 'magma'));
    await snapshots('scale-signed', (theme) => studio!.draw(theme, 'colorBar', 'RdBu'));
  });
});
