import { LensError } from '../../base/errors.js';
import { readText } from '../output/decode.js';
import type { SequenceLayout } from '../output/layout.js';
import type { TargetKind, TargetQuestion } from './kind.js';
import type { Target } from './target.js';

/**
 * What is explained of an output that holds no list of classes where nobody says what: the mean of a dense map, the text that
 * a sequence is read as. A class is never made of such numbers, and what an unknown output holds has to be said first.
 */
export const whole: TargetKind = {
  id: 'whole',
  read: (text, question) => {
    const { output } = question.subject;
    const { name, layout, kind } = output;
    if (layout === undefined) {
      throw new LensError(
        'usage',
        'target/unknown-output',
        `The output "${name}" is not a list of classes; choose how to read it. ${output.reason}`,
        {
          output: name,
          hint: `Say what it is under "outputs" in the settings file, e.g. { "outputs": { ${JSON.stringify(name)}: { "kind": "regression" } } }, or name one of its numbers: value:0.`,
        },
      );
    }
    if (kind !== 'dense' && kind !== 'sequence') return undefined;
    if (!/^top1?$/i.test(text.trim())) {
      throw new LensError(
        'usage',
        'target/no-classes',
        `The output "${name}" holds no list of classes, so "${text}" names nothing in it.`,
        {
          hint:
            kind === 'dense'
              ? 'Write top1 for its mean, value:K for one number, or mask:FILE.png for a painted region.'
              : 'Write top1 for the text, or place:K=NAME for a class at one step.',
        },
      );
    }
    return layout.kind === 'sequence' ? textOf(layout, question) : meanOf(question);
  },
};

function meanOf({ scores, subject }: TargetQuestion): Target {
  const weights = new Float32Array(scores.length).fill(1 / scores.length);
  return { index: 0, label: `mean of ${subject.output.name}`, weights };
}

/** The sum of the best class's score at every step that is not blank; at every step where all are. */
function textOf(layout: SequenceLayout, { scores, labels }: TargetQuestion): Target {
  const { text, places } = readText(layout, scores, labels);
  const read = places.filter((p) => p.index !== layout.blank);
  const weights = new Float32Array(scores.length);
  for (const { step, index } of read.length > 0 ? read : places) weights[layout.at(step, index)] = 1;
  const first = read[0]?.index ?? 0;
  return { index: first, label: text === '' ? 'no text' : `"${text}"`, weights };
}
