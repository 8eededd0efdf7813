import { labelOf } from '../../input/labels.js';
import { outputLabels } from '../output/outputs.js';
import type { OpenModel } from '../model/open.js';

/** More classes than this nobody picks from a list; a file can claim any number. */
const MOST_NAMED = 100_000;

/** Names of a model's classes, which takes a run to know its outputs; none where it has no classes. */
export async function classNames(model: OpenModel): Promise<readonly string[]> {
  const subject = await model.subject();
  const { labels, classes } = outputLabels(model, subject);
  return Array.from({ length: Math.min(classes ?? 0, MOST_NAMED) }, (_, i) => labelOf(labels, i));
}
