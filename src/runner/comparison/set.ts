import { setImmediate } from 'node:timers/promises';
import { given } from '../../base/given.js';
import { LensError, throwIfCancelled, toErrorData } from '../../base/errors.js';
import type { FilePath } from '../../base/place.js';
import { Random } from '../../base/random.js';
import { sourceOf } from '../../dataset/index.js';
import type { Call } from '../../protocol/channel.js';
import type { CompareModelsRequest } from '../../protocol/comparison.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { ComparedSet, LayerAlignment, Side } from '../../result/comparison.js';
import type { SessionProducts } from '../../session/products.js';
import type { DataSets } from '../dataset/sets.js';
import { classNameOf } from '../input/answers.js';
import { expandInputs, inputOf, type ExpandedInput } from '../input/inputs.js';
import type { OpenModel } from '../model/open.js';
import { LayerPass } from './layerPass.js';
import { signalOf, signalPlan, signalTaps, type SignalPlan } from './layers.js';
import { runBoth, type Pass } from './pass.js';
import { predictionsOf } from './predictions.js';
import { reasonQuestions, reasonsOf } from './reasons.js';
import { alignedLayers, openSide, type OpenSide, type Tap } from './side.js';
import { spacesOf } from './spaces.js';
import { thumbnailsOf } from './thumbnails.js';

/** Pictures whose layers are looked at: an alignment is known to three digits by then, and its matrices fit the memory. */
const LAYERED = 2000;

/** Both models on a data set. */
export async function compareOnSet(
  models: Readonly<Record<Side, OpenModel>>,
  place: FilePath,
  request: CompareModelsRequest,
  { products, sets }: { readonly products: SessionProducts; readonly sets: DataSets },
  call: Call<WorkProgress>,
): Promise<{ readonly set: ComparedSet; readonly sides: Readonly<Record<Side, OpenSide>> }> {
  const { signal } = call;
  const { seed = 0, layer, layers: wanted } = request;
  call.progress({ message: 'opening the models' });
  const pictures = await picturesOf(models, { ...request, place }, sets, signal);
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
  const layered = Math.min(LAYERED, count);
  // What cannot be asked is refused before any picture is touched.
  const { method, params, explained } = request;
  const asked = method === undefined ? undefined : { method, ...given({ params, explained }), seed };
  const questions = asked === undefined ? undefined : await reasonQuestions(sides, asked, signal);
  const layerPass = new LayerPass({
    taps: { a: aligned.a.taps, b: aligned.b.taps },
    pairs: plan.pairs,
    expected: layered,
    seed,
    products,
  });
  const taps = (side: Side): readonly Tap[] => [
    ...new Map([...aligned[side].taps, ...signalTaps(plan, side)].map((tap) => [tap.value, tap])).values(),
  ];
  const pass = await runBoth(
    { sides, order, layered, layers: layerPass, taps: { a: taps('a'), b: taps('b') } },
    within(call, 0, 0.6),
  );
  const seen = [...pass.seen].sort((x, y) => x.example - y.example);
  if (seen.length === 0) throw nothingLeft(pass);
  const pause = async (share: number, message: string): Promise<void> => {
    call.progress({ fraction: 0.65 + 0.15 * Math.min(1, share), message });
    // Lets a cancellation in, which arrives as a message.
    await setImmediate();
    throwIfCancelled(signal);
  };
  await pause(0, 'alignment of layers');
  const alignment = await layerPass.finish(signal);
  const labels = seen.map(({ example }) => classNameOf(sides.a.inputs[example]!) ?? '');
  const predictions = predictionsOf(sides, seen);
  const spaces = await spacesOf(sides, seen, labels, request.layout ?? 'pca', { products, seed, pause });
  const reasons =
    asked === undefined || questions === undefined || predictions.predictions === undefined
      ? undefined
      : await reasonsOf(sides, questions, seen, predictions.predictions, asked, within(call, 0.8, 0.97));
  const parts = {
    ...given({ predictions: predictions.predictions, spaces: spaces.spaces, reasons }),
    ...given({ alignment: alignment && { ...alignment, of: { a: aligned.a.of, b: aligned.b.of } } }),
    ...given({ signal: signalOf(plan, layerPass.signal, layerPass.pictures) }),
  };
  call.progress({ fraction: 0.98, message: 'small pictures' });
  const set: ComparedSet = {
    place,
    names: seen.map(({ example }) => sides.a.inputs[example]!.name),
    files: seen.map(({ example }) => fileOf(sides.a, example)),
    labels,
    of: pictures.of,
    omitted: [
      ...[...pass.omitted]
        .sort((x, y) => x.example - y.example)
        .map(({ example, error }) => ({ name: sides.a.inputs[example]!.name, error })),
      ...pictures.omitted,
    ],
    ...parts,
    thumbnails: await thumbnailsOf(sides.a, seen, parts, signal),
    notes: [
      ...pictures.notes,
      ...[predictions.note, spaces.note].filter((note) => note !== undefined),
      ...layerNotes(parts.alignment, plan, layered, count),
      ...(parts.reasons === undefined && method !== undefined
        ? ['Reasons are compared of equal predictions only.']
        : []),
    ],
  };
  return { set, sides };
}

/** A call whose progress is a part of another's. */
function within(call: Call<WorkProgress>, from: number, to: number): Call<WorkProgress> {
  return {
    ...call,
    progress: ({ fraction, ...rest }) =>
      call.progress({ ...rest, ...(fraction === undefined ? {} : { fraction: from + fraction * (to - from) }) }),
  };
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

function fileOf({ inputs }: OpenSide, example: number): string {
  const input = inputs[example]!;
  return 'file' in input ? input.file : input.name;
}

function layerNotes(
  alignment: LayerAlignment | undefined,
  { unlike, beyond }: SignalPlan,
  layered: number,
  count: number,
): string[] {
  const notes: string[] = [];
  const number = (n: number): string => n.toLocaleString('en');
  if (layered < count)
    notes.push(`Layers are compared on ${number(layered)} of ${number(count)} pictures, drawn by the seed.`);
  if (alignment === undefined) notes.push('Layers are not aligned: that takes at least 4 pictures.');
  else {
    for (const side of ['a', 'b'] as const) {
      const shown = alignment[side].length;
      const of = alignment.of[side];
      if (shown < of)
        notes.push(`Aligned are ${shown} of the ${of} layers of the ${side === 'a' ? 'first' : 'second'} model.`);
    }
    if (alignment.projected.length > 0) {
      const { to } = alignment.projected[0]!;
      notes.push(
        `${alignment.projected.length} layers were projected onto ${number(to)} numbers by a seeded random projection before they were aligned: their CKA is approximate.`,
      );
    }
  }
  if (unlike > 0) notes.push(`${unlike} pairs of layers have values of different sizes, and no signal-to-noise ratio.`);
  if (beyond > 0) notes.push(`${beyond} pairs of layers behind the first 256 have no signal-to-noise ratio.`);
  return notes;
}

function noPictures(place: string): LensError {
  return new LensError('input', 'compare/empty', `There are no pictures in "${place}".`, {
    hint: 'Give it a folder of pictures, a list, a .parquet or an .npz file.',
  });
}

function nothingLeft({ omitted }: Pass): LensError {
  const [first] = omitted;
  return new LensError(
    'input',
    'compare/empty',
    `No picture could be used by both models${first === undefined ? '.' : `: ${first.error.message}`}`,
    { hint: first?.error.hint ?? 'Check how either model wants its pictures.' },
  );
}
