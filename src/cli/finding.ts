import type { FindSettingsAnswer } from '../protocol/settings.js';
import { table } from './io.js';

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

/** The same for people. */
export function findingText({ finding, sidecar }: FindSettingsAnswer): string {
  const { title, parts, readings, notes, pictures } = finding;
  const compared = readings.map((r) => [
    r.title,
    r.score.toFixed(2),
    r.alike === undefined ? '' : `${Math.round(r.alike * pictures)} of ${pictures}`,
    r.answers.join(', '),
  ]);
  return [
    `Settings that fit best: ${title}\n`,
    table(
      ['part', 'verdict', 'reading', 'because'],
      parts.map((p) => [p.part, p.verdict, p.value, p.sentence]),
    ),
    compared.length === 0 ? '' : table(['reading', 'score', 'answers alike', 'commonest answers'], compared),
    `${notes.join('\n')}\n`,
    `To take them, write this to ${sidecar.file}:\n${sidecar.text}`,
  ]
    .filter((part) => part !== '')
    .join('\n');
}
