import assert from 'node:assert/strict';
import path from 'node:path';
import { filePath } from '../../../../src/base/place.js';
import type { RunnerClientOptions } from '../../../../src/host/runner/client.js';
import { RunnerPair } from '../../../../src/host/runner/pair.js';
import type { RunnerStatus } from '../../../../src/protocol/runner.js';
import { TRAITS } from '../../../../src/protocol/traits.js';

const script = path.resolve('test/unit/host/fakeRunner.cjs');
const place = filePath('/pictures');

describe('two runners behind one client', () => {
  let pair: RunnerPair;
  const make = (forLong: Partial<RunnerClientOptions> = {}): void => {
    const say = (): void => undefined;
    pair = new RunnerPair(
      {
        script,
        log: { info: say, warn: say, error: say },
        nodePath: () => '',
        killAfterSeconds: () => 0.2,
        idleMinutes: () => 0,
      },
      forLong,
    );
  };
  const pidFrom = (answer: unknown): number => (answer as RunnerStatus).pid;
  const explain = (deed: string): Promise<number> =>
    pair.client.explain({ model: filePath(deed), inputs: [], method: 'gradient' }).then(pidFrom);
  const survey = (deed: string, signal?: AbortSignal): Promise<number> =>
    pair.client.survey({ model: filePath(deed), place }, signal === undefined ? {} : { signal }).then(pidFrom);

  afterEach(() => pair.dispose());

  it('never let an explanation wait for a survey', async () => {
    make();
    await Promise.all([explain('answer'), survey('answer')]);
    const order: string[] = [];
    // This runner is busy to the last for more than half a second, and hears nothing meanwhile.
    const long = survey('block').then(() => order.push('survey'));
    await explain('answer').then(() => order.push('explain'));
    await long;
    assert.deepEqual(order, ['explain', 'survey']);
  });

  it('start each with its first request, and are two processes', async () => {
    make();
    const main = await explain('answer');
    assert.deepEqual([pair.pid, pair.longPid], [main, undefined]);
    const long = await survey('answer');
    assert.notEqual(long, main);
    assert.deepEqual([pair.pid, pair.longPid], [main, long]);
  });

  it('send every long operation to the second, and what steers it along', () => {
    const long = Object.entries(TRAITS).flatMap(([name, traits]) => ('long' in traits ? [name] : []));
    for (const name of ['survey', 'layout', 'steer', 'nearest', 'layerCurve', 'compareModels', 'share'])
      assert.ok(long.includes(name), `${name} is long`);
    for (const name of ['explain', 'predict', 'thumbnails', 'outline', 'status', 'release'])
      assert.ok(!long.includes(name), `${name} is not long`);
  });

  it('die apart: a crash or too much memory of one is nothing to the other', async () => {
    let held = 1e9;
    make({ mostBytes: () => 3e9, bytesOf: () => Promise.resolve(held), memorySeconds: 0.05 });
    const main = await explain('answer');
    await assert.rejects(survey('crash'), { code: 'runner/died', message: /while it was looking at data with crash/ });
    await survey('answer');
    held = 4e9;
    await assert.rejects(survey('slow'), { code: 'runner/memory' });
    assert.equal(await explain('answer'), main);
  });

  it('end a survey that does not stop when it is cancelled, and not the other runner', async () => {
    make();
    const [main, long] = [await explain('answer'), await survey('answer')];
    const abort = new AbortController();
    const stuck = survey('deaf', abort.signal);
    setTimeout(() => abort.abort(), 30);
    await assert.rejects(stuck, { name: 'CancelledError' });
    assert.equal(await explain('answer'), main);
    assert.notEqual(await survey('answer'), long);
  });

  it('close a model in both, but start none for that', async () => {
    make();
    await pair.client.release({ model: filePath('answer') });
    assert.equal(pair.longPid, undefined);
    await survey('answer');
    await pair.client.release({ model: filePath('answer') });
  });

  it('end with the window, both', async () => {
    make();
    const pids = [await explain('answer'), await survey('answer')];
    pair.dispose();
    for (let waited = 0; waited < 5000 && pids.some(isUp); waited += 20)
      await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(pids.filter(isUp), []);
    await assert.rejects(explain('answer'), { name: 'CancelledError' });
  });

  it('does not look like a promise', () => {
    make();
    assert.equal(Reflect.get(pair.client, 'then'), undefined);
  });
});

function isUp(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
