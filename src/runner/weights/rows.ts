import { LensError } from '../../base/errors.js';
import { memo } from '../../base/memo.js';
import { floatTensor, sizeOf, type FloatTensor } from '../../base/tensor.js';
import { findLayer } from '../../graph/layers/findLayer.js';
import { lastLinear } from '../../graph/layers/heads.js';
import type { Layer } from '../../graph/layers/layer.js';
import { labelOf } from '../../input/labels.js';
import { cosineNeighbours, principalComponents } from '../../numeric/pca.js';
import { shownWeights, type ShownWeight } from '../../method/weights/view.js';
import type { Call } from '../../protocol/channel.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { WeightNeighboursRequest, WeightsPcaRequest } from '../../protocol/weights.js';
import type { WeightNeighbours, WeightsPca } from '../../result/weights.js';
import { readBlock } from '../../session/weightArray.js';
import type { OpenModel } from '../model/open.js';
import { MOST_NUMBERS } from './chosen.js';

/** The rows of a matrix and what they are called. */
export interface ClassRows {
  readonly layer: string;
  readonly weight: string;
  readonly rows: FloatTensor;
  readonly names: readonly string[];
}

const rowsOf = memo<OpenModel, string, Promise<ClassRows>>();

export function classRows(model: OpenModel, layer: string | undefined, signal: AbortSignal): Promise<ClassRows> {
  return rowsOf(model, layer ?? '', () => readRows(model, layer, signal));
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

export async function weightsPca(
  model: OpenModel,
  request: WeightsPcaRequest,
  call: Call<WorkProgress>,
): Promise<WeightsPca> {
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
  call: Call<WorkProgress>,
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
