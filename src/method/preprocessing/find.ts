import { throwIfCancelled } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import type { FloatTensor } from '../../base/tensor.js';
import { sampleCost } from '../../session/batches.js';
import type { ModelSubject } from '../subject/modelSubject.js';
import { affineOf, candidatesFor, type Candidate } from './candidates.js';
import { informationScore, labelScore, type Answers } from './information.js';
import {
  misfit,
  momentsOf,
  rememberedBy,
  rememberedInput,
  type Moments,
  type Remembered,
  type RememberedInput,
} from './statistics.js';
import { batchOf, variantsOf, type Pixels } from './variants.js';

/** Trying the readings of pixels on pictures: what each of them scores. Nothing is decided here. */

export interface Search {
  readonly subject: ModelSubject;
  /** In the order in which they are used: the first few for all readings. */
  readonly pictures: readonly Pixels[];
  /** The true class of each picture, where it is known. */
  readonly truths: readonly (number | undefined)[];
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly progress: (done: number, total: number) => void;
}

/** A reading that was tried on all pictures. */
export interface Tried {
  readonly candidate: Candidate;
  readonly score: number;
  /** See {@link misfit}; only of a network that remembers. */
  readonly misfit?: number;
  /** Of the pictures whose class is known, how many are answered right. */
  readonly right: number;
  /** The best class of each picture, where the model has classes. */
  readonly answers: readonly number[];
  /** The score on a choice of the pictures, by their numbers. */
  on(pictures: readonly number[]): number;
}

export interface Trial {
  readonly evidence: 'statistics' | 'information' | 'labels' | 'nothing';
  /** Best first. */
  readonly tried: readonly Tried[];
  readonly pictures: number;
  readonly labelled: number;
}

/** Pictures that all readings are tried on, and how many of the readings go on to all pictures. */
const FIRST_PICTURES = 4;
const FIRST_BEST = 8;
/** Most pictures where the network remembers its own, and where it does not. */
const MOST_REMEMBERED = 16;
const MOST = 64;
/** Multiply-accumulates that the readings may cost beyond what is needed at least. */
const MACS = 4e11;

/** Pictures of use for a model, at most. */
export async function picturesOfUse(subject: ModelSubject): Promise<number> {
  if ((await rememberedBy(subject.graph, subject.input.name)).length > 0) return MOST_REMEMBERED;
  const { macs } = sampleCost(subject.graph, subject.facts, 'forward');
  return Math.max(16, Math.min(MOST, Math.floor(MACS / Math.max(1, macs * 4 * FIRST_BEST))));
}

/** Tries all readings on a few pictures and the best of them on all. */
export async function tryReadings(search: Search): Promise<Trial> {
  const { subject, pictures, truths } = search;
  const layers = await rememberedBy(subject.graph, subject.input.name);
  const classes = subject.output.kind === 'classes' && subject.classes > 1;
  const labelled = truths.filter((t) => t !== undefined).length;
  const evidence = layers.length > 0 ? 'statistics' : !classes ? 'nothing' : labelled > 0 ? 'labels' : 'information';
  const about: About = {
    layers,
    classes,
    relus: layers.length > 0 ? [] : reluInputs(subject),
    remembered:
      layers.length > 0 ? await rememberedInput(subject.graph, subject.input.name, subject.input.channels) : undefined,
  };
  const all = candidatesFor(subject.input.channels);
  if (evidence === 'nothing') return { evidence, tried: [], pictures: 0, labelled: 0 };
  const few = Math.min(FIRST_PICTURES, pictures.length);
  const total = all.length * few + (pictures.length - few) * (FIRST_BEST + 2);
  let done = 0;
  const step = (): void => search.progress(++done, total);
  const first: Reading[] = [];
  for (const candidate of all) {
    const reading = new Reading(candidate, about, search);
    for (let i = 0; i < few; i++, step()) await reading.look(i);
    first.push(reading);
  }
  const ranked = byScore(first, few);
  const going = new Set(ranked.slice(0, FIRST_BEST));
  // Each part keeps its best rival, or nothing could be said of it.
  for (const part of ['scale', 'centring', 'order'] as const) {
    const rival = ranked.find((r) => r.candidate.parts[part] !== ranked[0]!.candidate.parts[part]);
    if (rival !== undefined) going.add(rival);
  }
  for (const reading of going) for (let i = few; i < pictures.length; i++, step()) await reading.look(i);
  const every = pictures.map((_, i) => i);
  const tried = [...going].map((reading) => reading.tried(every)).sort((a, b) => b.score - a.score);
  return { evidence, tried, pictures: pictures.length, labelled };
}

function byScore(readings: readonly Reading[], few: number): readonly Reading[] {
  const pictures = Array.from({ length: few }, (_, i) => i);
  const scores = new Map(readings.map((r) => [r, r.score(pictures)]));
  return [...readings].sort((a, b) => scores.get(b)! - scores.get(a)!);
}

/** Values that a ReLU cuts, at most a dozen of them over the depth of the network. */
function reluInputs(subject: ModelSubject): readonly string[] {
  const names = subject.graph.nodes.filter((n) => n.op === 'Relu' || n.op === 'Clip').map((n) => n.inputs[0]!);
  const inner = [...new Set(names)].filter((name) => name !== subject.input.name);
  const step = Math.max(1, Math.ceil(inner.length / 12));
  return inner.filter((_, i) => i % step === 0);
}

/** What is known of the model before pictures are looked at. */
interface About {
  readonly layers: readonly Remembered[];
  readonly classes: boolean;
  readonly relus: readonly string[];
  readonly remembered: RememberedInput | undefined;
}

/** Pictures whose inner spread is looked at. */
const SPREAD_PICTURES = 1;

