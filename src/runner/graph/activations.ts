import { throwIfCancelled } from '../../base/errors.js';
import { floatTensor, isFloating, sizeOf, toFloat32, type Tensor } from '../../base/tensor.js';
import type { ValueInfo } from '../../checkpoint/model.js';
import { dimsAt } from '../../graph/facts.js';
import { readsOf } from '../../graph/order.js';
import { scaledNumbers, scalingOf } from '../../graph/layers/quantised.js';
import { prune } from '../../graph/edits.js';
import type { Graph } from '../../graph/graph.js';
import { lastReaders, stagesOf } from '../../graph/rewrite/stages.js';
import { magnitudesOf } from '../../method/activations/magnitudes.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import type { Call } from '../../protocol/channel.js';
import type { GraphActivationsRequest } from '../../protocol/graph.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { GraphActivations } from '../../result/graphView.js';
import { loadInput, oneInput } from '../input/answers.js';
import { concatBatches } from '../../session/batches.js';
import type { OpenModel } from '../model/open.js';

/** Values up to so many bytes are held at a time. */
const AT_ONCE = 128 << 20;

/** Numbers about the first value of every node on one picture, stage by stage so that little is held at a time. */
export async function graphActivationsOf(
  model: OpenModel,
  request: GraphActivationsRequest,
  call: Call<WorkProgress>,
): Promise<GraphActivations> {
  const started = performance.now();
  const { signal } = call;
  call.progress({ message: 'opening the model' });
  const subject = await model.subject();
  const first = await oneInput(model, request.input, signal);
  const loaded = await loadInput(first, signal);
  const { graph } = model.file;
  // Inputs, nodes, outputs: as `structureOf` lists them.
  const values = [
    ...graph.inputs.map((v) => v.name),
    ...graph.nodes.map((node) => node.outputs.find((o) => o !== '') ?? ''),
    ...graph.outputs.map((v) => v.name),
  ];
  const answer = {
    meanMagnitude: new Float32Array(values.length).fill(NaN),
    largest: new Float32Array(values.length).fill(NaN),
    std: new Float32Array(values.length).fill(NaN),
    zero: new Float32Array(values.length).fill(NaN),
    notFinite: new Uint32Array(values.length),
  };
  const places = new Map<string, number[]>();
  values.forEach((value, i) => places.set(value, [...(places.get(value) ?? []), i]));
  const groups = groupsOf(subject, [...places.keys()]);
  const total = groups.reduce((sum, group) => sum + group.length, 1);
  const stages = stagesOf(graph, groups, (value) => infoOf(subject, value));
  const last = lastReaders(stages);
  const { batch } = subject.facts;
  // A model of fixed batch is fed with the picture again and again.
  const picture = concatBatches(Array.from({ length: batch }, () => loaded.tensor));
  const held = new Map<string, Tensor>();
  let measured = 0;
  const measure = (name: string, raw: Tensor): void => {
    const scaling = scalingOf(graph, name);
    const plain = floatTensor(raw.dims, toFloat32(raw));
    const m = magnitudesOf((scaling === undefined ? plain : scaledNumbers(plain, scaling)).data);
    for (const at of places.get(name)!) {
      answer.meanMagnitude[at] = m.mean;
      answer.largest[at] = m.largest;
      answer.std[at] = m.std;
      answer.zero[at] = m.zero;
      answer.notFinite[at] = raw.dims[0] === batch ? Math.round(m.notFinite / batch) : m.notFinite;
    }
    measured++;
  };
  measure(subject.input.name, picture);
  for (const [k, stage] of stages.entries()) {
    throwIfCancelled(signal);
    call.progress({ fraction: measured / total, message: `measuring values ${measured} / ${total}` });
    const feeds = { ...subject.feeds(stage.graph, picture, batch) };
    for (const value of stage.fed) feeds[value] = held.get(value)!;
    const found = await model.runOnce(stage.graph, feeds, signal);
    for (const value of held.keys()) if (last.get(value)! <= k) held.delete(value);
    for (const name of stage.wanted) {
      const raw = found[name]!;
      if ((last.get(name) ?? k) > k) held.set(name, raw);
      measure(name, raw);
    }
  }
  return {
    input: first.name,
    ...answer,
    measured,
    provider: subject.provider?.used ?? 'none',
    milliseconds: performance.now() - started,
    notes: [...subject.notes, ...loaded.notes],
  };
}

function infoOf({ facts }: ModelSubject, value: string): ValueInfo | undefined {
  const fact = facts.get(value);
  return fact && { name: value, type: fact.type, dims: dimsAt(fact, facts.batch) };
}

/** Values that depend on the picture, in groups that are run together. */
function groupsOf(subject: ModelSubject, values: readonly string[]): string[][] {
  const { graph, facts, input } = subject;
  const dependent = dependents(graph, input.name);
  const groups: string[][] = [];
  let bytes = Infinity;
  for (const value of values) {
    const fact = facts.get(value);
    if (value === input.name || fact === undefined || !dependent.has(value)) continue;
    if (!isFloating(fact.type) && scalingOf(graph, value) === undefined) continue;
    const size = 4 * sizeOf(dimsAt(fact, facts.batch));
    if (bytes + size > AT_ONCE) {
      groups.push([]);
      bytes = 0;
    }
    groups.at(-1)!.push(value);
    bytes += size;
  }
  return groups;
}

/** Every value that is computed from an input of the graph. */
function dependents(graph: Graph, input: string): ReadonlySet<string> {
  const known = new Set([input]);
  for (const node of prune(graph).nodes) {
    if (readsOf(node).some((v) => known.has(v))) for (const o of node.outputs) if (o !== '') known.add(o);
  }
  return known;
}
