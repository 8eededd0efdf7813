import { labelOf } from '../../input/labels.js';
import { classLayoutOf } from '../../method/target/index.js';
import type { OpenModel } from '../model/open.js';

/** Names of a model's classes; their numbers where nobody has named them, which takes a run to count them. */
export async function classNames(model: OpenModel): Promise<readonly string[]> {
  const { labels } = model.resolved;
  if (labels.names.length > 0) return labels.names;
  const subject = await model.subject();
  const classes = (subject.classifier ? undefined : classLayoutOf(subject)?.classes) ?? subject.classes;
  return Array.from({ length: classes }, (_, i) => labelOf(labels, i));
}
