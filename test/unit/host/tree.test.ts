import assert from 'node:assert';
import { excludeGlob, expandBraces } from '../../../src/host/workspace/excludes.js';
import { folderTree } from '../../../src/host/tree/folderTree.js';
import { formatAge, formatBytes, formatCount } from '../../../src/host/format.js';
import { groupLayers, isGroup, type LayerGroup, type LayerItem } from '../../../src/host/tree/layerGroups.js';
import { distance } from '../../../src/host/paths.js';
import type { LayerDescription } from '../../../src/result/inspection.js';

describe('the tree of models', () => {
  const folderOf = (file: string): string => file.split('/').slice(0, -1).join('/');

  it('groups files by folder and merges folders that hold nothing else', () => {
    const tree = folderTree(
      ['top.onnx', 'a/b/c/one.onnx', 'a/b/d/two.onnx', 'a/b/d/three.onnx', 'e/four.onnx'],
      folderOf,
    );
    assert.deepStrictEqual(tree.files, ['top.onnx']);
    assert.strictEqual(tree.count, 5);
    assert.deepStrictEqual(
      tree.folders.map(({ name, path, count }) => [name, path, count]),
      [
        ['a/b', 'a/b', 3],
        ['e', 'e', 1],
      ],
    );
    assert.deepStrictEqual(
      tree.folders[0]!.folders.map(({ name, path, files }) => [name, path, files.length]),
      [
        ['c', 'a/b/c', 1],
        ['d', 'a/b/d', 2],
      ],
    );
  });

  it('stays fast with thousands of files', () => {
    const files = Array.from({ length: 20_000 }, (_, i) => `runs/${i % 200}/checkpoints/epoch_${i}.onnx`);
    const start = performance.now();
    const tree = folderTree(files, folderOf);
    assert.strictEqual(tree.count, 20_000);
    assert.strictEqual(tree.folders[0]!.folders.length, 200);
    assert.ok(performance.now() - start < 1000, `performance.now() - start: ${performance.now() - start}`);
  });

  it('makes one pattern of what the settings exclude', () => {
    const glob = excludeGlob(
      { '**/.git': true, '**/off': false, '**/*.js': { when: '$(basename).ts' } },
      { '**/{a,b}/x': true },
    );
    assert.strictEqual(glob, '{**/node_modules,**/.git,**/a/x,**/b/x}');
    assert.deepStrictEqual(new Set(expandBraces('{a,{b,c}d}')), new Set(['a', 'bd', 'cd']));
    assert.strictEqual(excludeGlob(undefined), '{**/node_modules}');
  });

  it('writes sizes, counts and ages as people read them', () => {
    assert.deepStrictEqual([0, 999, 999_600, 1_234_567, 5e12].map(formatBytes), [
      '0 B',
      '999 B',
      '1.00 MB',
      '1.23 MB',
      '5.00 TB',
    ]);
    assert.deepStrictEqual([7, 1250, 25_600_000].map(formatCount), ['7', '1.25 k', '25.6 M']);
    const now = 1e12;
    const ages = [5, 61, 7300, 86_400 * 2, 86_400 * 400].map((seconds) => formatAge(now - seconds * 1000, now));
    assert.deepStrictEqual(ages, ['just now', '1 minute ago', '2 hours ago', '2 days ago', '1 year ago']);
    assert.strictEqual(formatAge(now + 5000, now), 'just now');
  });

  it('measures how near files are, and how alike paths end', () => {
    assert.strictEqual(distance('/a/b/x.png', '/a/b/y.onnx'), 0);
    assert.strictEqual(distance('/a/b/c/x.png', '/a/d/y.onnx'), 3);
  });
});

describe('the layers of a model', () => {
  const layer = (name: string, scope: readonly string[], parameters = 1): LayerDescription => ({
    name,
    op: 'Conv',
    node: name,
    parameters,
    output: `${name}.out`,
    weights: [],
    scope,
  });
  const show = (items: readonly (LayerGroup | LayerItem)[]): unknown[] =>
    items.map((item) => (isGroup(item) ? [item.name, item.layers, item.parameters, show(item.items)] : item.label));

  it('stand under their modules, in the order of the graph', () => {
    const layers = [
      layer('conv1', []),
      layer('layer1.0.conv1', ['layer1', '0'], 3),
      layer('layer1.0.conv2', ['layer1', '0'], 4),
      layer('layer1.1.conv1', ['layer1', '1'], 5),
      layer('fc', ['fc']),
    ];
    assert.deepStrictEqual(show(groupLayers(layers)), [
      'conv1',
      ['layer1', 3, 12, [['0', 2, 7, ['conv1', 'conv2']], '1.conv1']],
      'fc',
    ]);
  });

  it('keep their whole name where it does not begin with the scope', () => {
    const layers = [layer('onnx::Conv_17', ['stem']), layer('/stem/act/Relu', ['stem'])];
    assert.deepStrictEqual(show(groupLayers(layers)), [['stem', 2, 2, ['onnx::Conv_17', 'act.Relu']]]);
  });

  it('merge modules that hold one module only', () => {
    const layers = [layer('a.b.c.x', ['a', 'b', 'c']), layer('a.b.c.y', ['a', 'b', 'c'])];
    assert.deepStrictEqual(show(groupLayers(layers)), [['a.b.c', 2, 2, ['x', 'y']]]);
  });
});
