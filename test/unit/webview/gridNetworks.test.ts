import assert from 'node:assert/strict';
import { address } from '../../../src/base/place.js';
import type { OneRequest, OtherModel, TopClass } from '../../../src/protocol/explainPanel.js';
import { setup } from '../support/explainHost.js';
import { explanationWith } from '../support/explanation.js';
import type { Asked } from '../../../webview/explain/asked.js';
import { Comparison } from '../../../webview/explain/grid/comparison.js';
import { DEFAULT_GRID, restoredChoice, type GridLine } from '../../../webview/explain/grid/choice.js';
import { commandIn } from '../../../webview/explain/grid/exports.js';
import { wantedCell } from '../../../webview/explain/grid/grid.js';
import { byNetworks, verdictText, Verdicts } from '../../../webview/explain/grid/networks.js';

const other = { name: 'epoch 1', model: address('file:///epoch1.onnx') };
const random = { name: 'random weights', random: true };
const question = { method: 'gradient', params: {}, target: 'top1', score: 'logit', seed: 0 } as const;
const ask = (picture: string, network: OtherModel = {}): OneRequest => ({
  picture: address(picture),
  question,
  ...network,
});
const says = (
  label: string,
  picture: string,
  network: OtherModel = {},
  index = 0,
): { request: OneRequest; top: TopClass } => ({
  request: ask(picture, network),
  top: { index, label, probability: 0.9 },
});
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
const [fox, wren] = ['file:///birds/fox_wren/1.png', 'file:///birds/other/2.png'] as const;

