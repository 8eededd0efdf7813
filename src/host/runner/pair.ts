import type { CallOptions, Client } from '../../protocol/channel.js';
import type { RunnerApi } from '../../protocol/runner.js';
import { traitsOf } from '../../protocol/traits.js';
import { RunnerClient, type RunnerClientOptions } from './client.js';

/**
 * Two runners behind one client: what takes minutes over many pictures goes to one of its own, so that an explanation never
 * waits for it, and its memory and its death are no other's. Each starts with the first request that it gets.
 */
export class RunnerPair {
  private readonly main: RunnerClient;
  private readonly long: RunnerClient;
  /** The same object for all runners to come. */
  readonly client: Client<RunnerApi>;

  /** @param forLong what is other for the one that works long */
  constructor(options: RunnerClientOptions, forLong: Partial<RunnerClientOptions> = {}) {
    this.main = new RunnerClient(options);
    this.long = new RunnerClient({ ...options, ...forLong });
    type Operation = (request: unknown, options?: CallOptions<unknown>) => Promise<unknown>;
    const operation = (runner: RunnerClient, name: string): Operation => Reflect.get(runner.client, name) as Operation;
    this.client = new Proxy({} as Client<RunnerApi>, {
      get: (_target, name) => {
        if (name === 'then' || typeof name !== 'string') return undefined;
        if (traitsOf(name)?.long === true) return operation(this.long, name);
        if (name !== 'release') return operation(this.main, name);
        // A model is closed wherever it is open; nothing is started for that.
        return async (request: unknown, callOptions?: CallOptions<unknown>): Promise<unknown> => {
          const both = [this.main, ...(this.long.pid === undefined ? [] : [this.long])];
          const [answer] = await Promise.all(both.map((runner) => operation(runner, name)(request, callOptions)));
          return answer;
        };
      },
    });
  }

  /** Process id of the runner that people wait for, if it is up. */
  get pid(): number | undefined {
    return this.main.pid;
  }

  /** Process id of the one that works long, if it is up. */
  get longPid(): number | undefined {
    return this.long.pid;
  }

  /** Ends both on request; what is under way is cancelled. */
  restart(): void {
    this.main.restart();
    this.long.restart();
  }

  /** Ends both because their settings have changed; what is under way is asked again of the next ones. */
  replace(): void {
    this.main.replace();
    this.long.replace();
  }

  dispose(): void {
    this.main.dispose();
    this.long.dispose();
  }
}
