import assert from 'node:assert/strict';
import { floatTensor } from '../../../src/base/tensor.js';
import { inMemory } from '../../../src/checkpoint/model.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { Graph } from '../../../src/graph/graph.js';
import { layersOf } from '../../../src/graph/layers/layers.js';
import type { Labels } from '../../../src/input/labels.js';
import { sharedClasses } from '../../../src/method/comparison/classes.js';
import { pairLayers, pointPairs } from '../../../src/method/comparison/pairing.js';
import { averaged, likenessOf } from '../../../src/method/comparison/reasons.js';
import { isBroken, SignalSums } from '../../../src/method/comparison/signal.js';
import { keptWidths, largestNorms } from '../../../src/method/comparison/widths.js';
import type { Attribution } from '../../../src/result/explanation.js';
import { input, sketch } from '../graph/support.js';
import { assertClose } from '../support/close.js';

const named = (...names: string[]): Labels => ({ names, origin: { kind: 'file', detail: 'labels.txt' } });
const numbered: Labels = { names: [], origin: { kind: 'default', detail: '' } };

describe('two models: their classes', () => {
  it('are the same by name, in whatever order, and those of one alone stand behind', () => {
    const shared = sharedClasses(
      { labels: named('cat', 'dog'), count: 2 },
      { labels: named('Dog', 'owl', 'cat'), count: 3 },
    )!;
    assert.deepEqual([shared.names, [...shared.ofB], shared.matched], [['cat', 'dog', 'owl'], [1, 2, 0], 'name']);
  });

  it('are the same by number where one has no names, with the names of the other', () => {
    const shared = sharedClasses({ labels: numbered, count: 2 }, { labels: named('cat', 'dog'), count: 2 })!;
    assert.deepEqual([shared.names, shared.matched, shared.note], [['cat', 'dog'], 'number', undefined]);
    const other = sharedClasses({ labels: named('a', 'b'), count: 2 }, { labels: named('c', 'd'), count: 2 })!;
    assert.match(other.note!, /taken by their numbers/);
    assert.equal(sharedClasses({ labels: numbered, count: 2 }, { labels: named('a', 'b', 'c'), count: 3 }), undefined);
  });
});

/** A convolution for each name, one after the other. */
function chain(...names: readonly string[]): Graph {
  const weight = (name: string) => inMemory(name, floatTensor([3, 3, 1, 1], new Float32Array(9).fill(0.5)));
  return sketch({
    opset: 18,
    inputs: [input('x', 1, 3, 4, 4)],
    outputs: [`v${names.length}`],
    weights: names.map((name) => weight(`${name}.weight`)),
    nodes: names.map((name, i) =>
      makeNode('Conv', `v${i + 1}`, [i === 0 ? 'x' : `v${i}`, `${name}.weight`], { kernel_shape: [1, 1] }),
    ),
  });
}

describe('two models: their layers', () => {
  const of = (graph: Graph) => ({ graph, layers: layersOf(graph) });
  const names = (pairs: ReturnType<typeof pairLayers>): string[] => pairs.pairs.map(([a, b]) => `${a.name}-${b.name}`);

  it('are paired by name, in whatever order they come', () => {
    const paired = pairLayers(of(chain('stem', 'body', 'head')), of(chain('head', 'stem', 'other')));
    assert.deepEqual([paired.how, names(paired)], ['name', ['stem-stem', 'head-head']]);
  });

  it('are paired in their order where names say nothing, and not at all where there are more', () => {
    const paired = pairLayers(of(chain('stem', 'head')), of(chain('first', 'last')));
    assert.deepEqual([paired.how, names(paired)], ['position', ['stem-first', 'head-last']]);
    assert.equal(pairLayers(of(chain('stem', 'head')), of(chain('one', 'two', 'three'))).how, 'none');
  });

  it('are compared at their outputs; behind what only one of the two has beside that', () => {
    const at = (value: string, ...path: string[]) => ({ value, path });
    const same = pointPairs([at('a'), at('r', 'Relu')], [at('b'), at('s', 'Relu')]);
    assert.deepEqual(
      same.map((p) => [p.a.value, p.b.value]),
      [['a', 'b']],
    );
    const folded = pointPairs([at('a'), at('n', 'BatchNormalization')], [at('b')]);
    assert.deepEqual(
      folded.map((p) => [p.a.value, p.b.value]),
      [
        ['a', 'b'],
        ['n', 'b'],
      ],
    );
  });
});

