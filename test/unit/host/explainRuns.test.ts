import assert from 'node:assert/strict';
import { CancelledError, LensError } from '../../../src/base/errors.js';
import { address, type Address, filePath } from '../../../src/base/place.js';
import { Answers, type Compute, type Inquiry } from '../../../src/host/explain/answers.js';
import { commandLine } from '../../../src/host/explain/commandLine.js';
import { Runs } from '../../../src/host/explain/runs.js';
import { owned } from '../../../src/host/panel/owned.js';
import type { OneRequest, Question, RunProgress } from '../../../src/protocol/explainPanel.js';
import type { ExplainAnswer } from '../../../src/protocol/attribution.js';
import type { Explanation } from '../../../src/result/explanation.js';
import { explanationWith } from '../support/explanation.js';

const question: Question = { method: 'gradient', params: { reduce: 'none' }, target: 'top1', score: 'logit', seed: 0 };
const explanation = (input: string): Explanation => explanationWith({ input, target: { index: 7, label: 'cock' } });
const answer = (results: ExplainAnswer['results']): ExplainAnswer => ({
  sha256: '',
  provider: 'cpu',
  files: [],
  refusedProviders: [],
  preprocessing: {},
  warnings: [],
  results,
});
const never = new AbortController().signal;
const ignore = (): void => undefined;

/** Explains when told to; an abort rejects at once, as the runner's client does. */
function manual() {
  const calls: {
    picture: string;
    signal: AbortSignal;
    progress: Parameters<Compute>[1]['onProgress'];
    finish: (a?: ExplainAnswer) => void;
    fail: (e: Error) => void;
  }[] = [];
  const compute: Compute = ({ input: picture }, { signal, onProgress }) =>
    new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new CancelledError()), { once: true });
      calls.push({
        picture,
        signal,
        progress: onProgress,
        finish: (a = answer([{ input: picture, result: explanation(picture) }])) => resolve(a),
        fail: reject,
      });
    });
  const store = new Answers(1e6, async () => []);
  const inquiry = ({ question: q, picture }: OneRequest): Inquiry => ({
    model: filePath('net.onnx'),
    ...q,
    input: filePath(String(picture)),
  });
  const runsOn = (answers: Answers, now?: () => number): Runs =>
    new Runs(
      {
        ask: (request, options) => answers.ask(inquiry(request), compute, options),
        at: (key) => answers.at(key),
        holds: (requests) => answers.holds(requests.map(inquiry)),
      },
      now,
    );
  return { calls, compute, inquiry, store, runsOn };
}
const [x, y, z] = ['x', 'y', 'z'].map(address) as [Address, Address, Address];
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

