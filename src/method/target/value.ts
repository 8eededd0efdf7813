import { LensError } from '../../base/errors.js';
import { formatDims, sizeOf } from '../../base/tensor.js';
import { factOf, sampleDims } from '../subject/samples.js';
import { labelOf } from '../../input/labels.js';
import type { TargetKind } from './kind.js';

/**
 * `value:3`, a number of the output as it stands there, counted from 0: one coordinate of landmarks, an element of an
 * embedding, any number of an output that nobody can read.
 */
export const value: TargetKind = {
  id: 'value',
  read: (text, { subject, labels }) => {
    const found = /^value:(.*)$/i.exec(text.trim());
    if (found === null) return undefined;
    const { facts, output } = subject;
    const dims = sampleDims(factOf(facts, subject.scoreValue('logit').value), facts);
    const size = sizeOf(dims);
    const index = /^\s*\d+\s*$/.test(found[1]!) ? Number(found[1]) : NaN;
    if (!(index < size)) {
      throw new LensError(
        'usage',
        'target/value',
        Number.isNaN(index)
          ? `"${text.trim()}" is no value of the output "${output.name}".`
          : `There is no value ${index}: the output "${output.name}" has ${size} (${formatDims(dims)}).`,
        { hint: size === 1 ? 'Write value:0.' : `Write value:0 to value:${size - 1}.` },
      );
    }
    const name = labels.origin.kind !== 'default' && labels.names.length === size ? ` (${labelOf(labels, index)})` : '';
    return { index, label: `${output.name} ${index}${name}` };
  },
};
