import { LensError } from '../../base/errors.js';
import { floatTensor, isFloating, sizeOf, toFloat32, type FloatTensor } from '../../base/tensor.js';
import { addNodes, cutFinalActivation, makeNode } from '../../graph/edits.js';
import { dimsAt, type Facts, type ValueFact } from '../../graph/facts.js';
import { indexOf, type Graph } from '../../graph/graph.js';
import { Names } from '../../graph/names.js';
import { chosenOutput, readOutputs, type OutputHints, type OutputReading } from '../output/index.js';
import type { Layout } from '../output/layout.js';
import { softmax } from '../softmax.js';
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
  /** Whether the scores are a plain list of classes; a segmentation map, a detector's boxes or an embedding are not. */
  readonly classifier: boolean;
  /** What each output is, in the graph's order. */
  readonly outputs: readonly OutputReading[];
  /** The one that holds the scores. */
  readonly output: OutputReading;
}

/** What is known of the outputs beside the graph. */
export interface OutputWishes extends Partial<OutputHints> {
  /** The output that is to hold the scores. */
  readonly output?: string | undefined;
}

/**
 * Finds the scores of a model and cuts their final activation, where they are scores of classes.
 *
 * @param wishes the output to take; without it the one that is best understood, else the first of floats
 */
export function findScores(graph: Graph, facts: Facts, wishes: OutputWishes = {}): ScorePlaces {
  const { input = NO_PICTURE } = wishes;
  const outputs = readOutputs(graph, facts, { ...wishes, input });
  const output = chooseOutput(outputs, facts, wishes.output);
  const name = output.layout === undefined ? output.name : scoreValueOf(output.layout);
  const fact = facts.get(name)!;
  const classes = sampleSize(fact, facts);
  const { kind, layout } = output;
  const classifier = kind === 'classes' || kind === 'multi-label';
  const common = { graph, facts, classes, classifier, outputs, output };
  // Where nothing is a class, a last Softmax or Sigmoid is a part of what the model computes.
  if (layout === undefined || kind === 'regression' || kind === 'embedding' || kind === 'dense')
    return { ...common, logit: name, probability: name, activation: 'none' };
  // Nor where boxes stand beside the scores, or something multiplies these.
  if (layout.kind === 'detection' && (layout.boxes.value === name || layout.scores.objectness !== undefined))
    return { ...common, logit: name, probability: name, activation: 'none' };
  const { value: logit, cut, node } = cutFinalActivation(graph, name);
  if (cut !== undefined) {
    const note = `The final ${cut} was cut: the score is the logit before it.`;
    const probability = indexOf(graph).node(node!)!.outputs[0]!;
    if (cut === 'Sigmoid') return { ...common, logit, probability, activation: 'sigmoid', note };
    if (cut === 'Softmax') return { ...common, logit, probability, activation: 'softmax', note };
    return { ...common, ...withSoftmax(graph, facts, logit), logit, activation: 'softmax', note };
  }
  const activation = 'activation' in layout ? layout.activation : 'none';
  if (!classifier || activation === 'none') return { ...common, logit: name, probability: name, activation: 'none' };
  if (activation === 'sigmoid')
    return { ...common, ...withNode('Sigmoid', graph, facts, name), logit: name, activation };
  return { ...common, ...withSoftmax(graph, facts, name), logit: name, activation };
}

/** Of a model that takes none. */
const NO_PICTURE = { height: 1, width: 1, channels: 1 };

const scoreValueOf = (layout: Layout): string => (layout.kind === 'detection' ? layout.scores.value : layout.value);

function chooseOutput(outputs: readonly OutputReading[], facts: Facts, wanted?: string): OutputReading {
  const names = outputs.map((o) => o.name);
  if (wanted !== undefined) {
    const found = outputs.find((o) => o.name === wanted);
    // Boxes without their scores, or scores without their boxes, are meant as the detector that both are.
    const whole = outputs.find((o) => o.name === found?.partOf && o.kind === found.kind) ?? found;
    if (whole === undefined) {
      throw new LensError(
        'input',
        'subject/output',
        `The model has no output "${wanted}"; it has ${names.join(', ')}.`,
        { hint: `Name one of them, e.g. --output ${names[0] ?? 'NAME'}.` },
      );
    }
    if (whole.layout === undefined && !isFloating(facts.get(whole.name)?.type ?? 'string'))
      throw new LensError(
        'unsupported',
        'subject/no-scores',
        `The output "${wanted}" cannot be explained. ${whole.reason}`,
        {
          hint: 'Choose another output.',
        },
      );
    return whole;
  }
  const best =
    chosenOutput(outputs) ?? outputs.find((o) => isFloating(facts.get(o.name)?.type ?? 'string') && !o.constant);
  if (best !== undefined) return best;
  const constant = outputs.find((o) => o.constant);
  throw new LensError(
    'unsupported',
    'subject/no-scores',
    constant === undefined
      ? 'None of the outputs of the model is a tensor of floating-point scores.'
      : `The output "${constant.name}" does not depend on the picture. ${constant.reason}`,
    { hint: 'Export it so that it gives out the scores themselves, not the index or the name of the best.' },
  );
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
  return withNode('Softmax', graph, facts, logits, { axis });
}

function withNode(
  op: 'Softmax' | 'Sigmoid',
  graph: Graph,
  facts: Facts,
  logits: string,
  attributes: { readonly axis?: number } = {},
): Pick<ScorePlaces, 'graph' | 'facts' | 'probability'> {
  const names = new Names(indexOf(graph).names);
  const probability = names.make('lens_probability');
  return {
    graph: addNodes(graph, [makeNode(op, names.make(`lens_${op.toLowerCase()}`), [logits], attributes, [probability])]),
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
