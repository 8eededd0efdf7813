import { floatTensor } from '../../../../src/base/tensor.js';
import type { Graph } from '../../../../src/graph/graph.js';
import type { Labels } from '../../../../src/input/labels.js';
import { predict, type Ranking } from '../../../../src/method/activations/prediction.js';
import { openSubject, type SubjectOptions } from '../../../../src/method/subject/modelSubject.js';
import type { OutputReading } from '../../../../src/method/output/index.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { probeFacts } from '../../../../src/session/probe.js';
import { testSpec } from '../../support/subject.js';
import { SIDE } from './constantNet.js';

export interface Read {
  readonly outputs: readonly OutputReading[];
  readonly output: OutputReading;
  readonly ranking: Ranking;
}

/** How a network's outputs are told, and what it answers. */
export async function readNet(graph: Graph, options: SubjectOptions = {}): Promise<Read> {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  try {
    const facts = await probeFacts(graph, sessions);
    const subject = await openSubject(
      { graph, facts, layers: [], input: testSpec('x', [3, SIDE, SIDE]), sessions },
      options,
    );
    const { labels: names = [] } = options;
    const labels: Labels = { names, origin: { kind: names.length === 0 ? 'default' : 'file', detail: '' } };
    const [ranking] = await predict(subject, labels, floatTensor([1, 3, SIDE, SIDE]), 5, new AbortController().signal);
    const { outputs, output } = subject;
    await subject.dispose();
    return { outputs, output, ranking: ranking! };
  } finally {
    await sessions.dispose();
  }
}
