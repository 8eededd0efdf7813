import assert from 'node:assert/strict';
import { CancelledError, LensError } from '../../../src/base/errors.js';
import { address } from '../../../src/base/place.js';
import type { CallOptions } from '../../../src/protocol/channel.js';
import type { OneRequest, Question, SanityReply } from '../../../src/protocol/explainPanel.js';
import type { WorkProgress } from '../../../src/protocol/request.js';
import type { SanityCheck } from '../../../src/result/sanity.js';
import { Badge, type BadgeState } from '../../../webview/explain/sanity/badge.js';

const [cat, dog] = [address('file:///cat.png'), address('file:///dog.png')];
const question = (method: string, target = 'top1'): Question => ({
  method,
  params: { reduce: 'none' },
  target,
  score: 'logit',
  seed: 0,
});
const sanity = (method: string): SanityCheck => ({
  method,
  params: {},
  input: '/pictures/cat.png',
  target: { index: 0, label: 'cat' },
  score: 'logit',
  seed: 0,
  original: { width: 1, height: 1, values: new Float32Array(1), signed: false },
  stages: [],
  similarity: 0.11,
  cascade: 0.2,
  measures: [],
  verdict: 'learned',
  sentence:
    'A network that has learned nothing gives a map that is 11 % alike: this one depends on what the model learned.',
  notes: [],
  milliseconds: 1,
});

/** A host whose checks end when the test says so; a cancelled one rejects at once, as the channel does. */
function checks() {
  const asked: {
    request: OneRequest;
    options: CallOptions<WorkProgress>;
    finish(): void;
    fail(error: Error): void;
  }[] = [];
  const badge = new Badge(
    {
      sanity: (request: OneRequest, options: CallOptions<WorkProgress> = {}) =>
        new Promise<SanityReply>((resolve, reject) => {
          options.signal?.addEventListener('abort', () => reject(new CancelledError()));
          const finish = (): void => resolve({ sanity: sanity(request.question.method), cached: false });
          asked.push({ request, options, finish, fail: reject });
        }),
    },
    () => undefined,
  );
  return { badge, asked };
}

/** Read anew: the compiler takes a getter for a constant. */
const now = (badge: Badge): BadgeState => badge.state;
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

describe('the badge of a method', () => {
  it('is asked for once per method, whatever the picture and the class', async () => {
    const { badge, asked } = checks();
    badge.watch(question('gradient'), cat, true);
    badge.watch(question('gradient', '3'), dog, true);
    assert.equal(asked.length, 1);
    asked[0]!.options.onProgress?.({ message: 'random down to fc', fraction: 0.5 });
    assert.deepEqual(now(badge), { state: 'working', message: 'random down to fc', fraction: 0.5 });
    asked[0]!.finish();
    await settle();
    assert.equal(now(badge).state, 'done');
    assert.equal(badge.summary?.similarity, 0.11);
    badge.leave();
    badge.watch(question('gradient'), dog, true);
    assert.equal(asked.length, 1);
    assert.equal(now(badge).state, 'done');
  });

  it('ends with the question, and a late answer says nothing about the next one', async () => {
    const { badge, asked } = checks();
    badge.watch(question('gradient'), cat, true);
    badge.leave();
    assert.equal(asked[0]!.options.signal?.aborted, true);
    assert.equal(now(badge).state, 'none');
    badge.watch(question('guided_backprop'), cat, true);
    asked[0]!.finish();
    await settle();
    assert.equal(now(badge).state, 'working');
    asked[1]!.finish();
    await settle();
    const found = now(badge);
    assert.ok(found.state === 'done' && found.sanity.method === 'guided_backprop', found.state);
  });

  it('asks a neuron apart from the classes', () => {
    const { badge, asked } = checks();
    badge.watch(question('gradient'), cat, true);
    badge.watch(question('gradient', 'conv3#5'), cat, true);
    assert.equal(asked.length, 2);
  });

  it('asks anew where an output is read or a picture prepared otherwise, but not where a picture is painted over', () => {
    const { badge, asked } = checks();
    badge.watch(question('gradient'), cat, true);
    badge.watch({ ...question('gradient'), edit: 'abc' }, cat, true);
    assert.equal(asked.length, 1);
    badge.watch({ ...question('gradient'), outputs: { out: { kind: 'embedding' } } }, cat, true);
    badge.watch({ ...question('gradient'), settings: { color: 'BGR' } }, cat, true);
    assert.equal(asked.length, 3);
  });

  it('waits for a click where the setting says so, and says why it failed', async () => {
    const { badge, asked } = checks();
    badge.watch(question('gradient'), cat, false);
    assert.equal(now(badge).state, 'waiting');
    assert.equal(asked.length, 0);
    badge.check();
    asked[0]!.fail(new LensError('unsupported', 'x', 'The model has no weights.'));
    await settle();
    const found = now(badge);
    assert.ok(found.state === 'failed' && found.error.message === 'The model has no weights.', found.state);
    badge.check();
    asked[1]!.finish();
    await settle();
    assert.equal(now(badge).state, 'done');
    badge.forget();
    badge.watch(question('gradient'), cat, false);
    assert.equal(now(badge).state, 'waiting');
  });
});
