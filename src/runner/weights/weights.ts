import { LensError } from '../../base/errors.js';
import { Random } from '../../base/random.js';
import { floatTensor, sizeOf, type FloatTensor } from '../../base/tensor.js';
import { storedBytes } from '../../checkpoint/elements.js';
import { withWeights } from '../../graph/edits.js';
import { findLayer } from '../../graph/layers/findLayer.js';
import type { Graph } from '../../graph/graph.js';
import { lastLinear } from '../../graph/layers/heads.js';
import type { Layer } from '../../graph/layers/layer.js';
import { randomWeights } from '../../session/randomWeights.js';
import { chunksOf, readBlock } from '../../session/weightArray.js';
import { encodePng } from '../../input/encode.js';
import { labelOf } from '../../input/labels.js';
import { cosineMatrix, cosineNeighbours, principalComponents } from '../../method/weights/pca.js';
import { pageOf } from '../../method/weights/page.js';
import { statisticsOf } from '../../method/weights/statistics.js';
import { shownWeights, type ShownWeight } from '../../method/weights/view.js';
import type { Call } from '../../protocol/channel.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { WeightNeighboursRequest, WeightsPcaRequest, WeightsRequest } from '../../protocol/weights.js';
import { weightGrid } from '../../result/grid.js';
import type {
  LayerWeights,
  WeightNeighbours,
  WeightsExport,
  WeightsPca,
  WeightStatistics,
  WeightView,
} from '../../result/weights.js';
import { recipeOf } from '../input/recipe.js';
import type { OpenModel } from '../model/open.js';

type Progress = Call<WorkProgress>;

/** Weights up to this size are measured without being asked. */
const MEASURED_AT_ONCE = 64 << 20;
/** Position embeddings of up to this many tokens get their similarities. */
const MOST_TOKENS = 2048;

/** What was computed of a model; goes when the model is opened anew. */
interface Memory {
  readonly statistics: Map<string, WeightStatistics>;
  readonly rows: Map<string, Promise<ClassRows>>;
  /** One layer with weights drawn anew: the one that is looked at. */
  redrawn?: { readonly key: string; readonly graph: Graph };
}

const memories = new WeakMap<OpenModel, Memory>();

function memoryOf(model: OpenModel): Memory {
  let memory = memories.get(model);
  if (memory === undefined) {
    memory = { statistics: new Map(), rows: new Map() };
    memories.set(model, memory);
  }
  return memory;
}

export async function layerWeights(model: OpenModel, request: WeightsRequest, call: Progress): Promise<LayerWeights> {
  const { layer, all, shown } = await choose(model, request, call.signal);
  const sorted = request.page?.sort === 'norm';
  const measured = sorted || storedBytes(shown.array.stored) <= MEASURED_AT_ONCE;
  const statistics = measured
    ? await measure(model, shown, call, request.random)
    : memoryOf(model).statistics.get(nameOf(shown, request.random));
  const order = sorted && statistics !== undefined ? byNorm(statistics.filterNorms) : undefined;
  const page = await pageOf(shown, request.page, order, call.signal);
  const notes: string[] = [];
  const { view } = shown.entry;
  const similarity = view === 'position' ? await positions(shown, notes, call.signal) : undefined;
  const color = model.resolved.preprocessing?.color.value;
  return {
    layer: layer.name,
    op: layer.op,
    weights: all.map((w) => w.entry),
    shown: shown.entry,
    page,
    ...(statistics === undefined ? {} : { statistics }),
    ...(view === 'rgb' ? { channelOrder: color === 'BGR' ? 'BGR' : 'RGB' } : {}),
    ...(similarity === undefined ? {} : { similarity }),
    notes,
  };
}

export async function weightStatistics(
  model: OpenModel,
  request: WeightsRequest,
  call: Progress,
): Promise<WeightStatistics> {
  const { shown } = await choose(model, request, call.signal);
  return measure(model, shown, call, request.random);
}

/** A layer's weights, and the one that is asked for. */
export async function choose(
  model: OpenModel,
  request: Pick<WeightsRequest, 'layer' | 'weight' | 'random'>,
  signal: AbortSignal,
): Promise<{ layer: Layer; all: ShownWeight[]; shown: ShownWeight }> {
  const { graph, layers } = model.file;
  const layer = findLayer(layers, request.layer, graph);
  const drawn = request.random === undefined ? graph : await redrawn(model, layer, request.random, signal);
  const all = await shownWeights(drawn, layer);
  const [first] = all;
  if (first === undefined) {
    throw new LensError('usage', 'weights/none', `The layer "${layer.name}" (${layer.op}) holds no weights.`, {
      hint: 'Choose a convolution, a linear layer or a normalisation: "inspect" lists the parameters of each layer.',
    });
  }
  const shown = request.weight === undefined ? first : all.find((w) => w.entry.name === request.weight);
  if (shown === undefined) {
    throw new LensError('usage', 'weights/name', `The layer "${layer.name}" has no weight "${request.weight}".`, {
      hint: `It has ${all.map((w) => `"${w.entry.name}"`).join(', ')}.`,
    });
  }
  return { layer, all, shown };
}

