import path from 'node:path';
import { LensError, throwIfCancelled } from '../../base/errors.js';
import { given } from '../../base/given.js';
import type { Rgb } from '../../base/picture.js';
import type { FloatTensor } from '../../base/tensor.js';
import { toTensor } from '../../input/preprocessing.js';
import { requirePreprocessing } from '../../input/resolve.js';
import { labelOf } from '../../input/labels.js';
import { predict } from '../../method/activations/prediction.js';
import { sharedClasses } from '../../method/comparison/classes.js';
import { LEAST_PICTURES, naturalPath, pooled, pooledAll, sitesOf } from '../../method/reconstruction/naturalPath.js';
import type { Call } from '../../protocol/channel.js';
import type { VisualizeProgress } from '../../protocol/reconstruction.js';
import type { NaturalPath, Reconstruction, Transfer } from '../../result/reconstruction.js';
import { classNameOf, loadInput, namesOf } from '../input/answers.js';
import { expandInputs } from '../input/inputs.js';
import type { OpenModel } from '../model/open.js';
import { isClass, type Context } from './said.js';

/** Other models that are asked along the way. */
export interface Others {
  other<T>(file: string, work: (model: OpenModel) => Promise<T>): Promise<T>;
}

/** What tells whether to believe a picture, as far as it was asked for: a probability says nothing of that. */
export async function believed(
  context: Context,
  picture: Rgb,
  call: Call<VisualizeProgress> & Others,
): Promise<Pick<Reconstruction, 'path' | 'transfer'>> {
  const { natural, other } = context.asked.params;
  return given({
    transfer: other === '' ? undefined : await transferOf(context, picture, other, call),
    path: natural === '' ? undefined : await pathOf(context, picture, natural, call),
  });
}

/** Classes that are said of a picture. */
const TOP = 5;

async function transferOf(
  { asked, labels }: Context,
  picture: Rgb,
  file: string,
  { other, signal }: Call<VisualizeProgress> & Others,
): Promise<Transfer> {
  return other(file, async (model) => {
    const plan = requirePreprocessing(model.resolved);
    const subject = await model.subject();
    const own = namesOf(model, subject, []);
    const { tensor } = toTensor({ ...picture, channels: 3 }, plan);
    const batch = { ...tensor, dims: [1, ...subject.inputDims] };
    const [ranking] = await predict(subject, own.labels, batch, TOP, signal);
    const { objective } = asked;
    const [first] = ranking!.top;
    const shared =
      !isClass(asked) || objective.kind !== 'target' || first === undefined || !subject.classifier
        ? undefined
        : sharedClasses({ labels, count: asked.subject.classes }, { labels: own.labels, count: subject.classes });
    const wanted = shared === undefined || objective.kind !== 'target' ? undefined : shared.ofA[objective.target.index];
    return {
      model: path.basename(file),
      top: ranking!.top,
      ...given({
        agrees: wanted === undefined || wanted < 0 ? undefined : shared!.ofB[first!.index] === wanted,
      }),
    };
  });
}

/** Natural pictures that are looked at of each class. */
const MOST_OF_A_CLASS = 32;

async function pathOf(
  { model, asked, labels, plan }: Context,
  picture: Rgb,
  folder: string,
  { signal, progress }: Call<VisualizeProgress>,
): Promise<NaturalPath> {
  const { subject, objective } = asked;
  if (!isClass(asked) || objective.kind !== 'target')
    throw refuse('Natural pictures are those of a class, and what was asked for is none.', 'Leave natural out for it.');
  const own = objective.target.index;
  const inputs = await expandInputs(model, [folder], signal);
  const { truth } = namesOf(model, subject, inputs);
  const counts = new Map<number, number>();
  const chosen = inputs.flatMap((input) => {
    const name = classNameOf(input);
    const index = name === undefined ? undefined : truth(name);
    if (index === undefined || index < 0) return [];
    const count = counts.get(index) ?? 0;
    if (count >= MOST_OF_A_CLASS) return [];
    counts.set(index, count + 1);
    return [{ input, index }];
  });
  const mine = counts.get(own) ?? 0;
  if (mine < LEAST_PICTURES || counts.size < 2) {
    throw refuse(
      `The folder "${folder}" has ${mine} pictures of "${labelOf(labels, own)}" and pictures of ${counts.size} classes.`,
      `The way of natural pictures takes at least ${LEAST_PICTURES} of the class, and another class, a subfolder each.`,
    );
  }
  const sites = sitesOf(subject);
  const batch: FloatTensor[] = [];
  for (const { input } of chosen) {
    throwIfCancelled(signal);
    batch.push((await loadInput(input, signal)).tensor);
  }
  const message = 'looking at natural pictures';
  const natural = await pooledAll(subject, sites, batch, {
    signal,
    done: (count) => progress({ message: `${message} ${count} / ${batch.length}`, fraction: count / batch.length }),
  });
  const { tensor } = toTensor({ ...picture, channels: 3 }, plan);
  const row = await pooled(subject, sites, { ...tensor, dims: [1, ...subject.inputDims] }, signal);
  // Beside the class stands the one that has most pictures of the rest.
  const other = [...counts].filter(([index]) => index !== own).reduce((a, b) => (b[1] > a[1] ? b : a))[0];
  const classOf = chosen.map(({ index }) => index);
  return {
    label: labelOf(labels, own),
    pictures: mine,
    of: chosen.length,
    other: labelOf(labels, other),
    layers: naturalPath(
      sites,
      { natural, classOf },
      row.map((rows) => rows[0]!),
      { own, other },
    ),
  };
}

function refuse(message: string, hint: string): LensError {
  return new LensError('usage', 'reconstruction/natural', message, { hint });
}
