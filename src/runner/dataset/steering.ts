type State = 'run' | 'pause' | 'stop';

interface Run {
  state: State;
  wake(): void;
}

/** Layouts that run, to be paused and stopped by those who look at them. */
export class Steering {
  private readonly runs = new Map<string, Run>();

  /** Work that can be steered by its name; without a name it runs to its end. */
  async during<T>(name: string | undefined, work: (steered: Steered) => Promise<T>): Promise<T> {
    if (name === undefined) return work(FREE);
    const run: Run = { state: 'run', wake: () => undefined };
    this.runs.set(name, run);
    try {
      return await work({
        stopped: () => run.state === 'stop',
        resumed: async (signal) => {
          while (run.state === 'pause' && !signal.aborted) {
            await new Promise<void>((resolve) => {
              run.wake = resolve;
              signal.addEventListener('abort', () => resolve(), { once: true });
            });
          }
        },
      });
    } finally {
      if (this.runs.get(name) === run) this.runs.delete(name);
    }
  }

  /** A name that nobody runs by is no error: the work may have ended meanwhile. */
  steer(name: string, state: State): void {
    const run = this.runs.get(name);
    if (run === undefined || run.state === 'stop') return;
    run.state = state;
    run.wake();
  }
}

export interface Steered {
  stopped(): boolean;
  /** Settles when it is not paused, or is cancelled. */
  resumed(signal: AbortSignal): Promise<void>;
}

const FREE: Steered = { stopped: () => false, resumed: () => Promise.resolve() };
