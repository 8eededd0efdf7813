import { concatBatches } from '../../session/batches.js';
import { accuracyOf } from '../../method/sanity/accuracy.js';
import {
  betterByChance,
  misread,
  preparations,
  type Prepared,
  type Preparation,
} from '../../method/sanity/mistakes.js';
import type { FloatTensor } from '../../base/tensor.js';
import { LensError } from '../../base/errors.js';
import type { PendingInput } from '../input/inputs.js';
import { hasClasses, readSet, SCORES } from '../reading/reading.js';
import { scoreReader } from '../reading/scores.js';
import type { CheckMaterial } from './material.js';
import { counted, fail, pass, skip, type RunCheck } from './run.js';

/** Checks over pictures whose classes are known. */

const NO_LABELS =
  'No pictures with known classes: name a folder with a folder for each class, or "checks": { "data": … } in the settings file.';
/** Pictures of wrong answers that are named. */
const FILES = 50;

export const accuracy: RunCheck = async (material, { bound, set, progress }) => {
  const subject = await material.subject();
  if (!hasClasses(subject)) return skip('The model answers with no classes.');
  const { inputs, truths, nameOf } = await material.labelled();
  if (inputs.length === 0) return skip(NO_LABELS);
  const kept = await material.room.keptFor(material.model, subject, material.request);
  const said = scoreReader(subject);
  const rows: { truth: number; predicted: number; file: string }[] = [];
  try {
    for await (const { from, readings } of readSet(
      subject,
      inputs,
      { scores: true, layers: [] },
      { ...kept, signal: material.signal },
    )) {
      await material.pause();
      readings.forEach((reading, k) => {
        const row = reading.rows.get(SCORES);
        const truth = truths[from + k]!;
        const { file } = inputs[from + k]!;
        // What the model cannot answer is not answered rightly.
        rows.push({ truth, predicted: row === undefined ? -1 : said(row).predicted, file });
      });
      progress(Math.min(1, (from + readings.length) / inputs.length), `${rows.length} of ${inputs.length} pictures`);
    }
  } finally {
    await kept.settle();
  }
  const found = accuracyOf(rows);
  const [low, high] = found.interval;
  const wrong = rows.filter((r) => r.predicted !== r.truth).map((r) => r.file);
  const evidence = {
    tables: [
      {
        title: 'Accuracy of each class',
        head: ['class', 'right', 'of', 'accuracy'],
        rows: found.classes.map((c) => [nameOf(c.index), c.right, c.of, c.right / c.of]),
      },
    ],
    files: wrong.slice(0, FILES),
  };
  const counts = `${found.right} of ${found.of} right, ${percent(found.accuracy)} (95 % interval ${percent(low)} to ${percent(high)})`;
  if (set) {
    const against = `the settings file claims ${percent(bound)}`;
    const common = { setting: 'checks.accuracy', unit: '' };
    if (high < bound)
      return {
        ...fail(
          found.accuracy,
          `${counts}; ${against}. Correct the claim, or look for what is different: pictures, labels, preprocessing.`,
          evidence,
        ),
        ...common,
      };
    const few = found.accuracy < bound ? ', which so many pictures do not contradict' : '';
    return { ...pass(found.accuracy, `${counts}; ${against}${few}.`, evidence), ...common };
  }
  if (found.classes.length < 2)
    return skip(`All ${counted(found.of, 'picture')} are of one class: an accuracy over one class says nothing.`);
  const chance = binomialTail(found.right, found.of, found.majority);
  const against = `always saying the commonest class gets ${percent(found.majority)}`;
  const common = { bound: found.majority, unit: '' };
  if (chance > CHANCE)
    return {
      ...fail(
        found.accuracy,
        `${counts}; ${against}: no better than that. Was it trained on these classes, with their labels in this order?`,
        evidence,
      ),
      ...common,
    };
  return {
    ...pass(
      found.accuracy,
      `${counts}; ${against}. Claim an accuracy with "checks": { "accuracy": … } to hold it to that.`,
      evidence,
    ),
    ...common,
  };
};

/** A result as good as this, or better, is by chance once in so many. */
const CHANCE = 0.01;

/** Probability of at least `hits` of `of` where each is one with probability `p`. */
function binomialTail(hits: number, of: number, p: number): number {
  if (p >= 1) return 1;
  let log = of * Math.log1p(-p);
  let sum = 0;
  for (let k = 0; k <= of; k++) {
    if (k >= hits) sum += Math.exp(log);
    log += Math.log((of - k) / (k + 1)) + Math.log(p) - Math.log1p(-p);
  }
  return Math.min(1, sum);
}

/** Pictures that every way of preparing is tried on. */
const TRIED = 256;

