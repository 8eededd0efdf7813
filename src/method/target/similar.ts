import { LensError } from '../../base/errors.js';
import { HeadBuilder } from './head.js';
import type { TargetKind } from './kind.js';

/** Added to a squared length, so that a vector of zeros has a slope of zero and no division by zero. */
const LEAST = 1e-20;

/**
 * `similar:FILE`, how much the embedding of the picture is like that of another picture: the cosine of the angle between the
 * two vectors. That of the other picture is held fixed.
 */
export const similar: TargetKind = {
  id: 'similar',
  read: (text, { subject, others }) => {
    const [file, second] = similarFiles(text);
    if (file === undefined) return undefined;
    const { output, facts } = subject;
    if (output.kind !== 'embedding') {
      throw refuse(
        `"${text.trim()}" asks for a similarity, but the output "${output.name}" is not read as an embedding (${output.kind}).`,
        `If it is one, say so under "outputs" in the settings file: { "outputs": { ${JSON.stringify(output.name)}: { "kind": "embedding" } } }.`,
      );
    }
    if (second !== undefined) throw refuse('A similarity is to one picture.', 'Write similar:FILE - similar:FILE.');
    const other = others?.get(file);
    if (other === undefined) throw new Error('The embedding of the other picture is needed');
    const length = Math.hypot(...Array.from(other));
    if (!(length > 0) || !Number.isFinite(length))
      throw refuse(`The embedding of "${file}" has no direction.`, 'Choose another picture.');
    const { value } = subject.scoreValue('logit');
    const unit = Array.from(other, (v) => v / length);
    const b = new HeadBuilder(facts, value, JSON.stringify(['similar', value, unit]));
    const rows = b.rows(value);
    const along = b.reduce('ReduceSum', b.mul(rows, b.constant(unit)));
    const own = b.op('Sqrt', [b.add(b.reduce('ReduceSum', b.mul(rows, rows)), b.number(LEAST))]);
    const name = file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
    return { index: 0, label: `similarity to ${name}`, head: b.done(b.div(along, own)) };
  },
};

/** Files of the pictures that a text asks for the similarity to. */
export function similarFiles(text: string): string[] {
  const parts = text.trim().split(/\s+[-−]\s+(?=similar:)/i);
  return parts.flatMap((part) => /^similar:\s*(.+)$/is.exec(part.trim())?.[1]?.trim() ?? []);
}

function refuse(sentence: string, hint: string): LensError {
  return new LensError('usage', 'target/similar', sentence, { hint });
}
