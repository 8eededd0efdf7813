import assert from 'node:assert/strict';
import { isCancelled } from '../../../../src/base/errors.js';
import type { Call } from '../../../../src/protocol/channel.js';
import { RoarJobs } from '../../../../src/host/dataset/roarJob.js';

describe('host: remove-and-retrain over the lives of panels', () => {
  const work = (): {
    run: (call: Call<string>) => Promise<number>;
    finish: (value: number) => void;
    calls: Call<string>[];
  } => {
    const calls: Call<string>[] = [];
    let finish: (value: number) => void = () => undefined;
    const run = (call: Call<string>): Promise<number> => {
      calls.push(call);
      return new Promise((resolve, reject) => {
        finish = resolve;
        call.signal.addEventListener('abort', () => reject(call.signal.reason as Error));
      });
    };
    return { run, finish: (value) => finish(value), calls };
  };

  it('goes on without its panel, and is joined by the next', async () => {
    const jobs = new RoarJobs();
    const { run, finish, calls } = work();
    const [first, second]: [string[], string[]] = [[], []];
    const gone = jobs.of('net set').ask('a', { progress: (said) => void first.push(said) }, run);
    calls[0]!.progress('one');
    jobs.of('net set').orphan();
    const back = jobs.of('net set').ask('a', { progress: (said) => void second.push(said) }, run);
    calls[0]!.progress('two');
    finish(7);
    assert.deepEqual([await gone, await back], [7, 7]);
    assert.equal(calls.length, 1, 'begun once');
    assert.equal(calls[0]!.signal.aborted, false);
    assert.deepEqual([first, second], [['one'], ['one', 'two']]);
  });

  it('ends where somebody says so, and for another question', async () => {
    const job = new RoarJobs().of('net set');
    const { run, calls } = work();
    const stopped = job.ask('a', { progress: () => undefined }, run);
    job.stop();
    await assert.rejects(stopped, (error) => isCancelled(error));
    assert.ok(calls[0]!.signal.aborted, 'the work is told');
    const before = job.ask('b', { progress: () => undefined }, run);
    void job.ask('c', { progress: () => undefined }, run).catch(() => undefined);
    await assert.rejects(before, (error) => isCancelled(error));
    assert.deepEqual(
      calls.map(({ signal }) => signal.aborted),
      [true, true, false],
    );
  });
});
