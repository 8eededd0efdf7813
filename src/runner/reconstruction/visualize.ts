import { given } from '../../base/given.js';
import { filePath } from '../../base/place.js';
import { floatTensor } from '../../base/tensor.js';
import { encodePng } from '../../input/encode.js';
import { requirePreprocessing } from '../../input/resolve.js';
import { tensorOfPlanes, toPlanes } from '../../method/reconstruction/space.js';
import { transparencyOf } from '../../method/reconstruction/transparency.js';
import { partsOf, visualise, type MadeFacet, type Visualized } from '../../method/reconstruction/visualise.js';
import type { Call } from '../../protocol/channel.js';
import type { VisualizeAnswer, VisualizeProgress, VisualizeRequest } from '../../protocol/reconstruction.js';
import type { PictureChange, PictureFacet, PictureSaid, Reconstruction } from '../../result/reconstruction.js';
import type { Steered } from '../dataset/steering.js';
import { answerOf } from '../input/answers.js';
import { recipeOf } from '../input/recipe.js';
import type { OpenModel } from '../model/open.js';
import { recordOf } from '../overview/describe.js';
import { believed, type Others } from './belief.js';
import { askedOf, readingOf, type Reading } from './question.js';
import { canvasOf, isClass, pictureOf, said, saidOf, type Context } from './said.js';

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
  const reading = await readingOf(model, request.params, signal);
  const { plan, labels, subject } = reading;
  const asked = await askedOf(reading, request, signal);
  // What cannot be asked afterwards is refused before the work.
  if (asked.params.other !== '')
    await call.other(asked.params.other, async ({ resolved }) => requirePreprocessing(resolved));
  const asking: Context = { model, plan, labels, asked, signal };
  const { facets: count, steps, preset } = asked.params;
  const made = await visualise(asked.subject, asked.question, {
    signal,
    onPicture: (step, planes, trace) => {
      const pictures = partsOf(planes, count).map((each) => pictureOf(asking, each));
      call.progress({
        fraction: step / steps,
        message: `${preset} ${step} / ${steps} steps`,
        made: { picture: pictures[0]!, ...(count > 1 ? { facets: pictures } : {}), step, trace: [...trace] },
      });
    },
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
  const composing = { reading, milliseconds: () => performance.now() - started, call };
  const result = await composed(asking, request, made, composing);
  const answer = await answerOf(model, subject, [...reading.notes, ...made.notes]);
  return { ...answer, files: [...answer.files, ...asked.files.map(filePath)], result };
}

interface Composing {
  readonly reading: Reading;
  readonly milliseconds: () => number;
  readonly call: Call<VisualizeProgress> & Others;
}

async function composed(
  context: Context,
  request: VisualizeRequest,
  made: Visualized,
  { reading, milliseconds, call }: Composing,
): Promise<Reconstruction> {
  const { model, plan, asked, signal } = context;
  const { subject, params, start } = asked;
  const facets: PictureFacet[] = [];
  for (const facet of made.facets) facets.push(await facetOf(context, facet));
  const [first] = facets as [PictureFacet];
  const notes = [...made.notes, ...savedNotes(first.saved.exact)];
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
  const before = start && (await said(asked, reading.ranking, start.loaded.tensor, signal));
  return {
    ...first,
    ...(facets.length > 1 ? { facets } : {}),
    target: asked.target,
    preset: params.preset,
    params,
    values: floatTensor([facets.length, ...subject.inputDims], joined(made.facets.map(({ tensor }) => tensor))),
    steps: made.steps,
    ended: made.ended,
    ...given({ change: before && changed(context, made, before) }),
    ...(await believed(context, canvasOf(first.picture, plan).picture, call)),
    recipe,
    notes,
    milliseconds: milliseconds(),
  };
}

/** One picture as it is shown and saved, and what the model says of it. */
async function facetOf(context: Context, { planes, trace, pushed }: MadeFacet): Promise<PictureFacet> {
  const picture = pictureOf(context, planes);
  const canvas = canvasOf(picture, context.plan);
  const { width, height } = canvas.picture;
  return {
    picture,
    saved: {
      png: await encodePng(canvas.picture.data, width, height),
      width,
      height,
      left: canvas.left,
      top: canvas.top,
      exact: canvas.exact,
    },
    trace,
    says: await saidOf(context, canvas.picture),
    opacity: transparencyOf(pushed),
  };
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const [first] = parts as [Float32Array];
  const out = new Float32Array(parts.length * first.length);
  parts.forEach((part, k) => out.set(part, k * first.length));
  return out;
}

/** How far the picture is from what it began as, in colours from 0 to 1. */
function changed(context: Context, made: Visualized, before: PictureSaid): PictureChange {
  const { asked } = context;
  const { space, start } = asked.question;
  if (start === undefined) throw new Error('There is no start');
  const asColours = (planes: Float32Array): Float32Array =>
    made.colours ? planes : toPlanes(space, floatTensor([planes.length], tensorOfPlanes(space, planes)));
  const [from, to] = [asColours(start.planes), asColours(made.facets[0]!.planes)];
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