describe('two models: numbers of layers', () => {
  it('signal over noise in dB, over all pieces, with what is not finite counted apart', () => {
    const sums = new SignalSums(3);
    sums.add(0, Float32Array.of(3, 4), Float32Array.of(3, 4.5));
    sums.add(0, Float32Array.of(5, 0), Float32Array.of(5, 0));
    assertClose(sums.ratio(0), 10 * Math.log10(50 / 0.25), { absolute: 1e-9 }, 'two pieces');
    sums.add(1, Float32Array.of(1, 2), Float32Array.of(1, NaN));
    assert.deepEqual([sums.ratio(1), sums.broken(1)], [Infinity, 1]);
    assert.ok(isBroken({ snr: Infinity, broken: 1 }, 10), 'one number that is not finite breaks a layer');
    sums.add(2, Float32Array.of(1), Float32Array.of(Infinity));
    assert.ok(Number.isNaN(sums.ratio(2)), 'nothing finite');
    assert.ok(isBroken({ snr: NaN, broken: 0 }, 10) && !isBroken({ snr: 10, broken: 0 }, 10), 'the bound itself holds');
  });

  it('layers keep their numbers as far as they fit, and the widest are brought to a power of two', () => {
    assert.deepEqual(keptWidths([10, 20_000, 3000], 30_000), [10, 20_000, 3000]);
    assert.deepEqual(keptWidths([10, 20_000, 3000], 20_000), [10, 16_384, 3000]);
    assert.deepEqual(keptWidths([5000, 5000], 100), [1024, 1024], 'never to so few that nothing is left');
  });

  it('the pictures of the largest norm are those that stand out in any layer, whatever its scale', () => {
    const far = largestNorms([Float32Array.of(100, 101, 99, 130, 100), Float32Array.of(0.1, 0.1, 0.5, 0.1, 0.1)], 2);
    assert.deepEqual(far, [2, 3]);
    assert.deepEqual(largestNorms([Float32Array.of(0, 0, 0)], 1), [0], 'a layer of zeros says nothing');
  });
});

describe('two models: reasons', () => {
  const map = (dims: readonly number[], values: readonly number[]): Attribution => ({
    values: floatTensor(dims, Float32Array.from(values)),
    axes: 'HW',
    signed: true,
    unit: '',
  });

  it('are the same whatever their scale, opposite with the other sign, and none where a value is no number', () => {
    const a = map([2, 2], [1, -2, 3, 0]);
    const same = likenessOf(a, map([2, 2], [2, -4, 6, 0]))!;
    assertClose([same.spearman, same.cosine], [1, 1], { absolute: 1e-9 }, 'twice as large');
    const turned = likenessOf(a, map([2, 2], [-1, 2, -3, 0]))!;
    assertClose([turned.spearman, turned.cosine], [1, -1], { absolute: 1e-9 }, 'the other sign');
    assert.equal(likenessOf(a, map([2, 2], [NaN, 0, 0, 0])), undefined);
  });

  it('of different sizes are averaged down to the smaller of each side', () => {
    const small = averaged({ width: 3, height: 2, values: Float32Array.of(0, 3, 6, 6, 9, 12), signed: true }, 2, 1);
    // (0 + 6) / 2, (3 + 9) / 2 and (6 + 12) / 2, the middle one shared.
    assertClose(small.values, [4, 8], { absolute: 1e-6 }, 'areas');
    const fine = map(
      [4, 4],
      Array.from({ length: 16 }, (_, i) => (i < 8 ? 1 : 5)),
    );
    const likeness = likenessOf(fine, map([2, 2], [1, 1, 5, 5]))!;
    assertClose([likeness.spearman, likeness.cosine], [1, 1], { absolute: 1e-6 }, 'the same at half the size');
  });
});
