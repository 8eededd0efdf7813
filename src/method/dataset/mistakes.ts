import type { Calibration, ClassMeasures, Mistakes, Suspect } from '../../result/dataset.js';
import { confusionOf } from './confusion.js';

/** What a model said of the examples of a data set, in columns. */
export interface Answers {
  readonly truth: Int32Array;
  readonly predicted: Int32Array;
  /** Probability of what is predicted, NaN where the model makes none. */
  readonly confidence: Float32Array;
  /** Probability of the truth. */
  readonly ofTruth: Float32Array;
  /** The likeliest classes of each, best first, and their probabilities; empty where none are made. */
  readonly likely: readonly { readonly indices: ArrayLike<number>; readonly probabilities: ArrayLike<number> }[];
  /** Whether one class of all is right: only then are probabilities held against how often they come true. */
  readonly exclusive: boolean;
}

const BINS = 15;

/** What a model takes for what; nothing where no example has a truth and a prediction. */
export function mistakesOf(answers: Answers): Mistakes | undefined {
  const { truth, predicted, exclusive } = answers;
  let [counted, correct] = [0, 0];
  for (let i = 0; i < truth.length; i++) {
    if (truth[i]! < 0 || predicted[i]! < 0) continue;
    counted++;
    if (truth[i] === predicted[i]) correct++;
  }
  if (counted === 0) return undefined;
  const calibration = exclusive ? calibrationOf(answers) : undefined;
  return {
    accuracy: correct / counted,
    correct,
    counted,
    perClass: perClass(truth, predicted),
    confusion: confusionOf(truth, predicted),
    ...(calibration === undefined ? {} : { calibration }),
    suspects: exclusive ? suspectsOf(answers) : [],
  };
}

function perClass(truth: Int32Array, predicted: Int32Array): ClassMeasures[] {
  const counts = new Map<number, { support: number; predicted: number; right: number }>();
  const of = (index: number): { support: number; predicted: number; right: number } => {
    const known = counts.get(index) ?? { support: 0, predicted: 0, right: 0 };
    counts.set(index, known);
    return known;
  };
  for (let i = 0; i < truth.length; i++) {
    if (truth[i]! < 0 || predicted[i]! < 0) continue;
    of(truth[i]!).support++;
    of(predicted[i]!).predicted++;
    if (truth[i] === predicted[i]) of(truth[i]!).right++;
  }
  return [...counts]
    .sort(([a], [b]) => a - b)
    .map(([index, { support, predicted: said, right }]) => {
      const [precision, recall] = [said === 0 ? 0 : right / said, support === 0 ? 0 : right / support];
      const f1 = precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
      return { index, support, predicted: said, precision, recall, f1 };
    });
}

/** Reliability and expected calibration error (Guo et al. 2017, arXiv:1706.04599), in 15 bins of equal width. */
function calibrationOf({ truth, predicted, confidence }: Answers): Calibration | undefined {
  const bins = Array.from({ length: BINS }, () => ({ count: 0, confidence: 0, right: 0 }));
  let counted = 0;
  for (let i = 0; i < truth.length; i++) {
    const sure = confidence[i]!;
    if (truth[i]! < 0 || predicted[i]! < 0 || Number.isNaN(sure)) continue;
    // Bins are open below and closed above, as in the paper.
    const bin = bins[Math.min(BINS - 1, Math.max(0, Math.ceil(sure * BINS) - 1))]!;
    bin.count++;
    bin.confidence += sure;
    if (truth[i] === predicted[i]) bin.right++;
    counted++;
  }
  if (counted === 0) return undefined;
  return {
    bins: bins.map(({ count, confidence: sum, right }, k) => ({
      from: k / BINS,
      to: (k + 1) / BINS,
      count,
      confidence: sum / count,
      accuracy: right / count,
    })),
    ece: bins.reduce((sum, { confidence: sure, right }) => sum + Math.abs(right - sure) / counted, 0),
  };
}

/**
 * Labels that may be wrong, by the confident joint (Northcutt, Jiang and Chuang 2021, arXiv:1911.00068): an example counts
 * for the likeliest class whose probability reaches the mean that the model gives that class where it is the label. Where
 * that is another than its label, it is a suspect.
 */
function suspectsOf({ truth, ofTruth, likely }: Answers): Suspect[] {
  const sums = new Map<number, { sum: number; count: number }>();
  for (let i = 0; i < truth.length; i++) {
    if (truth[i]! < 0 || Number.isNaN(ofTruth[i]!)) continue;
    const known = sums.get(truth[i]!) ?? { sum: 0, count: 0 };
    sums.set(truth[i]!, { sum: known.sum + ofTruth[i]!, count: known.count + 1 });
  }
  const reaches = (index: number, probability: number): boolean => {
    const known = sums.get(index);
    // A mean of equal numbers may come out above them by the last bit.
    return known !== undefined && probability >= known.sum / known.count - 1e-6;
  };
  const found: Suspect[] = [];
  likely.forEach(({ indices, probabilities }, example) => {
    const given = truth[example]!;
    if (given < 0 || Number.isNaN(ofTruth[example]!)) return;
    for (let k = 0; k < indices.length; k++) {
      const [suggested, probability] = [indices[k]!, probabilities[k]!];
      if (!reaches(suggested, probability)) continue;
      if (suggested !== given) found.push({ example, given, suggested, margin: probability - ofTruth[example]! });
      return;
    }
  });
  return found.sort((a, b) => b.margin - a.margin || a.example - b.example);
}
