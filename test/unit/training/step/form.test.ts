import assert from 'node:assert/strict';
import type { Graph } from '../../../../src/graph/graph.js';
import type { Session, Sessions } from '../../../../src/session/session.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { probeFacts } from '../../../../src/session/probe.js';
import { NCHWC } from '../../../../src/training/step/blocked/writer.js';
import { blockSize, chosenStep } from '../../../../src/training/step/form.js';
import { trainableWeights } from '../../../../src/training/step/parameters.js';
import { residualNet } from './blockedNets.js';
import { flatNet } from './net.js';

const isBlocked = (graph: Graph): boolean => graph.nodes.some((n) => n.domain === NCHWC);

describe('training/step: the choice of a form', () => {
  const ort = new OrtSessions({ provider: 'cpu', threads: 1 });
  after(() => ort.dispose());

  /** The runtime, with something else in place of graphs in the blocked layout. */
  function replacing(made: (graph: Graph) => Graph): Sessions {
    return {
      open: (graph, options): Promise<Session> => {
        if (typeof graph === 'function') throw new Error('One form is expected');
        return ort.open(isBlocked(graph) ? made(graph) : graph, options);
      },
    };
  }

  async function chosen(graph: Graph, sessions: Sessions): Promise<{ blocked: boolean; said: string }> {
    const logits = graph.outputs[0]!.name;
    const facts = await probeFacts(graph, ort);
    const request = {
      graph,
      facts,
      input: 'picture',
      logits,
      batch: 4,
      loss: { kind: 'cross-entropy' as const },
      optimiser: { kind: 'adam' as const },
      dropout: true,
      trainable: trainableWeights(graph, logits),
    };
    const { step, plain, session, said } = await chosenStep(request, sessions);
    await session.dispose();
    assert.ok(!isBlocked(plain.graph));
    return { blocked: isBlocked(step.graph), said };
  }

  it('is blocked where the processor and the network allow it', async function () {
    if ((await blockSize(ort)) === undefined) return this.skip();
    const { blocked, said } = await chosen(residualNet(4, 8, 1), ort);
    assert.ok(blocked, said);
    assert.match(said, /checked against plain operators/);
  });

  it('is plain without convolutions', async () => {
    const { blocked, said } = await chosen(flatNet(4), ort);
    assert.ok(!blocked);
    assert.match(said, /no convolutions/);
  });

  it('is plain where the runtime has no such operators', async () => {
    const { blocked, said } = await chosen(
      residualNet(4, 8, 1),
      replacing((graph) => ({
        ...graph,
        nodes: graph.nodes.map((n) => (n.domain === NCHWC ? { ...n, op: 'NoSuchOperator' } : n)),
      })),
    );
    assert.ok(!blocked);
    assert.match(said, /no blocked layout for this processor/);
  });

  it('is plain, and says so, where the blocked form computes something else', async function () {
    if ((await blockSize(ort)) === undefined) return this.skip();
    const { blocked, said } = await chosen(
      residualNet(4, 8, 1),
      // A pooling that takes the largest for the mean.
      replacing((graph) => ({
        ...graph,
        nodes: graph.nodes.map((n) => (n.op === 'GlobalAveragePool' ? { ...n, op: 'GlobalMaxPool' } : n)),
      })),
    );
    assert.ok(!blocked);
    assert.match(said, /was checked against them, and/);
  });
});
