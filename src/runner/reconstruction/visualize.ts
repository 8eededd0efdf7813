import { fromErrorData } from '../../base/errors.js';
import { given } from '../../base/given.js';
import { filePath } from '../../base/place.js';
import type { Rgb } from '../../base/picture.js';
import { floatTensor, type FloatTensor } from '../../base/tensor.js';
import { encodePng } from '../../input/encode.js';
import type { Labels } from '../../input/labels.js';
import { toPicture, toTensor } from '../../input/preprocessing.js';
import { requirePreprocessing } from '../../input/resolve.js';
import type { Preprocessing } from '../../input/settings.js';
import type { Ranking } from '../../method/activations/prediction.js';
import { onCanvas, type Canvas } from '../../method/reconstruction/canvas.js';
import { fromPlanes, tensorOfPlanes, toPlanes } from '../../method/reconstruction/space.js';
import { visualise, type Visualized } from '../../method/reconstruction/visualise.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import { isOneScore } from '../../method/target/target.js';
import type { Call } from '../../protocol/channel.js';
import type { VisualizeAnswer, VisualizeProgress, VisualizeRequest } from '../../protocol/reconstruction.js';
import type { PictureChange, PictureSaid, Reconstruction } from '../../result/reconstruction.js';
import type { Steered } from '../dataset/steering.js';
import { answerOf, namesOf } from '../input/answers.js';
import { recipeOf } from '../input/recipe.js';
import type { LoadedInput } from '../input/inputs.js';
import type { OpenModel } from '../model/open.js';
import { recordOf, TAKEN_AS_IS } from '../overview/describe.js';
import { rank } from '../prediction/rank.js';
import { askedOf, startOf, type Asked } from './question.js';

/** Classes that are said of a picture. */
const TOP = 5;

/** Makes a picture of what a unit wants to see, and asks the model what it is. */
export async function visualize(
  model: OpenModel,
  steered: Steered,
  request: VisualizeRequest,
  call: Call<VisualizeProgress>,
): Promise<VisualizeAnswer> {
  const { signal } = call;
  const started = performance.now();
  call.progress({ message: 'opening the model' });
  const plan = requirePreprocessing(model.resolved);
  const subject = await model.subject();
  const start = await startOf(model, request.params, signal);
  const { labels, notes: about } = namesOf(model, subject, []);
  const loaded = start?.loaded ?? plainInput(subject, plan);
  const ranking = await ranked(subject, labels, loaded, signal);
  const asked = await askedOf({ model, subject, labels, plan, ranking, start, loaded }, request, signal);
  const asking: Context = { model, plan, labels, asked, signal };
  const made = await visualise(asked.subject, asked.question, {
    signal,
    onPicture: (step, planes, trace) =>
      call.progress({
        fraction: step / asked.params.steps,
        message: `${asked.params.preset} ${step} / ${asked.params.steps} steps`,
        made: { picture: pictureOf(asking, planes), step, trace: [...trace] },
      }),
    waiting: async () => {
      await steered.resumed(signal);
      return steered.stopped();
    },
    ...given({
      probability: isClass(asked)
        ? async (planes: Float32Array) =>
            (await saidOf(asking, canvasOf(pictureOf(asking, planes), plan).picture)).probability ?? 0
        : undefined,
    }),
  });
  const result = await composed(asking, request, made, { ranking, milliseconds: () => performance.now() - started });
  const answer = await answerOf(model, subject, [...about, ...made.notes]);
  return { ...answer, files: [...answer.files, ...asked.files.map(filePath)], result };
}

interface Context {
  readonly model: OpenModel;
  readonly plan: Preprocessing;
  readonly labels: Labels;
  readonly asked: Asked;
  readonly signal: AbortSignal;
}

const isClass = ({ objective, subject }: Asked): boolean =>
  objective.kind === 'target' && isOneScore(objective.target) && subject.makesProbabilities;

/** A grey picture, for what has to be asked of an input before there is one. */
function plainInput(subject: ModelSubject, plan: Preprocessing): LoadedInput {
  const { height, width } = subject.input;
  const picture = { width, height, data: new Uint8Array(3 * width * height).fill(128) };
  const { tensor } = toTensor({ ...picture, channels: 3 }, { ...plan, resize: AS_IT_IS });
  return {
    tensor: { ...tensor, dims: [1, ...subject.inputDims] },
    picture,
    preprocessing: TAKEN_AS_IS,
    notes: [],
    doubts: [],
  };
}

const AS_IT_IS: Preprocessing['resize'] = {
  value: { mode: 'none', size: 0, interpolation: 'nearest' },
  origin: { kind: 'default', detail: '' },
};

