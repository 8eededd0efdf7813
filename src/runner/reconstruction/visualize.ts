import { given } from '../../base/given.js';
import { filePath } from '../../base/place.js';
import { floatTensor } from '../../base/tensor.js';
import { encodePng } from '../../input/encode.js';
import { requirePreprocessing } from '../../input/resolve.js';
import type { Ranking } from '../../method/activations/prediction.js';
import { tensorOfPlanes, toPlanes } from '../../method/reconstruction/space.js';
import { visualise, type Visualized } from '../../method/reconstruction/visualise.js';
import type { Call } from '../../protocol/channel.js';
import type { VisualizeAnswer, VisualizeProgress, VisualizeRequest } from '../../protocol/reconstruction.js';
import type { PictureChange, PictureSaid, Reconstruction } from '../../result/reconstruction.js';
import type { Steered } from '../dataset/steering.js';
import { answerOf, namesOf } from '../input/answers.js';
import { recipeOf } from '../input/recipe.js';
import type { OpenModel } from '../model/open.js';
import { recordOf } from '../overview/describe.js';
import { believed, type Others } from './belief.js';
import { askedOf, startOf } from './question.js';
import { canvasOf, isClass, pictureOf, plainInput, ranked, said, saidOf, type Context } from './said.js';

/** Makes a picture of what a unit wants to see, and asks the model what it is. */
export async function visualize(
  model: OpenModel,
  steered: Steered,
  request: VisualizeRequest,
  call: Call<VisualizeProgress> & Others,
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
  // What cannot be asked afterwards is refused before the work.
  if (asked.params.other !== '')
    await call.other(asked.params.other, async ({ resolved }) => requirePreprocessing(resolved));
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
  const composing = { ranking, milliseconds: () => performance.now() - started, call };
  const result = await composed(asking, request, made, composing);
  const answer = await answerOf(model, subject, [...about, ...made.notes]);
  return { ...answer, files: [...answer.files, ...asked.files.map(filePath)], result };
}

interface Composing {
  /** Of the start. */
  readonly ranking: Ranking;
  readonly milliseconds: () => number;
  readonly call: Call<VisualizeProgress> & Others;
}

async function composed(
  context: Context,
  request: VisualizeRequest,
  made: Visualized,
  { ranking, milliseconds, call }: Composing,
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
    ...(await believed(context, canvas.picture, call)),
    recipe,
    notes,
    milliseconds: milliseconds(),
  };
}

/** How far the picture is from what it began as, in colours from 0 to 1. */
function changed(context: Context, made: Visualized, before: PictureSaid): PictureChange {
  const { asked } = context;
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
  const picture = pictureOf(context, start.planes);
  return { norm: Math.sqrt(change / Math.max(length, 1e-12)), most, picture, before };
}

function savedNotes(exact: boolean): string[] {
  return exact
    ? []
    : ['The preprocessing of this model resizes pictures of every size: the saved picture is not quite what was made.'];
}
