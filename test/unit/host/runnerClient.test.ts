import assert from 'node:assert';
import path from 'node:path';
import { filePath } from '../../../src/base/place.js';
import { CancelledError, LensError } from '../../../src/base/errors.js';
import { RunnerClient, type RunnerClientOptions } from '../../../src/host/runner/client.js';
import type { RunnerStatus } from '../../../src/protocol/runner.js';

const script = path.resolve('test/unit/host/fakeRunner.cjs');

describe('the runner as the host sees it', () => {
  const said: string[] = [];
  let runner: RunnerClient;

  const make = (options: Partial<RunnerClientOptions> = {}): RunnerClient => {
    said.length = 0;
    const say = (message: string): void => void said.push(message);
    runner = new RunnerClient({
      script,
      log: { info: say, warn: say, error: say },
      nodePath: () => '',
      killAfterSeconds: () => 0.2,
      idleMinutes: () => 0,
      ...options,
    });
    return runner;
  };
  /** The fake answers every operation with its process id. */
  const pidFrom = (answer: unknown): number => (answer as RunnerStatus).pid;
  const explain = (deed: string, signal?: AbortSignal): Promise<number> =>
    runner.client
      .explain({ model: filePath(deed), inputs: [], method: 'gradient' }, signal === undefined ? {} : { signal })
      .then(pidFrom);
  const outline = (deed: string): Promise<number> => runner.client.outline({ model: filePath(deed) }).then(pidFrom);

  afterEach(() => runner.dispose());

  it('starts with the first request and stays', async () => {
    make();
    assert.strictEqual(runner.pid, undefined);
    const first = await explain('answer');
    assert.strictEqual(first, runner.pid);
    assert.strictEqual(await explain('answer'), first);
  });

  it('says in one sentence how it died, with what, and serves the next request from a fresh process', async () => {
    make();
    const first = await explain('answer');
    await assert.rejects(explain('crash'), (error: unknown) => {
      assert.ok(error instanceof LensError);
      assert.strictEqual(error.code, 'runner/died');
      assert.match(error.message, /signal SIGSEGV while it was explaining with crash\.$/);
      return true;
    });
    const second = await explain('answer');
    assert.notStrictEqual(second, first);
    await assert.rejects(explain('exit'), { code: 'runner/died', message: /exit code 7/ });
  });

  it('ends a process that holds too much memory, with one sentence, and goes on', async () => {
    let held = 1e9;
    make({ mostBytes: () => 3e9, bytesOf: () => Promise.resolve(held), memorySeconds: 0.05 });
    const first = await explain('slow');
    held = 4e9;
    await assert.rejects(explain('slow'), {
      code: 'runner/memory',
      message: /took more than 3\.0 GB of memory while it was explaining with slow and was ended\.$/,
    });
    held = 1e9;
    assert.notStrictEqual(await explain('slow'), first);
  });

  it('asks again for what only looks at a file when another request took too much memory', async () => {
    let large: number | undefined;
    make({ mostBytes: () => 3e9, bytesOf: (pid) => Promise.resolve(pid === large ? 4e9 : 1e9), memorySeconds: 0.05 });
    const looked = runner.client.outline({ model: filePath('slow') });
    const explained = explain('slow');
    large = runner.pid;
    await assert.rejects(explained, { code: 'runner/memory' });
    assert.notStrictEqual(((await looked) as unknown as { pid: number }).pid, large);
  });

  it('keeps errors that the runner replies apart from its death', async () => {
    make();
    await assert.rejects(explain('refuse'), { code: 'input/odd' });
    assert.ok(runner.pid !== undefined, 'there is no runner.pid');
  });

  it('names an executable that cannot be started', async () => {
    make({ nodePath: () => '/no/such/node' });
    await assert.rejects(explain('answer'), {
      code: 'runner/start',
      message: /"\/no\/such\/node"/,
      hint: /runner\.nodePath/,
    });
  });

  it('cancels at once and keeps a process that comes to rest by itself', async () => {
    make();
    const pid = await explain('answer');
    const abort = new AbortController();
    const work = explain('polite', abort.signal);
    setTimeout(() => abort.abort(), 20);
    await assert.rejects(work, CancelledError);
    await new Promise((resolve) => setTimeout(resolve, 400));
    assert.strictEqual(await explain('answer'), pid);
  });

  it('ends a process that does not stop in time, and asks again for those who did not cancel', async () => {
    make();
    const pid = await explain('answer');
    const abort = new AbortController();
    const stuck = explain('deaf', abort.signal);
    const waiting = [outline('answer'), explain('answer')];
    setTimeout(() => abort.abort(), 50);
    await assert.rejects(stuck, CancelledError);
    const fresh = await Promise.all(waiting);
    assert.notStrictEqual(fresh[0], pid);
    assert.strictEqual(fresh[0], fresh[1]);
  });

  it('repairs a light request that another one took along', async () => {
    make();
    const slow = outline('slow');
    const crash = explain('crash');
    await assert.rejects(crash, { code: 'runner/died' });
    assert.strictEqual(await slow, runner.pid);
  });

  it('does not start a runner again and again that always dies', async () => {
    make();
    for (let i = 0; i < 3; i++) await assert.rejects(explain('crash'), { code: 'runner/died' });
    await assert.rejects(explain('answer'), { code: 'runner/resting', message: /3 times in a row/ });
    runner.restart();
    const pid = await explain('answer');
    assert.ok(pid > 0, `pid: ${pid}`);
  });

  it('ends a process that hangs in light work, never one that is busy with a model', async () => {
    make({ watchSeconds: 0.05 });
    const busy = explain('block');
    const pid = runner.pid;
    assert.strictEqual(await busy, pid);
    await assert.rejects(outline('deaf'), { code: 'runner/hung', message: /while it was reading deaf/ });
    assert.ok(said.some((line) => line.includes('does not answer')));
  });

  it('ends when idle and comes back', async () => {
    make({ watchSeconds: 0.05, idleMinutes: () => 0.15 / 60 });
    const first = await explain('answer');
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.strictEqual(runner.pid, undefined);
    assert.notStrictEqual(await explain('answer'), first);
  });

  it('cancels what is under way on a restart, and everything after dispose', async () => {
    make();
    const slow = explain('slow');
    setTimeout(() => runner.restart(), 150);
    await assert.rejects(slow, CancelledError);
    runner.dispose();
    await assert.rejects(explain('answer'), CancelledError);
  });

  it('asks again of the next process when its settings have changed', async () => {
    make();
    const slow = explain('slow');
    const pid = runner.pid;
    setTimeout(() => runner.replace(), 150);
    const answered = await slow;
    assert.notStrictEqual(answered, pid);
    assert.strictEqual(answered, runner.pid);
  });

  it('logs what the process prints', async () => {
    make();
    await explain('talk');
    assert.ok(said.includes('said aloud') && said.includes('complained'), said.join('|'));
  });
});
