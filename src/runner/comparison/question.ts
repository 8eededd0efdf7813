import { given } from '../../base/given.js';
import { LensError, toErrorData } from '../../base/errors.js';
import type { FilePath } from '../../base/place.js';
import { Random } from '../../base/random.js';
import { sourceOf } from '../../dataset/index.js';
import type { CompareModelsRequest } from '../../protocol/comparison.js';
import type { ComparedSet, Side } from '../../result/comparison.js';
import type { SessionProducts } from '../../session/products.js';
import type { DatasetRoom } from '../dataset/room.js';
import type { DataSets } from '../dataset/sets.js';
import type { Question } from '../attribution/question.js';
import { expandInputs, inputOf, type ExpandedInput } from '../input/inputs.js';
import type { OpenModel } from '../model/open.js';
import { plainCount, plainUnits, type Outcome, type PlainOptions } from './answers.js';
import { keptComparison, type KeptComparison } from './kept.js';
import { layeredCount, layeredUnits, type LayeredOptions } from './layered.js';
import type { LayerUnit } from './layerUnit.js';
import { signalPlan, signalTaps, type SignalPlan } from './layers.js';
import { reasonQuestions, type ReasonsAsked } from './reasons.js';
import { alignedLayers, openSide, type OpenSide, type Tap } from './side.js';

/** Pictures whose layers are looked at: an alignment is known to three digits by then, and its matrices fit the memory. */
const LAYERED = 2000;

/** What is asked of two models on a data set, before anything is run. */
export interface SetQuestion {
  readonly sides: Readonly<Record<Side, OpenSide>>;
  readonly pictures: Pictures;
  readonly layered: LayeredOptions;
  readonly plain: PlainOptions;
  readonly aligned: Readonly<Record<Side, ReturnType<typeof alignedLayers>>>;
  readonly plan: SignalPlan;
  /** Where reasons are compared. */
  readonly reasons?: { readonly asked: ReasonsAsked; readonly questions: Readonly<Record<Side, Question>> };
  readonly kept: KeptComparison;
}

export async function setQuestion(
  models: Readonly<Record<Side, OpenModel>>,
  place: FilePath,
  request: CompareModelsRequest,
  { products, datasets }: { readonly products: SessionProducts; readonly datasets: DatasetRoom },
  signal: AbortSignal,
): Promise<SetQuestion> {
  const { seed = 0, layer, layers: wanted, method, params, explained, layered: most = LAYERED } = request;
  const pictures = await picturesOf(models, { ...request, place }, datasets.sets, signal);
  const sides = {
    a: await openSide(models.a, pictures.a, layer, request.mapping),
    b: await openSide(models.b, pictures.b, layer),
  };
  const count = sides.a.inputs.length;
  if (count === 0) throw noPictures(place);
  const aligned = { a: alignedLayers(sides.a.subject, wanted), b: alignedLayers(sides.b.subject, wanted) };
  const plan = signalPlan(sides);
  // Classes lie one after the other in a folder: a batch must have some of all.
  const order = new Random(seed).shuffle([...sides.a.inputs.keys()]);
  // What cannot be asked is refused before any picture is touched.
  const asked = method === undefined ? undefined : { method, ...given({ params, explained }), seed };
  const questions = asked === undefined ? undefined : await reasonQuestions(sides, asked, signal);
  const taps = (side: Side): readonly Tap[] => [
    ...new Map([...aligned[side].taps, ...signalTaps(plan, side)].map((tap) => [tap.value, tap])).values(),
  ];
  const layered: LayeredOptions = {
    sides,
    order: order.slice(0, most),
    layers: { taps: { a: aligned.a.taps, b: aligned.b.taps }, pairs: plan.pairs, seed, products },
    taps: { a: taps('a'), b: taps('b') },
  };
  const rest = order.slice(most).sort((x, y) => x - y);
  return {
    sides,
    pictures,
    layered,
    plain: { sides, examples: rest, firstUnit: layeredCount(layered) },
    aligned,
    plan,
    ...(asked === undefined || questions === undefined ? {} : { reasons: { asked, questions } }),
    kept: await keptComparison(sides, request, datasets),
  };
}

/** Units of pictures, of all shares. */
export function unitCount({ layered, plain }: SetQuestion): number {
  return layeredCount(layered) + plainCount(plain);
}

/** The units of pictures that are this process's own, one after the other. */
export async function* pictureUnits(
  { layered, plain, kept }: SetQuestion,
  signal: AbortSignal,
): AsyncGenerator<{ readonly answers: readonly Outcome[]; readonly layers?: LayerUnit }> {
  yield* layeredUnits(layered, kept, signal);
  for await (const answers of plainUnits(plain, kept, signal)) yield { answers };
}

/** The pictures of a data set as either model takes them. */
interface Pictures {
  readonly a: readonly ExpandedInput[];
  readonly b: readonly ExpandedInput[];
  readonly of: number;
  readonly omitted: ComparedSet['omitted'];
  readonly notes: readonly string[];
}

async function picturesOf(
  models: Readonly<Record<Side, OpenModel>>,
  request: CompareModelsRequest & { readonly place: FilePath },
  sets: DataSets,
  signal: AbortSignal,
): Promise<Pictures> {
  const { place } = request;
  if ((await sourceOf(place)) === undefined) {
    // A picture, or inputs that are prepared already.
    const [a, b] = [await expandInputs(models.a, [place], signal), await expandInputs(models.b, [place], signal)];
    return { a, b, of: a.length, omitted: [], notes: [] };
  }
  const { dataset, examples, of, notes } = await sets.part(request, signal);
  const taken = (model: OpenModel): ExpandedInput[] =>
    examples.map((example) => inputOf(model, example, example.name, dataset.classes));
  const omitted = dataset.omitted.map(({ name, error }) => ({ name, error: toErrorData(error) }));
  return { a: taken(models.a), b: taken(models.b), of: of + omitted.length, omitted, notes };
}

function noPictures(place: string): LensError {
  return new LensError('input', 'compare/empty', `There are no pictures in "${place}".`, {
    hint: 'Give it a folder of pictures, a list, a .parquet or an .npz file.',
  });
}
