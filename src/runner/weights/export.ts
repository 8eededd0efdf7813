import { LensError } from '../../base/errors.js';
import { floatTensor, sizeOf } from '../../base/tensor.js';
import { encodePng } from '../../input/encode.js';
import { pageOf } from '../../method/weights/page.js';
import type { Call } from '../../protocol/channel.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { WeightsRequest } from '../../protocol/weights.js';
import { weightGrid } from '../../result/grid.js';
import type { WeightsExport, WeightView } from '../../result/weights.js';
import { chunksOf } from '../../session/weightArray.js';
import { recipeOf } from '../input/recipe.js';
import type { OpenModel } from '../model/open.js';
import { choose } from './chosen.js';
import { measureWeight } from './statistics.js';

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
export async function exportWeights(
  model: OpenModel,
  request: WeightsRequest,
  call: Call<WorkProgress>,
): Promise<WeightsExport> {
  const { layer, all, shown } = await choose(model, request, call.signal);
  const { stored } = shown.array;
  const size = sizeOf(stored.dims);
  if (size > MOST_EXPORTED)
    throw new LensError('unsupported', 'weights/too-large', `"${stored.name}" is too large to be written to one file.`);
  const weights: WeightsExport['weights'][number][] = [];
  for (const one of all) weights.push({ ...one.entry, statistics: await measureWeight(model, one, call) });
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
