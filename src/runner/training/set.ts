import { LensError } from '../../base/errors.js';
import { given } from '../../base/given.js';
import type { FilePath } from '../../base/place.js';
import type { Example } from '../../dataset/dataset.js';
import { comparePython } from '../../input/folder.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import type { TrainingRecipe, TrainingSet } from '../../result/training.js';
import { stream } from '../../training/random.js';
import { matchLabels } from '../dataset/labels.js';
import type { DataSets } from '../dataset/sets.js';
import type { OpenModel } from '../model/open.js';

/** The pictures of a training, not read yet. */
export interface SetToTrain {
  readonly trained: readonly LabelledExample[];
  readonly heldOut: readonly LabelledExample[];
  readonly about: TrainingSet;
  readonly notes: readonly string[];
  readonly omitted: Awaited<ReturnType<DataSets['part']>>['dataset']['omitted'];
}

export interface LabelledExample {
  readonly example: Example;
  /** Number of its class in the trained network. */
  readonly label: number;
}

/** Splits by what they are called: those that are trained on, and those that are looked at meanwhile, best first. */
const TRAINED = ['train', 'training'];
const HELD_OUT = ['validation', 'valid', 'val', 'test'];
/** Of fewer pictures of a class none is held out. */
const FEWEST = 3;

/**
 * The pictures of a data set, with the classes that they stand for in the network that is trained.
 *
 * @throws LensError `training/labels`, `training/one-class`
 */
export async function setToTrain(
  model: OpenModel,
  subject: ModelSubject,
  sets: DataSets,
  { place, recipe, seed }: { readonly place: FilePath; readonly recipe: TrainingRecipe; readonly seed: number },
  signal: AbortSignal,
): Promise<SetToTrain> {
  const part = await sets.part({ place, ...(recipe.pictures > 0 ? { most: recipe.pictures } : {}) }, signal);
  const { dataset } = part;
  const labelled = part.examples.filter((e) => e.className !== undefined);
  const lost = part.examples.length - labelled.length;
  if (labelled.length === 0)
    throw new LensError('input', 'training/labels', 'None of the pictures has a label: there is nothing to learn.', {
      hint: 'Put them into a folder for each class, or use a list with a column of labels.',
    });
  const present = [...new Set(labelled.map((e) => e.className!))];
  if (present.length < 2)
    throw new LensError(
      'input',
      'training/one-class',
      `All ${labelled.length} pictures are of one class, "${present[0]!}": at least two are needed to learn a difference.`,
      { hint: 'Add a folder with pictures of something else.' },
    );
  const matched = matchLabels(
    model,
    subject,
    labelled.map((e) => e.className),
    dataset.classes,
  );
  const known = matched.mapping.filter(({ index }) => index >= 0);
  const newHead = recipe.head === 'new' || (recipe.head === 'auto' && known.length < present.length);
  const own = classesOf(present, dataset.classes);
  const indexOf = (name: string): number => {
    if (newHead) return own.indexOf(name);
    const row = matched.rowOf(name);
    return row < 0 ? -1 : matched.mapping[row]!.index;
  };
  const all = labelled.map((example) => ({ example, label: indexOf(example.className!) }));
  const usable = all.filter(({ label }) => label >= 0);
  if (usable.length === 0)
    throw new LensError('input', 'training/labels', 'No folder is called like one of the classes of the model.', {
      hint: 'Put in a new last layer for them (head=new).',
    });
  const { trained, heldOut, by, split, unused } = divided(usable, recipe.validation, seed);
  const classes = newHead ? own : matched.classes;
  const count = (of: readonly LabelledExample[]): number[] => {
    const counts = new Array<number>(classes.length).fill(0);
    for (const { label } of of) counts[label]!++;
    return counts;
  };
  const [inTrained, inHeldOut] = [count(trained), count(heldOut)];
  const counts = classes.map((_, k) => ({ trained: inTrained[k]!, heldOut: inHeldOut[k]! }));
  return {
    trained,
    heldOut,
    about: {
      title: dataset.title,
      trained: trained.length,
      heldOut: heldOut.length,
      by,
      ...given({ split }),
      classes,
      counts,
      newHead,
    },
    notes: [
      ...part.notes,
      ...(newHead ? [] : matched.notes),
      ...(lost === 0 ? [] : [`${lost} pictures have no label and are left out.`]),
      ...(usable.length === all.length
        ? []
        : [`${all.length - usable.length} pictures are of classes that the model does not have and are left out.`]),
      ...(unused === 0 ? [] : [`${unused} pictures of other splits are not used.`]),
      ...(by === 'none' && recipe.validation > 0
        ? ['No class has enough pictures to hold some out: how well it does on others is not known.']
        : []),
    ],
    omitted: dataset.omitted,
  };
}

/** Classes in the order of their numbers where the data set has one, else as Python sorts their names. */
function classesOf(present: readonly string[], order: readonly string[] | undefined): readonly string[] {
  return order !== undefined && present.every((name) => order.includes(name))
    ? order
    : [...present].sort(comparePython);
}

interface Divided {
  readonly trained: readonly LabelledExample[];
  readonly heldOut: readonly LabelledExample[];
  readonly by: TrainingSet['by'];
  readonly split?: string;
  readonly unused: number;
}

function divided(all: readonly LabelledExample[], share: number, seed: number): Divided {
  const of = (names: readonly string[]): { name: string; examples: readonly LabelledExample[] } | undefined => {
    for (const name of names) {
      const examples = all.filter(({ example }) => example.split?.toLowerCase() === name);
      if (examples.length > 0) return { name, examples };
    }
    return undefined;
  };
  const train = of(TRAINED);
  if (train === undefined) return { ...bySharing(all, share, seed), unused: 0 };
  const held = share === 0 ? undefined : of(HELD_OUT);
  const rest = all.length - train.examples.length - (held?.examples.length ?? 0);
  if (held !== undefined)
    return { trained: train.examples, heldOut: held.examples, by: 'split', split: held.name, unused: rest };
  return { ...bySharing(train.examples, share, seed), unused: rest };
}

/** The same pictures each time, whatever their order on the disk. */
function bySharing(all: readonly LabelledExample[], share: number, seed: number): Omit<Divided, 'unused'> {
  const byClass = new Map<number, LabelledExample[]>();
  for (const each of all) byClass.set(each.label, [...(byClass.get(each.label) ?? []), each]);
  const held = new Set<LabelledExample>();
  for (const [label, members] of byClass) {
    if (share === 0 || members.length < FEWEST) continue;
    const count = Math.min(members.length - 1, Math.max(1, Math.round(share * members.length)));
    const sorted = [...members].sort((a, b) => comparePython(a.example.name, b.example.name));
    for (const each of stream(seed, 'split', label).shuffle(sorted).slice(0, count)) held.add(each);
  }
  return {
    trained: all.filter((each) => !held.has(each)),
    heldOut: all.filter((each) => held.has(each)),
    by: held.size === 0 ? 'none' : 'share',
  };
}
