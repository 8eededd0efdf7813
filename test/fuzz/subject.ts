import { readFileSync } from 'node:fs';
import type { RunnerClientOptions } from '../../src/host/runner/client.js';
import { RunnerClient } from '../../src/host/runner/client.js';
import { CancelledError } from '../../src/base/errors.js';
import { faultsOfAnswer, faultsOfError } from './judge.js';

/**
 * The process that is asked: started, watched and replaced by the same client as in the editor. Beside that client it
 * has a deadline for each answer and a bound on the process's memory, and both are failures here.
 */

/**
 * Mutants of the smallest files: what works for longer than this, of the processor's time, would not have come to an end.
 * What waits for nothing is given up after so many times as long; a machine that is busy with other things is no failure.
 */
const DEADLINE_MS = 60_000;
const PATIENCE = 10;

/** GB for the values of a run, in every request. */
export const RUN_GB = 0.5;

/**
 * MB: what a run may take (half a GB, and as much again for what the runtime keeps of the run before), the largest picture that is
 * decoded (179 megapixels, half a GB, twice while it is copied), and the process itself with its heap.
 */
const MOST_MB = 2500;

/** So often the memory of the process is looked at while it works; its own high-water mark is read at the end of each. */
const WATCH_MS = 250;

export class Subject {
  private readonly runner: RunnerClient;
  private readonly watch: NodeJS.Timeout;
  private readonly deadlineMs: number;
  private readonly mostMegabytesAllowed: number;
  /** Largest resident memory of any process so far, MB. */
  mostMegabytes = 0;
  private tooLarge: string | undefined;
  /** The question that is waited for: when it was asked, and what the process had worked until then. */
  private waiting: { readonly since: number; readonly worked: number; readonly abort: AbortController } | undefined;

  constructor(
    script: string,
    environment: Readonly<Record<string, string>>,
    { deadlineMs, megabytes } = { deadlineMs: DEADLINE_MS, megabytes: MOST_MB },
  ) {
    this.deadlineMs = deadlineMs;
    this.mostMegabytesAllowed = megabytes;
    const silent = (): void => undefined;
    const options: RunnerClientOptions = {
      script,
      log: { info: silent, warn: silent, error: silent },
      nodePath: () => '',
      killAfterSeconds: () => 3,
      environment: () => environment,
      idleMinutes: () => 0,
      // A machine that is busy with other things is not the runner's fault.
      watchSeconds: DEADLINE_MS / 2000,
    };
    this.runner = new RunnerClient(options);
    this.watch = setInterval(() => {
      this.look('VmRSS');
      this.lookAtTime();
    }, WATCH_MS).unref();
  }

  /** One question: its answer or its refusal, and what is wrong with that. */
  async ask(operation: string, request: object): Promise<{ answer?: unknown; refusal?: Error; faults: string[] }> {
    const abort = new AbortController();
    this.waiting = { since: performance.now(), worked: this.worked(), abort };
    const client = this.runner.client as unknown as Record<
      string,
      (request: object, options: { signal: AbortSignal }) => Promise<unknown>
    >;
    try {
      const answer = await client[operation]!(request, { signal: abort.signal });
      this.look('VmHWM');
      return { answer, faults: [...faultsOfAnswer(answer), ...this.memoryFault()] };
    } catch (error) {
      this.look('VmHWM');
      const memory = this.memoryFault();
      if (memory.length > 0) return { faults: memory };
      if (error instanceof CancelledError) return { faults: [await this.hung(operation)] };
      return { refusal: error as Error, faults: faultsOfError(error) };
    } finally {
      this.waiting = undefined;
    }
  }

  /** A fresh process for the next question. */
  restart(): void {
    this.runner.restart();
  }

  dispose(): void {
    clearInterval(this.watch);
    this.runner.dispose();
  }

  /** Was it worth the process, or did it stop when it was asked to? */
  private async hung(operation: string): Promise<string> {
    const { pid } = this.runner;
    const end = Date.now() + 5000;
    while (Date.now() < end && this.runner.pid === pid) await new Promise((resolve) => setTimeout(resolve, 100));
    const how = this.runner.pid === pid ? 'stopped when it was cancelled' : 'had to be ended';
    this.restart();
    return `no answer to ${operation} after ${this.deadlineMs / 1000} s of work; it ${how}`;
  }

  private lookAtTime(): void {
    if (this.waiting === undefined) return;
    const { since, worked, abort } = this.waiting;
    const waited = performance.now() - since;
    // A fresh process has worked for no question before this one.
    const now = this.worked();
    const own = now < worked ? now : now - worked;
    if (own > this.deadlineMs || waited > PATIENCE * this.deadlineMs) abort.abort();
  }

  /** Milliseconds of processor time that the process has taken; where the system does not say, those that have passed. */
  private worked(): number {
    const { pid } = this.runner;
    if (process.platform !== 'linux') return performance.now();
    if (pid === undefined) return 0;
    try {
      // Behind the name in brackets: user and system time in hundredths of a second.
      const [user, system] = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)!.split(' ').slice(11, 13);
      return 10 * (Number(user) + Number(system));
    } catch {
      return 0; // it has just gone
    }
  }

  /** Reads one of the kernel's numbers about the process; systems without them are not watched. */
  private look(which: 'VmRSS' | 'VmHWM'): void {
    const { pid } = this.runner;
    if (pid === undefined || process.platform !== 'linux') return;
    let status: string;
    try {
      status = readFileSync(`/proc/${pid}/status`, 'utf8');
    } catch {
      return; // it has just gone
    }
    const megabytes = Number(new RegExp(`${which}:\\s*(\\d+) kB`).exec(status)?.[1] ?? 0) / 1024;
    this.mostMegabytes = Math.max(this.mostMegabytes, megabytes);
    if (megabytes <= this.mostMegabytesAllowed) return;
    this.tooLarge = `the process took ${Math.round(megabytes)} MB, more than ${this.mostMegabytesAllowed} MB`;
    this.restart();
  }

  private memoryFault(): string[] {
    const found = this.tooLarge;
    this.tooLarge = undefined;
    return found === undefined ? [] : [found];
  }
}
