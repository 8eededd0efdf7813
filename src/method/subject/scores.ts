import { LensError } from '../../base/errors.js';
import { floatTensor, isFloating, sizeOf, toFloat32, type FloatTensor } from '../../base/tensor.js';
import { addNodes, cutFinalActivation, makeNode } from '../../graph/edits.js';
import { dimsAt, type Facts, type ValueFact } from '../../graph/facts.js';
import { indexOf, type Graph } from '../../graph/graph.js';
import { Names } from '../../graph/names.js';
import type { ScoreAt } from '../target/target.js';

/** Where a model's class scores are, before and after its final activation. */
export interface ScorePlaces {
  /** The graph, with a Softmax added where the model has none of its own. */
  readonly graph: Graph;
  readonly facts: Facts;
  /** Value before a final Softmax, LogSoftmax or Sigmoid, or the output itself. */
  readonly logit: string;
  readonly probability: string;
  /** What turns one into the other. `none`: the output is taken as it is. */
  readonly activation: 'softmax' | 'sigmoid' | 'none';
  /** Said beside every result that is about logits of a model that ends in an activation. */
  readonly note?: string;
  readonly classes: number;
  /** Whether the scores are a plain list of classes; a segmentation map or a detector's boxes are not. */
  readonly classifier: boolean;
}

/**
 * Finds the scores of a model and cuts its final activation.
 *
 * @param output the output to take; without it the first that is a list of classes, else the first of floats
 */
export function findScores(graph: Graph, facts: Facts, output?: string): ScorePlaces {
  const name = chooseOutput(graph, facts, output);
  const fact = facts.get(name)!;
  const classes = sampleSize(fact, facts);
  const classifier = isClassList(fact, facts);
  const { value: logit, cut, node } = cutFinalActivation(graph, name);
  const common = { graph, facts, classes, classifier };
  if (cut !== undefined) {
    const note = `The final ${cut} was cut: the score is the logit before it.`;
    const probability = indexOf(graph).node(node!)!.outputs[0]!;
    if (cut === 'Sigmoid') return { ...common, logit, probability, activation: 'sigmoid', note };
    if (cut === 'Softmax') return { ...common, logit, probability, activation: 'softmax', note };
    return { ...withSoftmax(graph, facts, logit), classes, classifier, logit, activation: 'softmax', note };
  }
  if (!classifier || classes < 2) return { ...common, logit: name, probability: name, activation: 'none' };
  return { ...withSoftmax(graph, facts, name), classes, classifier, logit: name, activation: 'softmax' };
}

function chooseOutput(graph: Graph, facts: Facts, wanted?: string): string {
  const names = graph.outputs.map((o) => o.name);
  if (wanted !== undefined) {
    if (!names.includes(wanted)) {
      throw new LensError(
        'input',
        'subject/output',
        `The model has no output "${wanted}"; it has ${names.join(', ')}.`,
      );
    }
    return wanted;
  }
  const floats = names.filter((n) => isFloating(facts.get(n)?.type ?? 'string'));
  const best = floats.find((n) => isClassList(facts.get(n)!, facts)) ?? floats[0];
  if (best !== undefined) return best;
  throw new LensError(
    'unsupported',
    'subject/no-scores',
    'None of the outputs of the model is a tensor of floating-point scores.',
    { hint: 'Export it so that it gives out the scores themselves, not the index or the name of the best.' },
  );
}

/** `[N, C]`, also with ones behind it, or `[C]` for a model without a batch dimension. */
function isClassList(fact: ValueFact, facts: Facts): boolean {
  const dims = dimsAt(fact, facts.batch);
  const sample = dims.slice(1);
  return dims.length >= 2 && sample.filter((d) => d !== 1).length <= 1 && dims[0] === facts.batch;
}

function sampleSize(fact: ValueFact, facts: Facts): number {
  return sizeOf(dimsAt(fact, facts.batch)) / facts.batch;
}

