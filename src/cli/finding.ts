import type { ErrorData } from '../base/errors.js';
import type { FindSettingsAnswer } from '../protocol/settings.js';
import { table } from './io.js';
import { errorEntry, sentenceOf } from './verb.js';

/** Settings that were found, for machines: the reading, what is said of each part, what was compared, and the sidecar. */
export function findingDocument({ finding, sidecar }: FindSettingsAnswer): object {
  const { settings, title, parts, evidence, pictures, labelled, readings, notes } = finding;
  return {
    reading: title,
    ...settings,
    parts,
    evidence,
    pictures,
    labelled,
    readings,
    notes,
    sidecar: { file: sidecar.file, content: JSON.parse(sidecar.text) as unknown },
  };
}

/** What was said of the settings of a model, or why nothing can be. */
export interface Judged {
  readonly model: string;
  readonly found?: FindSettingsAnswer;
  readonly error?: ErrorData;
}

/** One row for each part of each model; a model that failed has its error in place of the parts. */
export function verdictEntries(models: readonly Judged[]): object[] {
  return models.flatMap(({ model, found, error }): object[] =>
    error === undefined
      ? (found?.verdicts ?? []).map(({ part, verdict, value, sentence }) => ({
          model,
          part,
          verdict,
          value,
          evidence: sentence,
        }))
      : [{ model, error: errorEntry(error) }],
  );
}

/** The same for people: one table of all models. */
export function verdictTable(models: readonly Judged[]): string {
  const rows = models.flatMap(({ model, found, error }) =>
    error === undefined
      ? (found?.verdicts ?? []).map((v) => [model, v.part, v.verdict, v.value, v.sentence])
      : [[model, '', 'failed', '', sentenceOf(error)]],
  );
  return table(['model', 'part', 'verdict', 'value', 'evidence'], rows);
}

/** What was found for one model, for people. */
export function findingText(model: string, found: FindSettingsAnswer): string {
  const { finding, sidecar } = found;
  const { title, readings, notes, pictures } = finding;
  const compared = readings.map((r) => [
    r.title,
    r.score.toFixed(2),
    r.alike === undefined ? '' : `${Math.round(r.alike * pictures)} of ${pictures}`,
    r.answers.join(', '),
  ]);
  return [
    `Settings that fit best: ${title}\n`,
    verdictTable([{ model, found }]),
    compared.length === 0 ? '' : table(['reading', 'score', 'answers alike', 'commonest answers'], compared),
    `${notes.join('\n')}\n`,
    `To take them, write this to ${sidecar.file}:\n${sidecar.text}`,
  ]
    .filter((part) => part !== '')
    .join('\n');
}
