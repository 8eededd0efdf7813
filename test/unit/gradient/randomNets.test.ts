import assert from 'node:assert/strict';
import { OrtSessions } from '../../../src/session/ort/ortSession.js';
import { probeFacts } from '../../../src/session/probe.js';
import { relativeError } from '../support/data.js';
import { bothForms, random } from './bothForms.js';
import { RandomNet } from './randomNet.js';
import { slopeErrors } from './slopes.js';

/** `RANDOM_NETS=2000` tries more of them, `RANDOM_NETS_FROM=417` begins with another. */
const COUNT = Number(process.env['RANDOM_NETS'] ?? 60);
const FIRST = Number(process.env['RANDOM_NETS_FROM'] ?? 0);

describe('gradient: random networks', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  after(() => sessions.dispose());

  for (let seed = FIRST; seed < FIRST + COUNT; seed++) {
    it(`network ${seed}: both forms give one gradient, and a step along it changes the score as foretold`, async () => {
      const net = new RandomNet(seed);
      const graph = net.graph();
      const ops = graph.nodes.map((n) => n.op).join(' ');
      const draw = (batch: number): ReturnType<typeof random> => random([batch, ...net.dims], (r) => r.normal(), seed);
      const found = await bothForms(sessions, graph, draw(2));
      const error = relativeError(found.blocked, found.plain);
      assert.ok(error < 1e-4, `${error.toExponential(1)}: ${ops}`);
      const x = draw(1);
      const m = {
        graph,
        facts: await probeFacts(graph, sessions),
        sessions,
        input: 'x',
        logits: graph.outputs[0]!.name,
      };
      const { length, errors } = await slopeErrors(m, x, 3, 2e-3);
      const shown = errors.map((e) => e.toExponential(1)).join(' ');
      assert.ok(Math.min(...errors) < 1e-2, `|g| ${length.toExponential(1)}, ${shown}: ${ops}`);
    });
  }
});