describe('runs of an explain panel', () => {
  it('asks one picture after the other; one that fails stops no other', async () => {
    const { calls, store, runsOn } = manual();
    const runs = runsOn(store);
    const seen: RunProgress[] = [];
    const run = runs.run({ id: 'a', question, pictures: [x, y] }, never, (p) => seen.push(p));
    await settle();
    assert.deepEqual(
      calls.map((c) => c.picture),
      ['x'],
    );
    calls[0]!.finish(answer([{ input: 'x', error: { kind: 'input', code: 'input/text', message: 'x is text.' } }]));
    await settle();
    calls[1]!.progress({ fraction: 0.5, message: 'gradient' });
    calls[1]!.finish();
    assert.deepEqual(
      (await run).outcomes.map((o) => o.state),
      ['failed', 'done'],
    );
    assert.deepEqual(
      seen.map((p) => [p.picture, p.fraction, p.outcome?.state]),
      [
        ['x', 0.5, 'failed'],
        ['y', 0.75, undefined],
        ['y', 1, 'done'],
      ],
    );
    assert.equal(runs.explanation('a', y).input, 'y');
    assert.throws(() => runs.explanation('a', x), /no longer kept/);
  });

  it('keeps what there is when it is stopped', async () => {
    const { calls, store, runsOn } = manual();
    const runs = runsOn(store);
    const run = runs.run({ id: 'a', question, pictures: [x, y] }, never, ignore);
    await settle();
    calls[0]!.progress({ message: 'occlusion', partial: explanation('half') });
    runs.stop('a');
    const { cancelled, outcomes } = await run;
    assert.deepEqual([cancelled, outcomes.map((o) => o.state)], [true, ['partial', 'skipped']]);
    assert.equal(runs.explanation('a', x).input, 'half');
  });

  it('goes on when its page is thrown away, and lets the next one join', async () => {
    const { calls, store, runsOn } = manual();
    const runs = runsOn(store);
    const page = new AbortController();
    const first = runs.run({ id: 'a', question, pictures: [x] }, page.signal, ignore);
    await settle();
    calls[0]!.progress({ fraction: 0.25, message: 'occlusion 9 / 36' });
    page.abort();
    assert.equal(calls[0]!.signal.aborted, false);
    const seen: RunProgress[] = [];
    const second = runs.run({ id: 'a', question, pictures: [x] }, never, (p) => seen.push(p));
    assert.equal(seen[0]?.message, 'occlusion 9 / 36', 'the last report is said again');
    calls[0]!.finish();
    assert.deepEqual(await first, await second);
    assert.equal(calls.length, 1);
    assert.equal(
      (await runs.run({ id: 'a', question, pictures: [x] }, never, ignore)).cancelled,
      false,
      'a finished run is answered from memory',
    );
    assert.equal(calls.length, 1);
  });

  it('a new run ends the one before; closing the panel ends all', async () => {
    const { calls, store, runsOn } = manual();
    const runs = runsOn(store);
    const first = runs.run({ id: 'a', question, pictures: [x] }, never, ignore);
    await settle();
    const second = runs.run({ id: 'b', question, pictures: [x] }, never, ignore);
    await settle();
    assert.equal((await first).cancelled, true);
    assert.equal(calls[0]!.signal.aborted, true);
    runs.dispose();
    assert.equal(calls[1]!.signal.aborted, true);
    assert.equal((await second).cancelled, true);
  });

  it('a failure of the whole is said once and tried anew', async () => {
    const { calls, store, runsOn } = manual();
    const runs = runsOn(store);
    const request = { id: 'a', question, pictures: [x, y] };
    const first = runs.run(request, never, ignore);
    await settle();
    calls[0]!.fail(new LensError('runtime', 'runner/died', 'The runner ended.'));
    await assert.rejects(first, /The runner ended/);
    const second = runs.run(request, never, ignore);
    await settle();
    calls[1]!.finish();
    await settle();
    calls[2]!.finish();
    assert.deepEqual(
      (await second).outcomes.map((o) => o.state),
      ['done', 'done'],
    );
  });

  it('a running picture takes the way to the page only now and then', async () => {
    const { calls, store, runsOn } = manual();
    let clock = 1000;
    const runs = runsOn(store, () => clock);
    const seen: RunProgress[] = [];
    const run = runs.run({ id: 'a', question, pictures: [x] }, never, (p) => seen.push(p));
    await settle();
    const report = (...times: readonly number[]): void => {
      for (const time of times) {
        clock = time;
        calls[0]!.progress({ message: String(time), partial: explanation('x') });
      }
    };
    const pictures = (): string[] => seen.filter((p) => p.partial !== undefined).map((p) => p.message);
    report(1000);
    runs.seen('a');
    report(1100, 1300, 1500);
    assert.deepEqual(pictures(), ['1000', '1500']);
    report(2000, 9000);
    assert.deepEqual(pictures(), ['1000', '1500'], 'the page has not taken up the last one yet');
    runs.seen('a');
    report(9100);
    assert.deepEqual(pictures(), ['1000', '1500', '9100']);
    report(9150, 9199, 9200);
    assert.deepEqual(
      seen.slice(-2).map((p) => p.message),
      ['9100', '9200'],
      'words do not come more often than they can be drawn',
    );
    // A page that comes anew does not wait for what was sent to the one before.
    const joined: RunProgress[] = [];
    const again = runs.run({ id: 'a', question, pictures: [x] }, never, (p) => joined.push(p));
    report(9900);
    assert.equal(joined.at(-1)!.message, '9900');
    assert.ok(joined.at(-1)!.partial);
    calls[0]!.finish();
    await Promise.all([run, again]);
  });

  it('says that a file of several tensors was not shown whole', async () => {
    const { calls, store, runsOn } = manual();
    const runs = runsOn(store);
    const run = runs.run({ id: 'a', question, pictures: [x] }, never, ignore);
    await settle();
    calls[0]!.finish(answer(['x#0', 'x#1'].map((input) => ({ input, result: explanation(input) }))));
    await run;
    assert.match(runs.explanation('a', x).warnings.join(), /holds 2 inputs/);
  });

  it('is answered from the store where another run or a grid has asked the same, what is known first', async () => {
    const { calls, compute, inquiry, store, runsOn } = manual();
    const cell = store.ask(inquiry({ question, picture: y }), compute, { signal: never, onProgress: ignore });
    await settle();
    calls[0]!.finish();
    await cell;
    const runs = runsOn(store);
    const seen: RunProgress[] = [];
    const run = runs.run({ id: 'a', question, pictures: [x, y] }, never, (p) => seen.push(p));
    await settle();
    assert.deepEqual(
      [seen.map((p) => [p.picture, p.outcome?.state]), calls.map((c) => c.picture)],
      [[['y', 'done']], ['y', 'x']],
      'y is shown while x is computed',
    );
    calls[1]!.finish();
    assert.equal((await run).cancelled, false);
    const elsewhere = runsOn(store).run({ id: 'b', question, pictures: [x, y] }, never, ignore);
    assert.deepEqual(
      (await elsewhere).outcomes.map((o) => o.state),
      ['done', 'done'],
    );
    assert.equal(calls.length, 2, 'another panel computes nothing');
    const again = runs.run({ id: 'c', question, pictures: [x], anew: true }, never, ignore);
    await settle();
    assert.equal(calls.length, 3, 'where a person asks for it, all is computed again');
    calls[2]!.finish();
    await again;
  });

  it('that lost answers to others is begun again: what is still there at once, the rest computed', async () => {
    const { calls, runsOn } = manual();
    const two = 2 * 7; // each holds 3 bytes of picture and one value
    const runs = runsOn(new Answers(two, async () => []));
    const request = { id: 'a', question, pictures: [x, y, z] };
    const first = runs.run(request, never, ignore);
    for (const i of [0, 1, 2]) {
      await settle();
      calls[i]!.finish();
    }
    await first;
    assert.throws(() => runs.explanation('a', x), /no longer kept/);
    const seen: RunProgress[] = [];
    const second = runs.run(request, never, (p) => seen.push(p));
    await settle();
    assert.deepEqual(
      [seen.map((p) => p.picture), calls.length],
      [['y', 'z'], 4],
      'only the lost one is computed, and no other is lost for it before it was shown',
    );
    calls[3]!.finish();
    await second;
    assert.equal(runs.explanation('a', x).input, 'x');
  });

  it('of before a change stays readable, and answers no later question', async () => {
    const { calls, runsOn } = manual();
    let version = 1;
    const runs = runsOn(new Answers(1e6, async () => [version]));
    const first = runs.run({ id: 'a', question, pictures: [x] }, never, ignore);
    await settle();
    calls[0]!.finish();
    await first;
    version = 2;
    runs.outdate();
    assert.deepEqual(runs.outdated, ['a']);
    assert.equal(runs.explanation('a', x).input, 'x');
    const second = runs.run({ id: 'b', question, pictures: [x] }, never, ignore);
    await settle();
    assert.equal(calls.length, 2);
    calls[1]!.finish();
    await second;
    assert.deepEqual(runs.outdated, ['a']);
  });
});

