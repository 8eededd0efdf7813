import { LensError } from '../base/errors.js';
import { castFloating, floatTensor, sizeOf, toFloat32, type Tensor } from '../base/tensor.js';
import { prune, withWeights } from '../graph/edits.js';
import { dimsAt, type Facts } from '../graph/facts.js';
import type { Graph } from '../graph/graph.js';
import type { Measured, TrainingRecipe } from '../result/training.js';
import type { SessionOptions, Sessions } from '../session/session.js';
import { normaliseInto, type Normalisation, type TrainingPictures } from './pictures.js';

/** A classifier and where its scores are. */
export interface Classifier {
  readonly graph: Graph;
  readonly facts: Facts;
  /** The input that pictures are fed to; its only one. */
  readonly input: string;
  /** The value before a final Softmax or Sigmoid. */
  readonly logits: string;
}

export interface EvaluationTask extends Classifier {
  /** In place of the graph's own. */
  readonly weights?: ReadonlyMap<string, Tensor>;
  readonly pictures: TrainingPictures;
  readonly normalise: Normalisation;
  /** In place of the pictures: what frozen layers make of them. */
  readonly features?: (place: number) => Float32Array;
  /** Default cross-entropy. */
  readonly loss?: TrainingRecipe['loss'];
  readonly sessions: Sessions;
  readonly session?: Partial<SessionOptions>;
  readonly signal?: AbortSignal;
}

export interface Evaluation extends Measured {
  /** The class with the highest score, for each picture. */
  readonly predicted: Int32Array;
}

/** Pictures of one run, where the model leaves the number free. */
const BATCH = 64;
/** Elements of the input of one run; large pictures go in smaller batches. */
const MOST_ELEMENTS = 4 << 20;

/** Accuracy and cross-entropy of a model on pictures as they are, with dropout and batch statistics at rest. */
export async function evaluateModel(task: EvaluationTask): Promise<Evaluation> {
  const { graph, facts, input, logits, weights, pictures, normalise, features, sessions, session, signal } = task;
  const dims = sampleDims(facts, input);
  const each = sizeOf(dims);
  const free = Math.max(1, Math.min(BATCH, Math.floor(MOST_ELEMENTS / each), pictures.count));
  const batch = facts.dynamicBatch ? free : facts.batch;
  const weighted = weights === undefined ? graph : withWeights(graph, weights);
  const running = await sessions.open(prune(weighted, [logits]), { ...session, optimised: true });
  const { type } = facts.get(input)!;
  const raw = new Uint8Array(pictures.height * pictures.width * pictures.channels);
  const predicted = new Int32Array(pictures.count);
  let [loss, right] = [0, 0];
  try {
    for (let from = 0; from < pictures.count; from += batch) {
      const count = Math.min(batch, pictures.count - from);
      // A model that fixes its batch gets zeros for what is missing.
      const fed = facts.dynamicBatch ? count : batch;
      const values = floatTensor([fed, ...dims]);
      for (let k = 0; k < count; k++) {
        if (features !== undefined) {
          values.data.set(features(from + k), k * each);
          continue;
        }
        pictures.bytes(from + k, raw);
        normaliseInto(raw, pictures, normalise, values.data, k * each);
      }
      const out = await running.run({ [input]: castFloating(values, type as 'float32') }, [logits], signal);
      const scores = toFloat32(out[logits]!);
      const classes = scores.length / fed;
      for (let k = 0; k < count; k++) {
        const row = scores.subarray(k * classes, (k + 1) * classes);
        const label = pictures.label(from + k);
        predicted[from + k] = best(row);
        if (predicted[from + k] === label) right++;
        loss += task.loss === 'binary-cross-entropy' ? binaryCrossEntropy(row, label) : crossEntropy(row, label);
      }
    }
  } finally {
    await running.dispose();
  }
  return { loss: loss / pictures.count, accuracy: right / pictures.count, predicted };
}

/** Sizes of the model's input without its batch. */
export function sampleDims(facts: Facts, input: string): number[] {
  const fact = facts.get(input);
  if (fact === undefined) throw new LensError('unsupported', 'training/input', `The model has no input "${input}".`);
  return dimsAt(fact, facts.batch).slice(1);
}

/** Index of the largest; of equal ones the first. */
export function best(row: ArrayLike<number>): number {
  let top = 0;
  for (let i = 1; i < row.length; i++) if (row[i]! > row[top]!) top = i;
  return top;
}

function crossEntropy(row: Float32Array, label: number): number {
  const top = row[best(row)]!;
  let sum = 0;
  for (const v of row) sum += Math.exp(v - top);
  return top + Math.log(sum) - row[label]!;
}

/** Mean over the classes. */
function binaryCrossEntropy(row: Float32Array, label: number): number {
  let sum = 0;
  // log(1 + exp(-|v|)), which neither overflows nor vanishes.
  row.forEach((v, i) => (sum += Math.max(v, 0) - (i === label ? v : 0) + Math.log1p(Math.exp(-Math.abs(v)))));
  return sum / row.length;
}