/** The graph with a Softmax over the classes of `logits`. */
function withSoftmax(graph: Graph, facts: Facts, logits: string): Pick<ScorePlaces, 'graph' | 'facts' | 'probability'> {
  const fact = facts.get(logits)!;
  const dims = dimsAt(fact, facts.batch);
  // The axis of the classes: the one that is not 1 behind the batch.
  const axis = Math.max(
    1,
    dims.findIndex((d, i) => i > 0 && d !== 1),
  );
  const names = new Names(indexOf(graph).names);
  const probability = names.make('lens_probability');
  return {
    graph: addNodes(graph, [makeNode('Softmax', names.make('lens_softmax'), [logits], { axis }, [probability])]),
    facts: {
      dynamicBatch: facts.dynamicBatch,
      batch: facts.batch,
      get: (value) => facts.get(value === probability ? logits : value),
    },
    probability,
  };
}

/** Probabilities of one row of logits, in double precision. */
export function activate(row: Float32Array, activation: ScorePlaces['activation']): ArrayLike<number> {
  if (activation === 'softmax') return softmax(row);
  return activation === 'sigmoid' ? Float64Array.from(row, (x) => 1 / (1 + Math.exp(-x))) : row;
}

/**
 * dp_t/dz of each sample, `[n, classes]`: p_t (δ_tj - p_j) for a Softmax, p_t (1 - p_t) at t for a Sigmoid. 1 - p_t is
 * summed from the other classes, because the difference has no digits left when p_t is near 1.
 */
export function activationGradients(
  probabilities: Float64Array,
  classes: number,
  target: number,
  activation: 'softmax' | 'sigmoid',
): FloatTensor {
  const n = probabilities.length / classes;
  const out = floatTensor([n, classes]);
  for (let k = 0; k < n; k++) {
    const row = probabilities.subarray(k * classes, (k + 1) * classes);
    const p = row[target]!;
    let others = 0;
    for (let j = 0; j < classes; j++) if (j !== target) others += row[j]!;
    for (let j = 0; j < classes; j++) {
      const value =
        activation === 'sigmoid' ? (j === target ? p * (1 - p) : 0) : j === target ? p * others : -p * row[j]!;
      out.data[k * classes + j] = value;
    }
  }
  return out;
}

/**
 * The number that `pick` takes of each of `n` samples, `[n]`.
 *
 * @param values `[n, …]`, flat
 */
export function project(values: Float32Array | Float64Array, n: number, pick: ScoreAt['pick']): Float32Array {
  const size = n === 0 ? 0 : values.length / n;
  if (pick !== 'sum' && 'index' in pick)
    return Float32Array.from({ length: n }, (_, k) => values[k * size + pick.index]!);
  const one = pick !== 'sum' && 'direction' in pick ? toFloat32(pick.direction) : undefined;
  const each = pick !== 'sum' && 'directions' in pick ? toFloat32(pick.directions) : undefined;
  return Float32Array.from({ length: n }, (_, k) => {
    let sum = 0;
    for (let i = 0; i < size; i++) {
      const weight = one !== undefined ? one[i]! : each !== undefined ? each[k * size + i]! : 1;
      // What has no weight does not count, whatever it is.
      if (weight !== 0) sum += weight * values[k * size + i]!;
    }
    return sum;
  });
}

/** Softmax in double precision. */
export function softmax(logits: ArrayLike<number>): Float64Array {
  const out = Float64Array.from(logits);
  const top = out.reduce((a, b) => Math.max(a, b), -Infinity);
  let sum = 0;
  for (let i = 0; i < out.length; i++) sum += out[i] = Math.exp(out[i]! - top);
  return out.map((v) => v / sum);
}

/** Whether a row is a distribution already. */
export function isDistribution(row: ArrayLike<number>): boolean {
  let sum = 0;
  for (let i = 0; i < row.length; i++) {
    const v = row[i]!;
    if (!(v >= 0 && v <= 1 + 1e-6)) return false;
    sum += v;
  }
  return row.length > 1 && Math.abs(sum - 1) < 1e-3;
}
