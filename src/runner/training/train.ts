import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { canonical } from '../../base/canonical.js';
import { LensError, toErrorData } from '../../base/errors.js';
import { given } from '../../base/given.js';
import { filePath, type FilePath } from '../../base/place.js';
import { unwritable } from '../../base/unwritable.js';
import { storedBytes } from '../../checkpoint/readTensor.js';
import { writeModelFile } from '../../checkpoint/writer.js';
import type { Graph } from '../../graph/graph.js';
import { LENS_SETTINGS } from '../../input/conventions/lens.js';
import { sidecarOf } from '../../input/sidecar.js';
import type { Call } from '../../protocol/channel.js';
import type { TrainAnswer, TrainProgress, TrainRequest } from '../../protocol/training.js';
import type { EpochRecord, TrainingSummary } from '../../result/training.js';
import { train, type TrainedModel, type TrainingProgress } from '../../training/train.js';
import type { DataSets } from '../dataset/sets.js';
import type { Steered } from '../dataset/steering.js';
import { answerOf } from '../input/answers.js';
import { recipeOf } from '../input/recipe.js';
import type { OpenModel } from '../model/open.js';
import { sha256Of } from '../model/stamp.js';
import { recordOf } from '../overview/describe.js';
import { Checkpoints } from './checkpoints.js';
import { decodeSet, normalisationOf, type DecodedSet } from './decode.js';
import { trainingQuestion, type TrainingQuestion } from './question.js';

/** Under this key a network says how it was trained. */
const LENS_TRAINING = 'onnx-lens.training';

/** Trains a model on a data set. */
export async function trainModel(
  model: OpenModel,
  datasets: DataSets,
  steered: Steered,
  request: TrainRequest,
  call: Call<TrainProgress>,
): Promise<TrainAnswer> {
  const { signal } = call;
  call.progress({ message: 'looking through the data set' });
  await refuseToOverwrite(model, request);
  const question = await trainingQuestion(model, datasets, request, signal);
  const { set, plan } = question;
  const all = set.trained.length + set.heldOut.length;
  const decoded = (done: number): void =>
    call.progress({ fraction: done / all, message: `reading ${done} of ${all} pictures` });
  const sets = await decodeBoth(set, plan, signal, decoded);
  try {
    return await trainedOn(model, steered, request, { question, ...sets }, call);
  } finally {
    sets.trained.close();
    sets.held.close();
  }
}

/** What is trained on and what is held out. */
async function decodeBoth(
  set: TrainingQuestion['set'],
  plan: TrainingQuestion['plan'],
  signal: AbortSignal,
  decoded: (done: number) => void,
): Promise<{ readonly trained: DecodedSet; readonly held: DecodedSet }> {
  const options = { signal, beyond: 'file' } as const;
  const classes = set.about.classes.length;
  const trained = await decodeSet(set.trained, classes, plan, { ...options, progress: decoded });
  const before = set.trained.length;
  try {
    const held = await decodeSet(set.heldOut, classes, plan, { ...options, progress: (n) => decoded(before + n) });
    return { trained, held };
  } catch (error) {
    trained.close();
    throw error;
  }
}

async function trainedOn(
  model: OpenModel,
  steered: Steered,
  request: TrainRequest,
  { question, trained, held }: { question: TrainingQuestion; trained: DecodedSet; held: DecodedSet },
  call: Call<TrainProgress>,
): Promise<TrainAnswer> {
  const { signal } = call;
  const { set, plan, recipe, seed, classifier, trainable, weights } = question;
  const omitted = [
    ...set.omitted.map(({ name, error }) => ({ name, error: toErrorData(error) })),
    ...trained.omitted,
    ...held.omitted,
  ];
  if (trained.pictures.count === 0) throw noneReadable(omitted);
  const keep = await keptIn(model, request, question, trained, held);
  let form: string | undefined;
  const told = ({ epoch, step, steps, form: said, ...now }: TrainingProgress): void => {
    // Said once, where it is chosen.
    const how = form === said ? '' : `. ${said}`;
    form = said;
    call.progress({
      fraction: ((epoch - 1) * steps + step) / (recipe.epochs * steps),
      message: `epoch ${epoch} of ${recipe.epochs}, step ${step} of ${steps}${how}`,
      training: { epoch, epochs: recipe.epochs, step, steps, ...now },
    });
  };
  const { sessions, session } = model.making;
  const training = train({
    ...classifier,
    model: question.model,
    pictures: trained.pictures,
    ...(held.pictures.count === 0 ? {} : { validation: held.pictures }),
    normalise: normalisationOf(plan),
    recipe,
    seed,
    trainable,
    sessions,
    signal,
    ...given({ weights, keep }),
    preparing: (done, of) =>
      call.progress({ fraction: done / of, message: `running the frozen layers for ${done} of ${of} pictures` }),
    // A GPU of unknown arithmetic gives other weights: it has to be asked for.
    session: { ...session, provider: session.provider === 'auto' ? 'cpu' : (session.provider ?? 'cpu') },
    steering: steered,
  });
  const made = await followed(training, told);
  const complete = completer(question, await sha256Of(model.file.path));
  const written = await finished(request, made, complete, keep);
  // In which form steps ran is worth a note, and no warning.
  const notes = [...question.notes, ...made.notes];
  const about = await answerOf(model, question.subject, notes);
  const summary: TrainingSummary = {
    set: {
      ...set.about,
      trained: trained.pictures.count,
      heldOut: held.pictures.count,
    },
    params: recipe,
    seed,
    parameters: question.parameters,
    curve: made.curve,
    ...given({ epoch: made.epoch, measured: made.measured }),
    ended: made.ended,
    resumed: made.resumed,
    notes: [...notes, made.form],
  };
  return {
    ...about,
    training: summary,
    recipe: await recipeOf(model, {
      preprocessing: recordOf(plan),
      method: 'train',
      params: recipe,
      seed,
      provider: about.provider,
      notes: summary.notes,
    }),
    written,
    omitted,
  };
}

