import assert from 'node:assert/strict';
import { CancelledError, isCancelled } from '../../../../src/base/errors.js';
import { KeptAnswers } from '../../../../src/host/dataset/keptAnswers.js';
import type { Call } from '../../../../src/protocol/channel.js';

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** A call, and what was reported to it. */
function caller(): { call: Call<string>; abort: () => void; reports: string[] } {
  const abort = new AbortController();
  const reports: string[] = [];
  return {
    call: { signal: abort.signal, progress: (report) => reports.push(report) },
    abort: () => abort.abort(),
    reports,
  };
}

/** Work that ends when the test says so. */
function work() {
  let asked = 0;
  let signal: AbortSignal | undefined;
  let report: (text: string) => void = () => undefined;
  let end: (answer: string) => void = () => undefined;
  const compute = (call: Call<string>): Promise<string> => {
    asked++;
    ({ signal, progress: report } = call);
    return new Promise((resolve, reject) => {
      end = resolve;
      call.signal.addEventListener('abort', () => reject(new CancelledError()));
    });
  };
  return {
    compute,
    asked: () => asked,
    aborted: () => signal?.aborted === true,
    report: (t: string) => report(t),
    end: (a: string) => end(a),
  };
}

describe('what a panel of a data set was answered', () => {
  it('is there for the next page, until something has changed', async () => {
    const kept = new KeptAnswers();
    const { compute, asked, end } = work();
    const first = kept.ask('q', caller().call, compute);
    end('a');
    assert.equal(await first, 'a');
    assert.equal(await kept.ask('q', caller().call, compute), 'a');
    assert.equal(asked(), 1);
    kept.clear();
    const again = kept.ask('q', caller().call, compute);
    end('b');
    assert.equal(await again, 'b');
  });

  it('is joined where it is under way, with how far it is', async () => {
    const kept = new KeptAnswers();
    const { compute, asked, report, end, aborted } = work();
    const gone = caller();
    void kept.ask('q', gone.call, compute);
    report('half');
    kept.orphan();
    const next = caller();
    const answer = kept.ask('q', next.call, compute);
    report('more');
    assert.deepEqual([gone.reports, next.reports], [['half'], ['half', 'more']]);
    end('a');
    assert.equal(await answer, 'a');
    assert.deepEqual([asked(), aborted()], [1, false]);
  });

  it('ends when who waits for it cancels, whoever has gone before', async () => {
    const kept = new KeptAnswers();
    const { compute, aborted } = work();
    kept.ask('q', caller().call, compute).catch(() => undefined);
    kept.orphan();
    const next = caller();
    const answer = kept.ask('q', next.call, compute);
    next.abort();
    await assert.rejects(answer, (error) => isCancelled(error));
    assert.ok(aborted(), 'the work is ended');
    await turn();
    const again = work();
    const other = kept.ask('q', caller().call, again.compute);
    again.end('b');
    assert.equal(await other, 'b');
  });

  it('is not kept where it failed, nor where a file has changed meanwhile', async () => {
    const kept = new KeptAnswers();
    await assert.rejects(kept.ask('q', caller().call, () => Promise.reject(new Error('no'))));
    const { compute, end } = work();
    const old = kept.ask('q', caller().call, compute);
    kept.clear();
    const newer = work();
    const fresh = kept.ask('q', caller().call, newer.compute);
    end('old');
    newer.end('new');
    assert.deepEqual(await Promise.all([old, fresh]), ['old', 'new']);
    assert.equal(await kept.ask('q', caller().call, newer.compute), 'new');
  });
});
