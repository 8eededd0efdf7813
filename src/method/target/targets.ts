import { LensError } from '../../base/errors.js';
import { closest } from '../../base/suggest.js';
import { findClass, labelOf, type Labels } from '../../input/labels.js';
import type { Target } from '../subject/subject.js';

/**
 * What a person wrote for a target: `top1`… by rank, a class index, or a class name (any case, a synonym, or a text that
 * only one name contains).
 *
 * @param scores of the input, for ranks
 */
export function resolveTarget(text: string, scores: ArrayLike<number>, labels: Labels): Target {
  const classes = scores.length;
  const rank = /^top([1-9]\d*)?$/i.exec(text.trim());
  if (rank !== null) {
    const k = Number(rank[1] ?? 1);
    if (k > classes) throw unknown(`There is no ${text}: the model has ${classes} classes.`);
    return named(rankOf(scores, k)[k - 1]!, labels);
  }
  if (/^\d+$/.test(text.trim())) {
    const index = Number(text);
    if (index >= classes)
      throw unknown(`There is no class ${index}: the model has ${classes} classes, 0 to ${classes - 1}.`);
    return named(index, labels);
  }
  const found = findClass(labels, text);
  if (found !== undefined && found < classes) return named(found, labels);
  const near = closest(text, labels.names, 3);
  throw unknown(
    `No single class is called "${text}".`,
    near.length === 0 ? undefined : `Did you mean ${near.map((n) => `"${n}"`).join(', ')}?`,
  );
}

function unknown(sentence: string, hint = 'Give top1, a class index, or a class name.'): LensError {
  return new LensError('usage', 'target/unknown', sentence, { hint });
}

function named(index: number, labels: Labels): Target {
  return { index, label: labelOf(labels, index) };
}

/** Indices of the `k` largest scores, best first; of equal ones the lower index first. NaN comes last. */
export function rankOf(scores: ArrayLike<number>, k: number): number[] {
  const key = (i: number): number => (Number.isNaN(scores[i]!) ? -Infinity : scores[i]!);
  return Array.from({ length: scores.length }, (_, i) => i)
    .sort((a, b) => key(b) - key(a) || a - b)
    .slice(0, k);
}