export const preprocessing: RunCheck = async (material, { bound, progress }) => {
  const subject = await material.subject();
  const { plan } = material;
  if (!hasClasses(subject)) return skip('The model answers with no classes.');
  if (plan === undefined) return skip('The model takes no pictures.');
  const { inputs, truths } = await material.labelled(TRIED);
  if (inputs.length === 0) return skip(NO_LABELS);
  if (inputs.some(({ file }) => file.endsWith('.npy'))) return skip('Tensors are taken as they are: name pictures.');
  const ways: readonly Preparation[] = [
    { title: 'as it is set', keys: [] },
    ...preparations(plan, await momentsOf(material, inputs)),
  ];
  const found: { readonly way: Preparation; readonly prepared: Prepared }[] = [];
  for (const [i, way] of ways.entries()) {
    progress(i / ways.length, way.title);
    const prepared = await tried(material, way, inputs, truths);
    if (prepared !== undefined) found.push({ way, prepared });
  }
  const [own, ...others] = found;
  const right = (p: Prepared): number => p.right.filter(Boolean).length / p.right.length;
  const ranked = others
    .map(({ way, prepared }) => ({ way, prepared, chance: betterByChance(own!.prepared.right, prepared.right) }))
    .sort((a, b) => a.chance - b.chance || right(b.prepared) - right(a.prepared));
  const best = ranked[0]!;
  // As many are tried, one seems better by chance more often (Bonferroni).
  const chance = Math.min(1, best.chance * others.length);
  const evidence = {
    tables: [
      {
        title: 'Ways of preparing pictures',
        head: ['preparation', 'accuracy', 'mean confidence', 'better by chance'],
        rows: [
          [own!.way.title, right(own!.prepared), own!.prepared.confidence, ''],
          ...ranked.map(({ way, prepared, chance: c }) => [way.title, right(prepared), prepared.confidence, c]),
        ],
      },
    ],
    files: inputs
      .filter((_, i) => best.prepared.right[i] && !own!.prepared.right[i])
      .slice(0, FILES)
      .map(({ file }) => file),
  };
  const set = `As it is set, ${percent(right(own!.prepared))} of ${counted(inputs.length, 'picture')} are right`;
  if (chance < bound)
    return {
      ...fail(
        chance,
        `${set}; with ${best.way.title}, ${percent(right(best.prepared))} are. That is chance with a probability of ${chance.toExponential(1)}; below ${bound} it counts. Set ${best.way.keys.join(', ')} to what the model was trained with.`,
        evidence,
      ),
      setting: best.way.keys[0] ?? 'input',
    };
  const top = Math.max(...others.map(({ prepared }) => right(prepared)));
  return pass(
    chance,
    `${set}; none of ${others.length} usual other ways does better beyond chance (the best: ${percent(top)}).`,
    evidence,
  );
};

async function tried(
  material: CheckMaterial,
  way: Preparation,
  inputs: readonly PendingInput[],
  truths: readonly number[],
): Promise<Prepared | undefined> {
  const { model, signal } = material;
  const own = await material.subject();
  const other = await model.trying(way.change);
  if (other === undefined) return undefined;
  const size = own.batchSize('forward');
  const right: boolean[] = [];
  let confidence = 0;
  for (let at = 0; at < inputs.length; at += size) {
    await material.pause();
    const part = inputs.slice(at, at + size);
    const tensors: FloatTensor[] = [];
    for (const input of part) {
      const { tensor } = await (way.change === undefined
        ? material.load(input)
        : (input.as?.(other) ?? input).load(signal));
      const { layout, channels } = own.input;
      tensors.push(way.misread === true ? misread(tensor, layout, channels) : tensor);
    }
    const { logits, probabilities } = await own.predict(concatBatches(tensors), signal);
    const classes = own.classes;
    part.forEach((_, k) => {
      const row = logits.data.subarray(k * classes, (k + 1) * classes);
      const best = row.reduce((top, v, i) => (v > row[top]! ? i : top), 0);
      right.push(best === truths[at + k]);
      confidence += probabilities[k * classes + best]!;
    });
  }
  return { right, confidence: confidence / inputs.length };
}

/** Mean and deviation of the channels over some pictures, from 0 to 1, red first. */
async function momentsOf(
  material: CheckMaterial,
  inputs: readonly PendingInput[],
): Promise<{ readonly mean: number[]; readonly std: number[] }> {
  const [sum, squares] = [
    [0, 0, 0],
    [0, 0, 0],
  ];
  let n = 0;
  for (const input of inputs.slice(0, 64)) {
    let picture;
    try {
      ({ picture } = await material.load(input));
    } catch (error) {
      if (!(error instanceof LensError)) throw error;
      continue;
    }
    n += picture.data.length / 3;
    for (let i = 0; i < picture.data.length; i++) {
      const v = picture.data[i]! / 255;
      sum[i % 3]! += v;
      squares[i % 3]! += v * v;
    }
  }
  const mean = sum.map((s) => s / Math.max(1, n));
  return { mean, std: squares.map((s, c) => Math.sqrt(Math.max(1e-6, s / Math.max(1, n) - mean[c]! ** 2))) };
}

function percent(share: number): string {
  return `${+(100 * share).toFixed(1)} %`;
}
