import { readFileSync } from 'node:fs';
import type { RunnerClientOptions } from '../../src/host/runner/client.js';
import { RunnerClient } from '../../src/host/runner/client.js';
import { CancelledError } from '../../src/base/errors.js';
import { faultsOfAnswer, faultsOfError } from './judge.js';

/**
 * The process that is asked: started, watched and replaced by the same client as in the editor. Beside that client it
 * has a deadline for each answer and a bound on the process's memory, and both are failures here.
 */

/** Mutants of the smallest files: what takes longer than this, on however busy a machine, would not have come to an end. */
const DEADLINE_MS = 60_000;

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
  /** Largest resident memory of any process so far, MB. */
  mostMegabytes = 0;
  private tooLarge: string | undefined;

  constructor(
    script: string,
    environment: Readonly<Record<string, string>>,
    private readonly deadlineMs = DEADLINE_MS,
    private readonly mostMegabytesAllowed = MOST_MB,
  ) {
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
    this.watch = setInterval(() => this.look('VmRSS'), WATCH_MS).unref();
  }

  /** One question: its answer or its refusal, and what is wrong with that. */
  async ask(operation: string, request: object): Promise<{ answer?: unknown; refusal?: Error; faults: string[] }> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), this.deadlineMs);
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
      clearTimeout(timer);
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
    return `no answer to ${operation} within ${this.deadlineMs / 1000} s; it ${how}`;
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
