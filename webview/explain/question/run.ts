import type { Address } from '../../../src/base/place.js';
import type { ErrorData } from '../../../src/base/errors.js';
import type { Client } from '../../../src/protocol/channel.js';
import type {
  ExplainHostApi,
  ExplainSetup,
  NamedFile,
  PictureOutcome,
  Question,
  RunAnswer,
  RunProgress,
} from '../../../src/protocol/explainPanel.js';
import type { Explanation } from '../../../src/result/explanation.js';
import type { MethodDescription } from '../../../src/result/method.js';
import type { Display } from '../../shared/canvas/display.js';

/** Parameters that are the panel's own: it asks for all channels and reduces them while drawing. */
export const DRAWN_HERE = ['reduce'];

/** One run of this panel, as far as it has come. */
export interface Run {
  readonly id: string;
  readonly question: Question;
  readonly pictures: readonly Address[];
  /** `kept`: known from before the window was reloaded, not asked for yet. */
  status: 'working' | 'done' | 'partial' | 'failed' | 'kept';
  title: string;
  readonly startedAt: number;
  readonly outcomes: Map<Address, PictureOutcome>;
  answer?: RunAnswer;
  progress?: RunProgress;
  error?: ErrorData;
  /** The model or a picture has changed on disk since. */
  outdated: boolean;
  readonly explanations: Map<Address, Explanation>;
  /** Explanations on their way. */
  readonly loading: Map<Address, Promise<Explanation>>;
}

export const urisOf = (files: readonly NamedFile[]): readonly Address[] => files.map((file) => file.uri);

/** A run that was not asked for yet. */
export function newRun(
  id: string,
  question: Question,
  pictures: readonly Address[],
  title: string,
  startedAt: number,
): Run {
  return {
    id,
    question,
    pictures,
    status: 'kept',
    title,
    startedAt,
    outcomes: new Map(),
    outdated: false,
    explanations: new Map(),
    loading: new Map(),
  };
}

/** Parameters of a request: those that differ from the defaults, and all channels for the panel to reduce. */
export function paramsToAsk(method: MethodDescription, values: Question['params']): Question['params'] {
  const spec = method.parameters['reduce'];
  return spec?.type === 'choice' && spec.choices.includes('none') ? { ...values, reduce: 'none' } : values;
}

/** What a new panel asks first. */
export function firstQuestion(setup: ExplainSetup): Question {
  const method = setup.methods.find((m) => m.id === setup.defaults.method) ?? setup.methods[0];
  if (method === undefined) throw new Error('The runner offers no attribution method');
  return {
    method: method.id,
    params: paramsToAsk(method, {}),
    target: 'top1',
    score: 'logit',
    seed: 0,
    ...(setup.layer !== undefined && method.layer !== 'none' ? { layer: setup.layer } : {}),
  };
}

/** The colour map of the settings, if it is one for magnitudes. */
export function colorOf(name: string): Partial<Display> {
  return name === 'magma' || name === 'inferno' || name === 'viridis' ? { sequential: name } : {};
}

/** Equal as plain data, whatever the order of keys. */
export const same = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b);

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, v: unknown) =>
    typeof v === 'object' && v !== null && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1)))
      : v,
  );
}

/** The explanation of one picture of a run, asked for once however many wait for it. */
export async function loadExplanation(
  host: Pick<Client<ExplainHostApi>, 'explanation'>,
  run: Run,
  picture: Address,
): Promise<void> {
  if (run.explanations.has(picture)) return;
  const loading = run.loading.get(picture) ?? host.explanation({ run: run.id, picture });
  run.loading.set(picture, loading);
  try {
    run.explanations.set(picture, await loading);
  } finally {
    run.loading.delete(picture);
  }
}

const KEPT_EXPLANATIONS = 24;

/** Arrays of runs that are not shown are given up, oldest first; they can be fetched again. */
export function forgetExplanations(runs: readonly Run[], current: Run | undefined): void {
  let count = runs.reduce((sum, run) => sum + run.explanations.size, 0);
  for (const run of runs) {
    if (count <= KEPT_EXPLANATIONS) return;
    if (run === current) continue;
    count -= run.explanations.size;
    run.explanations.clear();
  }
}