/** The graph with other weights in one layer. */
async function redrawn(model: OpenModel, layer: Layer, seed: number, signal: AbortSignal): Promise<Graph> {
  const { graph } = model.file;
  const memory = memoryOf(model);
  const key = `${seed} ${layer.name}`;
  if (memory.redrawn?.key === key) return memory.redrawn.graph;
  const numbers = layer.weights.reduce((sum, name) => sum + sizeOf(graph.weights.get(name)?.dims ?? []), 0);
  if (numbers > MOST_NUMBERS) {
    throw new LensError(
      'unsupported',
      'weights/too-large',
      `The weights of "${layer.name}" are too many to draw anew.`,
    );
  }
  const replaced = withWeights(graph, await randomWeights(graph, [layer], new Random(seed), signal));
  memory.redrawn = { key, graph: replaced };
  return replaced;
}

function nameOf({ entry }: ShownWeight, seed: number | undefined): string {
  return seed === undefined ? entry.name : `${entry.name} ${seed}`;
}

async function measure(model: OpenModel, shown: ShownWeight, call: Progress, seed?: number): Promise<WeightStatistics> {
  const { statistics } = memoryOf(model);
  const name = nameOf(shown, seed);
  let known = statistics.get(name);
  if (known === undefined) {
    let last = 0;
    known = await statisticsOf(shown.array, call.signal, (done, total) => {
      if (done / total - last < 0.01) return;
      last = done / total;
      call.progress({ fraction: last, message: `measuring ${shown.entry.name}` });
    });
    statistics.set(name, known);
  }
  return known;
}

/** The most numbers of a weight that is written to a file. */
const MOST_EXPORTED = 1 << 28;
/** What a picture shows of a weight at most. */
const PICTURED = { rowFrom: 0, columnFrom: 0 } as const;
const MOST_PICTURED: Readonly<Partial<Record<WeightView, readonly [rows: number, columns: number]>>> = {
  kernels: [96, 96],
  matrix: [1024, 1024],
  position: [1024, 1024],
};

/** A layer's weights for files: everything is read. */
export async function exportWeights(model: OpenModel, request: WeightsRequest, call: Progress): Promise<WeightsExport> {
  const { layer, all, shown } = await choose(model, request, call.signal);
  const { stored } = shown.array;
  const size = sizeOf(stored.dims);
  if (size > MOST_EXPORTED)
    throw new LensError('unsupported', 'weights/too-large', `"${stored.name}" is too large to be written to one file.`);
  const weights: WeightsExport['weights'][number][] = [];
  for (const one of all) weights.push({ ...one.entry, statistics: await measure(model, one, call) });
  const values = floatTensor(stored.dims);
  for await (const { first, values: chunk } of chunksOf(shown.array, call.signal)) values.data.set(chunk, first);
  const { view, shape } = shown.entry;
  const [rowCount, columnCount] = MOST_PICTURED[view] ?? [4096, 3];
  const page = await pageOf(shown, { ...PICTURED, rowCount, columnCount }, undefined, call.signal);
  const notes: string[] = [];
  if (page.rows.length < (shape[0] ?? 1) || page.columns.length < (shape[1] ?? 1))
    notes.push(
      `The picture shows the first ${page.rows.length} × ${page.columns.length} of ${shape.slice(0, 2).join(' × ')}.`,
    );
  const { data, width, height } = weightGrid(view, page);
  const recipe = await recipeOf(model, {
    preprocessing: {},
    method: 'weights',
    params: { weight: shown.entry.name },
    layer: layer.name,
    notes: shown.entry.label === undefined ? [] : [shown.entry.label],
  });
  return {
    sha256: recipe.model.sha256,
    layer: layer.name,
    op: layer.op,
    weights,
    shown: shown.entry,
    values,
    png: await encodePng(data, width, height),
    recipe,
    notes,
  };
}

function byNorm(norms: Float32Array): Uint32Array {
  // A filter with NaN has no norm to speak of and comes first, where it is seen.
  const rank = (i: number): number => (Number.isNaN(norms[i]!) ? Infinity : norms[i]!);
  return Uint32Array.from(norms.keys()).sort((a, b) => rank(b) - rank(a) || a - b);
}

async function positions(
  shown: ShownWeight,
  notes: string[],
  signal: AbortSignal,
): Promise<LayerWeights['similarity'] | undefined> {
  const [tokens = 0] = shown.entry.shape;
  if (tokens > MOST_TOKENS) {
    notes.push(`The similarity of ${tokens} positions is not computed; ${MOST_TOKENS} are the most.`);
    return undefined;
  }
  const rows = floatTensor(shown.entry.shape, await readBlock(shown.array, [0, 0], shown.entry.shape, signal));
  return { values: cosineMatrix(rows), ...gridOf(tokens) };
}

