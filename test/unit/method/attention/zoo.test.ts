import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { openCheckpoint } from '../../../../src/checkpoint/reader.js';
import { buildGraph } from '../../../../src/graph/build/build.js';
import { layersOf } from '../../../../src/graph/layers/layers.js';
import { attentionOf, type ModelAttention } from '../../../../src/method/attention/layers.js';
import { openSubject } from '../../../../src/method/subject/modelSubject.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { probeFacts } from '../../../../src/session/probe.js';
import { DATA, requireData } from '../../support/data.js';
import { testSpec } from '../../support/subject.js';
import { temporaryFolder } from '../../support/temporary.js';

describe('the attention of whole architectures', () => {
  before(requireData);
  const folder = temporaryFolder();
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  after(() => sessions.dispose());

  const attentionIn = async (name: string): Promise<ModelAttention> => {
    execFileSync(process.execPath, [path.join(DATA, 'zoo/fill.mjs'), folder, name], { stdio: 'ignore' });
    const graph = buildGraph(await openCheckpoint(path.join(folder, `${name}.onnx`)));
    const facts = await probeFacts(graph, sessions);
    const input = testSpec(graph.inputs[0]!.name, [3, 224, 224]);
    const subject = await openSubject({ graph, facts, layers: layersOf(graph), input, sessions });
    const found = await attentionOf(subject, new AbortController().signal);
    await subject.dispose();
    return found;
  };

  for (const name of ['timm_deit_tiny_patch16_224', 'timm_deit_tiny_patch16_224_dynamo']) {
    it(`${name}: twelve layers of three heads, a class token before 14 × 14 patches`, async () => {
      const { layers, without } = await attentionIn(name);
      assert.deepEqual(without, []);
      assert.deepEqual(
        layers.map((l) => [l.name, l.kind, l.heads, l.windows, l.queries, l.keys]),
        Array.from({ length: 12 }, (_, i) => [`blocks.${i}.attn`, 'tokens', 3, 1, 197, 197]),
      );
      for (const { from, to } of layers) {
        assert.deepEqual([to?.grid, to?.prefix, from?.grid, from?.prefix], [[14, 14], 1, [14, 14], 1]);
        assert.deepEqual([...to!.cells], [-1, ...Array(196).keys()]);
      }
    });
  }

  it('swin_t: windows, every second time shifted by three, on a grid that halves', async () => {
    const { layers, without } = await attentionIn('swin_t');
    assert.deepEqual(without, []);
    const [sides, heads] = [
      [56, 56, 28, 28, 14, 14, 14, 14, 14, 14, 7, 7],
      [3, 3, 6, 6, 12, 12, 12, 12, 12, 12, 24, 24],
    ];
    layers.forEach((layer, i) => {
      const side = sides[i]!;
      assert.deepEqual(
        [layer.heads, layer.windows, layer.queries, layer.keys],
        [heads[i], (side / 7) ** 2, 49, 49],
        layer.name,
      );
      assert.deepEqual([layer.to?.grid, layer.to?.prefix], [[side, side], 0], layer.name);
      // Where everything lies in one window there is nothing to be shifted.
      const shift = i % 2 === 1 && side > 7 ? 3 : 0;
      const windows = side / 7;
      const expected = Array.from({ length: side * side }, (_, k) => {
        const [window, token] = [Math.floor(k / 49), k % 49];
        const row = (Math.floor(window / windows) * 7 + Math.floor(token / 7) + shift) % side;
        const column = ((window % windows) * 7 + (token % 7) + shift) % side;
        return row * side + column;
      });
      assert.deepEqual([...layer.to!.cells], expected, layer.name);
      assert.deepEqual(layer.from?.cells, layer.to?.cells, layer.name);
    });
  });
});
