import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { filePath } from '../../../../src/base/place.js';
import { writeNpy } from '../../../../src/base/npy.js';
import { floatTensor } from '../../../../src/base/tensor.js';
import type { EvaluateProgress, EvaluateRequest } from '../../../../src/protocol/benchmark.js';
import { against, ranked } from '../../../../src/result/benchmark.js';
import { RunnerService } from '../../../../src/runner/service.js';
import { assertClose } from '../../support/close.js';
import { call } from '../../support/call.js';
import { temporaryFolder } from '../../support/temporary.js';

const model = filePath(path.resolve('models/birds/birds_cnn.onnx'));
const place = filePath(path.resolve('models/birds/pictures'));

describe('runner: how good attributions are', function () {
  this.timeout(240_000);
  const folder = temporaryFolder();
  const runner = new RunnerService({ storage: path.join(folder, 'store') });
  const service = runner.operations;
  after(() => runner.dispose());
  const ask = (request: Partial<EvaluateRequest>) =>
    service.evaluate(
      { model, place, most: 6, methods: [{ method: 'gradcam' }], metric: 'deletion', ...request },
      call(),
    );

  it('answers a curve for every picture, their mean with an interval, and the baselines beside them', async () => {
    const said: EvaluateProgress[] = [];
    const { evaluation, svg } = await service.evaluate(
      { model, place, most: 6, methods: [{ method: 'gradcam' }, { method: 'gradient' }], metric: 'deletion' },
      { signal: new AbortController().signal, progress: (p) => void said.push(p) },
    );
    assert.deepEqual(
      evaluation.methods.map(({ id }) => id),
      ['gradcam', 'gradient', 'random', 'edges'],
    );
    assert.deepEqual([evaluation.names.length, evaluation.of], [6, 32]);
    for (const { curves, pictures, score } of evaluation.methods) {
      assert.equal(pictures.length, 6);
      const points = curves['probability']!;
      const of = (i: number): number => pictures.reduce((sum, p) => sum + p.curves['probability']![i]!, 0) / 6;
      points.forEach(({ mean, low, high }, i) => {
        assertClose(mean, of(i), { absolute: 1e-12 }, 'the mean of the pictures');
        assert.ok(low <= mean && mean <= high, 'the interval holds it');
      });
      assert.ok(score.low <= score.mean && score.mean <= score.high, 'the interval of the score');
      // Nothing is covered yet: all see the same picture.
      assert.equal(points[0]!.mean, evaluation.methods[0]!.curves['probability']![0]!.mean);
    }
    const [best] = ranked(evaluation);
    assert.notEqual(best!.kind, 'baseline');
    assert.equal(against(evaluation, best!, 'random')!.verdict, 'better');
    assert.equal(said.at(-1)!.running!.length, 4);
    assert.match(svg, /random pixels/);
    assert.deepEqual(evaluation.recipe.params['metric'], 'deletion');
  });

  it('gives a picture the same whatever else is asked, and asks nothing twice', async () => {
    const few = (await ask({ methods: [{ method: 'smoothgrad', params: { samples: 4 } }], seed: 5 })).evaluation;
    const other = new RunnerService();
    try {
      const request = {
        model,
        place,
        methods: [{ method: 'gradcam' }, { method: 'smoothgrad', params: { samples: 4 } }],
      };
      const all = await other.operations.evaluate({ ...request, most: 8, metric: 'deletion', seed: 5 }, call());
      const named = new Map(all.evaluation.names.map((name, i) => [name, i]));
      let common = 0;
      for (const id of ['smoothgrad', 'random'])
        for (const one of few.methods.find((m) => m.id === id)!.pictures) {
          const there = all.evaluation.methods.find((m) => m.id === id)!.pictures;
          const twin = there.find(({ picture }) => picture === named.get(few.names[one.picture]!));
          if (twin === undefined) continue;
          common++;
          assert.deepEqual(twin.curves, one.curves, `${id} on ${few.names[one.picture]}`);
        }
      assert.ok(common > 0, 'they have pictures in common');
    } finally {
      await other.dispose();
    }
    const started = performance.now();
    const again = (await ask({ methods: [{ method: 'smoothgrad', params: { samples: 4 } }], seed: 5 })).evaluation;
    assert.deepEqual(again.methods, few.methods);
    assert.ok(performance.now() - started < 20_000, 'it is read from the store');
  });

  it('looks for the marks where somebody says that they are', async () => {
    // All that matters is said to be a square in the middle: a map cannot lie there by more than all of it.
    const masks = path.join(folder, 'masks');
    mkdirSync(masks);
    const { evaluation: asked } = await ask({ most: 3 });
    const square = await sharp({ create: { width: 20, height: 20, channels: 3, background: 'white' } })
      .png()
      .toBuffer();
    for (const name of asked.names) {
      const mask = sharp({ create: { width: 64, height: 64, channels: 3, background: 'black' } });
      writeFileSync(
        path.join(masks, `${path.parse(name).name}.png`),
        await mask
          .composite([{ input: square, left: 22, top: 22 }])
          .png()
          .toBuffer(),
      );
    }
    const { evaluation } = await ask({ most: 3, metric: 'truth', params: { masks } });
    const random = evaluation.methods.find(({ id }) => id === 'random')!;
    assertClose(random.beside!['area']!.mean, 400 / 4096, { absolute: 1e-9 }, 'area of the square');
    assertClose(random.score.mean, 400 / 4096, { absolute: 0.02 }, 'random numbers lie there by chance');
    assert.equal(evaluation.omitted.length, 0);

    const notes = path.join(folder, 'notes.json');
    const where = { all: Array.from({ length: 20 }, (_, y) => [(22 + y) * 64 + 22, 20]).flat() };
    writeFileSync(
      notes,
      JSON.stringify({ size: [64, 64], pictures: Object.fromEntries(asked.names.map((name) => [name, { where }])) }),
    );
    const noted = await ask({ most: 3, metric: 'truth', params: { masks: notes } });
    assert.deepEqual(
      noted.evaluation.methods.map(({ score }) => score),
      evaluation.methods.map(({ score }) => score),
    );
    await assert.rejects(ask({ metric: 'truth' }), /needs the marks of the pictures/);
  });

  it('refuses in a sentence what cannot be asked, before any picture is read', async () => {
    await assert.rejects(ask({ methods: [] }), /No method was named/);
    await assert.rejects(ask({ methods: [{ method: 'gradcamm' }] }), /gradcamm/);
    await assert.rejects(ask({ metric: 'road', params: { percentages: '10,100' } }), /between 0 and 100/);
    await assert.rejects(ask({ metric: 'road', params: { steps: 3 } }), /no parameter "steps"/);
    await assert.rejects(ask({ split: 'test' }), /no split "test"/);
  });

  it('says which method failed on a picture, and which picture could not be read', async () => {
    const set = path.join(folder, 'set');
    mkdirSync(set);
    writeFileSync(path.join(set, 'broken.png'), 'no picture');
    const picture = sharp({ create: { width: 64, height: 64, channels: 3, background: 'grey' } });
    writeFileSync(path.join(set, 'grey.png'), await picture.png().toBuffer());
    const methods = [{ method: 'gradcam', params: { upsample: false } }];
    const { evaluation } = await ask({ place: filePath(set), methods });
    assert.deepEqual(
      evaluation.omitted.map(({ name }) => path.basename(name)),
      ['broken.png'],
    );
    const [failed] = evaluation.methods[0]!.failed;
    assert.match(failed!.error.message, /values for 64×64 pixels/);
    assert.ok(Number.isNaN(evaluation.methods[0]!.score.mean), 'no score');
    assert.equal(ranked(evaluation).at(-1)!.id, 'gradcam');
  });

  it('takes tensors that are prepared already', async () => {
    const file = path.join(folder, 'two.npy');
    const tensor = floatTensor([2, 3, 64, 64]);
    tensor.data.forEach((_, i) => (tensor.data[i] = Math.sin(i)));
    writeFileSync(file, writeNpy(tensor));
    const { evaluation } = await service.evaluate(
      { model, inputs: [filePath(file)], methods: [{ method: 'gradient' }], metric: 'insertion', target: '3' },
      call(),
    );
    assert.deepEqual(evaluation.names, [`${file}#0`, `${file}#1`]);
    assert.deepEqual([...new Set(evaluation.methods.flatMap((m) => m.pictures.map((p) => p.target.index)))], [3]);
  });
});
