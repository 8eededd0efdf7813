import type { Address } from '../../../src/base/place.js';
import { given } from '../../../src/base/given.js';
import { canonical } from '../../../src/base/canonical.js';
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
import { AUTO, type MethodDescription } from '../../../src/result/method.js';
import type { Display } from '../../shared/canvas/display.js';
import type { Run } from '../asked.js';

/** Parameters that are the panel's own: it asks for all channels and reduces them while drawing. */
export const DRAWN_HERE = ['reduce'];

/** A run as the history works on it. */
export interface OwnRun extends Run {
  question: Question;
  status: Run['status'];
  title: string;
  readonly outcomes: Map<Address, PictureOutcome>;
  answer?: RunAnswer;
  progress?: RunProgress;
  error?: ErrorData;
  outdated: boolean;
  readonly explanations: Map<Address, Explanation>;
  /** Explanations on their way. */
  readonly loading: Map<Address, Promise<Explanation>>;
  /** All that has ended and is not here is on its way; says what the host no longer has. */
  fetching?: Promise<ReadonlySet<Address>>;
}

export const urisOf = (files: readonly NamedFile[]): readonly Address[] => files.map((file) => file.uri);

/** A run that was not asked for yet. */
export function newRun(
  id: string,
  question: Question,
  pictures: readonly Address[],
  title: string,
  startedAt: number,
): OwnRun {
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
  const { layer } = setup;
  const common = { target: 'top1', score: 'logit', seed: 0 } as const;
  if (setup.defaults.method === AUTO) return { method: AUTO, params: {}, ...common, ...given({ layer }) };
  const method = setup.methods.find((m) => m.id === setup.defaults.method) ?? setup.methods[0];
  if (method === undefined) throw new Error('The runner offers no attribution method');
  return {
    method: method.id,
    params: paramsToAsk(method, {}),
    ...common,
    ...given({ layer: method.layer === 'none' ? undefined : layer }),
  };
}

/** What was said in the panel of outputs and pictures, for requests beside the runs. */
export const saidIn = (question: Question | undefined): Pick<Question, 'outputs' | 'settings'> =>
  given({ outputs: question?.outputs, settings: question?.settings });

/** The colour map of the settings: one for magnitudes, or what contrasts with the picture. */
export function colorOf(name: string): Partial<Display> {
  return name === 'magma' || name === 'inferno' || name === 'viridis' ? { sequential: name, auto: false } : {};
}

/** Equal as plain data, whatever the order of keys. */
export const same = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b);

/** The explanation of one picture of a run, asked for once however many wait for it. */
export async function loadExplanation(
  host: Pick<Client<ExplainHostApi>, 'explanation'>,
  run: OwnRun,
  picture: Address,
): Promise<Explanation> {
  const loading = run.loading.get(picture) ?? host.explanation({ run: run.id, picture });
  run.loading.set(picture, loading);
  try {
    return await loading;
  } finally {
    run.loading.delete(picture);
  }
}

const KEPT_EXPLANATIONS = 24;

/** Arrays of runs that are not shown are given up, oldest first; they can be fetched again. */
export function forgetExplanations(runs: readonly OwnRun[], current: Run | undefined): void {
  let count = runs.reduce((sum, run) => sum + run.explanations.size, 0);
  for (const run of runs) {
    if (count <= KEPT_EXPLANATIONS) return;
    if (run === current) continue;
    count -= run.explanations.size;
    run.explanations.clear();
  }
}
