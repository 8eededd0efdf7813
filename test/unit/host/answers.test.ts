import assert from 'node:assert/strict';
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { filePath, type FilePath } from '../../../src/base/place.js';
import { CancelledError, LensError } from '../../../src/base/errors.js';
import { floatTensor } from '../../../src/base/tensor.js';
import {
  Answers,
  explanationOf,
  type Answer,
  type Compute,
  type ComputeMany,
  type Inquiry,
} from '../../../src/host/explain/answers.js';
import type { ExplainAnswer } from '../../../src/protocol/attribution.js';
import type { WorkProgress } from '../../../src/protocol/request.js';
import type { Explanation } from '../../../src/result/explanation.js';
import { explanationWith } from '../support/explanation.js';

/** An explanation of so many pixels: 3 bytes each of the picture, 4 of the map. */
function explanation(input: string, pixels = 100): Explanation {
  return explanationWith({
    input,
    picture: { width: pixels, height: 1, data: new Uint8Array(3 * pixels) },
    attribution: { values: floatTensor([1, pixels]), axes: 'HW', signed: true, unit: 'logit' },
  });
}
const answerOf = (...results: ExplainAnswer['results']): ExplainAnswer => ({
  sha256: '',
  provider: 'cpu',
  files: [],
  refusedProviders: [],
  preprocessing: {},
  warnings: [],
  results,
});
const inquiry = (input: string, more: Partial<Inquiry> = {}): Inquiry => ({
  model: filePath('/net.onnx'),
  method: 'gradient',
  target: 'top1',
  input: filePath(input),
  ...more,
});
const never = new AbortController().signal;
const ignore = (): void => undefined;
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** A store, and a runner that answers when told to; an abort rejects at once, as the runner's client does. */
function manual(bytes = 1e6, stampsOf: (files: readonly string[]) => Promise<readonly unknown[]> = async () => []) {
  const answers = new Answers(bytes, stampsOf);
  const calls: {
    readonly input: string;
    readonly signal: AbortSignal;
    tell(progress: WorkProgress): void;
    finish(answer?: ExplainAnswer): void;
    fail(error: Error): void;
  }[] = [];
  const compute: Compute = ({ input }, { signal, onProgress }) =>
    new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new CancelledError()), { once: true });
      const finish = (answer = answerOf({ input, result: explanation(input) })): void => resolve(answer);
      calls.push({ input, signal, tell: onProgress, finish, fail: reject });
    });
  const ask = (asked: Inquiry, signal = never, onProgress: (progress: WorkProgress) => void = ignore, anew = false) =>
    answers.ask(asked, compute, { signal, onProgress, anew });
  /** Asks, and answers where it is not known. */
  const fill = async (asked: Inquiry, pixels = 100): Promise<Answer> => {
    const answer = ask(asked);
    const before = calls.length;
    await settle();
    if (calls.length > before)
      calls.at(-1)!.finish(answerOf({ input: asked.input, result: explanation(asked.input, pixels) }));
    return answer;
  };
  return { answers, calls, ask, fill };
}

