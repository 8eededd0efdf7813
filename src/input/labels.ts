import type { Origin } from './settings.js';

/** Class names. None are shipped: a class nobody names is "class 123". */

/** Names as some source gives them, not yet fitted to a model. */
export interface LabelTable {
  readonly names: readonly string[];
  /** Other names of the same classes, e.g. WordNet ids, by the same index. */
  readonly aliases?: readonly string[];
}

/** The names of a model's classes. */
export interface Labels {
  /** One for each class; where the number of classes is unknown, as many as the source has. */
  readonly names: readonly string[];
  readonly aliases?: readonly string[];
  readonly origin: Origin;
}

const BACKGROUND = 'background';

/** Name of a class. */
export function labelOf(labels: Labels, index: number): string {
  return labels.names[index] ?? `class ${index}`;
}

/**
 * Fits a table to a model's number of classes. 1000 names for 1001 outputs: output 0 is the background
 * (TensorFlow's ImageNet models). Undefined where the numbers do not agree.
 */
export function fitLabels(table: LabelTable, classes: number | undefined): LabelTable | undefined {
  const count = table.names.length;
  if (count === 0) return undefined;
  if (classes === undefined || count === classes) return table;
  // The two sides of a single number.
  if (count === 2 && classes === 1) return table;
  if (count === 1000 && classes === 1001) {
    return {
      names: [BACKGROUND, ...table.names],
      ...(table.aliases === undefined ? {} : { aliases: [BACKGROUND, ...table.aliases] }),
    };
  }
  return undefined;
}

/** A file may claim any number of classes: beyond this one they get their numbers when they are asked for, see {@link labelOf}. */
const MOST_NUMBERED = 100_000;

/** Names where nobody gives any; none where there would be more than {@link MOST_NUMBERED}. */
export function numberedLabels(classes: number | undefined): Labels {
  const listed = classes !== undefined && classes <= MOST_NUMBERED ? classes : 0;
  return {
    names: Array.from({ length: listed }, (_, i) => `class ${i}`),
    origin: { kind: 'default', detail: 'no labels were found; classes are numbered' },
  };
}

/** Case, underscores, hyphens and runs of blanks do not tell names apart. */
export function normaliseName(name: string): string {
  return name
    .normalize('NFC')
    .toLowerCase()
    .replace(/[\s_-]+/g, ' ')
    .trim();
}

/** How names are looked up: exact names first, then aliases, then the synonyms in "tench, Tinca tinca". */
export class LabelIndex {
  private readonly levels: ReadonlyMap<string, number | undefined>[];

  constructor(labels: Pick<Labels, 'names' | 'aliases'>) {
    const synonyms = labels.names.map((name) => name.split(/[,;]/).map((part) => part.trim()));
    this.levels = [
      table(labels.names.map((name) => [name])),
      table(labels.names.map((name) => [normaliseName(name)])),
      table((labels.aliases ?? []).map((name) => [normaliseName(name)])),
      table(synonyms.map((parts) => parts.map(normaliseName))),
    ];
  }

  /** The class of that name; undefined where no class has it or several do. */
  find(name: string): number | undefined {
    const keys = [name, ...new Array<string>(3).fill(normaliseName(name))];
    for (const [level, names] of this.levels.entries()) {
      const key = keys[level]!;
      if (names.has(key)) return names.get(key);
    }
    return undefined;
  }
}

/** Name to class; an ambiguous name maps to undefined. */
function table(names: readonly (readonly string[])[]): Map<string, number | undefined> {
  const map = new Map<string, number | undefined>();
  names.forEach((list, index) => {
    for (const name of new Set(list)) {
      if (name !== '') map.set(name, map.has(name) ? undefined : index);
    }
  });
  return map;
}

/** The class a person means: its name (any case), a synonym, or the only name that contains the text. */
export function findClass(labels: Labels, text: string): number | undefined {
  const exact = new LabelIndex(labels).find(text);
  if (exact !== undefined) return exact;
  const wanted = normaliseName(text);
  if (wanted === '') return undefined;
  const hits = labels.names.flatMap((name, index) => (normaliseName(name).includes(wanted) ? [index] : []));
  return hits.length === 1 ? hits[0] : undefined;
}
