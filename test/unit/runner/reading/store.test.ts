import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { filePath, type FilePath } from '../../../../src/base/place.js';
import type { CompareModelsRequest } from '../../../../src/protocol/comparison.js';
import type { SurveyRequest } from '../../../../src/protocol/dataset.js';
import { ReadingStore } from '../../../../src/runner/reading/store.js';
import { RunnerService } from '../../../../src/runner/service.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import type { Session } from '../../../../src/session/session.js';
import { call } from '../../support/call.js';
import { temporaryFolder } from '../../support/temporary.js';

const model = filePath(path.resolve('models/birds/birds_cnn.onnx'));
const birds = path.resolve('models/birds/pictures');

/** The runtime, counting what is run. */
class Counting extends OrtSessions {
  runs = 0;
  /** Of these, those of networks: products of matrices are graphs of a node or two. */
  networks = 0;
  override async open(...args: Parameters<OrtSessions['open']>): Promise<Session> {
    const session = await super.open(...args);
    const [opened] = args;
    const size = typeof opened === 'function' ? Infinity : opened.nodes.length;
    const count = (): void => {
      this.runs++;
      if (size > 8) this.networks++;
    };
    return new Proxy(session, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return (...given: unknown[]): unknown => {
          if (name === 'run') count();
          return (value as (...a: unknown[]) => unknown).apply(target, given);
        };
      },
    });
  }
}

