import path from 'node:path';
import { CancelledError, LensError } from '../../base/errors.js';
import type { CallOptions, Client } from '../../protocol/channel.js';
import type { RunnerApi } from '../../protocol/runner.js';
import { traitsOf } from '../../protocol/traits.js';
import { gigabytes, residentBytes } from './memory.js';
import { diedError, RunnerProcess, type RunnerLog } from './process.js';

export interface RunnerClientOptions {
  /** The bundled runner. */
  readonly script: string;
  readonly log: RunnerLog;
  /** Read at every start; empty: the Node that runs us. */
  readonly nodePath: () => string;
  readonly killAfterSeconds: () => number;
  /** Read at every start; added to our own environment. */
  readonly environment?: () => Readonly<Record<string, string>>;
  /** 0: never. */
  readonly idleMinutes: () => number;
  /** Bytes that the process may hold; beyond them it is ended. Left out: any number. */
  readonly mostBytes?: () => number;
  /** Bytes that a process holds; by default as the system says. */
  readonly bytesOf?: (pid: number) => Promise<number | undefined>;
  /** Period of the watchdog; a test shortens it. */
  readonly watchSeconds?: number;
  /** Period of looking at the memory; a test shortens it. */
  readonly memorySeconds?: number;
}

const WATCH_SECONDS = 5;
const MEMORY_SECONDS = 1;
/** A ping that is not answered for so many periods means that the process hangs. */
const MISSED_PERIODS = 2;
/** Deaths in a row, without an answer in between, from which on a start has to wait. */
const PATIENCE = 3;
const LONGEST_REST_MS = 60_000;

/**
 * The runner as the host sees it: always there. The process starts with the first request, is replaced after its death,
 * and ends when it has been idle. It knows nothing of the editor, so that it can be tested outside.
 */
export class RunnerClient {
  private current: RunnerProcess | undefined;
  private disposed = false;
  private deaths = 0;
  private restUntil = 0;
  private watchTimer: NodeJS.Timeout | undefined;
  private memoryTimer: NodeJS.Timeout | undefined;
  private unansweredPing: { readonly process: RunnerProcess; readonly since: number } | undefined;
  /** Operations; the same object for all runners to come. */
  readonly client: Client<RunnerApi>;

  constructor(private readonly options: RunnerClientOptions) {
    this.client = new Proxy({} as Client<RunnerApi>, {
      // A client must never look like a promise to `await`.
      get: (_target, name) =>
        name === 'then' || typeof name !== 'string'
          ? undefined
          : (request: unknown, callOptions?: CallOptions<unknown>) =>
              this.call(name as keyof RunnerApi, request, callOptions ?? {}),
    });
  }

  /** Process id of the runner that is up, if any. */
  get pid(): number | undefined {
    return this.current?.pid;
  }

  /** Ends the runner on request; what is under way is cancelled. The next request starts a fresh one, at once. */
  restart(): void {
    this.deaths = 0;
    this.restUntil = 0;
    this.current?.end('restart');
  }

  /** Ends the runner because its settings have changed; what is under way is asked again of the next one. */
  replace(): void {
    this.current?.end('replaced');
  }

  dispose(): void {
    this.disposed = true;
    this.current?.end('dispose');
    clearInterval(this.watchTimer);
    clearInterval(this.memoryTimer);
  }

  private async call(name: keyof RunnerApi, request: unknown, options: CallOptions<unknown>): Promise<unknown> {
    for (let again = false; ; again = true) {
      if (this.disposed || options.signal?.aborted) throw new CancelledError();
      const runner = this.current ?? this.start();
      try {
        const answer = await this.callOnce(runner, name, request, options);
        if (!isLight(name)) this.deaths = 0;
        return answer;
      } catch (error) {
        if (!runner.ended || !(error instanceof LensError) || !error.code.startsWith('runner/')) throw error;
        const { death, endedBy } = runner;
        // Looking at a file takes no memory to speak of: it was another request, and this one is asked again.
        if (endedBy === 'memory' && (again || !isLight(name))) throw this.memoryError(name, request);
        // Somebody else's cancellation or crash must not cost this caller the answer, but twice is a pattern.
        const innocent = endedBy !== undefined || (isLight(name) && death?.failure === undefined);
        if (innocent && !again) continue;
        if (endedBy === 'hung') throw hungError(name, request);
        throw death === undefined ? error : diedError(death, this.nodePath(), doing(name, request));
      }
    }
  }

