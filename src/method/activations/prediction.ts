import { floatTensor, type FloatTensor } from '../../base/tensor.js';
import { labelOf, type Labels } from '../../input/labels.js';
import type { ClassScore, OtherValues } from '../../result/explanation.js';
import type { ScoreKind } from '../../result/recipe.js';
import { decode, type Decoded } from '../output/decode.js';
import { valuesOf } from '../output/layout.js';
import type { ModelSubject } from '../subject/modelSubject.js';
import { rankOf } from '../rankOf.js';
import { classLayoutOf } from '../target/index.js';
import type { ClassRegions } from '../target/regions.js';
import { isOneScore, isSide, type Target } from '../target/target.js';

/** Boxes that are answered where nobody says how many. */
const BOXES = 20;
/** Values of an output beside the chosen one that are shown along with it. */
const MOST_BESIDE = 16;
/** Kinds that are said by their ranked classes alone: nothing else in them is decoded. */
const RANKED: ReadonlySet<string> = new Set(['classes', 'multi-label', 'segmentation']);

/** What the model says about each input of a batch, `[n, …]` in, by the kind of its output. */
export async function predict(
  subject: ModelSubject,
  labels: Labels,
  batch: FloatTensor,
  top: number,
  signal: AbortSignal,
): Promise<readonly Ranking[]> {
  const { layout, kind } = subject.output;
  const { value: scored } = subject.scoreValue('logit');
  const beside = subject.outputs.filter(
    (o) => o !== subject.output && o.layout !== undefined && 'size' in o.layout && o.layout.size <= MOST_BESIDE,
  );
  const read = layout === undefined ? [] : valuesOf(layout);
  const names = [...new Set([scored, ...read, ...beside.flatMap((o) => valuesOf(o.layout!))])];
  // A detector that suppresses by itself has as many boxes as there are in a picture.
  const alone = layout?.kind === 'detection' && layout.suppressed;
  const n = batch.dims[0]!;
  const out: Ranking[] = [];
  for (const part of alone ? pictures(batch) : [batch]) {
    const values = await subject.values(part, names, signal);
    const size = part.dims[0]!;
    const { logits, probabilities } = subject.activated(values.get(scored)!);
    for (let k = 0; k < size; k++) {
      const sample = new Map(names.map((name) => [name, nth(values.get(name)!, k, size)]));
      const options = { labels, input: subject.input, top: kind === 'detection' ? Math.max(top, BOXES) : top };
      const row = nth(logits, k, size);
      const shares = nth(probabilities, k, size);
      out.push({
        ...ranked(subject, labels, row, shares, top),
        ...(layout === undefined || RANKED.has(layout.kind) ? {} : { decoded: decode(layout, sample, options) }),
        others: beside.map((o) => besideOf(o, sample)),
      });
    }
  }
  if (out.length !== n) throw new Error(`${n} inputs gave ${out.length} answers`);
  return out;
}

function nth<A extends Float32Array | Float64Array>(values: { readonly data: A } | A, k: number, n: number): A {
  const data = 'data' in values ? values.data : values;
  const size = data.length / n;
  return data.slice(k * size, (k + 1) * size) as A;
}

function pictures(batch: FloatTensor): FloatTensor[] {
  const n = batch.dims[0]!;
  return Array.from({ length: n }, (_, k) => floatTensor([1, ...batch.dims.slice(1)], nth(batch.data, k, n)));
}

/** Classes by rank, where the scores are of classes; the scores as they are everywhere else. */
function ranked(
  subject: ModelSubject,
  labels: Labels,
  row: Float32Array,
  shares: Float64Array,
  top: number,
): Omit<Ranking, 'others'> {
  const { kind } = subject.output;
  const layout = classLayoutOf(subject);
  if (layout !== undefined) return overRegions(layout.seen(row, labels), labels, top);
  const one = (index: number): ClassScore =>
    subject.classifier
      ? { index, label: labelOf(labels, index), probability: shares[index]!, logit: row[index]! }
      : { index, label: valueName(subject, index), logit: row[index]! };
  const shown = Math.min(top, row.length);
  const order = subject.classifier
    ? rankOf(row, shown)
    : kind === 'regression'
      ? Array.from({ length: shown }, (_, i) => i)
      : [];
  return { logits: row, ...(subject.classifier ? { probabilities: shares } : {}), top: order.map(one) };
}

/** Name of an element of what is no list of classes. */
export function valueName(subject: Pick<ModelSubject, 'output' | 'classes'>, index: number): string {
  return subject.classes === 1 ? subject.output.name : `${subject.output.name} ${index}`;
}

function besideOf(
  { name, kind, layout, labels = [] }: ModelSubject['outputs'][number],
  sample: ReadonlyMap<string, Float32Array>,
): OtherValues {
  const unnamed: Labels = { names: labels, origin: { kind: 'default', detail: '' } };
  const { top, values } = decode(layout!, sample, {
    labels: unnamed,
    input: { height: 1, width: 1 },
    top: MOST_BESIDE,
  });
  return {
    name,
    kind,
    ...(values === undefined ? {} : { values }),
    // As they stand in the output, not by rank: nobody may have named them.
    ...(top === undefined ? {} : { top: [...top].sort((a, b) => a.index - b.index) }),
  };
}

/** Classes by the room they take, by their best boxes, or the two sides of one number. */
function overRegions(regions: ClassRegions, labels: Labels, top: number): Omit<Ranking, 'others'> {
  const { ranking, shares, probable = false } = regions;
  return {
    logits: ranking,
    ...(probable ? { probabilities: shares } : {}),
    regions,
    top: rankOf(ranking, Math.min(top, ranking.length)).map((index): ClassScore => ({
      index,
      label: regions.name?.(index) ?? labelOf(labels, index),
      ...(probable ? { probability: shares[index]!, logit: ranking[index]! } : { logit: shares[index]! }),
    })),
  };
}

export interface Ranking {
  /** Best first; of a regression its numbers in their order; empty where nothing is ranked. */
  readonly top: readonly ClassScore[];
  /** `[classes]` scores, or the elements of what is no list of classes. */
  readonly logits: Float32Array;
  /** `[classes]`, only where something makes probabilities. */
  readonly probabilities?: Float64Array;
  /** Where the classes are: a segmentation map, a detector, one number with two sides. */
  readonly regions?: ClassRegions;
  /** What stands in the chosen output, by its kind; absent where that is not known. */
  readonly decoded?: Decoded;
  /** Small outputs beside the chosen one. */
  readonly others: readonly OtherValues[];
}

/** The target's score as far as a ranking says it; a neuron, a difference and a region are asked of the model once more. */
export function scoreIn(ranking: Ranking, target: Target, score: ScoreKind): number | undefined {
  const { regions, logits, probabilities = logits } = ranking;
  // One side of a single number: minus the logit, but one minus the probability.
  const side = regions?.probable === true && isSide(target);
  if (!isOneScore(target) && !side) return undefined;
  return (score === 'logit' ? logits : probabilities)[target.index];
}