describe('the store of predictions and features', () => {
  const folder = temporaryFolder();
  let at = 0;
  const fresh = (): string => path.join(folder, String(at++));
  const services: RunnerService[] = [];
  after(() => Promise.all(services.map((s) => s.dispose())));

  /** A runner that is new, and what a request makes it run once its model is open. */
  const runner = async (storage: string): Promise<{ service: RunnerService; runs: () => number }> => {
    const sessions = new Counting();
    const service = new RunnerService({ storage }, sessions);
    services.push(service);
    await service.operations.labels({ model }, call());
    const before = sessions.runs;
    return { service, runs: () => sessions.runs - before };
  };
  const set = (name: string, count = 4): FilePath => {
    const place = path.join(folder, name);
    for (const className of readdirSync(birds).slice(0, 3)) {
      mkdirSync(path.join(place, className), { recursive: true });
      for (const file of readdirSync(path.join(birds, className)).slice(0, count))
        cpSync(path.join(birds, className, file), path.join(place, className, file));
    }
    return filePath(place);
  };
  const survey = async (storage: string, request: Partial<SurveyRequest> & { readonly place: FilePath }) => {
    const { service, runs } = await runner(storage);
    const answer = await service.operations.survey({ model, ...request }, call());
    return { ...answer, runs: runs() };
  };
  const said = ({ survey: s, mistakes }: Awaited<ReturnType<typeof survey>>): unknown => [
    s.predicted,
    s.confidence,
    s.duplicates,
    s.omitted,
    mistakes,
  ];

  it('makes a second look run nothing, also after a restart, and a layout and neighbours neither', async () => {
    const [storage, place] = [fresh(), set('twice')];
    const first = await survey(storage, { place });
    assert.ok(first.runs > 0, 'the first look runs the model');
    const { service, runs } = await runner(storage);
    const second = await service.operations.survey({ model, place }, call());
    await service.operations.layout({ model, place, of: 'activations', method: 'pca' }, call());
    const name = second.survey.names[0]!;
    await service.operations.nearest({ model, place, name, metric: 'euclidean', k: 3 }, call());
    // What remains are the products of matrices of the layout, which are no runs of the model.
    const again = await survey(storage, { place });
    assert.deepEqual([again.runs, said(again)], [0, said(first)]);
    assert.deepEqual(second.survey.confidence, first.survey.confidence);
    assert.ok(runs() > 0, 'products are counted, too');
  });

  it('makes a second comparison run neither model, also after a restart, and a longer one only what is new', async () => {
    const [storage, place] = [fresh(), set('compared')];
    const compared = async (more: Partial<CompareModelsRequest>) => {
      const sessions = new Counting();
      const service = new RunnerService({ storage }, sessions);
      services.push(service);
      const other = { model, settings: { range: [0, 1] as const, mean: [0.59, 0.61, 0.55], std: [0.2, 0.166, 0.213] } };
      // What opening a model runs is none of a picture's.
      await service.operations.labels({ model }, call());
      await service.operations.labels(other, call());
      const before = sessions.networks;
      const { set: found } = await service.operations.compareModels({ model, other, place, ...more }, call());
      return { found, networks: sessions.networks - before };
    };
    const asked = { method: 'gradient', explained: 2, layered: 5 };
    const first = await compared(asked);
    assert.ok(first.networks > 0, 'the first runs both');
    const second = await compared(asked);
    assert.deepEqual([second.networks, second.found], [0, first.found]);
    const more = await compared({ ...asked, explained: 3 });
    assert.ok(
      more.networks > 0 && more.networks < first.networks / 2,
      `one picture more: ${more.networks} runs, not ${first.networks}`,
    );
    const seed = await compared({ ...asked, seed: 1 });
    assert.ok(seed.networks > 0, 'other pictures are drawn by another seed');
  });

  it('knows pictures by what they are, wherever they lie and whatever they are called', async () => {
    const [storage, place] = [fresh(), set('moved')];
    const first = await survey(storage, { place });
    const there = filePath(path.join(folder, 'moved-away'));
    renameSync(place, there);
    const [className] = readdirSync(there) as [string];
    const [file] = readdirSync(path.join(there, className)) as [string];
    renameSync(path.join(there, className, file), path.join(there, className, `zz-${file}`));
    const moved = await survey(storage, { place: there });
    assert.equal(moved.runs, 0);
    assert.deepEqual(
      Float32Array.from(moved.survey.confidence).sort(),
      Float32Array.from(first.survey.confidence).sort(),
    );
    // Others are run alone, whatever stands around them.
    cpSync(path.join(birds, readdirSync(birds)[5]!), path.join(there, 'A new class'), { recursive: true });
    const more = await survey(storage, { place: there });
    assert.ok(more.runs > 0 && more.survey.names.length > first.survey.names.length, 'only the new ones are run');
    assert.equal((await survey(storage, { place: there })).runs, 0);
  });

  it('asks the model again under other settings, with random weights, and for another layer', async () => {
    const [storage, place] = [fresh(), set('settings')];
    const first = await survey(storage, { place });
    const other = await survey(storage, { place, settings: { range: [0, 255] } });
    assert.ok(other.runs > 0, 'other settings are other inputs');
    assert.notDeepEqual(other.survey.confidence, first.survey.confidence);
    const random = await survey(storage, { place, randomWeights: 1 });
    assert.ok(random.runs > 0, 'random weights are another network');
    assert.notDeepEqual(random.survey.predicted, first.survey.predicted);
    const layer = await survey(storage, { place, layer: 'stem' });
    assert.ok(layer.runs > 0, 'another layer is not known yet');
    assert.deepEqual(said(await survey(storage, { place })), said(first));
  });

  it('goes on where a run was cancelled', async () => {
    const storage = fresh();
    const place = filePath(birds);
    const all = (await survey(fresh(), { place })).survey.names.length;
    // A list that names the pictures so often that they are three units.
    const list = filePath(path.join(folder, 'long.csv'));
    const { service } = await runner(fresh());
    const files = (await service.operations.survey({ model, place }, call())).survey.files;
    const rows: string[] = [];
    for (let k = 0; k < 150; k++) {
      const copy = path.join(folder, 'copies', `${k}.png`);
      mkdirSync(path.dirname(copy), { recursive: true });
      cpSync(files[k % all]!, copy);
      writeFileSync(copy, Buffer.from([k]), { flag: 'a' });
      rows.push(copy);
    }
    writeFileSync(list, `path\n${rows.join('\n')}\n`);
    const one = await runner(storage);
    const abort = new AbortController();
    const stopped = one.service.operations.survey(
      { model, place: list },
      call(({ done }) => {
        if (done === 64) abort.abort();
      }, abort.signal),
    );
    await assert.rejects(stopped, { name: 'CancelledError' });
    const rest = await survey(storage, { place: list });
    const whole = await survey(fresh(), { place: list });
    assert.ok(rest.runs > 0 && rest.runs < whole.runs, `${rest.runs} of ${whole.runs} runs are left`);
    assert.deepEqual(said(rest), said(whole));
  });

  it('takes torn and strange files for what is not there', async () => {
    const [storage, place] = [fresh(), set('torn')];
    const first = await survey(storage, { place });
    const units = filesBelow(storage).filter((f) => f.endsWith('.unit'));
    assert.ok(units.length >= 2, `${units.length} files`);
    units.forEach((file, i) => writeFileSync(file, i % 2 === 0 ? '' : 'onnx-lens'));
    writeFileSync(path.join(storage, 'files.json'), '{');
    const again = await survey(storage, { place });
    assert.ok(again.runs > 0, 'what is torn is run again');
    assert.deepEqual(said(again), said(first));
    assert.equal((await survey(storage, { place })).runs, 0);
  });

  it('goes without where nothing can be written, and says so', async () => {
    const storage = fresh();
    writeFileSync(storage, 'a file where the folder should be');
    const found = await survey(path.join(storage, 'below'), { place: set('unwritable') });
    assert.ok(found.survey.names.length > 0, 'it works all the same');
    assert.ok(
      found.survey.notes.some((n) => n.includes('is not kept for the next time')),
      found.survey.notes.join(' '),
    );
  });

  it('keeps within its bound, and forgets first what was used longest ago', async () => {
    const storage = fresh();
    const store = new ReadingStore(storage, 10_000);
    const row = new Float32Array(1000);
    const keep = async (context: string): Promise<void> => {
      const kept = store.kept(context, (error) => assert.fail(error.message));
      await kept.keep('layer', ['a'], [{ content: 'a', row }], [0]);
      await store.settle();
      await new Promise((resolve) => setTimeout(resolve, 20));
    };
    const knows = async (context: string): Promise<boolean> =>
      (await new ReadingStore(storage).kept(context, () => undefined).find('layer', ['a']))[0] !== undefined;
    await keep('one');
    await keep('two');
    assert.ok(await knows('one'), 'looking at it is using it');
    await keep('three');
    assert.deepEqual([await knows('one'), await knows('two'), await knows('three')], [true, false, true]);
    const bytes = filesBelow(storage).reduce((sum, f) => sum + statSync(f).size, 0);
    assert.ok(bytes <= 10_000, `${bytes} bytes`);
  });

  it('is emptied by hand', async () => {
    const [storage, place] = [fresh(), set('emptied')];
    await survey(storage, { place });
    const { service, runs } = await runner(storage);
    const { bytes } = await service.operations.emptyStore({}, call());
    assert.ok(bytes > 1000, `${bytes} bytes were freed`);
    assert.ok(!existsSync(storage), 'nothing is left');
    await service.operations.survey({ model, place }, call());
    assert.ok(runs() > 0, 'everything is run again');
    rmSync(storage, { recursive: true });
  });
});

function filesBelow(place: string): string[] {
  return readdirSync(place, { withFileTypes: true }).flatMap((e) =>
    e.isDirectory() ? filesBelow(path.join(place, e.name)) : [path.join(place, e.name)],
  );
}
