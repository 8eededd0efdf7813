import assert from 'node:assert/strict';
import type * as vscode from 'vscode';
import { Uri } from '../../support/vscode.js';
import { ExampleSelection, type SelectedExamples } from '../../../../src/host/dataset/selection.js';

const place = (name: string): vscode.Uri => Uri.parse(`file:///sets/${name}`) as unknown as vscode.Uri;

/** A workspace's memory. */
function memory(): Pick<vscode.Memento, 'get' | 'update'> {
  const values = new Map<string, unknown>();
  return {
    get: <T>(key: string) => values.get(key) as T,
    update: async (key: string, value: unknown) => void values.set(key, JSON.parse(JSON.stringify(value))),
  };
}

describe('the examples that are selected of a place', () => {
  it('are one selection for whoever shows the place, and told with who selected them', () => {
    const selection = new ExampleSelection(memory());
    const told: SelectedExamples[] = [];
    selection.onDidChange((selected) => void told.push(selected));
    const [one, two] = [{}, {}];
    selection.select({ place: place('a'), names: ['1.png', '2.png'], by: one });
    selection.select({ place: place('b'), names: ['x.png'], by: two });
    assert.deepEqual(selection.of(place('a')), ['1.png', '2.png']);
    assert.deepEqual(selection.of(place('c')), []);
    assert.deepEqual(
      told.map(({ by }) => by === one),
      [true, false],
    );
  });

  it('are there again after a reload, unless they are very many', () => {
    const kept = memory();
    const before = new ExampleSelection(kept);
    before.select({ place: place('a'), names: ['1.png'], by: {} });
    before.select({ place: place('b'), names: Array.from({ length: 5000 }, (_, i) => `${i}.png`), by: {} });
    const after = new ExampleSelection(kept);
    assert.deepEqual(after.of(place('a')), ['1.png']);
    assert.deepEqual(after.of(place('b')), []);
  });

  it('of few places are kept, the last ones, and what another version wrote is left alone', () => {
    const kept = memory();
    const selection = new ExampleSelection(kept);
    for (let i = 0; i < 12; i++) selection.select({ place: place(String(i)), names: ['1.png'], by: {} });
    const after = new ExampleSelection(kept);
    assert.deepEqual([after.of(place('3')), after.of(place('4'))], [[], ['1.png']]);
    void kept.update('selectedExamples', [null, { place: 7 }, { place: 'file:///a', names: [1] }]);
    assert.deepEqual(new ExampleSelection(kept).of(place('a')), []);
  });
});