async function followed(
  training: AsyncGenerator<TrainingProgress, TrainedModel, void>,
  told: (progress: TrainingProgress) => void,
): Promise<TrainedModel> {
  for (;;) {
    const { done, value } = await training.next();
    if (done === true) return value;
    told(value);
  }
}

/** Where its epochs are kept, if anywhere. */
async function keptIn(
  model: OpenModel,
  { folder }: TrainRequest,
  question: TrainingQuestion,
  trained: DecodedSet,
  held: DecodedSet,
): Promise<Checkpoints | undefined> {
  if (folder === undefined) return undefined;
  const { recipe, seed, set, classifier } = question;
  const source = await sha256Of(model.file.path);
  const identity = createHash('sha256')
    .update(canonical({ source, recipe, seed, classes: set.about.classes, logits: classifier.logits }))
    .update(trained.sha256)
    .update(held.sha256)
    .digest('hex');
  const bytes = [...question.model.weights.values()].reduce((sum, weight) => sum + storedBytes(weight), 0);
  return new Checkpoints(folder, identity, recipe.epochs, bytes, completer(question, source));
}

type Complete = (graph: Graph, epoch: number | undefined, curve: readonly EpochRecord[]) => Graph;

/** Says in a network how it wants its pictures, what its classes are called, and how it was trained. */
function completer({ plan, set, recipe, seed }: TrainingQuestion, source: string): Complete {
  const settings = JSON.stringify(sidecarOf(plan, { labels: [...set.about.classes] }));
  return (graph, epoch, curve) => {
    const record = curve.find((each) => each.epoch === epoch);
    // No times: the same recipe gives the same bytes.
    const about = { source, recipe, seed, ...(record === undefined ? {} : { ...record, seconds: undefined }) };
    const metadata = new Map(graph.metadata);
    metadata.set(LENS_SETTINGS, settings);
    metadata.set(LENS_TRAINING, JSON.stringify(about));
    return { ...graph, metadata };
  };
}

/** Writes the trained network where it is wanted; in a folder of checkpoints it is the best of them. */
async function finished(
  { file, folder }: TrainRequest,
  { graph, epoch, curve }: TrainedModel,
  complete: Complete,
  keep: Checkpoints | undefined,
): Promise<FilePath[]> {
  const target = file ?? (folder === undefined ? undefined : filePath(path.join(folder, 'best.onnx')));
  if (target === undefined) return [];
  await mkdir(path.dirname(target), { recursive: true }).catch((cause: unknown) => {
    throw unwritable(target, cause);
  });
  await writeModelFile(complete(graph, epoch, curve), target, { embed: true });
  return [target, ...(keep?.written ?? [])];
}

async function refuseToOverwrite(model: OpenModel, { file }: TrainRequest): Promise<void> {
  if (file === undefined || path.resolve(file) !== path.resolve(model.file.path)) return;
  throw new LensError('usage', 'training/overwrite', 'The trained network must not overwrite the model itself.', {
    hint: 'Give it another name.',
  });
}

function noneReadable(omitted: TrainAnswer['omitted']): LensError {
  const [first] = omitted;
  return new LensError(
    'input',
    'training/unreadable',
    `None of the pictures can be read.${first === undefined ? '' : ` ${first.name}: ${first.error.message}`}`,
  );
}
