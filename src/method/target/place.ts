import { LensError } from '../../base/errors.js';
import { floatTensor } from '../../base/tensor.js';
import { closest } from '../../base/suggest.js';
import { letterOf } from '../output/decode.js';
import type { SequenceLayout } from '../output/layout.js';
import type { TargetKind, TargetQuestion } from './kind.js';

/**
 * `place:7=e`, the score of a class at a step of a sequence, or `place:7`, that of the best class there. Steps are counted
 * from 0, as the model has them: blanks and repeated letters count.
 */
export const place: TargetKind = {
  id: 'place',
  read: (text, question) => {
    const found = /^place:\s*([^=]*?)\s*(?:=(.*))?$/is.exec(text.trim());
    if (found === null) return undefined;
    const { subject, labels } = question;
    const { layout, name, kind } = subject.output;
    if (layout?.kind !== 'sequence') {
      throw refuse(
        `"${text.trim()}" asks for a place in a sequence, but the output "${name}" is not read as one (${kind}).`,
        'Choose another target, another output with --output, or say what the output is in the settings file.',
      );
    }
    const step = /^\d+$/.test(found[1]!) ? Number(found[1]) : NaN;
    if (!(step < layout.steps)) {
      throw refuse(
        Number.isNaN(step)
          ? `"${text.trim()}" names no step of the sequence.`
          : `There is no step ${step}: the sequence has ${layout.steps}, 0 to ${layout.steps - 1}.`,
        'Write place:0=NAME for a class at the first step, or place:0 for the best one there.',
      );
    }
    const index = found[2] === undefined ? bestAt(layout, question, step) : classOf(found[2], layout, question);
    const label = `${index === layout.blank ? 'blank' : letterOf(layout, labels, index)} at step ${step}`;
    // The scores before the activation where that was cut: same elements, in the same order.
    const size = layout.steps * layout.classes;
    const weights = floatTensor([size]).data;
    weights[layout.at(step, index)] = 1;
    return { index, label, weights };
  },
};

function bestAt({ value, classes, at }: SequenceLayout, { sample }: TargetQuestion, step: number): number {
  const row = sample?.get(value);
  if (row === undefined) throw new Error('The values of the sequence are needed');
  let best = 0;
  for (let k = 1; k < classes; k++) if (row[at(step, k)]! > row[at(step, best)]!) best = k;
  return best;
}

/** A class by its letter or name, exactly where that says it, else by its index; `blank` for none. */
function classOf(text: string, layout: SequenceLayout, { labels }: TargetQuestion): number {
  const names = Array.from({ length: layout.classes }, (_, k) => letterOf(layout, labels, k));
  // A space is a letter, too.
  for (const wanted of [text, text.trim()]) {
    const exact = names.findIndex((name, k) => name === wanted && k !== layout.blank);
    if (exact >= 0) return exact;
  }
  const word = text.trim().toLowerCase();
  if (word === 'blank' && layout.blank !== undefined) return layout.blank;
  const alike = names.flatMap((name, k) => (name.toLowerCase() === word && k !== layout.blank ? [k] : []));
  if (alike.length === 1) return alike[0]!;
  const index = /^(?:class\s+)?(\d+)$/.exec(word);
  if (index !== null && Number(index[1]) < layout.classes) return Number(index[1]);
  const near = closest(word, names, 3);
  throw refuse(
    `No class of the sequence is called "${text.trim()}"; it has ${layout.classes}.`,
    near.length === 0
      ? `Write one of them, e.g. "${names.find((_, k) => k !== layout.blank)}", or an index.`
      : `Did you mean ${near.map((n) => `"${n}"`).join(', ')}?`,
  );
}

function refuse(sentence: string, hint: string): LensError {
  return new LensError('usage', 'target/place', sentence, { hint });
}