  private callOnce(
    runner: RunnerProcess,
    name: keyof RunnerApi,
    request: unknown,
    options: CallOptions<unknown>,
  ): Promise<unknown> {
    const { signal } = options;
    let killTimer: NodeJS.Timeout | undefined;
    const onAbort = (): void => {
      if (runner.ended || traitsOf(name)?.waits === 'background') return;
      const seconds = this.options.killAfterSeconds();
      killTimer = setTimeout(() => {
        this.options.log.warn(
          `The runner did not stop within ${seconds} s of the cancellation of "${name}" and is ended.`,
        );
        runner.end('cancelled');
      }, seconds * 1000);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    const onAnswered = (): void => {
      clearTimeout(killTimer);
      signal?.removeEventListener('abort', onAbort);
    };
    return runner.call(name, request, { ...options, onAnswered });
  }

  private nodePath(): string | undefined {
    return this.options.nodePath() || undefined;
  }

  private start(): RunnerProcess {
    const rest = this.restUntil - Date.now();
    if (rest > 0) {
      throw new LensError(
        'runtime',
        'runner/resting',
        `The runner died ${this.deaths} times in a row and is not started again for ${Math.ceil(rest / 1000)} s.`,
        { hint: 'See the log, or restart the runner now.' },
      );
    }
    const { script, log } = this.options;
    const nodePath = this.nodePath();
    const runner = new RunnerProcess({
      script,
      log,
      environment: this.options.environment?.() ?? {},
      ...(nodePath === undefined ? {} : { nodePath }),
      onEnd: (ended) => this.onEnd(ended),
    });
    log.info(`Runner ${runner.pid ?? '?'} started with ${nodePath ?? process.execPath}.`);
    this.current = runner;
    this.memoryTimer ??= setInterval(
      () => void this.watchMemory(),
      (this.options.memorySeconds ?? MEMORY_SECONDS) * 1000,
    ).unref();
    this.watchTimer ??= setInterval(() => this.watch(), (this.options.watchSeconds ?? WATCH_SECONDS) * 1000).unref();
    return runner;
  }

  private onEnd(runner: RunnerProcess): void {
    const { log } = this.options;
    if (this.current === runner) this.current = undefined;
    this.unansweredPing = undefined;
    clearInterval(this.watchTimer);
    clearInterval(this.memoryTimer);
    this.watchTimer = undefined;
    this.memoryTimer = undefined;
    if (runner.death === undefined) return log.info(`Runner ${runner.pid} ended by us (${runner.endedBy}).`);
    this.deaths++;
    if (this.deaths >= PATIENCE) {
      this.restUntil = Date.now() + Math.min(LONGEST_REST_MS, 5000 * 2 ** (this.deaths - PATIENCE));
    }
    log.error(diedError(runner.death, this.nodePath()).message);
  }

  /** Ends a runner that holds more memory than it may: what a run takes is planned, but not all of it can be foreseen. */
  private async watchMemory(): Promise<void> {
    const runner = this.current;
    const most = this.options.mostBytes?.();
    if (runner?.pid === undefined || most === undefined || runner.work.length === 0) return;
    const held = await (this.options.bytesOf ?? residentBytes)(runner.pid).catch(() => undefined);
    if (held === undefined || held <= most || runner.ended) return;
    this.options.log.error(`The runner holds ${gigabytes(held)}, more than ${gigabytes(most)}, and is ended.`);
    runner.end('memory');
  }

  private memoryError(name: keyof RunnerApi, request: unknown): LensError {
    const most = gigabytes(this.options.mostBytes?.() ?? 0);
    return new LensError(
      'runtime',
      'runner/memory',
      `The runner, the process that runs models, took more than ${most} of memory ${doing(name, request)} and was ended.`,
      { hint: 'The next request starts a fresh one. Use smaller inputs, or raise the setting onnxLens.memoryLimit.' },
    );
  }

  /** Ends a runner that has been idle for long, and one that hangs outside native code (native work is left in peace). */
  private watch(): void {
    const runner = this.current;
    if (runner === undefined) return;
    const idleMs = this.options.idleMinutes() * 60_000;
    if (idleMs > 0 && runner.idleSince !== undefined && Date.now() - runner.idleSince >= idleMs)
      return runner.end('idle');
    if (runner.work.length === 0 || runner.work.some((name) => !isLight(name))) {
      this.unansweredPing = undefined;
      return;
    }
    if (this.unansweredPing?.process !== runner) {
      const ping = { process: runner, since: Date.now() };
      this.unansweredPing = ping;
      const answered = (): void => {
        if (this.unansweredPing === ping) this.unansweredPing = undefined;
      };
      runner.ping().then(answered, answered);
    } else if (
      Date.now() - this.unansweredPing.since >=
      MISSED_PERIODS * (this.options.watchSeconds ?? WATCH_SECONDS) * 1000
    ) {
      this.options.log.error('The runner does not answer and is ended.');
      runner.end('hung');
    }
  }
}

function isLight(name: string): boolean {
  return traitsOf(name)?.light === true;
}

function hungError(name: string, request: unknown): LensError {
  return new LensError('runtime', 'runner/hung', `The runner did not answer ${doing(name, request)}, twice.`, {
    hint: 'The log may say why.',
  });
}

/** "while it was explaining with squeezenet.onnx" */
function doing(name: string, request: unknown): string {
  const model = typeof request === 'object' && request !== null && 'model' in request ? request.model : undefined;
  return typeof model === 'string'
    ? `while it was ${traitsOf(name)?.doing ?? 'reading'} ${path.basename(model)}`
    : 'while it was working';
}
