import assert from 'node:assert/strict';
import { CancelledError, isCancelled, LensError } from '../../../src/base/errors.js';
import { Channel, type Handlers, type Operation, type Port } from '../../../src/protocol/channel.js';

interface Calculator {
  add: Operation<{ a: number; b: number }, number>;
  scale: Operation<Float32Array, Float32Array, number>;
  fail: Operation<'lens' | 'bug', never>;
  wait: Operation<null, string>;
}

/** Two ports whose messages are cloned on the way, as process and webview boundaries clone them. */
function wire(): [Port & { drop(reason?: Error): void }, Port & { drop(reason?: Error): void }] {
  const ends = [0, 1].map(() => ({ message: (_: unknown) => {}, close: (_?: Error) => {} }));
  const port = (own: number): Port & { drop(reason?: Error): void } => ({
    post: (message) => {
      const copy = structuredClone(message);
      queueMicrotask(() => ends[1 - own]!.message(copy));
    },
    listen: (onMessage, onClose) => void (ends[own] = { message: onMessage, close: onClose }),
    drop: (reason) => ends[own]!.close(reason),
  });
  return [port(0), port(1)];
}

function connect(overrides: Partial<Handlers<Calculator>> = {}) {
  const [near, far] = wire();
  const aborted: string[] = [];
  const handlers: Handlers<Calculator> = {
    add: ({ a, b }) => Promise.resolve(a + b),
    scale: (data, call) => {
      call.progress(0.5);
      return Promise.resolve(data.map((v) => 2 * v));
    },
    fail: (kind) => {
      if (kind === 'lens') throw new LensError('input', 'test/bad', 'This is bad.', { hint: 'Do better.' });
      throw new TypeError('a bug');
    },
    wait: (_, call) =>
      new Promise((_resolve, reject) => {
        call.signal.addEventListener('abort', () => {
          aborted.push('wait');
          reject(new CancelledError());
        });
      }),
    ...overrides,
  };
  const server = new Channel<object, Calculator>(far, handlers);
  const channel = new Channel<Calculator>(near, {});
  return { client: channel.client, channel, server, near, far, aborted };
}

const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

describe('the channel', () => {
  it('carries requests, typed arrays and progress', async () => {
    const { client } = connect();
    assert.equal(await client.add({ a: 2, b: 3 }), 5);
    const reports: number[] = [];
    const doubled = await client.scale(Float32Array.of(1, 2), { onProgress: (p) => reports.push(p) });
    assert.ok(doubled instanceof Float32Array);
    assert.deepEqual([...doubled], [2, 4]);
    assert.deepEqual(reports, [0.5]);
  });

  it('carries expected errors whole and bugs with their stack', async () => {
    const { client } = connect();
    await assert.rejects(
      client.fail('lens'),
      (e) => e instanceof LensError && e.code === 'test/bad' && e.hint === 'Do better.',
    );
    await assert.rejects(
      client.fail('bug'),
      (e: Error) => !(e instanceof LensError) && e.message === 'a bug' && /TypeError/.test(e.stack ?? ''),
    );
  });

  it('answers an unknown operation, also one that every object has', async () => {
    const { client } = connect();
    const untyped = client as unknown as Record<string, (request: unknown) => Promise<unknown>>;
    await assert.rejects(untyped['subtract']!(1), /No operation "subtract"/);
    await assert.rejects(untyped['toString']!(1), /No operation "toString"/);
  });

  it('frees the caller at once on cancellation and tells the other side', async () => {
    const { client, channel, server, aborted } = connect();
    const abort = new AbortController();
    const waiting = client.wait(null, { signal: abort.signal });
    await tick();
    abort.abort();
    await assert.rejects(waiting, isCancelled);
    assert.equal(channel.busy, 0);
    await tick();
    assert.deepEqual(aborted, ['wait']);
    assert.equal(server.busy, 0);
    await assert.rejects(client.wait(null, { signal: abort.signal }), isCancelled);
  });

  it('settles everything when the other side dies', async () => {
    const { client, near, far, aborted } = connect();
    const waiting = client.wait(null);
    await tick();
    const reason = new LensError('runtime', 'runner/died', 'The runner has died.');
    near.drop(reason);
    far.drop();
    await assert.rejects(waiting, (e) => e === reason);
    await assert.rejects(client.add({ a: 1, b: 1 }), (e) => e === reason);
    assert.deepEqual(aborted, ['wait']);
  });

  it('rejects a request that cannot be cloned, and lives on', async () => {
    const { client } = connect();
    await assert.rejects(client.add({ a: (() => 1) as unknown as number, b: 1 }), /could not be cloned/);
    assert.equal(await client.add({ a: 1, b: 1 }), 2);
  });

  it('tells the caller when a reply cannot be cloned', async () => {
    const { client } = connect({ add: () => Promise.resolve((() => 1) as unknown as number) });
    await assert.rejects(client.add({ a: 1, b: 1 }), /could not be cloned/);
  });
});
