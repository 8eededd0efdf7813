import type { ErrorData } from '../../../src/base/errors.js';
import type { OutputChoice, OutputSummary } from '../../../src/result/output.js';
import type { Asked } from '../asked.js';

/** How an output may be read, in the words of a person. */
export const READINGS: readonly { readonly value: string; readonly label: string; readonly title: string }[] = [
  { value: 'classes', label: 'Scores of classes', title: 'One of several classes' },
  { value: 'multi-label', label: 'Scores of labels', title: 'Several labels may be right at once' },
  { value: 'regression', label: 'Numbers', title: 'Regressed values, points, ages' },
  { value: 'embedding', label: 'An embedding', title: 'A vector that is compared with others' },
  { value: 'segmentation', label: 'A map of classes', title: 'A class for every place of the picture' },
  { value: 'dense', label: 'A dense map', title: 'A number for every place: depth, a picture' },
  { value: 'sequence', label: 'A text or sequence', title: 'A class at every step' },
  { value: 'detection', label: 'Boxes of a detector', title: 'In the layout that their shape tells' },
  { value: 'detection/v5', label: 'Boxes, with objectness (YOLOv5)', title: 'Box, objectness, classes' },
  { value: 'detection/v8', label: 'Boxes, without objectness (YOLOv8)', title: 'Box, classes' },
  { value: 'detection/end2end', label: 'Boxes, final (end to end)', title: 'Box, score, class' },
  { value: 'unknown', label: 'Not to be read', title: 'It is not explained' },
];

export const UNSAID = '';
/** The output that somebody may want to say something about, and what is known of it. */
export interface Questioned {
  readonly name: string;
  readonly choice: OutputChoice | undefined;
  readonly sentence: string;
  /** Nothing goes on before it is said. */
  readonly urgent: boolean;
}

/** The output that is not understood, is guessed, or was said here to be something. */
export function questioned(c: Pick<Asked, 'question' | 'shown'>, error: ErrorData | undefined): Questioned | undefined {
  const said = c.question?.outputs ?? {};
  if (error?.output !== undefined) {
    const choice = said[error.output];
    const sentence =
      choice === undefined
        ? `“${error.output}” is not a list of classes; choose how to read it.`
        : `“${error.output}” cannot be read as ${nameOf(choice)}. ${error.message}`;
    return { name: error.output, choice, sentence, urgent: true };
  }
  const outputs = c.shown?.explanation.outputs ?? [];
  const own = outputs.find((o) => said[o.name] !== undefined) ?? outputs.find((o) => o.chosen);
  if (own === undefined) return undefined;
  const choice = said[own.name];
  if (choice !== undefined)
    return { name: own.name, choice, sentence: `“${own.name}” is read as you say, in this panel.`, urgent: false };
  if (own.kind === 'unknown' || own.guessed === true)
    return { name: own.name, choice, sentence: sentenceOf(own), urgent: own.kind === 'unknown' };
  return undefined;
}

function sentenceOf({ name, kind, reason }: OutputSummary): string {
  return kind === 'unknown'
    ? `“${name}” is not a list of classes; choose how to read it. ${reason}`
    : `“${name}” is taken for ${nameOf({ kind })}, which is a guess. ${reason}`;
}

/** A choice as a value of the list. */
export function valueOf({ kind, head }: OutputChoice): string {
  return head === undefined ? kind : `${kind}/${head}`;
}

function nameOf(choice: OutputChoice): string {
  return READINGS.find((r) => r.value === valueOf(choice))?.label.toLowerCase() ?? choice.kind;
}

/** What a choice of the list says. */
export function choiceOf(value: string): OutputChoice | undefined {
  if (value === UNSAID) return undefined;
  const [kind, head] = value.split('/') as [OutputChoice['kind'], string?];
  return head === undefined ? { kind } : { kind, head };
}
