import { LensError } from '../../base/errors.js';
import type { Call } from '../../protocol/channel.js';
import type { ScoreAsked, ScoreColumn, ScoreColumnRequest, SetProgress } from '../../protocol/dataset.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import type { OpenModel } from '../model/open.js';
import { hasClasses, readSet, SCORES } from '../reading/reading.js';
import { scoreReader, type Said } from '../reading/scores.js';
import { openedSet } from './opened.js';
import type { DatasetRoom } from './room.js';

/** One number of each picture, from what is kept of the survey. */
export async function scoreColumn(
  model: OpenModel,
  room: DatasetRoom,
  request: ScoreColumnRequest,
  call: Call<SetProgress>,
): Promise<ScoreColumn> {
  const { signal } = call;
  const { score } = request;
  const subject = await model.subject();
  check(subject, score);
  const { part, matched, inputs, kept } = await openedSet(model, subject, room, request, signal);
  const said = scoreReader(subject);
  const names: string[] = [];
  const values: number[] = [];
  try {
    for await (const { from, readings } of readSet(
      subject,
      inputs,
      { scores: true, layers: [] },
      { ...kept, signal },
    )) {
      readings.forEach((reading, k) => {
        const row = reading.rows.get(SCORES);
        if (row === undefined) return;
        const example = part.examples[from + k]!;
        const label = matched.rowOf(example.className);
        names.push(example.name);
        values.push(numberOf(said(row), score, label < 0 ? -1 : matched.mapping[label]!.index));
      });
      const done = Math.min(inputs.length, from + readings.length);
      call.progress({ fraction: done / inputs.length, message: `scores of ${done} of ${inputs.length} pictures` });
    }
  } finally {
    await kept.settle();
  }
  return { names, values: Float32Array.from(values), unit: unitOf(subject, score) };
}

/** @throws LensError where the output has no such number */
function check(subject: ModelSubject, { kind }: ScoreAsked): void {
  if (!hasClasses(subject))
    throw new LensError('usage', 'dataset/score', 'The output of the model holds no classes that have scores.');
  if (kind === 'entropy' && subject.output.kind === 'multi-label')
    throw new LensError('usage', 'dataset/score', 'Classes that do not exclude one another share no entropy.', {
      hint: 'Choose the probability of a class.',
    });
}

function numberOf(said: Said, score: ScoreAsked, truth: number): number {
  switch (score.kind) {
    case 'probability':
      return said.probabilityOf(score.index);
    case 'logit':
      return said.scoreOf(score.index);
    case 'entropy':
      return said.entropy();
    case 'loss':
      return truth < 0 ? NaN : lossOf(said.probabilityOf(truth));
  }
}

/** What is smaller than a number can be stands for the smallest: the loss ends at 745 nats. */
function lossOf(probability: number): number {
  return Number.isNaN(probability) ? NaN : -Math.log(Math.max(probability, Number.MIN_VALUE));
}

function unitOf(subject: ModelSubject, { kind }: ScoreAsked): string {
  if (kind === 'probability') return 'probability';
  if (kind === 'logit') return subject.classifier ? 'logit' : 'score';
  return 'nats';
}
