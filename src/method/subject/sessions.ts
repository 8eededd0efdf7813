import type { Graph } from '../../graph/graph.js';
import { isHeavy, sessionBytes } from '../../session/batches.js';
import { memoryLimit, planRun } from '../../session/plan.js';
import { SessionCache } from '../../session/cache.js';
import type { GraphForms, ProviderReport, Session, SessionOptions, Sessions } from '../../session/session.js';

export interface SubjectSessionsOptions {
  readonly session?: Partial<SessionOptions>;
  /** Bytes of sessions to keep open. */
  readonly cacheBytes: number;
  readonly quickSamples?: number;
  readonly pause?: () => Promise<void>;
}

/** What a session is asked to run, and in which form. */
export interface Asked {
  /** The same for the same graph. */
  readonly key: string;
  readonly graph: Graph;
  /** The graph for each provider, where that differs. */
  readonly forms?: Graph | GraphForms;
  /** Samples of this run; a graph that is run for itself counts as many. */
  readonly samples?: number;
}

/** Samples in a run up to which a graph with a huge weight is not rewritten. */
const FEW = 2;

/**
 * The sessions of one model: opened when they are first needed, kept while there is room. The form of a graph follows
 * from what is asked and never from what was measured, so that the same question rounds alike.
 */
export class SubjectSessions {
  private readonly cache: SessionCache;
  /** Samples that were asked for by key. */
  private readonly answered = new Map<string, number>();
  /** Keys that have had a session without rewriting. */
  private readonly quick = new Set<string>();
  private report: ProviderReport | undefined;

  constructor(
    private readonly sessions: Sessions,
    private readonly options: SubjectSessionsOptions,
  ) {
    this.cache = new SessionCache(options.cacheBytes);
  }

  /** What ran, as far as it is known: the newest session's report. */
  get provider(): ProviderReport | undefined {
    return this.report;
  }

  /** Bytes that the values of one run may take. */
  get memoryLimit(): number {
    return memoryLimit(this.options.session?.memoryLimit);
  }

  /** What one run of a graph takes; `dimsOf` knows its inputs, those that it does not know are as the graph says. */
  plan(graph: Graph, dimsOf: (input: string) => readonly number[] | undefined): ReturnType<typeof planRun> {
    const inputs = graph.inputs.map(({ name, dims = [] }): [string, readonly number[]] => [
      name,
      dimsOf(name) ?? dims.map((d) => (typeof d === 'number' ? d : 1)),
    ]);
    return planRun(graph, this.sessions, Object.fromEntries(inputs));
  }

  async use<T>(asked: Asked, work: (session: Session) => Promise<T>): Promise<T> {
    const { graph, forms = graph } = asked;
    await this.options.pause?.();
    const optimised = !this.isQuick(asked);
    const open = (): Promise<Session> => this.sessions.open(forms, { ...this.options.session, optimised });
    return this.cache.use(optimised ? asked.key : `quick ${asked.key}`, sessionBytes(graph), open, async (session) => {
      try {
        return await work(session);
      } finally {
        this.report = session.provider;
      }
    });
  }

  async dispose(): Promise<void> {
    await this.cache.dispose();
  }

  /** Frees the sessions that are not in use; the next question opens them again. */
  async rest(): Promise<void> {
    await this.cache.clear();
  }

  private isQuick({ key, graph, samples = Infinity }: Asked): boolean {
    // On a GPU both forms are one: the session that was opened before that was known goes on.
    if (this.report !== undefined && this.report.used !== 'cpu') return this.quick.has(key);
    const asked = (this.answered.get(key) ?? 0) + samples;
    this.answered.set(key, asked);
    const quick = asked <= (this.options.quickSamples ?? 0) || (samples <= FEW && isHeavy(graph));
    if (quick) this.quick.add(key);
    return quick;
  }
}
