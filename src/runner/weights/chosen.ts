import { LensError } from '../../base/errors.js';
import { Random } from '../../base/random.js';
import { sizeOf } from '../../base/tensor.js';
import { withWeights } from '../../graph/edits.js';
import type { Graph } from '../../graph/graph.js';
import { findLayer } from '../../graph/layers/findLayer.js';
import type { Layer } from '../../graph/layers/layer.js';
import { shownWeights, type ShownWeight } from '../../method/weights/view.js';
import type { WeightsRequest } from '../../protocol/weights.js';
import { randomWeights } from '../../session/randomWeights.js';
import type { OpenModel } from '../model/open.js';

/** The most numbers that are held at once. */
export const MOST_NUMBERS = 1 << 27;

/** The weight that a request is about. */
export interface ChosenWeight {
  readonly layer: Layer;
  /** Every weight of the layer, the main one first. */
  readonly all: readonly ShownWeight[];
  readonly shown: ShownWeight;
}

/** Of each model the layer with weights drawn anew that is looked at. */
const looked = new WeakMap<OpenModel, { readonly key: string; readonly graph: Graph }>();

/**
 * A layer's weights, and the one that is asked for.
 *
 * @throws LensError `weights/none`, `weights/name`
 */
export async function choose(
  model: OpenModel,
  request: Pick<WeightsRequest, 'layer' | 'weight' | 'random'>,
  signal: AbortSignal,
): Promise<ChosenWeight> {
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
  const key = `${seed} ${layer.name}`;
  const known = looked.get(model);
  if (known?.key === key) return known.graph;
  const numbers = layer.weights.reduce((sum, name) => sum + sizeOf(graph.weights.get(name)?.dims ?? []), 0);
  if (numbers > MOST_NUMBERS) {
    throw new LensError(
      'unsupported',
      'weights/too-large',
      `The weights of "${layer.name}" are too many to draw anew.`,
    );
  }
  const replaced = withWeights(graph, await randomWeights(graph, [layer], new Random(seed), signal));
  looked.set(model, { key, graph: replaced });
  return replaced;
}