/** One reading, and what the model made of the pictures under it. */
class Reading {
  private readonly answers: Answers[] = [];
  private readonly moments: Moments[] = [];
  /** Mean of the first channel minus that of the last, of each prepared picture. */
  private readonly differences: number[] = [];
  private readonly spreads: number[] = [];

  constructor(
    readonly candidate: Candidate,
    private readonly about: About,
    private readonly search: Search,
  ) {}

  /** Runs the model on one picture and, where it has classes, its variants. */
  async look(picture: number): Promise<void> {
    const { subject, pictures, signal } = this.search;
    throwIfCancelled(signal);
    const { layers, classes, relus } = this.about;
    const variants = classes ? variantsOf(pictures[picture]!) : [pictures[picture]!];
    const batch = batchOf(variants, this.candidate.settings, subject.input.layout, subject.inputDims);
    this.differences.push(differenceIn(pictures[picture]!, this.candidate));
    const scores = subject.scoreValue('logit').value;
    if (classes) {
      const logits = (await subject.values(batch, [scores], signal)).get(scores)!;
      this.answers.push(rowsOf(logits, variants.length));
    }
    const inside = layers.length > 0 ? layers.map((l) => l.value) : picture < SPREAD_PICTURES ? relus : [];
    if (inside.length === 0) return;
    const own = batchOf(variants.slice(0, 1), this.candidate.settings, subject.input.layout, subject.inputDims);
    const values = await subject.values(own, inside, signal);
    if (layers.length > 0) this.moments.push(...momentsOf(layers, values));
    else for (const value of values.values()) this.spreads.push(Math.log(deviationOf(value.data) + 1e-30));
  }

  tried(every: readonly number[]): Tried {
    const { layers } = this.about;
    const { truths } = this.search;
    const answers = this.answers.map(([own]) => own!.reduce((best, v, i) => (v > own![best]! ? i : best), 0));
    return {
      candidate: this.candidate,
      score: this.score(every),
      ...(layers.length > 0 ? { misfit: misfit(layers, this.moments) } : {}),
      right: answers.filter((answer, i) => truths[i] === answer).length,
      answers,
      on: (pictures) => this.score(pictures),
    };
  }

  score(pictures: readonly number[]): number {
    const { layers, classes } = this.about;
    let score = -0.05 * this.candidate.oddness;
    if (classes) score += this.answerScore(pictures);
    if (layers.length > 0) {
      const far = misfit(
        layers,
        pictures.map((i) => this.moments[i]!),
      );
      score += Number.isFinite(far) ? -Math.log(far + 0.01) - this.colourPenalty(pictures) : -1e6;
    } else if (this.spreads.length > 0) {
      const sorted = [...this.spreads].sort((a, b) => a - b);
      score -= 0.15 * Math.min(3, Math.abs(sorted[Math.floor(sorted.length / 2)]!));
    }
    return score;
  }

  private answerScore(pictures: readonly number[]): number {
    const { truths } = this.search;
    const known = pictures.filter((i) => truths[i] !== undefined);
    const finite = Math.max(-1e6, informationScore(pictures.map((i) => this.answers[i]!)));
    if (known.length === 0) return finite;
    const right = labelScore(
      known.map((i) => this.answers[i]!),
      known.map((i) => truths[i]!),
    );
    // A share of the pictures whose class is known decides that share.
    const share = known.length / pictures.length;
    return Math.max(-1e6, right) * share + finite * (1 - share);
  }

  /**
   * Whether the colours of the pictures stand to each other as those that the first layer remembers: z² / 4, at most 3. The
   * border's zeros take an eighth of what it remembers or so.
   */
  private colourPenalty(pictures: readonly number[]): number {
    const { remembered } = this.about;
    if (remembered === undefined || remembered.mean.length !== 3) return 0;
    const own = pictures.map((i) => this.differences[i]!);
    const mean = own.reduce((a, b) => a + b, 0) / own.length;
    const variance = own.reduce((a, b) => a + (b - mean) ** 2, 0) / Math.max(1, own.length - 1) / own.length;
    const told = remembered.mean[0]! - remembered.mean[2]!;
    const z2 = (mean - told) ** 2 / (remembered.errorOfDifference ** 2 + variance + (mean / 8) ** 2 + 1e-12);
    return Math.min(3, z2 / 4);
  }
}

function differenceIn({ data, channels }: Pixels, { settings }: Candidate): number {
  if (channels < 3) return 0;
  const { scale, shift, source } = affineOf(settings);
  const area = data.length / channels;
  const meanOf = (c: number): number => {
    let sum = 0;
    for (let i = source[c]! * area; i < (source[c]! + 1) * area; i++) sum += data[i]!;
    return (scale[c]! * sum) / area + shift[c]!;
  };
  return meanOf(0) - meanOf(2);
}

function rowsOf({ data }: FloatTensor, n: number): Answers {
  const classes = data.length / n;
  const rows = Array.from({ length: n }, (_, k) => data.slice(k * classes, (k + 1) * classes));
  // Probabilities in place of logits: their logarithms answer the same.
  const isShares = rows.every((row) => {
    const sum = row.reduce((a, b) => a + b, 0);
    return Math.abs(sum - 1) < 1e-3 && row.every((v) => v >= 0 && v <= 1.000001);
  });
  return isShares ? rows.map((row) => row.map((v) => Math.log(Math.max(v, 1e-12)))) : rows;
}

function deviationOf(data: Float32Array): number {
  let [sum, square] = [0, 0];
  for (const v of data) {
    sum += v;
    square += v * v;
  }
  const mean = sum / data.length;
  return Math.sqrt(Math.max(0, square / data.length - mean * mean));
}
