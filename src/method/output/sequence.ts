import type { SequenceLayout } from './layout.js';
import { NAMED } from './names.js';
import type { OutputKind, OutputQuestion, Told } from './kind.js';

/** Scores of classes at each step: recognised text. The axis of the Softmax, else the number of labels, says where classes are. */
export const sequence: OutputKind = {
  id: 'sequence',
  tell: (q): Told | undefined => {
    // Without those that are one: `[T, 1, C]` of a batch that is fixed.
    const real = q.dims.flatMap((d, i) => (d === 1 ? [] : [i]));
    if (real.length !== 2) return undefined;
    const found = classAxis(q, real as [number, number]);
    if (found === undefined) return undefined;
    const { axis, reason, guessed } = found;
    const last = axis === real[1];
    const [a, b] = [q.dims[real[0]!]!, q.dims[real[1]!]!];
    const [steps, classes] = last ? [a, b] : [b, a];
    const layout: SequenceLayout = {
      kind: 'sequence',
      value: q.value,
      steps,
      classes,
      at: (step, k) => (last ? step * classes + k : k * steps + step),
      values:
        q.ending.op === 'Softmax' ? 'probabilities' : q.ending.op === 'LogSoftmax' ? 'log-probabilities' : 'logits',
      ...blankOf(q, classes),
    };
    return { reason, layout, ...(guessed === true ? { guessed } : {}) };
  },
};

function classAxis(
  q: OutputQuestion,
  [a, b]: [number, number],
): { readonly axis: number; readonly reason: string; readonly guessed?: boolean } | undefined {
  const { ending, labels, dims } = q;
  const softmax = ending.op === 'Softmax' || ending.op === 'LogSoftmax';
  if (softmax && ending.axis !== undefined && (ending.axis === a || ending.axis === b))
    return {
      axis: ending.axis,
      reason: `It ends in ${ending.op} over ${dims[ending.axis]} classes at each of ${dims[ending.axis === a ? b : a]} steps.`,
    };
  const fits = (axis: number): boolean => labels.length > 1 && [0, 1, 2].includes(dims[axis]! - labels.length);
  const named = NAMED.text(q.name) ?? NAMED.text(q.title);
  if (q.said === undefined && !softmax && q.behind !== 'ArgMax' && named === undefined) return undefined;
  if (fits(a) !== fits(b)) {
    const axis = fits(a) ? a : b;
    return {
      axis,
      reason: `It has ${dims[axis]} numbers for ${labels.length} labels at each of ${dims[axis === a ? b : a]} steps.`,
    };
  }
  // Classes last is what every exporter of text recognisers writes.
  return { axis: b, reason: `Its last axis is taken for the classes.`, guessed: true };
}

/** CTC has one class that means nothing: the first, or the last where there is one more than labels and the first is a letter. */
function blankOf(q: OutputQuestion, classes: number): { readonly blank?: number } {
  const { labels } = q;
  const said = labels.findIndex(
    (label) => /^[<[]?(ctc[-_ ]?)?blank[>\]]?$|^<?(pad|eps|epsilon)>?$|^-?$/i.test(label.trim()) && label !== ' ',
  );
  if (said >= 0) return { blank: said };
  if (labels.length === 0 || classes > labels.length) return { blank: 0 };
  return {};
}
