import assert from 'node:assert/strict';
import { LensError } from '../../../src/base/errors.js';
import { address } from '../../../src/base/place.js';
import { questioned } from '../../../webview/explain/output/questioned.js';
import { isKept } from '../../../webview/explain/kept.js';
import { explanation, fakeHost, file, setup } from '../support/explainHost.js';

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

describe('the explain panel', () => {
  it('asks one question at once, with the settings of the editor', async () => {
    const { controller, started } = fakeHost(setup('cat.png'));
    await controller.start();
    assert.equal(started.length, 1);
    assert.deepEqual(started[0]!.request.question, {
      method: 'gradient',
      params: { reduce: 'none' },
      target: 'top1',
      score: 'logit',
      seed: 0,
    });
    assert.equal(controller.display.sequential, 'viridis');
    started[0]!.finish();
    await settle();
    assert.equal(controller.shown?.current, true);
    assert.equal(controller.current?.title, 'GRADIENT · class 1');
  });

  it('reads an output as a person says, asks with it, and keeps it over a reload', async () => {
    const { controller, started, readings } = fakeHost(setup('cat.png'));
    await controller.start();
    const error = new LensError('usage', 'target/unknown-output', 'It is no list of classes.', { output: 'out' });
    started[0]!.fail(error);
    await settle();
    const asked = questioned(controller, controller.error);
    assert.deepEqual([asked?.name, asked?.urgent], ['out', true]);
    assert.match(asked!.sentence, /not a list of classes; choose how to read it/);
    controller.ask({ target: 'value:3' });
    controller.readAs('out', { kind: 'regression' });
    const last = started.at(-1)!;
    assert.deepEqual(last.request.question.outputs, { out: { kind: 'regression' } });
    assert.equal(last.request.question.target, 'top1', 'what was asked of another reading is not asked of this one');
    last.finish();
    await settle();
    const kept = controller.keep()!;
    assert.deepEqual(kept.question.outputs, { out: { kind: 'regression' } });
    const again = fakeHost(setup('cat.png'));
    await again.controller.start(JSON.parse(JSON.stringify(kept)) as typeof kept);
    assert.deepEqual(again.controller.question?.outputs, kept.question.outputs);

    await controller.saveReading();
    assert.deepEqual(readings, [{ out: { kind: 'regression' } }]);
    assert.equal(started.at(-1)!.request.question.outputs, undefined, 'the settings file says it now');
    controller.readAs('out', { kind: 'dense' });
    controller.readAs('out', undefined);
    assert.equal(controller.question?.outputs, undefined);
  });

  it('drops answers to older questions', async () => {
    const { controller, started } = fakeHost(setup('cat.png'));
    await controller.start();
    controller.ask({ target: '7' });
    started[1]!.finish();
    await settle();
    const shown = controller.shown?.explanation;
    started[0]!.finish();
    await settle();
    assert.equal(controller.current?.question.target, '7');
    assert.equal(controller.shown?.explanation, shown);
  });

  it('keeps the old picture, greyed, while working and after a failure', async () => {
    const { controller, started } = fakeHost(setup('cat.png'));
    await controller.start();
    started[0]!.finish();
    await settle();
    controller.chooseMethod('occlusion');
    assert.deepEqual([controller.working, controller.shown?.current], [true, false]);
    started[1]!.fail(new LensError('input', 'checkpoint/truncated', 'The model is cut off.'));
    await settle();
    assert.equal(controller.error?.message, 'The model is cut off.');
    assert.equal(controller.shown?.current, false);
  });

  it('shows what there is while it comes, and keeps it when cancelled', async () => {
    const { controller, started, stopped, seen } = fakeHost(setup('cat.png'));
    await controller.start();
    const picture = address('file:///cat.png');
    const partial = explanation(3);
    started[0]!.progress({ picture, message: '3 / 9', fraction: 0.3, partial });
    assert.equal(controller.shown?.explanation, partial);
    assert.deepEqual(seen, ['run-1'], 'the next running picture may come');
    started[0]!.progress({ picture, message: '4 / 9', fraction: 0.4 });
    assert.equal(controller.shown?.explanation, partial, 'a report without a picture keeps the one before');
    controller.cancel();
    assert.deepEqual(stopped, ['run-1']);
    started[0]!.finish({ cancelled: true, outcomes: [{ picture, state: 'partial' }] });
    await settle();
    assert.deepEqual(
      [controller.current?.status, controller.shown?.partial, controller.working],
      ['partial', true, false],
    );
  });

  it('one picture that fails does not hide the others', async () => {
    const { controller, started } = fakeHost(setup('cat.png', 'text.png'));
    await controller.start();
    const error = { kind: 'input', code: 'input/not-a-picture', message: 'text.png is not a picture.' } as const;
    started[0]!.finish({
      outcomes: [
        { picture: address('file:///cat.png'), state: 'done' },
        { picture: address('file:///text.png'), state: 'failed', error },
      ],
    });
    await settle();
    assert.equal(controller.error?.code, undefined);
    controller.select(address('file:///text.png'));
    assert.equal(controller.error?.code, 'input/not-a-picture');
    controller.select(address('file:///cat.png'));
    assert.equal(controller.shown?.current, true);
  });

  it('answers a question asked before from the history, but not after a change on disk', async () => {
    const { controller, started } = fakeHost(setup('cat.png'));
    await controller.start();
    started[0]!.finish();
    await settle();
    controller.ask({ target: '7' });
    started[1]!.finish();
    await settle();
    controller.ask({ target: 'top1' });
    assert.deepEqual([started.length, controller.current?.id], [2, 'run-1']);
    controller.stale(['net.onnx']);
    controller.ask({ target: '7' });
    assert.equal(started.length, 3);
    assert.equal(started[2]!.request.anew, undefined);
    controller.rerun();
    assert.equal(started.length, 4);
    assert.equal(started[3]!.request.anew, true, 'whatever is known elsewhere');
  });

  it('says what changed on disk of answers of before, and only of those', async () => {
    const { controller, started } = fakeHost(setup('cat.png'));
    await controller.start();
    started[0]!.finish();
    await settle();
    controller.stale(['net.onnx']);
    assert.deepEqual([controller.current?.outdated, controller.staleFiles], [true, ['net.onnx']]);
    controller.stale(['cat.png']);
    assert.deepEqual(controller.staleFiles, ['net.onnx', 'cat.png']);
    controller.ask({ target: '7' });
    started[1]!.finish();
    await settle();
    assert.equal(controller.current?.outdated, false, 'computed after the change');
    controller.goTo('run-1');
    assert.equal(controller.current?.outdated, true, 'the history holds one of before');
    controller.goTo('run-2');
    controller.stale(['cat.png']);
    assert.deepEqual(controller.staleFiles, ['cat.png'], 'the run knew the model as it is');
  });

  it('knows after its tab was hidden which runs are of before a change', async () => {
    const first = fakeHost(setup('cat.png'));
    await first.controller.start();
    first.started[0]!.finish();
    await settle();
    const kept = first.controller.keep()!;
    const about = { ...setup('cat.png'), outdated: ['run-1'], stale: ['net.onnx'] };
    const { controller, started } = fakeHost(about);
    await controller.start(kept);
    started[0]!.finish();
    await settle();
    assert.deepEqual([controller.current?.id, controller.current?.outdated], ['run-1', true]);
    assert.deepEqual(controller.staleFiles, ['net.onnx']);
  });

  it('remembers the parameters of each method', async () => {
    const { controller, started } = fakeHost(setup('cat.png'));
    await controller.start();
    controller.chooseMethod('occlusion');
    controller.setParameter('patch', 32);
    controller.chooseMethod('gradient');
    controller.chooseMethod('occlusion');
    assert.deepEqual(started.at(-1)!.request.question.params, { patch: 32 });
    controller.resetParameters();
    assert.deepEqual(started.at(-1)!.request.question.params, {});
  });

  it('asks for the best class again when another picture is sent', async () => {
    const { controller, started } = fakeHost(setup('cat.png'));
    await controller.start();
    controller.ask({ target: '7' });
    controller.show({ model: file('net.onnx'), pictures: [file('dog.png')], pinned: false });
    assert.deepEqual(started.at(-1)!.request, {
      id: started.at(-1)!.request.id,
      question: { ...started[0]!.request.question, target: 'top1' },
      pictures: ['file:///dog.png'],
    });
  });

  it('comes back after the page was thrown away: same run, same question, same history', async () => {
    const first = fakeHost(setup('cat.png'));
    await first.controller.start();
    first.started[0]!.finish();
    await settle();
    first.controller.ask({ target: '7' });
    first.controller.setDisplay({ mode: 'heat' });
    const kept: unknown = JSON.parse(JSON.stringify(first.controller.keep()));
    assert.ok(isKept(kept));
    const again = fakeHost(setup('cat.png'));
    await again.controller.start(kept);
    assert.deepEqual([again.started[0]!.request.id, again.started[0]!.request.question.target], ['run-2', '7']);
    assert.equal(again.controller.display.mode, 'heat');
    assert.deepEqual(
      again.controller.runs.map((r) => r.id),
      ['run-1', 'run-2'],
    );
    assert.equal(isKept({ version: 2 }), false);
  });

  it('leaves out no picture that is sent because others were left out before', async () => {
    const { controller } = fakeHost(setup('cat.png', 'dog.png'));
    await controller.start();
    controller.compare.choose({ only: ['file:///cat.png'] });
    controller.show({ ...setup('fox.png', 'emu.png') });
    assert.equal(controller.compare.choice.only, undefined);
  });

  it('takes up the picture that was sent while its tab was hidden', async () => {
    const first = fakeHost(setup('cat.png'));
    await first.controller.start();
    first.controller.ask({ target: '7' });
    const again = fakeHost(setup('dog.png'));
    await again.controller.start(first.controller.keep());
    assert.deepEqual(
      [again.started[0]!.request.pictures, again.started[0]!.request.question.target],
      [['file:///dog.png'], 'top1'],
    );
  });

  it('computes anew what the host no longer has', async () => {
    const { controller, started, lost } = fakeHost(setup('cat.png', 'dog.png', 'owl.png'));
    await controller.start();
    // So many that the page keeps only some of those that are not shown.
    for (let target = 1; target < 12; target++) {
      started.at(-1)!.finish();
      await settle();
      controller.ask({ target: String(target) });
    }
    started.at(-1)!.finish();
    await settle();
    const [first] = controller.runs;
    assert.deepEqual([first!.id, first!.status, first!.explanations.size], ['run-1', 'done', 0]);
    lost.add('run-1');
    controller.goTo('run-1');
    await settle();
    assert.equal(started.at(-1)!.request.id, 'run-1');
    assert.equal(controller.working, true);
    lost.clear();
    started.at(-1)!.finish();
    await settle();
    assert.deepEqual([controller.working, first!.explanations.size], [false, 3]);
  });

  it('computes again what a run lost on the host while its tab was hidden, and shows the rest meanwhile', async () => {
    const about = setup('cat.png', 'dog.png');
    const first = fakeHost(about);
    await first.controller.start();
    first.started[0]!.finish();
    await settle();
    const { controller, started, lost } = fakeHost(about);
    lost.add('run-1 file:///dog.png');
    await controller.start(first.controller.keep());
    started[0]!.finish();
    await settle();
    assert.equal(controller.shown?.current, true, 'the cat is here');
    assert.deepEqual([started.length, started[1]!.request.id], [2, 'run-1'], 'the same run is asked for again');
    lost.clear();
    started[1]!.finish();
    await settle();
    assert.deepEqual([controller.working, controller.current?.explanations.size], [false, 2]);
    assert.equal(started.length, 2);
  });

  it('does not go on for ever where the host cannot keep what it computes', async () => {
    const { controller, started, lost } = fakeHost(setup('cat.png'));
    await controller.start();
    lost.add('run-1');
    for (let i = 0; i < 5; i++) {
      started.at(-1)!.finish();
      await settle();
    }
    assert.deepEqual([started.length, controller.working], [2, false]);
  });

  it('leaves a run alone that a person has ended, whatever the host has lost of it', async () => {
    const { controller, started, lost } = fakeHost(setup('cat.png', 'dog.png'));
    await controller.start();
    lost.add('run-1');
    const outcomes = [
      { picture: address('file:///cat.png'), state: 'done' as const },
      { picture: address('file:///dog.png'), state: 'skipped' as const },
    ];
    started[0]!.finish({ cancelled: true, outcomes });
    await settle();
    assert.deepEqual([started.length, controller.current?.status], [1, 'partial']);
  });

  it('shows a cell of the grid large at once, with all that the grid knows of its question', async () => {
    const { controller, started } = fakeHost(setup('cat.png', 'dog.png'));
    await controller.start();
    started[0]!.finish();
    await settle();
    controller.chooseLayer('features.3');
    const { layer: _layer, ...question } = { ...controller.question!, method: 'occlusion', params: { patch: 8 } };
    const known = new Map([
      [address('file:///cat.png'), explanation(3)],
      [address('file:///dog.png'), explanation(4)],
    ]);
    controller.look(address('file:///dog.png'), question, known);
    assert.deepEqual(
      [controller.shown?.explanation.target.index, controller.shown?.current, controller.working],
      [4, true, false],
      'nothing is waited for',
    );
    assert.deepEqual(controller.question, question, 'the question of the cell, without the layer of another');
    assert.deepEqual(started.at(-1)!.request.question, question, 'the host is told: it can export and repeat it');
    started.at(-1)!.finish();
    await settle();
    assert.deepEqual([controller.shown?.explanation.target.index, controller.current?.status], [4, 'done']);
    // Of a grid that is not complete the others are waited for.
    controller.look(address('file:///cat.png'), { ...question, params: {} }, new Map([...known].slice(0, 1)));
    assert.deepEqual([controller.shown?.explanation.target.index, controller.working], [3, true]);
  });
});