describe('the same pictures by several networks', () => {
  const methods: GridLine[] = [
    { id: 'x', title: 'X', part: { method: { method: 'x', params: {}, layer: 'conv1' } } },
    { id: 'y', title: 'Y', part: { method: { method: 'y', params: {} } } },
  ];

  const unnamed = (): boolean => false;

  it('are columns for each method; a layer is one of the own network', () => {
    const choice = { ...DEFAULT_GRID, networks: [other, random] };
    assert.deepEqual(byNetworks(DEFAULT_GRID, 'net', methods, unnamed), methods);
    const lines = byNetworks(choice, 'net', methods, unnamed);
    assert.equal(new Set(lines.map(({ id }) => id)).size, 6);
    assert.equal(lines[0]!.id, 'x', 'the own network keeps its place, pins and order');
    assert.deepEqual(
      lines.slice(0, 3).map(({ part }) => [part.method?.layer, part.network]),
      [
        ['conv1', undefined],
        [undefined, { model: other.model }],
        ['conv1', { random: true }],
      ],
    );
    const one = byNetworks(choice, 'net', methods.slice(0, 1), unnamed);
    assert.deepEqual(
      one.map(({ title }) => title),
      ['net', 'epoch 1', 'random weights'],
    );
  });

  it('are held against the folder where it names a class, and against the own network', () => {
    const { model } = other;
    const tops = [
      says('Fox Wren', fox),
      says('Robin', fox, { model }),
      says('Robin', wren),
      says('Robin', wren, { model }),
    ];
    const verdicts = new Verdicts({ tops });
    assert.deepEqual(verdicts.summary(other), { of: 2, changed: [fox], wrong: 1, right: 0 });
    assert.deepEqual(verdicts.summary(random), { of: 0, changed: [], wrong: 0, right: 0 });
    assert.deepEqual(
      [ask(fox), ask(fox, { model }), ask(wren, { model })].map((request) => verdictText(verdicts.of(request)!)),
      ['✓ right · Fox Wren 90\u00a0%', '✗ wrong, ≠ changed · Robin 90\u00a0%', 'Robin 90\u00a0%'],
    );
    assert.equal(verdicts.of(ask(fox, { random: true })), undefined);
  });

  it('are compared by numbers where one has no names, and nothing is right or wrong then', () => {
    const { model } = other;
    const tops = [
      says('Fox Wren', fox, {}, 4),
      says('class 4', fox, { model }, 4),
      says('Robin', wren, {}, 2),
      says('class 3', wren, { model }, 3),
    ];
    const verdicts = new Verdicts({ tops });
    assert.deepEqual(verdicts.summary(other), { of: 2, changed: [wren], wrong: 0, right: 0 });
    assert.equal(verdictText(verdicts.of(ask(fox, { model }))!), 'class 4 90\u00a0%');
    assert.equal(verdictText(verdicts.of(ask(wren, { model }))!), '≠ changed · class 3 90\u00a0%');
  });

  it('are asked with settings of their own: what was edited here holds for the own weights only', () => {
    const base = { score: 'logit', seed: 0, settings: { range: [0, 255] } } as const;
    const asked = (network?: OtherModel): OneRequest =>
      wantedCell(
        { picture: address(fox), method: { method: 'x', params: {} }, target: 'top1', ...(network && { network }) },
        base,
      )!.request;
    assert.deepEqual(asked().question.settings, { range: [0, 255] });
    assert.deepEqual(asked({ random: true }).question.settings, { range: [0, 255] });
    assert.equal(asked({ model: other.model }).question.settings, undefined);
  });

  /** A grid of a class and of the best one, over two checkpoints: what is asked of each, and what the host is asked beside. */
  function compared(labels: readonly string[], names: Readonly<Record<string, readonly string[]>>) {
    const opened: object[] = [];
    const asked: string[] = [];
    const about = setup('cat.png');
    const host = {
      chooseNetwork: async () => other,
      openNetwork: async (request: object) => void opened.push(request),
      labels: async ({ model = '' }) => (asked.push(model), names[model] ?? []),
      cell: () => new Promise<never>(() => undefined),
      cells: () => new Promise<never>(() => undefined),
    };
    const view = {
      setup: about,
      question,
      labels,
      shown: undefined,
      paramsFor: () => ({}),
      loadLabels: async () => {},
    };
    const compare = new Comparison(view as unknown as Asked, host, () => undefined);
    const targets = (): (string | undefined)[] =>
      compare.grid.columns.map((_, column) => compare.grid.requestAt({ row: 0, column })?.question.target);
    return { compare, opened, asked, targets };
  }

  it('are asked for a class by its name, where both have names', async () => {
    const { compare, asked, targets } = compared(['cat', 'dog'], { [other.model]: ['dog', 'cat'] });
    compare.show(true);
    compare.choose({ methods: ['gradient'], targets: ['top1'], networks: [other, random] });
    await settle();
    assert.deepEqual(asked, [], 'nothing is opened for the best class');
    compare.choose({ targets: ['1'] });
    assert.deepEqual(targets(), ['1', undefined, '1'], 'not before it is known whether there are names');
    await settle();
    assert.deepEqual(targets(), ['1', 'dog', '1'], 'random weights have the classes of the network');
    assert.deepEqual([compare.asksByNumber(other), compare.asksByNumber(random)], [false, false]);
    compare.outdate();
    compare.choose({ targets: ['0'] });
    await settle();
    assert.deepEqual(asked, [other.model, other.model], 'once, and again when files have changed');
  });

  it('are asked for a class by its number where a name is missing or means two, and that is said', async () => {
    for (const [own, others] of [
      [
        ['cat', 'dog'],
        ['class 0', 'class 1'],
      ],
      [
        ['class 0', 'class 1'],
        ['cat', 'dog'],
      ],
      [
        ['dog', 'dog'],
        ['cat', 'dog'],
      ],
      [
        ['3', '7'],
        ['7', '3'],
      ],
    ] as const) {
      const { compare, targets } = compared(own, { [other.model]: others });
      compare.show(true);
      compare.choose({ methods: ['gradient'], targets: ['1'], networks: [other] });
      await settle();
      assert.deepEqual(targets(), ['1', '1'], own.join());
      assert.equal(compare.asksByNumber(other), true, own.join());
    }
  });

  it('have panels of their own; random weights have none', () => {
    const { compare, opened } = compared([], {});
    compare.openCell(ask(fox, { random: true }));
    assert.deepEqual(opened, []);
    compare.openCell(ask(fox, { model: other.model }));
    assert.deepEqual(opened, [{ model: other.model, picture: fox }]);
  });

  it('are named in command lines; random weights have none', () => {
    const explanation = explanationWith({});
    assert.equal(commandIn(ask(fox), explanation)?.model, undefined);
    assert.equal(commandIn(ask(fox, { model: other.model }), explanation)?.model, other.model);
    assert.equal(commandIn(ask(fox, { random: true }), explanation), undefined);
  });

  it('are kept, as far as they are understood', () => {
    const kept = { ...DEFAULT_GRID, networks: [other, random] };
    assert.deepEqual(restoredChoice(JSON.parse(JSON.stringify(kept))), kept);
    assert.deepEqual(restoredChoice({ networks: [{ name: 7 }, null, { name: 'x' }] }).networks, []);
  });
});
