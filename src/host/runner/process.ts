import { fork, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { CancelledError, LensError } from '../../base/errors.js';
import { Channel, type CallOptions, type Client, type Port } from '../../protocol/channel.js';
import type { RunnerApi } from '../../protocol/runner.js';
import { runnerMemory } from './memory.js';

/** The part of a log channel that the runner needs; also outside the editor. */
export interface RunnerLog {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** Why we ended a process ourselves. What was under way is sent to the next one, but for `restart` and `dispose`. */
export type EndReason = 'cancelled' | 'hung' | 'memory' | 'idle' | 'replaced' | 'restart' | 'dispose';

/** How a process came to its end. */
export interface Death {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** It could not be started at all. */
  readonly failure?: Error;
}

export interface RunnerProcessOptions {
  readonly script: string;
  /** An executable of Node; undefined: the one that runs us. */
  readonly nodePath?: string;
  readonly log: RunnerLog;
  /** Added to our own environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Called once, whoever ended it. */
  readonly onEnd: (process: RunnerProcess) => void;
}

/** Messages that were sent before the exit may still be on their way then. */
const LAST_MESSAGES_MS = 200;

/** One child process that serves {@link RunnerApi}, from its start to its end. */
export class RunnerProcess {
  private readonly child: ChildProcess;
  private readonly channel: Channel<RunnerApi>;
  private closeChannel: (reason?: Error) => void = () => {};
  /** Calls that it still works on, by their operation. */
  private readonly open = new Map<symbol, keyof RunnerApi>();
  /** Set when the process has come to its end by itself. */
  death: Death | undefined;
  /** Set when we ended it. */
  endedBy: EndReason | undefined;
  /** When it last became free; undefined while it works. */
  idleSince: number | undefined = Date.now();

  constructor(private readonly options: RunnerProcessOptions) {
    const { script, nodePath, log, environment } = options;
    this.child = fork(script, [], {
      serialization: 'advanced', // typed arrays survive
      execArgv: [], // the host's flags (--inspect and others) are not for it
      env: { ...process.env, ...runnerMemory(process.env), ...environment, ELECTRON_RUN_AS_NODE: '1' },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      ...(nodePath === undefined ? {} : { execPath: nodePath }),
    });
    logLines(this.child.stdout, (line) => log.info(line));
    logLines(this.child.stderr, (line) => log.warn(line));
    this.channel = new Channel<RunnerApi>(this.port(), {});
    this.child.on('error', (failure) => {
      if (this.child.pid === undefined) this.finish({ code: null, signal: null, failure });
      else log.warn(failure.message);
    });
    this.child.once('exit', (code, signal) => {
      const finish = (): void => this.finish({ code, signal });
      if (!this.child.connected) return finish();
      this.child.once('disconnect', finish);
      setTimeout(finish, LAST_MESSAGES_MS);
    });
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  get ended(): boolean {
    return this.death !== undefined || this.endedBy !== undefined;
  }

  /** Operations under way, cancelled ones that have not come to rest included. */
  get work(): readonly (keyof RunnerApi)[] {
    return [...this.open.values()];
  }

  /** Sends a request. When the process ends before the answer, it is rejected with a `runner/died`. */
  call<K extends keyof RunnerApi>(name: K, request: unknown, options: CallOptions<unknown>): Promise<unknown> {
    const key = Symbol(name);
    this.open.set(key, name);
    this.idleSince = undefined;
    const onAnswered = (): void => {
      this.open.delete(key);
      if (this.open.size === 0) this.idleSince = Date.now();
      options.onAnswered?.();
    };
    const operation = this.channel.client[name] as (
      request: unknown,
      options: CallOptions<unknown>,
    ) => Promise<unknown>;
    return operation(request, { ...options, onAnswered });
  }

  /** For the watchdog; not counted as work. */
  ping(): ReturnType<Client<RunnerApi>['status']> {
    return this.channel.client.status({});
  }

  /** Ends the process now. Native code cannot be interrupted in any other way. */
  end(reason: EndReason): void {
    if (this.ended) return;
    this.endedBy = reason;
    this.child.kill('SIGKILL');
    const silent = reason === 'restart' || reason === 'dispose';
    this.closeChannel(silent ? new CancelledError() : new LensError('runtime', 'runner/died', 'The runner was ended.'));
    this.options.onEnd(this);
  }

  private finish(death: Death): void {
    if (this.ended) return;
    this.death = death;
    this.closeChannel(diedError(death, this.options.nodePath));
    this.options.onEnd(this);
  }

  private port(): Port {
    return {
      // A message to a process that has just gone is dropped: its end settles every call.
      post: (message) => {
        if (this.child.connected) this.child.send(message as object, () => {});
      },
      listen: (onMessage, onClose) => {
        this.child.on('message', onMessage);
        this.closeChannel = onClose;
      },
    };
  }
}

/** The sentence for a runner that came to its end by itself. */
export function diedError(death: Death, nodePath?: string, doing?: string): LensError {
  if (death.failure !== undefined) {
    const which = nodePath === undefined ? "the editor's own Node" : `"${nodePath}"`;
    return new LensError(
      'runtime',
      'runner/start',
      `The runner could not be started with ${which}: ${death.failure.message}.`,
      {
        hint:
          nodePath === undefined ? 'See the log.' : 'Correct the setting onnxLens.runner.nodePath, or leave it empty.',
        cause: death.failure,
      },
    );
  }
  const how = death.signal === null ? `with exit code ${exitCode(death.code)}` : `by signal ${death.signal}`;
  const sentence = `The runner, the process that runs models, was ended ${how}${doing === undefined ? '' : ` ${doing}`}.`;
  return new LensError('runtime', 'runner/died', sentence, { hint: hintFor(death) });
}

function hintFor({ signal, code }: Death): string {
  const next = 'The next request starts a fresh one.';
  if (signal === 'SIGKILL') return `${next} The system may have been short of memory.`;
  if (signal === 'SIGTRAP')
    return `${next} Allocations near 2 GiB need a plain Node: name one in the setting onnxLens.runner.nodePath.`;
  if (signal === null && code === 1) return 'The log says why.';
  return next;
}

/** Windows reports a crash as an exit code like 0xC0000005. */
function exitCode(code: number | null): string {
  return code !== null && (code < 0 || code > 255) ? `0x${(code >>> 0).toString(16).toUpperCase()}` : String(code);
}

function logLines(stream: Readable | null, log: (line: string) => void): void {
  if (stream !== null) createInterface({ input: stream }).on('line', log);
}
