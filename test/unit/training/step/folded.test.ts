import assert from 'node:assert/strict';
import { makeNode } from '../../../../src/graph/edits.js';
import type { Graph } from '../../../../src/graph/graph.js';
import { foldedNote } from '../../../../src/training/step/folded.js';
import { net, noise, smallNet } from './net.js';

/** A chain of convolutions with biases, whose weights are called as an exporter calls them. */
function chain(names: (i: number) => readonly [kernel: string, bias: string], count = 5): Graph {
  const nodes = Array.from({ length: count }, (_, i) =>
    makeNode('Conv', `conv${i}`, [i === 0 ? 'picture' : `conv${i - 1}`, ...names(i)]),
  );
  const weights = Object.fromEntries(
    nodes.flatMap((n) => [
      [n.inputs[1]!, noise([3, 3, 1, 1], 1)],
      [n.inputs[2]!, noise([3], 2)],
    ]),
  );
  return net(nodes, weights, ['batch', 3, 2, 2]);
}

describe('training/step: a BatchNormalization that is not there', () => {
  it('is told by the names that an exporter makes', () => {
    const old = foldedNote(chain((i) => [`onnx::Conv_${190 + 3 * i}`, `onnx::Conv_${191 + 3 * i}`]));
    assert.match(
      old ?? '',
      /is folded into the convolutions \(5 of them .* such as "onnx::Conv_190"\): it is trained as it is/,
    );
    const newer = foldedNote(chain((i) => [`features.${i}.weight`, `features.${i}.weight_bias`]));
    assert.match(newer ?? '', /is folded .* such as "features\.0\.weight_bias"/);
  });

  it('is only supposed where names say nothing, and not in a small net', () => {
    const named = (i: number) => [`features.${i}.weight`, `features.${i}.bias`] as const;
    assert.match(foldedNote(chain(named)) ?? '', /^The file holds no BatchNormalization. If the network had any/);
    assert.equal(foldedNote(chain(named, 2)), undefined);
  });

  it('is not missed where it is', () => {
    assert.equal(foldedNote(smallNet()), undefined);
  });
});
