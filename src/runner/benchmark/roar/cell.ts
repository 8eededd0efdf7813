import { rm } from 'node:fs/promises';
import { canonical } from '../../../base/canonical.js';
import { given } from '../../../base/given.js';
import type { Journal } from '../../../job/journal.js';
import { withRemoved } from '../../../method/benchmark/roar.js';
import { evaluateModel } from '../../../training/evaluate.js';
import { decodeTraining, encodeTraining, type TrainingKeep } from '../../../training/saved.js';
import { initialised } from '../../../training/step/initialise.js';
import { train, type TrainingProgress } from '../../../training/train.js';
import { unitKey } from '../../reading/keptInJob.js';
import type { RowLevels } from './maps.js';
import type { Cell, RoarQuestion } from './question.js';

/** What a training came to. */
export interface CellResult {
  readonly accuracy: number;
  readonly loss: number;
}

/** All that a training depends on, and which fractions are asked beside its own is nothing of it. */
export function cellKey({ rows, context, removal }: RoarQuestion, { row, level, seed }: Cell): string {
  const by = row === undefined ? undefined : rows[row]!.by;
  const asked =
    by === undefined
      ? null
      : 'baseline' in by
        ? [by.baseline]
        : [
            by.question.method.id,
            canonical(by.question.asked.params),
            by.question.asked.layer ?? null,
            by.question.asked.seed,
          ];
  return unitKey('roar', context.trainings, asked, row === undefined ? 0 : removal.fractions[level]!, seed);
}

export interface CellOptions {
  /** Where an unfinished training is kept after every epoch. */
  readonly journal?: Journal;
  readonly signal: AbortSignal;
  progress(now: TrainingProgress): void;
}

/** Trains one network from random weights on what is left of the pictures, and asks it about what is left of the test's. */
export async function trainCell(
  question: RoarQuestion,
  cell: Cell,
  levels: RowLevels | undefined,
  { journal, signal, progress }: CellOptions,
): Promise<CellResult> {
  const { training, pictures, test, means, normalise, model } = question;
  const { classifier, recipe, trainable } = training;
  const { seed, level } = cell;
  const shown = <T extends typeof pictures>(of: T, by: RowLevels['trained'] | undefined): typeof pictures =>
    by === undefined ? of : withRemoved(of, by, level, means);
  const { sessions, session } = model.making;
  // The two providers differ in the last digits, and gradients are made for the processor.
  const options = { ...session, provider: session.provider === 'auto' ? 'cpu' : (session.provider ?? 'cpu') } as const;
  const key = journal === undefined ? undefined : `training-${cellKey(question, cell)}`;
  const keep = key === undefined ? undefined : keeper(journal!, key);
  const run = train({
    ...classifier,
    pictures: shown(pictures, levels?.trained),
    normalise,
    recipe,
    seed,
    trainable,
    weights: initialised(classifier.graph, { seed, logits: classifier.logits }),
    sessions,
    session: options,
    signal,
    ...given({ keep }),
  });
  let step = await run.next();
  while (step.done !== true) {
    progress(step.value);
    step = await run.next();
  }
  const { accuracy, loss } = await evaluateModel({
    ...classifier,
    weights: step.value.weights,
    pictures: shown(test, levels?.test),
    normalise,
    loss: recipe.loss,
    sessions,
    session: options,
    signal,
  });
  return { accuracy, loss };
}

/** The state of an unfinished training, under its cell's own key: it can belong to no other. */
function keeper(journal: Journal, key: string): TrainingKeep {
  return {
    read: async () => {
      const bytes = await journal.read(key);
      return bytes === undefined ? undefined : decodeTraining(bytes);
    },
    write: (saved) => journal.write(key, encodeTraining(saved)),
  };
}

/** Takes away what a finished training has no use for any more. */
export async function forgetTraining(journal: Journal, question: RoarQuestion, cell: Cell): Promise<void> {
  await rm(journal.fileOf(`training-${cellKey(question, cell)}`), { force: true }).catch(() => undefined);
}
