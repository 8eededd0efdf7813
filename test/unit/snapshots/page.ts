import { colormap } from '../../../src/result/colormap.js';
import type { Activation } from '../../../src/result/activations.js';
import type { SurveyAnswer } from '../../../src/protocol/dataset.js';
import type { Explanation } from '../../../src/result/explanation.js';
import { visibleGraph, type GraphStructure } from '../../../src/result/graphView.js';
import { normalise } from '../../../src/result/heatmap.js';
import type { Histogram, LayerWeights, WeightsPca } from '../../../src/result/weights.js';
import {
  ActivationPages,
  activationColors,
  activationLimit,
  activationSource,
} from '../../../webview/model/activations/pages.js';
import type { AttentionLayer, AttentionMatrices } from '../../../src/result/attention.js';
import { attentionCells, type Look } from '../../../webview/attention/maps.js';
import { factsOf } from '../../../webview/dataset/facts.js';
import { cloudOf } from '../../../webview/dataset/map/cloud.js';
import '../../../webview/dataset/map/map.js';
import type { PointMap } from '../../../webview/dataset/map/map.js';
import { colouringOf, sceneOf as mapScene } from '../../../webview/dataset/map/scene.js';
import '../../../webview/model/graph/graphCanvas.js';
import type { GraphCanvas } from '../../../webview/model/graph/graphCanvas.js';
import { LayoutWorker } from '../../../webview/model/graph/layoutWorker.js';
import { layoutRequest, sceneOf as graphScene } from '../../../webview/model/graph/scene.js';
import { pageShape, WeightPages } from '../../../webview/model/weights/pages.js';
import { similaritySource, weightSource } from '../../../webview/model/weights/source.js';
import '../../../webview/shared/canvas/cellGrid.js';
import type { CellGrid } from '../../../webview/shared/canvas/cellGrid.js';
import type { CellSource } from '../../../webview/shared/canvas/cells.js';
import '../../../webview/shared/canvas/heatCanvas.js';
import type { HeatCanvas } from '../../../webview/shared/canvas/heatCanvas.js';
import '../../../webview/shared/charts/scatter.js';
import type { Scatter } from '../../../webview/shared/charts/scatter.js';
import '../../../webview/shared/charts/colorBar.js';
import type { ColorBar } from '../../../webview/shared/charts/colorBar.js';
import { DEFAULT_DISPLAY, sceneOf, type Display, type Scene } from '../../../webview/shared/canvas/display.js';
import '../../../webview/shared/charts/histogram.js';
import type { HistogramChart } from '../../../webview/shared/charts/histogram.js';
import { decode } from './transport.js';

/**
 * The drawing parts of the panels in a page of their own, each in a box of a fixed size. What is compared are pixels of
 * canvases: texts are left out, because fonts differ between machines.
 */

type Size = readonly [width: number, height: number];

async function draw<E extends HTMLElement>(tag: string, [width, height]: Size, properties: Partial<E>): Promise<E> {
  const box = document.createElement('div');
  box.style.cssText = `width: ${width}px; height: ${height}px`;
  const element = Object.assign(document.createElement(tag), properties) as E;
  box.append(element);
  document.body.replaceChildren(box);
  // Sizes are observed, and drawing waits for the next frame.
  for (let i = 0; i < 4; i++) await new Promise((resolve) => requestAnimationFrame(resolve));
  return element;
}

const never = (): Promise<never> => new Promise(() => undefined);
const nothing = (): void => undefined;
const grid = (size: Size, source: CellSource | undefined): Promise<HTMLElement> =>
  draw<CellGrid>('lens-cell-grid', size, { source });
const heat = (scene: Scene, display: Partial<Display>): Promise<HTMLElement> =>
  draw<HeatCanvas>('lens-heat-canvas', [256, 256], { scene, display: { ...DEFAULT_DISPLAY, ...display } });

