import { LensError } from '../../base/errors.js';
import { labelOf, type Labels } from '../../input/labels.js';
import { mapClasses, namedByFolders } from '../../input/classMapping.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import type { ClassMatch } from '../../result/dataset.js';
import { outputLabels } from '../output/outputs.js';
import type { OpenModel } from '../model/open.js';

/** More classes than this nobody reads; a file can claim any number. */
const MOST_NAMED = 100_000;

/** The labels of a data set, and the classes of a model that they stand for. */
export interface Matched {
  readonly names: Labels;
  /** Names of the model's classes; empty where it has none. */
  readonly classes: readonly string[];
  /** In the order of the data set's classes. */
  readonly mapping: readonly ClassMatch[];
  readonly notes: readonly string[];
  /** Row of `mapping`, -1 for an example without a label. */
  rowOf(label: string | undefined): number;
}

/**
 * @param labels one for each example, undefined where it has none
 * @param order the data set's classes in the order of their numbers, where it has one
 * @param chosen what was mended by hand
 */
export function matchLabels(
  model: OpenModel,
  subject: ModelSubject,
  labels: readonly (string | undefined)[],
  order: readonly string[] | undefined,
  chosen: Readonly<Record<string, number>> = {},
): Matched {
  const { labels: known, classes, notes } = outputLabels(model, subject);
  const counts = new Map<string, number>();
  for (const label of labels) if (label !== undefined) counts.set(label, (counts.get(label) ?? 0) + 1);
  const present = [...counts.keys()];
  const mapping = mapClasses(present, known, classes, order);
  const names = classes === undefined ? known : namedByFolders(known, mapping);
  const rows = mapping.classes
    .filter(({ folder }) => counts.has(folder))
    .map(({ folder, index, by }): ClassMatch => {
      const count = counts.get(folder)!;
      const mended = Object.hasOwn(chosen, folder) ? chosen[folder]! : undefined;
      if (mended !== undefined) return { label: folder, count, index: checked(folder, mended, classes), how: 'chosen' };
      if (classes === undefined || index === undefined || index >= classes)
        return { label: folder, count, index: -1, how: 'none' };
      return { label: folder, count, index, how: by === 'order' ? 'order' : 'name' };
    });
  const row = new Map(rows.map(({ label }, k) => [label, k]));
  const strange = Object.keys(chosen).filter((label) => !counts.has(label));
  return {
    names,
    classes: Array.from({ length: Math.min(classes ?? 0, MOST_NAMED) }, (_, i) => labelOf(names, i)),
    mapping: rows,
    notes: [
      ...notes,
      ...(classes === undefined ? [] : mapping.notes),
      ...(strange.length === 0 ? [] : [`No picture is labelled ${strange.map((s) => `"${s}"`).join(', ')}.`]),
    ],
    rowOf: (label) => (label === undefined ? -1 : (row.get(label) ?? -1)),
  };
}

function checked(label: string, index: number, classes: number | undefined): number {
  if (Number.isInteger(index) && index >= -1 && index < (classes ?? 0)) return index;
  throw new LensError('usage', 'dataset/mapping', `"${label}" cannot stand for class ${index}.`, {
    hint: classes === undefined ? 'The output holds no classes.' : `There are classes 0 to ${classes - 1}; -1 is none.`,
  });
}
