import { setImmediate } from 'node:timers/promises';
import { given } from '../../base/given.js';
import { LensError, throwIfCancelled, type ErrorData } from '../../base/errors.js';
import type { FilePath } from '../../base/place.js';
import type { Call } from '../../protocol/channel.js';
import type { CompareModelsRequest } from '../../protocol/comparison.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { ComparedSet, LayerAlignment } from '../../result/comparison.js';
import { classNameOf } from '../input/answers.js';
import { reducedNote } from '../reading/places.js';
import { answerReader, type Seen } from './answers.js';
import { LayerSums } from './layerSums.js';
import { unitSize } from './layerUnit.js';
import { signalOf, type SignalPlan } from './layers.js';
import { predictionsOf } from './predictions.js';
import { pictureUnits, type SetQuestion } from './question.js';
import { reasonsOf } from './reasons.js';
import type { OpenSide } from './side.js';
import { spacesOf } from './spaces.js';
import { thumbnailsOf } from './thumbnails.js';

/** Both models on a data set. */
export async function compareOnSet(
  question: SetQuestion,
  place: FilePath,
  request: CompareModelsRequest,
  call: Call<WorkProgress>,
): Promise<ComparedSet> {
  const { signal } = call;
  const { sides, pictures, aligned, plan, layered, kept } = question;
  const { seed = 0 } = request;
  const { products } = layered.layers;
  const count = sides.a.inputs.length;
  const sums = new LayerSums(layered.layers, unitSize(layered.order.length));
  const { seen, omitted } = await seenOf(question, sums, within(call, 0, 0.6));
  if (seen.length === 0) throw nothingLeft(omitted);
  const pause = async (share: number, message: string): Promise<void> => {
    call.progress({ fraction: 0.65 + 0.15 * Math.min(1, share), message });
    // Lets a cancellation in, which arrives as a message.
    await setImmediate();
    throwIfCancelled(signal);
  };
  await pause(0, 'alignment of layers');
  const alignment = await sums.finish(signal);
  const labels = seen.map(({ example }) => classNameOf(sides.a.inputs[example]!) ?? '');
  const predictions = predictionsOf(sides, seen);
  const spaces = await spacesOf(sides, seen, labels, request.layout ?? 'pca', { products, seed, pause });
  const reasons =
    question.reasons === undefined || predictions.predictions === undefined
      ? undefined
      : await reasonsOf(question, question.reasons, seen, predictions.predictions, within(call, 0.8, 0.97));
  const parts = {
    ...given({ predictions: predictions.predictions, spaces: spaces.spaces, reasons }),
    ...given({ alignment: alignment && { ...alignment, of: { a: aligned.a.of, b: aligned.b.of } } }),
    ...given({ signal: signalOf(plan, sums.signal, sums.pictures) }),
  };
  call.progress({ fraction: 0.98, message: 'small pictures' });
  return {
    place,
    names: seen.map(({ example }) => sides.a.inputs[example]!.name),
    files: seen.map(({ example }) => fileOf(sides.a, example)),
    labels,
    of: pictures.of,
    omitted: [
      ...omitted.map(({ example, error }) => ({ name: sides.a.inputs[example]!.name, error })),
      ...pictures.omitted,
    ],
    ...parts,
    thumbnails: await thumbnailsOf(sides.a, seen, parts, signal),
    notes: [
      ...pictures.notes,
      ...[predictions.note, spaces.note].filter((note) => note !== undefined),
      ...(['a', 'b'] as const).flatMap((side) =>
        sides[side].embedding === undefined ? [] : reducedNote(sides[side].embedding),
      ),
      ...layerNotes(parts.alignment, plan, layered.order.length, count),
      ...(parts.reasons === undefined && question.reasons !== undefined
        ? ['Reasons are compared of equal predictions only.']
        : []),
      ...kept.notes(),
    ],
  };
}

/** What both make of every picture, in the order of the data set; the layers' part is added up. */
export async function seenOf(
  question: SetQuestion,
  sums: LayerSums | undefined,
  call: Call<WorkProgress>,
): Promise<{
  readonly seen: readonly Seen[];
  readonly omitted: readonly { readonly example: number; readonly error: ErrorData }[];
}> {
  const { sides } = question;
  const seen: Seen[] = [];
  const omitted: { example: number; error: ErrorData }[] = [];
  const said = { a: answerReader(sides.a), b: answerReader(sides.b) };
  const count = sides.a.inputs.length;
  try {
    for await (const { answers, layers } of pictureUnits(question, call.signal)) {
      for (const one of answers) {
        if ('error' in one) omitted.push(one);
        else seen.push({ example: one.example, a: said.a(one.a), b: said.b(one.b) });
      }
      if (layers !== undefined) sums?.add(layers);
      const done = seen.length + omitted.length;
      call.progress({ fraction: done / count, message: `${done} of ${count} pictures` });
    }
  } finally {
    await question.kept.settle();
  }
  const byPlace = (x: { readonly example: number }, y: { readonly example: number }): number => x.example - y.example;
  return { seen: seen.sort(byPlace), omitted: omitted.sort(byPlace) };
}

/** A call whose progress is a part of another's. */
function within(call: Call<WorkProgress>, from: number, to: number): Call<WorkProgress> {
  return {
    ...call,
    progress: ({ fraction, ...rest }) =>
      call.progress({ ...rest, ...(fraction === undefined ? {} : { fraction: from + fraction * (to - from) }) }),
  };
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

function nothingLeft([first]: readonly { readonly error: ErrorData }[]): LensError {
  return new LensError(
    'input',
    'compare/empty',
    `No picture could be used by both models${first === undefined ? '.' : `: ${first.error.message}`}`,
    { hint: first?.error.hint ?? 'Check how either model wants its pictures.' },
  );
}
