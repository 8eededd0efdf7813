import { floatTensor } from '../../src/base/tensor.js';
import { Random } from '../../src/base/random.js';
import { openCheckpoint } from '../../src/checkpoint/reader.js';
import { buildGraph } from '../../src/graph/build/build.js';
import { layersOf } from '../../src/graph/layers/layers.js';
import { chainOf, joined, relevanceSteps } from '../../src/method/attention/joined.js';
import { attentionOf } from '../../src/method/attention/layers.js';
import { matricesAndGradients, matricesOf } from '../../src/method/attention/matrices.js';
import { openSubject } from '../../src/method/subject/modelSubject.js';
import type { InputSpec } from '../../src/method/subject/subject.js';
import { OrtSessions } from '../../src/session/ort/ortSession.js';
import { probeFacts } from '../../src/session/probe.js';
import { interleaved, zooModel, type Row } from './measure.js';

const MODEL = 'timm_deit_tiny_patch16_224';
const ROUNDS = 9;

/** What attention costs beside what the network is run for anyway. */
export async function bench(): Promise<Row[]> {
  const matrices = `all attention matrices of ${MODEL} over its forward pass`;
  const said = `the same with entropy, distance, shares and norms`;
  const relevances = `relevance of ${MODEL} over forward and gradient`;
  const file = zooModel(MODEL);
  if (file === undefined)
    return [matrices, said, relevances].map((what) => ({ what, skipped: `there is no file of ${MODEL} here` }));
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  const graph = buildGraph(await openCheckpoint(file));
  const facts = await probeFacts(graph, sessions);
  const subject = await openSubject({
    graph,
    facts,
    layers: layersOf(graph),
    input: specOf(graph.inputs[0]!.name),
    sessions,
  });
  const { signal } = new AbortController();
  const input = floatTensor([1, 3, 224, 224]);
  const random = new Random(1);
  for (let i = 0; i < input.data.length; i++) input.data[i] = random.normal();
  const attention = await attentionOf(subject, signal);
  const chain = chainOf(attention.layers);
  const of = subject.scoreAt({ index: 7, label: '' }, 'logit');
  const times = await interleaved(
    {
      forward: () => subject.predict(input, signal),
      matrices: () =>
        subject.values(
          input,
          attention.layers.map((l) => l.value),
          signal,
        ),
      said: () => matricesOf(subject, attention, attention.layers, input, signal),
      gradient: () => subject.gradients(input, { of }, signal),
      relevance: async () => {
        const { weights, gradients } = await matricesAndGradients(subject, attention, chain, input, { of }, signal);
        return joined(subject, relevanceSteps(weights, gradients), signal);
      },
    },
    ROUNDS,
  );
  await subject.dispose();
  await sessions.dispose();
  const row = (what: string, one: number, other: number, most?: number): Row => ({
    what,
    value: `${(one / other).toFixed(2)} (${other.toFixed(0)} → ${one.toFixed(0)} ms)`,
    ...(most === undefined ? {} : { goal: `≤ ${most}`, met: one / other <= most }),
  });
  return [
    row(matrices, times.matrices, times.forward, 1.3),
    row(said, times.said, times.forward),
    row(relevances, times.relevance, times.gradient, 1.3),
  ];
}

function specOf(name: string): InputSpec {
  return {
    name,
    layout: 'NCHW',
    channels: 3,
    height: 224,
    width: 224,
    fill: () => [0, 0, 0],
    toTensor: (_channel, pixel) => pixel / 255,
    toPixel: (_channel, value) => value * 255,
  };
}
