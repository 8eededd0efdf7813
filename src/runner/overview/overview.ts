import { stat } from 'node:fs/promises';
import { throwIfCancelled } from '../../base/errors.js';
import { asSentence } from '../../base/shorter.js';
import { sizeOf } from '../../base/tensor.js';
import { storedBytes } from '../../checkpoint/elements.js';
import type { NodeProto } from '../../checkpoint/model.js';
import { dimsAt } from '../../graph/facts.js';
import { flopsOfGraph } from '../../graph/measure/flops.js';
import { layerFlops } from '../../graph/measure/layerFlops.js';
import { activationBytes, bytesOf } from '../../graph/measure/memory.js';
import { indexOf, type Graph } from '../../graph/graph.js';
import type { Layer } from '../../graph/layers/layer.js';
import { capturedByAttributes } from '../../graph/nested.js';
import { graphOddities, unusedOddity, weightOddities } from '../../method/weights/oddities.js';
import { deadFilters, momentsOf } from '../../method/weights/statistics.js';
import { shownWeight } from '../../method/weights/view.js';
import type { Call } from '../../protocol/channel.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { Measurements, Oddity, Overview, ScannedWeight, ScanProgress, WeightScan } from '../../result/overview.js';
import { bytesWithData, outlineOf, recordOf } from './describe.js';
import { differentiabilityOf } from './inspect.js';
import type { OpenModel } from '../model/open.js';

/** What the file says: no session is started and no weight is read. */
export async function overviewOf(model: OpenModel): Promise<Overview> {
  const { checkpoint, graph, layers } = model.file;
  const { resolved } = model;
  const { labels } = resolved;
  const owner = layerByWeight(layers);
  const weights = [...graph.weights.values()].filter((w) => w.dims.length > 0);
  const outline = outlineOf(checkpoint, graph, layers);
  return {
    ...outline,
    totalBytes: await bytesWithData(checkpoint),
    weightBytes: weights.reduce((sum, w) => sum + storedBytes(w), 0),
    layerBytes: layers.map((layer) => layer.weights.reduce((sum, name) => sum + bytesOfWeight(graph, name), 0)),
    externalFiles: checkpoint.externalFiles,
    doc: checkpoint.doc,
    operators: operatorCounts(checkpoint.graph.nodes),
    weights: weights.map((w) => ({
      name: w.name,
      type: w.type,
      dims: w.dims,
      bytes: storedBytes(w),
      ...(owner.has(w.name) ? { layer: owner.get(w.name)! } : {}),
    })),
    preprocessing: recordOf(resolved.preprocessing),
    labels: { count: labels.names.length, origin: labels.origin, names: labels.names },
    oddities: [...graphOddities(graph, layers), ...unused(model), ...preprocessingOddities(model)],
    modified: (await stat(model.file.path)).mtimeMs,
    warnings: [...outline.warnings, ...resolved.warnings].map(asSentence),
  };
}

function bytesOfWeight(graph: Graph, name: string): number {
  const weight = graph.weights.get(name);
  return weight === undefined ? 0 : storedBytes(weight);
}

function layerByWeight(layers: readonly Layer[]): Map<string, string> {
  const owner = new Map<string, string>();
  for (const layer of layers) for (const name of layer.weights) if (!owner.has(name)) owner.set(name, layer.name);
  return owner;
}

