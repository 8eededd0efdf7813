import { LensError } from '../../base/errors.js';
import { closest } from '../../base/suggest.js';
import { findClass, labelOf } from '../../input/labels.js';
import { rankOf } from '../rankOf.js';
import type { TargetKind, TargetQuestion } from './kind.js';
import type { Target } from './target.js';

/** A class of the model, by rank (`top1`), index or name: its score. */
export const oneClass: TargetKind = {
  id: 'class',
  read: (text, question) => {
    const index = classIndex(text, question);
    return { index, label: labelOf(question.labels, index) };
  },
};

/**
 * The class that a person wrote: `top1`… by rank, its index, or its name (any case, a synonym, or a text that only one
 * name contains).
 *
 * @throws LensError `target/unknown` with near names
 */
export function classIndex(text: string, { scores, labels }: Pick<TargetQuestion, 'scores' | 'labels'>): number {
  const classes = scores.length;
  const rank = /^top([1-9]\d*)?$/i.exec(text.trim());
  if (rank !== null) {
    const k = Number(rank[1] ?? 1);
    if (k > classes) throw unknown(`There is no ${text}: the model has ${classes} classes.`);
    return rankOf(scores, k)[k - 1]!;
  }
  if (/^\d+$/.test(text.trim())) {
    const index = Number(text);
    if (index >= classes)
      throw unknown(`There is no class ${index}: the model has ${classes} classes, 0 to ${classes - 1}.`);
    return index;
  }
  const found = findClass(labels, text);
  if (found !== undefined && found < classes) return found;
  const near = closest(text, labels.names, 3);
  throw unknown(
    `No single class is called "${text}".`,
    near.length === 0 ? undefined : `Did you mean ${near.map((n) => `"${n}"`).join(', ')}?`,
  );
}

/** A class where the model sees it, for a model whose classes are of that kind. */
export function classInRegions(kind: string, text: string, question: TargetQuestion): Target | undefined {
  const { regions } = question;
  if (regions?.kind !== kind) return undefined;
  const index = classIndex(text, question);
  return { index, label: regions.label(index), weights: regions.weights(index) };
}

function unknown(sentence: string, hint = 'Give top1, a class index, or a class name.'): LensError {
  return new LensError('usage', 'target/unknown', sentence, { hint });
}
