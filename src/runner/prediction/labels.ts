import { labelOf } from '../../input/labels.js';
import { outputLabels } from '../output/outputs.js';
import type { OpenModel } from '../model/open.js';

/** Names of a model's classes, which takes a run to know its outputs; none where it has no classes. */
export async function classNames(model: OpenModel): Promise<readonly string[]> {
  const subject = await model.subject();
  const { labels, classes } = outputLabels(model, subject);
  return Array.from({ length: classes ?? 0 }, (_, i) => labelOf(labels, i));
}