describe('copy as command line', () => {
  it('names the class that was explained, and quotes what must be', () => {
    const asked: Question = { ...question, params: { patch: 16 }, layer: 'features.3', score: 'probability' };
    assert.equal(
      commandLine('my models/net.onnx', "it's.png", {
        question: asked,
        picture: address(''),
        target: 7,
        provider: 'cpu',
      }),
      `onnx-lens explain 'my models/net.onnx' 'it'\\''s.png' --method gradient --target 7 --score probability --layer features.3 --param patch=16 --provider cpu --out explanations`,
    );
  });
});

describe('data on its way to a webview', () => {
  it('owns its memory and holds no Buffer', () => {
    const whole = new Float32Array([1, 2, 3, 4]);
    const sent = owned({ a: whole.subarray(1, 3), b: Buffer.from([1, 2]), c: [whole], d: 'text', e: undefined });
    assert.equal(sent.a.buffer.byteLength, 8);
    assert.deepEqual([...sent.a], [2, 3]);
    assert.equal(Buffer.isBuffer(sent.b), false);
    assert.equal(sent.b.buffer.byteLength, 2);
    assert.equal(sent.c[0], whole, 'an array that owns its buffer is not copied');
    assert.throws(() => owned(new Map()), /does not survive/);
  });
});
