/** How much a network's answers say about pictures, at equal confidence. All in nats. */

/** Logits of one picture: of itself, then of its variants, `classes` each. */
export type Answers = readonly Float32Array[];

const CONFIDENCE = 0.8;

/**
 * Mutual information of picture and answer minus the disagreement of a picture's variants. Plain confidence and agreement
 * say nothing: a saturated network is sure of everything. So all readings are compared at the same mean confidence, and the
 * raw value counts a little.
 */
export function informationScore(pictures: readonly Answers[]): number {
  const level = confident(pictures);
  const [even, raw] = [informationOf(pictures, level), informationOf(pictures, 1)];
  const score = even.information - 6 * even.disagreement + 0.3 * (raw.information - 3 * raw.disagreement);
  return Number.isFinite(score) ? score : -Infinity;
}

/** Factor on the logits at which the mean of the best probability is {@link CONFIDENCE}. */
function confident(pictures: readonly Answers[]): number {
  let [low, high] = [-12, 12];
  for (let i = 0; i < 24; i++) {
    const middle = (low + high) / 2;
    if (meanConfidence(pictures, Math.exp(middle)) < CONFIDENCE) low = middle;
    else high = middle;
  }
  return Math.exp((low + high) / 2);
}

function meanConfidence(pictures: readonly Answers[], factor: number): number {
  let sum = 0;
  for (const [own] of pictures) sum += best(soft(own!, factor));
  return sum / pictures.length;
}

const best = (p: Float64Array): number => p.reduce((a, b) => Math.max(a, b), 0);

function informationOf(
  pictures: readonly Answers[],
  factor: number,
): { readonly information: number; readonly disagreement: number } {
  const classes = pictures[0]![0]!.length;
  const mean = new Float64Array(classes);
  let own = 0;
  let disagreement = 0;
  for (const answers of pictures) {
    const shares = answers.map((logits) => soft(logits, factor));
    const joint = new Float64Array(classes);
    let each = 0;
    for (const p of shares) {
      each += entropy(p) / shares.length;
      for (let c = 0; c < classes; c++) joint[c]! += p[c]! / shares.length;
    }
    disagreement += (entropy(joint) - each) / pictures.length;
    own += entropy(shares[0]!) / pictures.length;
    for (let c = 0; c < classes; c++) mean[c]! += shares[0]![c]! / pictures.length;
  }
  return { information: entropy(mean) - own, disagreement };
}

function soft(logits: Float32Array, factor: number): Float64Array {
  let top = -Infinity;
  for (const v of logits) if (v > top) top = v;
  const out = new Float64Array(logits.length);
  let sum = 0;
  for (let i = 0; i < out.length; i++) sum += out[i] = Math.exp((logits[i]! - top) * factor);
  for (let i = 0; i < out.length; i++) out[i]! /= sum;
  return out;
}

function entropy(p: Float64Array): number {
  let sum = 0;
  for (const v of p) if (v > 0) sum -= v * Math.log(v);
  return sum;
}

/** Minus the mean cross-entropy of the true classes: as the network answers, and at equal confidence; bounded at 12 nats. */
export function labelScore(pictures: readonly Answers[], truths: readonly number[]): number {
  let sum = 0;
  pictures.forEach(([own], i) => {
    const p = soft(own!, 1)[truths[i]!]!;
    sum += Math.max(-12, Math.log(Math.max(p, 1e-12)));
  });
  const score = sum / pictures.length;
  return Number.isFinite(score) ? score : -Infinity;
}
