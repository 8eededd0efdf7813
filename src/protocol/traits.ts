import type { RunnerApi } from './runner.js';

/** What is to be known of an operation by those who serve it, call it, or show that it is under way. */
export interface Traits<Request> {
  /**
   * Whether it hands the model to native code, all of it or a part. A model file is a program for that code: where the
   * workspace is not trusted, such a request is refused. A question of the request where only some do so.
   */
  readonly runs: 'never' | 'always' | ((request: Request) => boolean);
  /**
   * `foreground`: a person waits for the answer, and what stands back does so meanwhile. `background`: stands back by
   * itself between its short runs, so that cancelling it is never worth the process. `neither`: takes its time beside both.
   */
  readonly waits: 'foreground' | 'background' | 'neither';
  /** No native code is reached: its process answers a ping at any time, and a lost answer may be asked for again. */
  readonly light?: true;
  /** Before the model's name in the status bar, where it takes long enough to be shown there: "explaining with". */
  readonly title?: string;
  /** Before the model's name when its process has died or hung, "while it was explaining with"; default "reading". */
  readonly doing?: string;
}

/** A description of every operation, or it does not compile. */
export type RunnerTraits = { readonly [K in keyof RunnerApi]: Traits<Parameters<RunnerApi[K]>[0]> };

/**
 * The one description of the runner's operations. Workspace trust, the client with its watchdog, the status bar and the
 * service itself read it; what does not stand here is served to nobody whose workspace is not trusted.
 */
export const TRAITS: RunnerTraits = {
  // Overview
  outline: { runs: 'never', waits: 'neither', light: true },
  inspect: { runs: 'always', waits: 'neither', doing: 'inspecting' },
  overview: { runs: 'never', waits: 'neither' },
  measure: { runs: 'always', waits: 'neither', title: 'measuring' },
  scanWeights: { runs: 'never', waits: 'neither', title: 'checking the weights of' },

  // Graph
  graphView: { runs: ({ measured }) => Boolean(measured), waits: 'neither' },
  graphActivations: { runs: 'always', waits: 'foreground', title: 'activations of' },

  // Weights
  weights: { runs: 'never', waits: 'neither' },
  weightStatistics: { runs: 'never', waits: 'neither' },
  compareWeights: { runs: 'never', waits: 'neither' },
  weightsPca: { runs: 'never', waits: 'neither', title: 'principal components of' },
  weightNeighbours: { runs: 'never', waits: 'neither' },
  exportWeights: { runs: 'never', waits: 'neither' },

  // Activations
  activations: { runs: 'always', waits: 'foreground', title: 'activations of' },
  exportActivations: { runs: 'always', waits: 'neither' },
  topPictures: { runs: 'always', waits: 'neither', title: 'searching pictures with' },

  // Prediction
  predict: { runs: 'always', waits: 'foreground', doing: 'predicting with' },
  // Where nobody has named the classes they are counted, which takes a run.
  labels: { runs: 'always', waits: 'neither' },

  // Attribution
  methods: { runs: 'never', waits: 'neither', light: true },
  explain: { runs: 'always', waits: 'foreground', title: 'explaining with', doing: 'explaining with' },

  // Sanity
  sanity: { runs: 'always', waits: 'background' },

  // Gradient
  exportGradient: { runs: 'always', waits: 'neither', doing: 'differentiating' },

  // Recipe
  recipe: { runs: 'never', waits: 'neither' },

  // The runner itself
  release: { runs: 'never', waits: 'neither' },
  status: { runs: 'never', waits: 'neither', light: true },
};

/** The description of an operation by its name; `undefined` for one that is not described. */
export function traitsOf(name: string): Traits<never> | undefined {
  return Object.hasOwn(TRAITS, name) ? TRAITS[name as keyof RunnerApi] : undefined;
}

/** Whether a request hands a model to native code. One whose operation is not described may. */
export function runsModel(name: string, request: unknown): boolean {
  const { runs = 'always' } = traitsOf(name) ?? {};
  return typeof runs === 'function' ? runs(request as never) : runs === 'always';
}
