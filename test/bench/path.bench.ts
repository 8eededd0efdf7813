import { openCheckpoint } from '../../src/checkpoint/reader.js';
import { buildGraph } from '../../src/graph/build/build.js';
import { Random } from '../../src/base/random.js';
import { floatTensor, type FloatTensor } from '../../src/base/tensor.js';
import { integratedGradients } from '../../src/method/attribution/integratedGradients.js';
import { openSubject } from '../../src/method/subject/modelSubject.js';
import { parseParameters } from '../../src/method/parameters.js';
import { OrtSessions } from '../../src/session/ort/ortSession.js';
import { probeFacts } from '../../src/session/probe.js';
import { interleaved, zooModel, type Row } from './measure.js';

const STEPS = 50;
const SIDE = 224;

/** Integrated Gradients against as many single gradients at the same batch: what the method itself adds. One thread. */
export async function bench(): Promise<Row[]> {
  const what = `${STEPS} steps of Integrated Gradients over ${STEPS} single gradients at the same batch, resnet18`;
  const file = zooModel('resnet18');
  if (file === undefined) return [{ what, skipped: 'the test data is absent' }];
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  const graph = buildGraph(await openCheckpoint(file));
  const facts = await probeFacts(graph, sessions);
  const input = {
    name: graph.inputs[0]!.name,
    layout: 'NCHW',
    channels: 3,
    height: SIDE,
    width: SIDE,
    fill: () => [0, 0, 0],
    toTensor: (_: number, v: number) => v,
    toPixel: (_: number, v: number) => v,
  } as const;
  const subject = await openSubject({ graph, facts, layers: [], input, sessions }, { session: { threads: 1 } });
  const random = new Random(1);
  const noise = (n: number): FloatTensor =>
    floatTensor(
      [n, 3, SIDE, SIDE],
      Float32Array.from({ length: n * 3 * SIDE * SIDE }, () => random.normal()),
    );
  const signal = new AbortController().signal;
  const target = { index: 3, label: '' };
  const picture = noise(1);
  const size = subject.batchSize('gradient');
  const batch = noise(size);
  const of = subject.scoreAt(target, 'logit');
  const params = parseParameters('integrated_gradients', integratedGradients.parameters, { steps: STEPS });
  const context = { signal, random: new Random(0), progress: () => undefined };
  const time = await interleaved(
    {
      path: () =>
        integratedGradients.run(subject, { input: picture, target, score: 'logit', seed: 0, params }, context),
      single: async () => {
        for (let k = 0; k < STEPS; k += size) await subject.gradients(batch, { of }, signal);
      },
    },
    5,
  );
  await subject.dispose();
  const ratio = time.path / time.single;
  return [{ what, value: `${ratio.toFixed(3)} (batch ${size})`, goal: '≤ 1.05', met: ratio <= 1.05 }];
}
