import { floatTensor } from '../../base/tensor.js';
import { classLayoutOf } from '../../method/target/index.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';

/** What a row of scores says. */
export interface Said {
  readonly predicted: number;
  /** NaN where the model makes no probabilities. */
  readonly confidence: number;
  readonly margin: number;
  /** NaN where there is none. */
  probabilityOf(index: number): number;
  /** What classes are ranked by: the logit, or what stands for it. */
  scoreOf(index: number): number;
  /** Of the probabilities, in nats; NaN where none are made. */
  entropy(): number;
  /** The likeliest classes, best first; empty where no probabilities are made. */
  readonly likely: { readonly indices: Int32Array; readonly probabilities: Float32Array };
}

/** Of a thousand classes the rest adds up to nothing that is asked about. */
const LIKELY = 100;

/** Reads rows of scores as `readSet` hands them on. */
export function scoreReader(subject: ModelSubject): (row: Float32Array) => Said {
  const layout = classLayoutOf(subject);
  return (row) => {
    if (layout === undefined && subject.classifier) {
      const { probabilities } = subject.activated(floatTensor([1, row.length], row));
      return saidOf(row, probabilities);
    }
    const classes = layout?.classes ?? row.length;
    const ranking = row.subarray(0, Math.min(row.length, classes));
    return saidOf(ranking, row.length >= 2 * classes ? row.subarray(classes) : undefined);
  };
}

function saidOf(scores: Float32Array, probabilities: ArrayLike<number> | undefined): Said {
  const count = Math.min(scores.length, probabilities === undefined ? 2 : LIKELY);
  const indices = largest(scores, Math.max(count, Math.min(2, scores.length)));
  const by = probabilities ?? scores;
  const [first = -1, second] = indices;
  return {
    predicted: first,
    confidence: probabilities?.[first] ?? NaN,
    margin: first < 0 || second === undefined ? NaN : by[first]! - by[second]!,
    probabilityOf: (index) => probabilities?.[index] ?? NaN,
    scoreOf: (index) => scores[index] ?? NaN,
    entropy: () => entropyOf(probabilities),
    likely: {
      indices: probabilities === undefined ? new Int32Array() : indices,
      probabilities: Float32Array.from(probabilities === undefined ? [] : indices, (k) => probabilities![k]!),
    },
  };
}

function entropyOf(probabilities: ArrayLike<number> | undefined): number {
  if (probabilities === undefined) return NaN;
  let sum = 0;
  for (let i = 0; i < probabilities.length; i++) {
    const p = probabilities[i]!;
    if (p > 0) sum -= p * Math.log(p);
  }
  return sum;
}

/** Places of the `k` largest, best first; of equal ones the lower place first. */
function largest(scores: Float32Array, k: number): Int32Array {
  const order = Int32Array.from(scores, (_, i) => i);
  return order.sort((a, b) => scores[b]! - scores[a]! || a - b).slice(0, k);
}
