import { isFloating, sizeOf, type FloatTensor } from '../../base/tensor.js';
import { LensError } from '../../base/errors.js';
import type { Layer } from '../../graph/layers/layer.js';
import { scaledNumbers, scalingOf, type ValueScaling } from '../../graph/layers/quantised.js';
import type { Labels } from '../../input/labels.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import { sampleDims } from '../../method/subject/samples.js';
import { fitting, layerPlace, type LayerPlace } from '../reading/places.js';
import { namesOf } from '../input/answers.js';
import type { ExpandedInput } from '../input/inputs.js';
import type { OpenModel } from '../model/open.js';

/** One of two models, with the pictures as it takes them. */
export interface OpenSide {
  readonly model: OpenModel;
  readonly subject: ModelSubject;
  readonly inputs: readonly ExpandedInput[];
  readonly labels: Labels;
  readonly notes: readonly string[];
  /** The class that a label stands for; -1: somebody says that it stands for none. */
  truth(className: string): number | undefined;
  /** Where pictures are placed by; absent where the model has no last linear layer and none was named. */
  readonly embedding?: LayerPlace;
}

/**
 * A model with a data set.
 *
 * @param inputs the pictures as this model takes them
 * @param mapping labels that stand for other classes than they are taken for
 */
export async function openSide(
  model: OpenModel,
  inputs: readonly ExpandedInput[],
  layer: string | undefined,
  mapping: Readonly<Record<string, number>> = {},
): Promise<OpenSide> {
  const subject = await model.subject();
  const { labels, notes, truth } = namesOf(model, subject, inputs);
  const mended = new Map(Object.entries(mapping));
  const embedding = embeddingOf(subject, layer, inputs.length);
  return {
    model,
    subject,
    inputs,
    labels,
    notes,
    truth: (className) => {
      const said = mended.get(className);
      return said ?? truth(className);
    },
    ...(embedding === undefined ? {} : { embedding }),
  };
}

/** Numbers of all rows of one model together: 256 MB. */
const MOST = 1 << 26;

function embeddingOf(subject: ModelSubject, layer: string | undefined, count: number): OpenSide['embedding'] {
  try {
    return fitting(layerPlace(subject, layer), count, MOST);
  } catch (error) {
    if (layer === undefined && error instanceof LensError && error.code === 'embed/no-linear') return undefined;
    throw error;
  }
}

/** A value of a model that is read on every picture. */
export interface Tap {
  readonly value: string;
  /** Numbers for one picture. */
  readonly width: number;
  /** What makes numbers of its integers. */
  readonly scaling?: ValueScaling;
}

/** How a value is read; undefined where it is not computed, or where nobody says what its integers stand for. */
export function tapOf({ graph, facts }: ModelSubject, value: string): Tap | undefined {
  const fact = facts.get(value);
  if (fact === undefined || fact.type === 'string' || fact.type === 'bool') return undefined;
  const width = sizeOf(sampleDims(fact, facts));
  if (width === 0) return undefined;
  if (isFloating(fact.type)) return { value, width };
  const scaling = scalingOf(graph, value);
  return scaling === undefined ? undefined : { value, width, scaling };
}

/** Values `[n, …]` of some taps on a batch, as numbers. */
export async function readTaps(
  subject: ModelSubject,
  batch: FloatTensor,
  taps: readonly Tap[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, FloatTensor>> {
  const values = await subject.values(
    batch,
    taps.map((tap) => tap.value),
    signal,
  );
  return new Map(
    taps.map(({ value, scaling }) => {
      const raw = values.get(value)!;
      return [value, scaling === undefined ? raw : scaledNumbers(raw, scaling)];
    }),
  );
}

/** A layer and how its output is read. */
export interface LayerTap extends Tap {
  readonly layer: string;
}

/** Layers whose alignment is shown: a matrix of more is not readable, nor soon computed. */
const MOST_LAYERS = 64;

/**
 * The layers of a model that are aligned: those that are named; else all; of many those with weights; of too many of these
 * some that lie evenly among them, the first and the last included.
 */
export function alignedLayers(
  subject: ModelSubject,
  wanted: readonly string[] | undefined,
): { readonly taps: readonly LayerTap[]; readonly of: number } {
  const tapped = (layers: readonly Layer[]): LayerTap[] =>
    layers.flatMap(({ name, output }) => {
      const tap = tapOf(subject, output);
      return tap === undefined ? [] : [{ ...tap, layer: name }];
    });
  if (wanted !== undefined) {
    const taps = tapped(wanted.map((name) => subject.layer(name)));
    return { taps, of: taps.length };
  }
  const all = tapped(subject.layers);
  if (all.length <= MOST_LAYERS) return { taps: all, of: all.length };
  const weighty = tapped(subject.layers.filter((l) => l.parameters > 0));
  const from = weighty.length > 0 ? weighty : all;
  const count = Math.min(MOST_LAYERS, from.length);
  const taps = Array.from(
    { length: count },
    (_, i) => from[count === 1 ? 0 : Math.round((i * (from.length - 1)) / (count - 1))]!,
  );
  return { taps, of: all.length };
}
