import path from 'node:path';
import { isCancelled, toErrorData } from '../../base/errors.js';
import { formatDims, sameDims } from '../../base/tensor.js';
import { pairLayers } from '../../method/comparison/pairing.js';
import { distancesOf } from '../../method/weights/compare.js';
import type { Call } from '../../protocol/channel.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { WeightChange, WeightChanges } from '../../result/comparison.js';
import type { OpenModel } from '../model/open.js';
import { choose } from '../weights/chosen.js';

/** A model, and the seed of its weights where they are drawn anew. */
export interface WeightsOf {
  readonly model: OpenModel;
  readonly random: number | undefined;
}

/** How far the main weight of each layer is from its counterpart. Read from the files: nothing is run. */
export async function weightChanges(a: WeightsOf, b: WeightsOf, call: Call<WorkProgress>): Promise<WeightChanges> {
  const { signal } = call;
  const { how, pairs } = pairLayers(a.model.file, b.model.file);
  const weighty = pairs.filter(([own, other]) => own.weights.length > 0 && other.weights.length > 0);
  const layers: WeightChange[] = [];
  const unpaired: WeightChanges['unpaired'][number][] = [];
  for (const [i, [own, other]] of weighty.entries()) {
    call.progress({ fraction: i / weighty.length, message: `weights of ${own.name}` });
    try {
      const first = (await choose(a.model, asked(own.name, a.random), signal)).shown;
      const found = await choose(b.model, asked(other.name, b.random), signal);
      const { role } = first.entry;
      const second = found.all.find((w) => w.entry.role === role) ?? found.shown;
      const [shape, there] = [first.entry.shape, second.entry.shape];
      if (!sameDims(shape, there)) {
        const reason = `its ${role} is ${formatDims(shape)} in one and ${formatDims(there)} in the other`;
        unpaired.push({ side: 'a', layer: own.name, reason });
        continue;
      }
      const { relative, cosine, leftOut } = await distancesOf(first.array, second.array, signal);
      layers.push({ a: own.name, b: other.name, shape, relative, cosine, leftOut });
    } catch (error) {
      if (isCancelled(error)) throw error;
      unpaired.push({ side: 'a', layer: own.name, reason: toErrorData(error).message });
    }
  }
  return { paired: how, layers, unpaired: [...unpaired, ...alone('a', a, b, pairs), ...alone('b', b, a, pairs)] };
}

function asked(layer: string, random: number | undefined): { layer: string; random?: number } {
  return random === undefined ? { layer } : { layer, random };
}

/** Layers with weights that stand in one model only. */
function alone(
  side: 'a' | 'b',
  { model }: WeightsOf,
  other: WeightsOf,
  pairs: readonly (readonly [{ readonly name: string }, { readonly name: string }])[],
): WeightChanges['unpaired'] {
  const paired = new Set(pairs.map(([a, b]) => (side === 'a' ? a.name : b.name)));
  return model.file.layers
    .filter((layer) => layer.parameters > 0 && !paired.has(layer.name))
    .map(({ name }) => ({
      side,
      layer: name,
      reason: `it has no counterpart in ${path.basename(other.model.file.path)}`,
    }));
}
