import path from 'node:path';
import { LensError } from '../../base/errors.js';
import { formatDims } from '../../base/tensor.js';
import { closest } from '../../base/suggest.js';
import { distancesOf } from '../../method/weights/compare.js';
import type { ShownWeight } from '../../method/weights/view.js';
import type { Call } from '../../protocol/channel.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { CompareWeightsRequest } from '../../protocol/weights.js';
import type { WeightComparison } from '../../result/weights.js';
import type { OpenModel } from '../model/open.js';
import { choose, type ChosenWeight } from './chosen.js';

/** Compares a weight with the same one of another checkpoint, or with a new draw of it. `other` is `model` itself for the latter. */
export async function compareWeights(
  model: OpenModel,
  other: OpenModel,
  request: CompareWeightsRequest,
  call: Call<WorkProgress>,
): Promise<WeightComparison> {
  const { signal } = call;
  const own = await choose(model, request, signal);
  const second =
    'random' in request.other
      ? (await choose(model, { ...request, random: request.other.random }, signal)).shown
      : await counterpart(other, own, signal);
  call.progress({ fraction: 0, message: `comparing ${own.shown.entry.name}` });
  let last = 0;
  const distances = await distancesOf(own.shown.array, second.array, signal, (done, total) => {
    if (done / total - last < 0.01) return;
    last = done / total;
    call.progress({ fraction: last, message: `comparing ${own.shown.entry.name}` });
  });
  return { layer: own.layer.name, weight: own.shown.entry, other: second.entry, ...distances };
}

/** The same weight of another checkpoint: by the layer's name, then by its own name or its part in the layer. */
async function counterpart(
  other: OpenModel,
  { layer, all, shown }: ChosenWeight,
  signal: AbortSignal,
): Promise<ShownWeight> {
  const file = path.basename(other.file.path);
  const names = other.file.layers.map((each) => each.name);
  if (!names.includes(layer.name)) {
    const near = closest(layer.name, names, 3);
    throw new LensError('usage', 'compare/no-layer', `${file} has no layer "${layer.name}".`, {
      hint:
        near.length === 0
          ? 'Compare with a checkpoint of the same network.'
          : `It has ${near.map((name) => `"${name}"`).join(' and ')}.`,
    });
  }
  const found = await choose(other, { layer: layer.name }, signal);
  const { name, role } = shown.entry;
  const rank = all.filter((each) => each.entry.role === role).indexOf(shown);
  const twin =
    found.all.find((each) => each.entry.name === name) ?? found.all.filter((each) => each.entry.role === role)[rank];
  if (twin === undefined)
    throw new LensError('usage', 'compare/no-weight', `"${layer.name}" has no ${role} in ${file}.`);
  const [here, there] = [shown.entry.shape, twin.entry.shape];
  if (here.length !== there.length || here.some((d, i) => d !== there[i])) {
    throw new LensError(
      'usage',
      'compare/shape',
      `The ${role} of "${layer.name}" is ${formatDims(here)} here and ${formatDims(there)} in ${file}: they cannot be compared.`,
    );
  }
  return twin;
}