describe('the store of explanations', () => {
  it('keeps the newest up to a size in bytes; what was read again counts as new', async () => {
    const { answers, fill } = manual(3 * 700);
    for (const name of ['a', 'b', 'c']) await fill(inquiry(name));
    await fill(inquiry('a'));
    await fill(inquiry('d'));
    const holds = (...names: string[]): Promise<readonly boolean[]> =>
      answers.holds(names.map((name) => inquiry(name)));
    assert.deepEqual(await holds('a', 'b', 'c', 'd'), [true, false, true, true]);
    await fill(inquiry('large'), 200);
    assert.deepEqual(await holds('a', 'c', 'd', 'large'), [false, false, true, true]);
  });

  it('counts what is computed again once', async () => {
    const { answers, calls, ask, fill } = manual(3 * 700);
    for (let i = 0; i < 5; i++) {
      const again = ask(inquiry('a'), never, ignore, true);
      await settle();
      calls.at(-1)!.finish();
      await again;
    }
    assert.equal(calls.length, 5);
    await fill(inquiry('b'));
    await fill(inquiry('c'));
    assert.deepEqual(await answers.holds(['a', 'b', 'c'].map((name) => inquiry(name))), [true, true, true]);
  });

  it('does not keep for longer than it must what is too large by itself', async () => {
    const { answers, fill } = manual(100);
    const { key } = await fill(inquiry('a'));
    assert.equal(answers.at(key)?.input, 'a', 'who asked for it can have it');
    await fill(inquiry('b'));
    assert.equal(answers.at(key), undefined);
  });

  it('answers the same question at once, however it is put, and no other', async () => {
    const { calls, fill } = manual();
    const same = [
      inquiry('a', { params: { steps: 8, baseline: 'black' } }),
      inquiry('a', { params: { baseline: 'black', steps: 8 }, score: 'logit', seed: 0 }),
    ];
    for (const each of same) await fill(each);
    assert.equal(calls.length, 1);
    for (const other of [
      inquiry('a'),
      inquiry('b', { params: { steps: 8, baseline: 'black' } }),
      inquiry('a', { params: { steps: 9, baseline: 'black' } }),
      inquiry('a', { seed: 1 }),
      inquiry('a', { target: '7' }),
      inquiry('a', { layer: 'conv1' }),
      inquiry('a', { score: 'probability' }),
      inquiry('a', { method: 'gradcam' }),
      inquiry('a', { model: filePath('/other.onnx') }),
      inquiry('a', { provider: 'webgpu' }),
    ])
      await fill(other);
    assert.equal(calls.length, 11);
  });

  it('asks the runner once however many wait, and says the last report to who comes later', async () => {
    const { calls, ask } = manual();
    const told: string[][] = [[], []];
    const first = ask(inquiry('a'), never, ({ message }) => told[0]!.push(message));
    await settle();
    calls[0]!.tell({ message: '1 / 9' });
    const second = ask(inquiry('a'), never, ({ message }) => told[1]!.push(message));
    await settle();
    calls[0]!.tell({ message: '2 / 9' });
    assert.deepEqual(told, [
      ['1 / 9', '2 / 9'],
      ['1 / 9', '2 / 9'],
    ]);
    calls[0]!.finish();
    assert.equal(await first, await second);
    assert.equal(calls.length, 1);
  });

  it('ends work when nobody waits for it any more, and not before', async () => {
    const { answers, calls, ask } = manual();
    const [one, two] = [new AbortController(), new AbortController()];
    const first = ask(inquiry('a'), one.signal);
    const second = ask(inquiry('a'), two.signal);
    await settle();
    one.abort();
    await assert.rejects(first, CancelledError);
    assert.equal(calls[0]!.signal.aborted, false, 'the second still waits');
    two.abort();
    await assert.rejects(second, CancelledError);
    assert.equal(calls[0]!.signal.aborted, true);
    // Asked again at once: not joined to what is being given up.
    const third = ask(inquiry('a'));
    await settle();
    assert.equal(calls.length, 2);
    calls[1]!.finish();
    assert.equal(explanationOf(await third).input, 'a');
    assert.deepEqual(await answers.holds([inquiry('a')]), [true]);
    const gone = AbortSignal.abort();
    await assert.rejects(ask(inquiry('a'), gone), CancelledError);
  });

  it('stops what many share when the last of them is given up, and not when all are answered', async () => {
    const { answers } = manual();
    const run = async (answered: number): Promise<boolean> => {
      const both = ['a', 'b'].map((name) => inquiry(name, { seed: answered }));
      const stop = new AbortController();
      let shared!: AbortSignal;
      let said = (): void => undefined;
      const compute: ComputeMany = (_inquiries, { signal, onAnswer }) => {
        shared = signal;
        both
          .slice(0, answered)
          .forEach(({ input }, at) => onAnswer(at, answerOf({ input, result: explanation(input) })));
        return new Promise<void>((resolve) => (said = resolve));
      };
      const asked = answers.askMany(both, compute, { signal: stop.signal, onProgress: ignore, onAnswer: ignore });
      await settle();
      if (answered < both.length) {
        stop.abort();
        await assert.rejects(asked, CancelledError);
      } else await asked;
      const { aborted } = shared;
      said();
      return aborted;
    };
    assert.equal(await run(2), false, 'it ends by itself');
    assert.equal(await run(1), true, 'nobody wants the other');
    assert.equal(await run(0), true);
  });

  it('computes anew what was given up', async () => {
    const { answers, calls, fill } = manual();
    await fill(inquiry('a'));
    answers.clear();
    assert.deepEqual(await answers.holds([inquiry('a')]), [false]);
    await fill(inquiry('a'));
    assert.equal(calls.length, 2);
  });

  it('keeps no failure, of the picture or of the whole', async () => {
    const { answers, calls, ask, fill } = manual();
    const error = { kind: 'input', code: 'input/text', message: 'a is text.' } as const;
    const first = ask(inquiry('a'));
    await settle();
    calls[0]!.finish(answerOf({ input: 'a', error }));
    const answer = await first;
    assert.throws(() => explanationOf(answer), /a is text/);
    assert.equal(answers.at(answer.key), undefined);
    const empty = ask(inquiry('a'));
    await settle();
    calls[1]!.finish(answerOf());
    const nothing = await empty;
    assert.throws(() => explanationOf(nothing), /nothing in it to explain/, 'a file without inputs');
    const whole = ask(inquiry('a'));
    await settle();
    calls[2]!.fail(new LensError('runtime', 'runner/died', 'The runner ended.'));
    await assert.rejects(whole, /The runner ended/);
    await fill(inquiry('a'));
    assert.equal(calls.length, 4);
  });

  it('knows by time and size which files an answer is of: model, weights, settings, picture', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'answers-'));
    try {
      const file = (name: string): FilePath => filePath(path.join(folder, name));
      for (const name of ['net.onnx', 'cat.png']) await writeFile(file(name), 'x');
      // As the runner names them with its answer: what it read, and what it looked for.
      const beside = ['net.onnx.data', 'net.lens.json', 'names.txt', 'preprocessor_config.json'];
      const answers = new Answers();
      const asked = inquiry(file('cat.png'), { model: file('net.onnx') });
      let computed = 0;
      const compute: Compute = async ({ input }) => {
        computed++;
        return { ...answerOf({ input, result: explanation(input) }), files: beside.map(file) };
      };
      const ask = (): Promise<Answer> => answers.ask(asked, compute, { signal: never, onProgress: ignore });
      const first = await ask();
      await ask();
      assert.equal(computed, 1);
      for (const [i, name] of ['net.onnx', ...beside, 'cat.png'].entries()) {
        await writeFile(file(name), 'changed');
        assert.deepEqual(await answers.holds([asked]), [false], name);
        await ask();
        assert.equal(computed, i + 2, name);
      }
      await utimes(file('cat.png'), 1, 1);
      assert.deepEqual(await answers.holds([asked]), [false], 'the same size, another time');
      assert.equal(
        answers.at(first.key)?.input,
        file('cat.png'),
        'who was answered before the change can still read it',
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('knows of each question which files it names, whatever was asked in between', async () => {
    let mask = 1;
    const { answers, calls, ask } = manual(1e6, async (files) => files.map((f) => (f === '/mask.png' ? mask : 0)));
    const masked = inquiry('a', { method: 'lime', params: { parts: 'mask', mask: '/mask.png' } });
    const answer = async (asked: Inquiry, files: readonly FilePath[]): Promise<void> => {
      const asking = ask(asked);
      await settle();
      calls.at(-1)!.finish({ ...answerOf({ input: asked.input, result: explanation(asked.input) }), files });
      await asking;
    };
    await answer(masked, [filePath('/net.lens.json'), filePath('/mask.png')]);
    await answer(inquiry('a'), [filePath('/net.lens.json')]);
    const both = [masked, { ...masked, input: filePath('b') }, inquiry('a')];
    assert.deepEqual(await answers.holds(both), [true, false, true]);
    mask = 2;
    assert.deepEqual(await answers.holds(both), [false, false, true]);
  });

  it('keeps the answers of a run that was under way when the files beside the model became known', async () => {
    const { answers, calls, ask } = manual(1e6, async (files) => [...files]);
    const both = ['a', 'b'].map((name) => inquiry(name));
    const asked = both.map((each) => ask(each));
    await settle();
    calls.forEach(({ input, finish }) =>
      finish({ ...answerOf({ input, result: explanation(input) }), files: [filePath('/names.txt')] }),
    );
    await Promise.all(asked);
    assert.deepEqual(await answers.holds(both), [true, true]);
  });

  it('does not take for known what was computed while a file changed', async () => {
    let version = 1;
    const { answers, calls, ask } = manual(1e6, async () => [version]);
    const first = ask(inquiry('a'));
    await settle();
    version = 2;
    calls[0]!.finish();
    const { key } = await first;
    assert.equal(answers.at(key)?.input, 'a');
    assert.deepEqual(await answers.holds([inquiry('a')]), [false]);
    version = 1;
    assert.deepEqual(await answers.holds([inquiry('a')]), [false]);
  });
});
