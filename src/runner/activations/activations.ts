import { given } from '../../base/given.js';
import { throwIfCancelled } from '../../base/errors.js';
import { floatTensor, type FloatTensor } from '../../base/tensor.js';
import { encodePng } from '../../input/encode.js';
import { boundsOf, orderOf, summarise } from '../../method/activations/channels.js';
import { mapOf } from '../../method/activations/layout.js';
import type { Call } from '../../protocol/channel.js';
import type {
  ActivationsAnswer,
  ActivationsRequest,
  ChannelPage,
  ExportActivationsRequest,
} from '../../protocol/activations.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { Activation, ActivationExport } from '../../result/activations.js';
import type { Outcome } from '../../result/explanation.js';
import { mapGrid } from '../../result/grid.js';
import { answerOf, attempt, loadInput, oneInput } from '../input/answers.js';
import { expandInputs, type ExpandedInput, type LoadedInput } from '../input/inputs.js';
import { recipeOf } from '../input/recipe.js';
import type { OpenModel } from '../model/open.js';
import { siteOf, type Site } from './site.js';

const PAGE = 64;
/** The most numbers of one page of maps. */
const MOST = 1 << 25;

/** The value of a layer on one picture. */
export async function activationsOf(
  model: OpenModel,
  request: ActivationsRequest,
  call: Call<WorkProgress>,
): Promise<Activation> {
  call.progress({ message: 'opening the model' });
  const site = await siteOf(model, request.layer);
  const first = await oneInput(model, request.input, call.signal);
  const { activation } = await one(site, first, request.page, call);
  return activation;
}

async function one(
  site: Site,
  input: ExpandedInput,
  wanted: ChannelPage | undefined,
  call: Call<WorkProgress>,
): Promise<{ activation: Activation; sample: FloatTensor; loaded: LoadedInput }> {
  const started = performance.now();
  const { subject, layer, layout } = site;
  const loaded = await loadInput(input, call.signal);
  call.progress({ message: `running ${layer.name}` });
  const value = await site.read(loaded.tensor, call.signal);
  const sample = value.data;
  const summary = summarise(layout, sample, boundsOf(subject.graph, layer.output));
  const { from = 0, count = PAGE, sort } = wanted ?? {};
  const area = layout.height * layout.width;
  const most = Math.max(1, Math.floor(MOST / Math.max(1, area)));
  const order = orderOf(summary.statistics, sort);
  const start = Math.max(0, from);
  const page = Int32Array.from(order.subarray(start, start + Math.min(Math.max(0, count), most)));
  const maps = floatTensor([page.length, layout.height, layout.width]);
  page.forEach((channel, i) => mapOf(layout, sample, channel, maps.data, i * area));
  const activation: Activation = {
    input: input.name,
    layer: layer.name,
    op: layer.op,
    value: layer.output,
    dims: layout.dims,
    layout: layout.layout,
    channels: layout.channels,
    height: layout.height,
    width: layout.width,
    prefixTokens: layout.prefixTokens,
    ...summary,
    page,
    maps,
    picture: loaded.picture,
    ...given({ crop: loaded.crop }),
    ...(layout.layout === 'vector' ? {} : { receptiveField: site.field }),
    notes: [...site.notes, ...loaded.notes],
    provider: subject.provider?.used ?? 'none',
    milliseconds: performance.now() - started,
  };
  return { activation, sample: floatTensor(value.dims.slice(1), sample), loaded };
}

/** Maps in the picture of an export. */
const PICTURED = 1024;

/** A layer's value on several inputs, for files. */
export async function exportActivations(
  model: OpenModel,
  request: ExportActivationsRequest,
  call: Call<WorkProgress>,
): Promise<ActivationsAnswer> {
  call.progress({ message: 'opening the model' });
  const site = await siteOf(model, request.layer);
  const inputs = await expandInputs(model, request.inputs, call.signal);
  const results: Outcome<ActivationExport>[] = [];
  for (const input of inputs) {
    throwIfCancelled(call.signal);
    results.push(
      await attempt(input.name, async () => {
        const { activation, sample, loaded } = await one(site, input, { from: 0, count: PICTURED }, call);
        const { data, width, height } = mapGrid(activation.maps);
        const recipe = await recipeOf(model, {
          input,
          preprocessing: loaded.preprocessing,
          method: 'activations',
          params: {},
          layer: site.layer.name,
          provider: activation.provider,
          notes: activation.notes,
        });
        return { activation, values: sample, png: await encodePng(data, width, height), recipe };
      }),
    );
    call.progress({ fraction: results.length / inputs.length, message: `${results.length} of ${inputs.length}` });
  }
  return { ...(await answerOf(model, site.subject, [])), results };
}