/** Tokens before a square grid: none, a class token, class and distillation tokens, or up to 16 registers. */
function gridOf(tokens: number): { prefix: number; grid?: readonly [number, number] } {
  for (let prefix = 0; prefix <= Math.min(17, tokens - 4); prefix++) {
    const side = Math.round(Math.sqrt(tokens - prefix));
    if (side * side === tokens - prefix) return { prefix, grid: [side, side] };
  }
  return { prefix: 0 };
}

/** The rows of a matrix and what they are called. */
interface ClassRows {
  readonly layer: string;
  readonly weight: string;
  readonly rows: FloatTensor;
  readonly names: readonly string[];
}

/** The most numbers that are held at once. */
const MOST_NUMBERS = 1 << 27;

async function classRows(model: OpenModel, layer: string | undefined, signal: AbortSignal): Promise<ClassRows> {
  const { rows } = memoryOf(model);
  const key = layer ?? '';
  let reading = rows.get(key);
  if (reading === undefined) {
    reading = readRows(model, layer, signal);
    reading.catch(() => rows.delete(key));
    rows.set(key, reading);
  }
  return reading;
}

async function readRows(model: OpenModel, name: string | undefined, signal: AbortSignal): Promise<ClassRows> {
  const { layer, shown } = name === undefined ? await lastMatrix(model) : await matrixOf(model, name);
  const { shape } = shown.entry;
  if (sizeOf(shape) > MOST_NUMBERS)
    throw new LensError('unsupported', 'weights/too-large', `The weights of "${layer.name}" are too large for PCA.`);
  const data = await readBlock(shown.array, [0, 0], shape, signal);
  if (data.some((v) => !Number.isFinite(v)))
    throw new LensError('input', 'weights/not-finite', `The weights of "${layer.name}" hold NaN or infinite values.`);
  const [count = 0] = shape;
  const { labels } = model.resolved;
  const fit = labels.names.length === count;
  return {
    layer: layer.name,
    weight: shown.entry.name,
    rows: floatTensor(shape, data),
    names: Array.from({ length: count }, (_, i) => (fit ? labelOf(labels, i) : `row ${i}`)),
  };
}

async function matrixOf(model: OpenModel, name: string): Promise<{ layer: Layer; shown: ShownWeight }> {
  const layer = findLayer(model.file.layers, name, model.file.graph);
  const shown = (await shownWeights(model.file.graph, layer)).find((w) => w.entry.view === 'matrix');
  if (shown !== undefined) return { layer, shown };
  throw new LensError(
    'usage',
    'weights/no-matrix',
    `The layer "${layer.name}" (${layer.op}) has no matrix of weights.`,
    {
      hint: 'Choose a linear layer or a 1×1 convolution.',
    },
  );
}

/** The last linear layer before the output; where that is made otherwise, the last layer that is a matrix. */
async function lastMatrix(model: OpenModel): Promise<{ layer: Layer; shown: ShownWeight }> {
  const { graph, layers } = model.file;
  const head = lastLinear(graph, model.resolved.output);
  const own = head === undefined ? undefined : layers.find((l) => l.weights.includes(head.weight));
  if (own !== undefined) return matrixOf(model, own.name);
  for (const layer of layers.toReversed()) {
    if (layer.weights.length === 0) continue;
    const shown = (await shownWeights(graph, layer)).find((w) => w.entry.view === 'matrix');
    if (shown !== undefined) return { layer, shown };
  }
  throw new LensError('usage', 'weights/no-matrix', 'The model has no linear layer and no 1×1 convolution.');
}

export async function weightsPca(model: OpenModel, request: WeightsPcaRequest, call: Progress): Promise<WeightsPca> {
  call.progress({ message: 'reading the rows' });
  const { layer, weight, rows, names } = await classRows(model, request.layer, call.signal);
  call.progress({ message: 'finding the principal components' });
  const { scores, variance, explained } = principalComponents(rows, request.components ?? 3);
  const [classes = 0, features = 0] = rows.dims;
  const norms = Float32Array.from({ length: classes }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < features; j++) sum += rows.data[i * features + j]! ** 2;
    return Math.sqrt(sum);
  });
  return { layer, weight, classes, features, names, coordinates: scores, variance, explained, norms };
}

export async function weightNeighbours(
  model: OpenModel,
  request: WeightNeighboursRequest,
  call: Progress,
): Promise<WeightNeighbours> {
  const { rows, names } = await classRows(model, request.layer, call.signal);
  const { index, count = 10 } = request;
  if (!Number.isInteger(index) || index < 0 || index >= names.length)
    throw new LensError('usage', 'weights/row', `There is no row ${index}; there are ${names.length}.`);
  return {
    index,
    name: names[index]!,
    neighbours: cosineNeighbours(rows, index, count).map((n) => ({ ...n, name: names[n.index]! })),
  };
}
