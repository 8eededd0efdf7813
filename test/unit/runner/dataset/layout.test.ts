import assert from 'node:assert/strict';

import path from 'node:path';
import { filePath } from '../../../../src/base/place.js';
import type { LayoutProgress, LayoutRequest } from '../../../../src/protocol/dataset.js';
import { RunnerService } from '../../../../src/runner/service.js';
import { call } from '../../support/call.js';

const model = filePath(path.resolve('models/birds/birds_cnn.onnx'));
const place = filePath(path.resolve('models/birds/pictures'));

describe('a layout of a data set', () => {
  const runner = new RunnerService();
  after(() => runner.dispose());
  const { layout, steer, survey, nearest, layerCurve } = runner.operations;
  const request: LayoutRequest = { model, place, of: 'activations', method: 'pca' };

  it('has the points of embed, in the order of the survey', async () => {
    const [{ embedding }, plain, { survey: looked }] = [
      await layout(request, call()),
      await runner.operations.embed({ model, inputs: [place], of: 'activations', method: 'pca' }, call()),
      await survey({ model, place }, call()),
    ];
    assert.deepEqual(embedding.files, looked.names);
    assert.deepEqual(embedding.points, plain.embedding.points);
    assert.deepEqual(embedding.quality, plain.embedding.quality);
    assert.equal(embedding.layer, looked.layer);
  });

  it('shows the points before it says how good they are', async () => {
    const shown: Float32Array[] = [];
    const { embedding } = await layout(
      request,
      call(({ points }) => void (points !== undefined && shown.push(points))),
    );
    assert.deepEqual(shown, [embedding.points.data]);
  });

  it('shows where the points are on their way, and stops where it is told to', async () => {
    const reports: LayoutProgress[] = [];
    const params = { steps: 10_000, perplexity: 5 };
    const report = (p: LayoutProgress): void => {
      if (p.points === undefined) return;
      reports.push(p);
      if (reports.length === 2) void steer({ run: 'a', state: 'stop' }, call());
    };
    const { embedding, stoppedAt, notes } = await layout(
      { ...request, method: 'tsne', params, run: 'a' },
      call(report),
    );
    assert.equal(reports[0]!.points!.length, 2 * embedding.files.length);
    assert.ok(stoppedAt! >= reports[1]!.step! && stoppedAt! < 10_000, `${stoppedAt}`);
    assert.ok(
      notes.some((n) => n.includes(`step ${stoppedAt}`)),
      notes.join(' '),
    );
    assert.ok(embedding.divergence! > 0, 'the divergence of where the points are');
    assert.notDeepEqual(reports[0]!.points, reports[1]!.points);
  });

  it('waits while it is paused, and can be cancelled meanwhile', async () => {
    let last = Date.now();
    const abort = new AbortController();
    const params = { steps: 10_000, perplexity: 5 };
    const report = (p: LayoutProgress): void => {
      last = Date.now();
      if (p.points !== undefined) void steer({ run: 'b', state: 'pause' }, call());
    };
    const running = layout({ ...request, method: 'tsne', params, run: 'b' }, call(report, abort.signal));
    running.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 4000));
    assert.ok(Date.now() - last > 500, 'nothing moves');
    abort.abort();
    await assert.rejects(running, { name: 'CancelledError' });
    await steer({ run: 'b', state: 'run' }, call());
  });

  it('places the classes by the rows of the last layer', async () => {
    const { embedding } = await layout({ ...request, of: 'weights' }, call());
    const { survey: looked } = await survey({ model, place }, call());
    assert.deepEqual(embedding.files, looked.classes);
  });

  it('finds neighbours in the space of the layer', async () => {
    const { survey: looked } = await survey({ model, place }, call());
    const found = await nearest({ model, place, name: looked.names[3]!, metric: 'cosine', k: 5 }, call());
    assert.equal(found.names.length, 5);
    assert.ok(!found.names.includes(looked.names[3]!), 'not itself');
    assert.deepEqual(
      [...found.distances].sort((a, b) => a - b),
      [...found.distances],
    );
    const own = looked.truth[3];
    const same = found.names.filter((name) => looked.truth[looked.names.indexOf(name)] === own).length;
    assert.ok(same >= 3, `${same} of 5 neighbours are of its class`);
    await assert.rejects(nearest({ model, place, name: 'none', metric: 'cosine', k: 5 }, call()), {
      code: 'dataset/example',
    });
  });

  it('says how far the classes come apart behind each layer', async () => {
    const { curve } = await layerCurve({ model, place }, call());
    assert.ok(curve.rows.length > 3 && curve.rows.length <= 16, `${curve.rows.length}`);
    const [start, end] = [curve.rows[0]!, curve.rows.at(-1)!];
    assert.ok(end.accuracy > start.accuracy, `${start.accuracy} to ${end.accuracy}`);
    assert.ok(end.accuracy > 2 * curve.majority, `${end.accuracy} beside ${curve.majority}`);
    assert.ok(start.width > 512 && start.reducedTo === 512, JSON.stringify(start));
  });
});