async function ranked(
  subject: ModelSubject,
  labels: Labels,
  loaded: LoadedInput,
  signal: AbortSignal,
): Promise<Ranking> {
  const [ranking] = await rank(subject, labels, [loaded], undefined, TOP, signal);
  if (ranking === undefined) throw new Error('A picture has no ranking');
  if ('error' in ranking) throw fromErrorData(ranking.error);
  return ranking;
}

/** The picture that planes are, with 8 bits for each colour. */
function pictureOf({ plan, asked }: Context, planes: Float32Array): Rgb {
  const { space, start } = asked.question;
  const colours = start?.colours ?? true;
  const values = colours ? fromPlanes(space, planes) : tensorOfPlanes(space, planes);
  return toPicture(floatTensor(picturedDims(asked), values), plan);
}

function picturedDims({ question: { space } }: Asked): number[] {
  const { height, width, order, layout } = space;
  return layout === 'NCHW' ? [1, order.length, height, width] : [1, height, width, order.length];
}

function canvasOf(picture: Rgb, plan: Preprocessing): Canvas & { readonly exact: boolean } {
  const canvas = onCanvas(picture, plan);
  return canvas === undefined ? { picture, left: 0, top: 0, exact: false } : { ...canvas, exact: true };
}

/** What the model says of a picture, read as any picture is. */
async function saidOf({ plan, labels, asked, signal }: Context, picture: Rgb): Promise<PictureSaid> {
  const { subject } = asked;
  const { tensor, view } = toTensor({ ...picture, channels: 3 }, plan);
  const loaded = { tensor: { ...tensor, dims: [1, ...subject.inputDims] }, picture: view };
  const ranking = await ranked(
    subject,
    labels,
    { ...loaded, preprocessing: recordOf(plan), notes: [], doubts: [] },
    signal,
  );
  return said(asked, ranking, loaded.tensor, signal);
}

async function said(asked: Asked, ranking: Ranking, tensor: FloatTensor, signal: AbortSignal): Promise<PictureSaid> {
  const { subject, objective } = asked;
  const [value = NaN] =
    objective.kind === 'target' ? await subject.scores(tensor, objective.target, 'logit', signal) : [NaN];
  return {
    top: ranking.top,
    value,
    ...given({
      probability:
        isClass(asked) && objective.kind === 'target' ? ranking.probabilities?.[objective.target.index] : undefined,
    }),
  };
}

async function composed(
  context: Context,
  request: VisualizeRequest,
  made: Visualized,
  { ranking, milliseconds }: { readonly ranking: Ranking; readonly milliseconds: () => number },
): Promise<Reconstruction> {
  const { model, plan, asked, signal } = context;
  const { subject, params, start } = asked;
  const picture = pictureOf(context, made.planes);
  const canvas = canvasOf(picture, plan);
  const says = await saidOf(context, canvas.picture);
  const notes = [...made.notes, ...savedNotes(canvas.exact)];
  const recipe = await recipeOf(model, {
    ...given({ input: start?.input }),
    preprocessing: recordOf(plan),
    method: 'visualize',
    params,
    ...given({ layer: request.layer }),
    target: { ...asked.target, ...given({ text: request.target }) },
    score: 'logit',
    seed: asked.question.seed,
    provider: subject.provider?.used ?? 'cpu',
    notes: [...subject.notes, ...notes],
  });
  const { width, height } = canvas.picture;
  return {
    target: asked.target,
    preset: params.preset,
    params,
    picture,
    values: floatTensor([1, ...subject.inputDims], made.tensor),
    saved: {
      png: await encodePng(canvas.picture.data, width, height),
      width,
      height,
      left: canvas.left,
      top: canvas.top,
      exact: canvas.exact,
    },
    trace: made.trace,
    steps: made.steps,
    ended: made.ended,
    says,
    ...(start === undefined
      ? {}
      : { change: changed(context, made, await said(asked, ranking, start.loaded.tensor, signal)) }),
    recipe,
    notes,
    milliseconds: milliseconds(),
  };
}

/** How far the picture is from what it began as, in colours from 0 to 1. */
function changed({ asked }: Context, made: Visualized, before: PictureSaid): PictureChange {
  const { space, start } = asked.question;
  if (start === undefined) throw new Error('There is no start');
  const asColours = (planes: Float32Array): Float32Array =>
    made.colours ? planes : toPlanes(space, floatTensor([planes.length], tensorOfPlanes(space, planes)));
  const [from, to] = [asColours(start.planes), asColours(made.planes)];
  let [most, change, length] = [0, 0, 0];
  from.forEach((v, i) => {
    const difference = Math.abs(to[i]! - v);
    most = Math.max(most, difference);
    change += difference * difference;
    length += v * v;
  });
  return { norm: Math.sqrt(change / Math.max(length, 1e-12)), most, before };
}

function savedNotes(exact: boolean): string[] {
  return exact
    ? []
    : ['The preprocessing of this model resizes pictures of every size: the saved picture is not quite what was made.'];
}