/** What can be drawn, by the name that a test gives. */
export const DRAWINGS = {
  weights: (answer: LayerWeights, scale: 'shared' | 'own', dead: readonly number[] = []) => {
    const pages = new WeightPages(pageShape(answer.shown), 'index', answer, never, nothing);
    const limit = scale === 'shared' ? pages.magnitude : undefined;
    return grid(
      [400, 300],
      weightSource(answer, pages, { colors: colormap('RdBu'), limit, dead: (i) => dead.includes(i) }),
    );
  },
  similarity: (answer: LayerWeights) => grid([300, 300], similaritySource(answer)),
  histogram: (histogram: Histogram) => draw<HistogramChart>('lens-histogram', [320, 80], { histogram }),
  channels: (answer: Activation) => {
    const pages = new ActivationPages(answer, 64, never, nothing);
    return grid([400, 300], activationSource(pages, 'magma', 'own'));
  },
  channel: (answer: Activation, channel: number) => {
    const map = new ActivationPages(answer, 64, never, nothing).of(channel)!.map;
    const { height, width, picture } = answer;
    const signed = answer.min < 0;
    const values = { width, height, values: map, signed };
    const scaled = normalise(values, 100, activationLimit(answer, channel));
    const scene = { picture, values, scaled, colors: activationColors(answer, 'magma'), channels: false, signed };
    return heat(scene, {});
  },
  /** Every layer and head of a transformer, for one of its tokens. */
  heads: (layers: readonly AttentionLayer[], matrices: readonly AttentionMatrices[], look: Look) =>
    grid(
      [400, 300],
      attentionCells({
        layers,
        at: (name) => matrices.find(({ layer }) => layer === name),
        absent: () => undefined,
        look,
        scale: 'own',
        colors: colormap('magma'),
      }),
    ),
  graph: async (structure: GraphStructure, open: readonly number[], share: boolean) => {
    const paths = open.map((i) => structure.modules[i]!.path);
    const visible = visibleGraph(structure, new Set(paths));
    const worker = new LayoutWorker();
    const scene = graphScene(visible, await worker.place(layoutRequest(visible, 'right')), 'right');
    worker.stop();
    const most = Math.max(1, ...visible.nodes.map((node) => node.parameters));
    const coloured = {
      colors: colormap('viridis'),
      ...(share ? { share: ({ node }: (typeof scene.nodes)[number]) => Math.sqrt(node.parameters / most) } : {}),
    };
    return draw<GraphCanvas>('lens-graph-canvas', [900, 240], { scene, coloured });
  },
  points: (pca: WeightsPca, chosen: number, marked: readonly number[]) =>
    draw<Scatter>('lens-scatter', [320, 240], {
      points: { coordinates: pca.coordinates.data, names: pca.names },
      chosen,
      marked,
    }),
  /** Points of a data set with a selection, by WebGL or by hand. */
  map: async (answer: SurveyAnswer, points: Float32Array, components: number, painter: 'webgl' | 'canvas') => {
    const facts = factsOf(answer);
    const scene = mapScene(facts, cloudOf(points, components), {
      colouring: colouringOf(facts, 'label'),
      groups: facts.group,
      hidden: new Set(),
      isolated: undefined,
      wrongOnTop: true,
      selected: new Set([3, 4, 5, 40, 41]),
    });
    const { getContext } = HTMLCanvasElement.prototype;
    if (painter === 'canvas')
      HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement, kind: string, ...rest: unknown[]) {
        return kind === 'webgl2' ? null : (getContext as (...given: unknown[]) => unknown).call(this, kind, ...rest);
      } as typeof getContext;
    try {
      const element = await draw<PointMap>('lens-map', [320, 240], { scene, focused: 7, axes: [] });
      if (element.painter !== painter) throw new Error(`It was drawn by ${element.painter}`);
      const whole = document.createElement('div');
      whole.append(element.snapshot());
      return whole;
    } finally {
      HTMLCanvasElement.prototype.getContext = getContext;
    }
  },
  explanation: (explanation: Explanation, display: Partial<Display>) =>
    heat(sceneOf(explanation, { ...DEFAULT_DISPLAY, ...display }), display),
  colorBar: (name: 'magma' | 'RdBu') =>
    draw<ColorBar>('lens-color-bar', [256, 40], { colors: colormap(name), limit: 1 }),
} as const;

function pixelsOf(element: HTMLElement): { width: number; height: number; data: string } {
  const drawn = element.querySelector('canvas')!;
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [drawn.width, drawn.height];
  const context = canvas.getContext('2d')!;
  // What is see-through shows the editor's background.
  context.fillStyle = getComputedStyle(document.body).getPropertyValue('--vscode-editor-background');
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(drawn, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  let text = '';
  for (const byte of data) text += String.fromCharCode(byte);
  return { width: canvas.width, height: canvas.height, data: btoa(text) };
}

CanvasRenderingContext2D.prototype.fillText = nothing;
CanvasRenderingContext2D.prototype.strokeText = nothing;
// Texts are cut where they are too long: every letter is as wide as the next.
CanvasRenderingContext2D.prototype.measureText = (text: string) => ({ width: 7 * text.length }) as TextMetrics;

Object.assign(globalThis, {
  snapshot: async (
    name: keyof typeof DRAWINGS,
    request: string,
    theme: { kind: string; variables: Record<string, string> },
  ) => {
    document.body.className = theme.kind;
    for (const [key, value] of Object.entries(theme.variables)) document.body.style.setProperty(key, value);
    const drawing = DRAWINGS[name] as (...given: unknown[]) => Promise<HTMLElement>;
    return pixelsOf(await drawing(...(decode(request) as unknown[])));
  },
});
