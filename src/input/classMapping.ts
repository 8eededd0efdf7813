import { labelOf, LabelIndex, type Labels } from './labels.js';
import { comparePython } from './folder.js';

/** Which class of the model a folder's name stands for. */

export interface MappedClass {
  readonly folder: string;
  /** Undefined where no class could be found for it. */
  readonly index?: number;
  readonly label?: string;
  readonly by: 'name' | 'order' | 'nothing';
}

export interface ClassMapping {
  readonly classes: readonly MappedClass[];
  /** What a person should know about it, one sentence each. */
  readonly notes: readonly string[];
  /** The class of a folder's name. */
  indexOf(folder: string): number | undefined;
}

/**
 * Maps folder names to classes: by name where any name is known (case, blanks and underscores do not matter, WordNet ids
 * count as names), else by ImageFolder's rule, position in Python's sorted order, where there are as many folders as
 * classes.
 *
 * @param classes number of the model's classes, undefined where it is unknown
 * @param order names in the order of their numbers, where the data set has one
 */
export function mapClasses(
  folders: readonly string[],
  labels: Labels,
  classes: number | undefined,
  order?: readonly string[],
): ClassMapping {
  const sorted = order ?? [...new Set(folders)].sort(comparePython);
  const index = new LabelIndex(labels);
  const byName = new Map(sorted.map((folder) => [folder, index.find(folder)]));
  const known = sorted.filter((folder) => byName.get(folder) !== undefined).length;
  const numbered = order !== undefined;
  // Numbers stand for themselves, also where the last classes have no picture.
  const fits = numbered && order.every((name, k) => name === String(k)) ? order.length <= (classes ?? Infinity) : false;
  const inOrder = known === 0 && (fits || classes === undefined || classes === sorted.length);
  const mapped = sorted.map((folder, position): MappedClass => {
    const found = inOrder ? position : byName.get(folder);
    if (found === undefined) return { folder, by: 'nothing' };
    return { folder, index: found, label: labelOf(labels, found), by: inOrder ? 'order' : 'name' };
  });
  const lookup = new Map(mapped.map((entry) => [entry.folder, entry.index]));
  return { classes: mapped, notes: notesOf(mapped, known, classes, numbered), indexOf: (folder) => lookup.get(folder) };
}

function notesOf(
  mapped: readonly MappedClass[],
  known: number,
  classes: number | undefined,
  numbered: boolean,
): string[] {
  if (mapped.length === 0) return [];
  const lost = mapped.filter((entry) => entry.by === 'nothing').map((entry) => entry.folder);
  if (mapped[0]!.by === 'order') {
    if (numbered) return [`The data set's classes are taken by their numbers: class 0 is ${mapped[0]!.folder}.`];
    const numbers =
      mapped.every(({ folder }) => /^\d+$/.test(folder)) && mapped.some(({ folder }, i) => Number(folder) !== i);
    return [
      `The folders' names are none of the model's labels; they are taken in sorted order: ${mapped[0]!.folder} is class 0.`,
      ...(numbers ? ['Numbers are sorted as text: "10" comes before "2", as in torchvision\'s ImageFolder.'] : []),
    ];
  }
  if (known === 0)
    return [
      `None of the ${mapped.length} folders' names is a label, and there are ${classes} classes: the true classes are not known.`,
    ];
  if (lost.length === 0) return [];
  const shown = lost
    .slice(0, 5)
    .map((name) => `"${name}"`)
    .join(', ');
  return [
    `No class is called ${shown}${lost.length > 5 ? ` and ${lost.length - 5} others` : ''}: these pictures have no true class.`,
  ];
}

/** Labels for a model that has none, from folders that stand for its classes in order; otherwise the labels as they are. */
export function namedByFolders(labels: Labels, mapping: ClassMapping): Labels {
  const { classes } = mapping;
  if (labels.origin.kind !== 'default' || classes.length === 0 || classes.some((entry) => entry.by !== 'order'))
    return labels;
  return {
    names: classes.map((entry) => entry.folder),
    origin: { kind: 'file', detail: 'the names of the folders, in order' },
  };
}
