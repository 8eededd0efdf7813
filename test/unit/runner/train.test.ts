import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { filePath, type FilePath } from '../../../src/base/place.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { TrainAnswer, TrainProgress, TrainRequest } from '../../../src/protocol/training.js';
import { RunnerService } from '../../../src/runner/service.js';
import { call } from '../support/call.js';
import { assertClose } from '../support/close.js';
import { encodedModel } from '../support/encodedModels.js';
import { temporaryFolder } from '../support/temporary.js';
import { colourFolders, colourNet, written } from '../training/colours.js';

describe('runner: train', () => {
  const runner = new RunnerService();
  after(() => runner.dispose());
  const folder = temporaryFolder();
  const at = (...names: string[]): FilePath => filePath(path.join(folder, ...names));
  const [model, place] = [at('colours.onnx'), at('pictures')];
  const short = { epochs: 12, rate: 0.1, batch: 8, from: 'random' } as const;
  const { train, trainForm, predict, steer } = runner.operations;
  const trained = (
    request: Partial<TrainRequest> = {},
    told: (progress: TrainProgress) => void = () => undefined,
  ): Promise<TrainAnswer> => train({ model, place, params: short, ...request }, call<TrainProgress>(told));

  before(async () => {
    await written(colourNet(), model);
    await colourFolders(place, 10);
  });

  it('learns, tells how far it is, and writes models that know their pictures and classes', async () => {
    const run = at('run');
    const seen: NonNullable<TrainProgress['training']>[] = [];
    const {
      training,
      written: files,
      omitted,
    } = await trained({ folder: run }, ({ training: now }) => {
      if (now !== undefined) seen.push(now);
    });
    assert.deepEqual([training.set.trained, training.set.heldOut, training.set.by], [24, 6, 'share']);
    assert.deepEqual(training.set.classes, ['blue', 'green', 'red']);
    assert.equal(training.measured?.accuracy, 1);
    assert.ok(training.curve.at(-1)!.loss < training.curve[0]!.loss / 2, JSON.stringify(training.curve));
    assert.deepEqual([training.ended, omitted.length], ['epochs', 0]);
    assert.ok(
      seen.some((now) => (now.secondsLeft ?? 0) > 0),
      'the time left is told',
    );
    assert.equal(seen.at(-1)!.secondsLeft, 0);
    const epochs = Array.from({ length: 12 }, (_, k) => `epoch_${k + 1}.onnx`);
    assert.deepEqual(readdirSync(run).sort(), ['best.onnx', 'training.unit', ...epochs].sort());
    assert.equal(path.basename(files[0]!), 'best.onnx');
    // By what stands in the file alone: it has no settings file and another folder.
    const answer = await predict({ model: files[0]!, inputs: [filePath(path.join(place, 'green'))] }, call());
    assert.deepEqual(
      answer.results.map((r) => ('result' in r ? r.result.top?.[0]?.label : r.error.message)),
      new Array(10).fill('green'),
    );
    const { preprocessing } = answer;
    assert.equal(preprocessing['mean']!.origin.kind, 'metadata');
    const again = await trained({ folder: run });
    assert.equal(again.training.resumed, 12);
    await assert.rejects(trained({ folder: run, seed: 1 }), /holds another training/);
  });

  it('puts in a last layer for other classes, and trains nothing else', async () => {
    const two = at('two');
    await colourFolders(two, 6, ['blue', 'red']);
    const wide = filePath(await written(colourNet(5), at('wide.onnx')));
    const file = at('head.onnx');
    const params = { preset: 'head', epochs: 40, rate: 0.1 };
    const { training } = await trained({ model: wide, place: two, file, params });
    assert.deepEqual([training.set.newHead, training.parameters], [true, 14]);
    assert.deepEqual(training.set.classes, ['blue', 'red']);
    assert.equal(training.measured?.accuracy, 1);
    const answer = await predict({ model: file, inputs: [filePath(path.join(two, 'red', '0.png'))] }, call());
    const [result] = answer.results;
    assert.deepEqual(result !== undefined && 'result' in result ? result.result.top?.map((t) => t.label) : result, [
      'red',
      'blue',
    ]);
    const form = await trainForm({ model: wide, place: two, params: { head: 'keep' } }, call());
    assert.match(form.refused?.message ?? '', /No folder is called like one of the classes/);
  });

  it('runs frozen layers once, and learns the same as if it ran them each time', async () => {
    const params = { preset: 'head', from: 'random', epochs: 4, rate: 0.1 };
    const messages = new Set<string>();
    const once = await trained({ params }, ({ message }) => messages.add(message));
    // No pixel is shifted by so little, but who shifts pictures cannot know what layers make of them.
    const each = await trained({ params: { ...params, translate: 1e-9 } });
    assert.ok(messages.has('running the frozen layers for 54 of 54 pictures'), [...messages].join('; '));
    assert.match(once.training.notes.at(-1)!, /they ran once for each picture/);
    const losses = ({ training }: TrainAnswer): number[] =>
      training.curve.flatMap(({ loss, validation }) => [loss, validation!.loss]);
    assertClose(losses(once), losses(each), { relative: 1e-4 }, 'losses');
  });

  it('is paused, goes on, and ends with what there is', async () => {
    let [paused, last] = [false, 0];
    const started = performance.now();
    const { training, written: files } = await trained(
      { run: 'one', file: at('stopped.onnx'), params: { ...short, epochs: 500 } },
      ({ training: now }) => {
        last = now?.epoch ?? 0;
        if (last === 2 && !paused) {
          paused = true;
          void steer({ run: 'one', state: 'pause' }, call());
          setTimeout(() => void steer({ run: 'one', state: 'run' }, call()), 200);
        }
        if (last === 4) void steer({ run: 'one', state: 'stop' }, call());
      },
    );
    assert.ok(performance.now() - started > 200 && paused, 'it waited');
    assert.equal(training.ended, 'stopped');
    assert.ok(training.curve.length >= 3 && training.curve.length < 500, `${training.curve.length}`);
    assert.equal(files.length, 1);
  });

  it('is cancelled between two steps', async () => {
    const abort = new AbortController();
    const work = train(
      { model, place, params: { ...short, epochs: 500 } },
      call<TrainProgress>(({ training: now }) => {
        if (now !== undefined) abort.abort();
      }, abort.signal),
    );
    await assert.rejects(work, (error: Error) => error.name === 'AbortError' || /cancel/i.test(error.message));
  });

  it('ends when nothing gets better, and keeps the best epoch', async () => {
    const { training } = await trained({ params: { ...short, epochs: 300, patience: 3 } });
    assert.equal(training.ended, 'patience');
    assert.equal(training.curve.length, training.epoch! + 3);
  });

  it('learns labels by heart that mean nothing', async () => {
    const params = { ...short, labels: 'random', epochs: 2, validation: 0 };
    const [{ training: a }, { training: b }] = [await trained({ params }), await trained({ params, seed: 3 })];
    assert.notEqual(a.curve[0]!.loss, b.curve[0]!.loss);
    assert.equal(a.measured, undefined);
  });

  it('gives the same numbers with every switch on, and others for another seed', async () => {
    const params = {
      from: 'random',
      epochs: 2,
      batch: 4,
      optimiser: 'adamw',
      accumulate: 2,
      ema: 0.9,
      clip: 1,
      smoothing: 0.1,
      weighted: true,
      jitter: 0.2,
      crop: 0.5,
      translate: 0.1,
      warmup: 1,
    };
    const curve = async (seed: number): Promise<unknown> =>
      (await trained({ params, seed })).training.curve.map((record) => ({ ...record, seconds: 0 }));
    const first = await curve(5);
    assert.deepEqual(await curve(5), first);
    assert.notDeepEqual(await curve(6), first);
  });

  it('names the layer in which numbers stop being numbers', async () => {
    const work = trained({
      params: { ...short, rate: 1000, momentum: 0.99, freeze: 'bn', clip: 0, schedule: 'constant', epochs: 60 },
    });
    await assert.rejects(work, (error: Error & { hint?: string }) => {
      assert.match(error.message, /step \d+ of epoch \d+.*layer "(conv|bn|fc|logits)"/);
      assert.match(error.hint ?? '', /smaller learning rate/);
      return true;
    });
  });

  it('says in a sentence what cannot be trained, before a picture is read', async () => {
    const refused = async (request: Partial<TrainRequest>): Promise<string> => {
      const { refused: error } = await trainForm({ model, place, ...request }, call());
      return `${error?.message} ${error?.hint}`;
    };
    const one = at('one');
    await colourFolders(one, 3, ['red']);
    assert.match(await refused({ place: one }), /All 3 pictures are of one class, "red"/);
    const graph = colourNet();
    const second = makeNode('Gemm', 'age', ['flat', 'age.weight'], { transB: 1 });
    const both = {
      ...graph,
      nodes: [...graph.nodes, second],
      outputs: [...graph.outputs, { name: 'age', type: 'float32' } as const],
      weights: new Map([
        ...graph.weights,
        ['age.weight', { ...graph.weights.get('fc.weight')!, name: 'age.weight' }],
      ] as const),
    };
    const twice = filePath(await written(both, at('twice.onnx')));
    assert.match(await refused({ model: twice }), /has 2 outputs.*--output probabilities/);
    assert.equal((await trainForm({ model: twice, place, output: 'probabilities' }, call())).refused, undefined);
    const said = { probabilities: { kind: 'regression' } } as const;
    assert.match(await refused({ outputs: said }), /is a list of regressed numbers, and labels teach classes only/);
    const quantised = (await encodedModel(graph, 'qdq int8 per channel')).graph;
    assert.match(await refused({ model: filePath(await written(quantised, at('int8.onnx'))) }), /quantised/);
    assert.match(await refused({ params: { freeze: 'nothing' } }), /nothing/);
    assert.match(
      await refused({ params: { rates: 1 } }).catch((error: Error) => error.message),
      /no parameter "rates"/,
    );
  });
});