function operatorCounts(nodes: readonly NodeProto[]): Overview['operators'] {
  const counts = new Map<string, number>();
  for (const { op, domain } of nodes) {
    const name = domain === '' || domain === 'ai.onnx' ? op : `${domain}.${op}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([op, count]) => ({ op, count })).sort((a, b) => b.count - a.count || (a.op < b.op ? -1 : 1));
}

/** Initializers of the file that nothing in it reads. */
function unused(model: OpenModel): Oddity[] {
  const { graph } = model.file.checkpoint;
  const read = new Set(graph.outputs.map((o) => o.name));
  for (const node of graph.nodes) {
    for (const input of node.inputs) read.add(input);
    for (const name of capturedByAttributes(node.attributes)) read.add(name);
  }
  const idle = graph.initializers.filter((w) => !read.has(w.name));
  return unusedOddity(
    idle.map((w) => w.name),
    idle.reduce((sum, w) => sum + storedBytes(w), 0),
  );
}

/** Whether the pictures are fed as bare pixel values only because nobody says otherwise, and the graph does nothing about it. */
function preprocessingOddities(model: OpenModel): Oddity[] {
  const { preprocessing: plan, input } = model.resolved;
  if (plan === undefined || input === undefined) return [];
  const plain = plan.mean.value.every((m) => m === 0) && plan.std.value.every((s) => s === 1);
  if (!plain || plan.mean.origin.kind !== 'default') return [];
  // Where nothing at all is known the resolver has said so, and what it does.
  if (plan.range.origin.kind === 'default') return [];
  const first = indexOf(model.file.graph).consumers(input.name);
  if (first.some((n) => ['Sub', 'Mul', 'Div', 'BatchNormalization', 'Cast'].includes(n.op))) return [];
  return [
    {
      kind: 'no-normalisation',
      severity: 'warning',
      sentence:
        'Nobody says which mean and standard deviation this model was trained with, so pixels are fed without normalisation.',
    },
  ];
}

/** What a run teaches about a model that can be run. */
export async function measureModel(model: OpenModel, call: Call<WorkProgress>): Promise<Measurements> {
  call.progress({ message: 'running once to learn the shapes' });
  const prepared = await model.prepared();
  const { graph, facts } = prepared;
  throwIfCancelled(call.signal);
  const { layers } = model.file;
  const { batch } = facts;
  const { flops, unknown } = flopsOfGraph(graph, facts);
  const costs = layerFlops(graph, layers, facts);
  const { total, peak } = activationBytes(graph, facts);
  const warnings: string[] = [];
  return {
    batch,
    flops,
    flopsUnknown: unknown,
    activationBytes: total,
    peakBytes: peak,
    layers: layers.map((layer, i) => {
      const fact = facts.get(layer.output);
      const cost = costs[i];
      return {
        name: layer.name,
        ...(fact === undefined ? {} : { shape: dimsAt(fact, batch), activationBytes: bytesOf(layer.output, facts) }),
        ...(cost === undefined ? {} : { flops: cost }),
      };
    }),
    differentiable: differentiabilityOf(model, prepared, warnings),
    warnings: warnings.map(asSentence),
  };
}

/** How often a running scan is handed on. */
const REPORT_MS = 250;

/** Reads every weight once, in pieces; small constants of the exporter are left out. */
export async function scanModel(model: OpenModel, call: Call<ScanProgress>): Promise<WeightScan> {
  const { graph, layers } = model.file;
  const owner = layerByWeight(layers);
  const nodeOf = new Map(layers.map((l) => [l.name, l.node]));
  const wanted = [...graph.weights.values()].filter(
    (w) => w.dims.length > 0 && (owner.has(w.name) || sizeOf(w.dims) >= 64),
  );
  const total = wanted.reduce((sum, w) => sum + storedBytes(w), 0);
  const weights: ScannedWeight[] = [];
  const oddities: Oddity[] = [];
  let bytes = 0;
  let reported = performance.now();
  const report = (now: number, message: string): void => {
    if (performance.now() - reported < REPORT_MS) return;
    reported = performance.now();
    const partial = { weights: [...weights], oddities: [...oddities], bytes };
    call.progress({ fraction: Math.min(1, (bytes + now) / Math.max(1, total)), message, partial });
  };
  for (const stored of wanted) {
    throwIfCancelled(call.signal);
    const layer = owner.get(stored.name);
    const shown = await shownWeight(graph, stored.name, layer === undefined ? undefined : nodeOf.get(layer));
    if (shown === undefined) continue;
    const each = storedBytes(stored) / Math.max(1, sizeOf(stored.dims));
    const m = await momentsOf(shown.array, call.signal, (done) => report(done * each, `reading ${stored.name}`));
    const scanned: ScannedWeight = {
      name: stored.name,
      count: m.count,
      min: m.min,
      max: m.max,
      mean: m.mean,
      std: m.std,
      sparsity: m.sparsity,
      l2: m.l2,
      nan: m.nan,
      infinite: m.infinite,
      dead: deadFilters(m.filterNorms).reduce((a, b) => a + b, 0),
      filters: m.filterNorms.length,
      ...(layer === undefined ? {} : { layer }),
    };
    weights.push(scanned);
    oddities.push(...weightOddities(scanned, shown.entry.role, shown.entry.view));
    bytes += storedBytes(stored);
  }
  return { weights, oddities, bytes };
}
