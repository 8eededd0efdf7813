import { LensError } from '../../base/errors.js';
import { floatTensor, type FloatTensor, type Tensor } from '../../base/tensor.js';
import { NUMBER_NAMES } from '../../base/outputKinds.js';
import { remembered } from '../../base/memo.js';
import { Newest } from '../../base/newest.js';
import { prune, withWeights } from '../../graph/edits.js';
import type { Facts } from '../../graph/facts.js';
import { activationBytes, bytesOf } from '../../graph/measure/memory.js';
import { findLayer } from '../../graph/layers/findLayer.js';
import { indexOf, type Graph } from '../../graph/graph.js';
import type { Layer, WeightReplacement } from '../../graph/layers/layer.js';
import type { TokenChoices } from '../../result/attention.js';
import type { ScoreKind } from '../../result/recipe.js';
import { chooseBatch, concatBatches, freeMemory, limitsHere, sampleCost } from '../../session/batches.js';
import { batchWithin, withinLimit } from '../../session/plan.js';
import type { GraphForms, ProviderReport } from '../../session/session.js';
import { feedsOf, inputDimsOf } from './feeds.js';
import { Gradients, type SamplesOptions } from './gradients.js';
import type { Reweighting, SubjectOptions, SubjectParts } from './parts.js';
import type { OutputReading } from '../output/index.js';
import { inPieces } from './pieces.js';
import { samplesOf } from './samples.js';
import { activate, activationGradients, findScores, isDistribution, project, type ScorePlaces } from './scores.js';
import { SubjectSessions } from './sessions.js';
import type { GradientAnswer, GradientOptions, InputSpec, Subject } from './subject.js';
import { grown, type Head } from '../target/head.js';
import { headOf, isInside, isOneScore, numberOf, type ScoreAt, type Target } from '../target/target.js';

export type { Reweighting, SubjectOptions, SubjectParts } from './parts.js';

/** Opens a model for questions. Runs it once on zeros to see whether its output is a distribution already. */
export async function openSubject(
  parts: SubjectParts,
  options: SubjectOptions = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<ModelSubject> {
  let places = findScores(parts.graph, parts.facts, { ...options, input: parts.input });
  const subject = new ModelSubject(parts, places, options);
  if (places.activation !== 'softmax' || places.note !== undefined) return subject;
  try {
    const input = floatTensor([1, ...subject.inputDims]);
    const logits = (await subject.values(input, [places.logit], signal)).get(places.logit)!;
    if (!isDistribution(logits.data)) return subject;
  } catch (error) {
    await subject.dispose();
    throw error;
  }
  places = {
    ...places,
    probability: places.logit,
    activation: 'none',
    note: 'The output is a probability already, and no Softmax was found to cut: the score is that probability.',
  };
  await subject.dispose();
  return new ModelSubject(parts, places, options);
}

/** What a subject is asked of its samples and cannot derive: forward values, and gradients along what is given. */
export interface SampleRuns {
  /** The subject whose sessions are used: what it keeps of grown graphs holds here, too. */
  readonly root: ModelSubject;
  values: Subject['values'];
  /** Another graph is run, a method's own or one that a target has grown: what that costs is not known. */
  unseen(): void;
  readonly differentiate: (batch: FloatTensor, options: SamplesOptions, signal: AbortSignal) => Promise<GradientAnswer>;
}

/** Targets that are asked for again find their gradient graphs made. */
const GROWN = 8;

/** A model, its sessions and its memory behind the contract of {@link Subject}. */
export class ModelSubject implements Subject {
  readonly graph: Graph;
  readonly facts: Facts;
  readonly layers: readonly Layer[];
  readonly input: InputSpec;
  readonly classes: number;
  readonly tokens?: TokenChoices;
  /** What must be said beside every result of this model. */
  readonly notes: readonly string[];
  readonly others: ReadonlyMap<string, Tensor>;
  private readonly sessions: SubjectSessions;
  /** By the number that their targets ask for. */
  private readonly grown = new Newest<string, ModelSubject>(GROWN);
  private readonly batchSizes = new Map<string, number>();
  private readonly fittingSizes = new Map<string, number>();
  private readonly differentiated: Pick<Gradients, 'of'>;

  constructor(
    private readonly parts: SubjectParts,
    private readonly places: ScorePlaces,
    private readonly options: SubjectOptions,
    /** Of the subject that this one is made of, where it shares them. */
    shared?: SubjectSessions,
    /** Runs in place of this subject's own. */
    private readonly runs?: SampleRuns,
  ) {
    this.graph = places.graph;
    this.facts = places.facts;
    this.layers = parts.layers;
    this.input = parts.input;
    this.classes = places.classes;
    if (parts.tokens !== undefined) this.tokens = parts.tokens;
    const cacheBytes = options.cacheBytes ?? Math.max(512 << 20, freeMemory() * 0.3);
    this.sessions = shared ?? new SubjectSessions(parts.sessions, { ...options, cacheBytes });
    this.differentiated = runs === undefined ? new Gradients(this, this.sessions) : { of: runs.differentiate };
    this.others = parts.others ?? new Map();
    this.notes = [...(parts.notes ?? []), ...this.zeros(), ...fixedBatchNote(this.facts)];
  }

  /** What ran, as far as it is known: the newest session's report. */
  get provider(): ProviderReport | undefined {
    return this.sessions.provider;
  }

  /** Inputs that nobody gives a value, and what to do about it. */
  private zeros(): string[] {
    const idle = this.graph.inputs.filter((i) => i.name !== this.input.name && !this.others.has(i.name));
    return idle.map(
      ({ name }) =>
        `The input "${name}" is fed with zeros: give its values with --input ${name}=FILE.npy, or as "inputs": { "${name}": … } in the .lens.json file beside the model.`,
    );
  }

  /** Dimensions of one sample of the input. */
  get inputDims(): readonly number[] {
    return inputDimsOf(this);
  }

  /** What each output is, in the graph's order. */
  get outputs(): readonly OutputReading[] {
    return this.places.outputs;
  }

  /** The output that the scores are of. */
  get output(): OutputReading {
    return this.places.output;
  }

  /** Whether the scores are a plain list of classes. */
  get classifier(): boolean {
    return this.places.classifier;
  }

  /** Whether a score can be asked for as a probability: of numbers, vectors and maps of numbers none is made. */
  get makesProbabilities(): boolean {
    return this.classifier || this.places.activation !== 'none';
  }

  /** What turns scores into probabilities. */
  get activation(): ScorePlaces['activation'] {
    return this.places.activation;
  }

  scoreName(kind: ScoreKind): string {
    const { logit, probability, note, classifier, activation } = this.places;
    if (kind === 'probability' && this.makesProbabilities) return 'probability';
    // An output that was found to be a distribution: there is no logit before it.
    if (classifier && activation === 'none' && logit === probability && note !== undefined) return 'probability';
    return NUMBER_NAMES[this.places.output.kind];
  }

  scoreValue(kind: ScoreKind): { value: string; note?: string } {
    const { logit, probability, note, activation } = this.places;
    if (kind === 'probability' && activation !== 'none') return { value: probability };
    return note === undefined ? { value: logit } : { value: logit, note };
  }

  batchSize(kind: 'forward' | 'gradient'): number {
    if (!this.facts.dynamicBatch) return this.facts.batch;
    let size = this.batchSizes.get(kind);
    if (size === undefined) {
      const provider = this.provider?.used ?? 'cpu';
      size = chooseBatch(sampleCost(this.graph, this.facts, kind), limitsHere(provider, this.options.memoryShare));
      this.batchSizes.set(kind, size);
    }
    return size;
  }

  layer(name: string): Layer {
    return findLayer(this.layers, name, this.graph);
  }

  /** Logits (or what stands for them) and probabilities, `[n, classes]` each. Probabilities are computed in double precision. */
  async predict(
    batch: FloatTensor,
    signal: AbortSignal,
  ): Promise<{ logits: FloatTensor; probabilities: Float64Array }> {
    const { logit } = this.places;
    return this.activated((await this.values(batch, [logit], signal)).get(logit)!);
  }

  /** Raw values of `scoreValue('logit')` as scores, and what their activation makes of them, `[n, classes]` each. */
  activated(values: FloatTensor): { logits: FloatTensor; probabilities: Float64Array } {
    const { activation } = this.places;
    const n = values.dims[0]!;
    const logits = floatTensor([n, this.classes], values.data);
    const probabilities = new Float64Array(logits.data.length);
    for (let k = 0; k < n && logits.data.length === n * this.classes; k++) {
      const row = logits.data.subarray(k * this.classes, (k + 1) * this.classes);
      probabilities.set(
        this.places.classifier || activation !== 'softmax' ? activate(row, activation) : row,
        k * this.classes,
      );
    }
    return { logits, probabilities };
  }

  scoreAt(target: Target, kind: ScoreKind): ScoreAt {
    return numberOf(target, this.scoreValue(kind).value);
  }

  async scores(batch: FloatTensor, target: Target, score: ScoreKind, signal: AbortSignal): Promise<Float32Array> {
    const plain = isOneScore(target);
    if (plain && (target.index < 0 || target.index >= this.classes))
      throw new Error(`There is no score ${target.index}`);
    // The probabilities of a map of classes are the graph's own: only a plain list of classes is activated here.
    if (isInside(target) || (!plain && !this.classifier)) {
      const { value, pick } = this.scoreAt(target, score);
      return project((await this.values(batch, [value], signal)).get(value)!.data, batch.dims[0]!, pick);
    }
    const { logit } = this.places;
    return this.scoresOf((await this.values(batch, [logit], signal)).get(logit)!, target, score);
  }

  scoresOf(raw: FloatTensor, target: Target, score: ScoreKind): Float32Array {
    if (isInside(target)) return project(raw.data, raw.dims[0]!, this.scoreAt(target, score).pick);
    const { logits, probabilities } = this.activated(raw);
    const rows = score === 'probability' ? probabilities : logits.data;
    return project(rows, raw.dims[0]!, this.scoreAt(target, score).pick);
  }

  derived(
    key: string,
    graph: Graph,
    feeds: Readonly<Record<string, Tensor>>,
    signal: AbortSignal,
    forms: Graph | GraphForms = graph,
  ): Promise<Record<string, Tensor>> {
    this.runs?.unseen();
    const outputs = graph.outputs.map((o) => o.name);
    return this.sessions.use({ key: `derived ${key}`, graph, forms }, (session) => session.run(feeds, outputs, signal));
  }

  async values(
    batch: FloatTensor,
    names: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, FloatTensor>> {
    const known = indexOf(this.graph);
    for (const name of names) {
      if (name === this.input.name || known.producer(name) !== undefined) continue;
      if (!this.graph.weights.has(name)) throw new Error(`The model computes no value "${name}"`);
      throw new LensError(
        'unsupported',
        'subject/constant',
        `What is asked for does not depend on the picture: "${name}" is a weight of the model.`,
        { hint: 'Choose another output, or export the model again.' },
      );
    }
    if (this.runs !== undefined) return this.runs.values(batch, names, signal);
    const wanted = [...new Set(names)].filter((name) => name !== this.input.name);
    const out = new Map<string, FloatTensor>();
    if (names.includes(this.input.name)) out.set(this.input.name, batch);
    if (wanted.length === 0) return out;
    const graph = prune(this.graph, wanted);
    const key = `forward ${JSON.stringify(wanted)}`;
    const size = this.fitting(key, graph);
    const pieces = await inPieces(batch.dims[0]!, size, this.facts, signal, ({ of: part, n }) =>
      this.sessions.use({ key, graph, samples: n }, async (session) => {
        const raw = await session.run(feedsOf(this, graph, part(batch), n), wanted, signal);
        return new Map(wanted.map((name) => [name, samplesOf(this.facts, name, raw[name]!, n)]));
      }),
    );
    for (const name of wanted) out.set(name, concatBatches(pieces.map((p) => p.get(name)!)));
    return out;
  }

  /** Samples that one run may take whose outputs are all kept: of many layers at once they are more than the run itself. */
  private fitting(key: string, graph: Graph): number {
    const known = this.fittingSizes.get(key);
    if (known !== undefined) return known;
    const { facts } = this;
    const limit = this.sessions.memoryLimit;
    const most = graph.outputs.reduce((a, b) => (bytesOf(b.name, facts) > bytesOf(a.name, facts) ? b : a));
    const words = { largest: `"${most.name}"`, what: `One run that keeps ${graph.outputs.length} values` };
    const size = this.batchSize('forward');
    const bytes = (n: number): number => activationBytes(graph, { ...facts, batch: n }).peak;
    if (!facts.dynamicBatch) withinLimit(bytes(facts.batch), limit, words);
    const found = facts.dynamicBatch ? batchWithin(bytes, size, limit, words) : size;
    this.fittingSizes.set(key, found);
    return found;
  }

  async gradients(batch: FloatTensor, options: GradientOptions, signal: AbortSignal): Promise<GradientAnswer> {
    const { value, pick } = options.of;
    const { activation, logit, probability } = this.places;
    // Rules that a method brings know the activation themselves.
    const own = typeof options.rules === 'object';
    if (own || value !== probability || activation === 'none' || pick === 'sum' || !('index' in pick))
      return this.differentiated.of(batch, options, signal);
    // 1 - p is lost in float32 once p is near 1. The chain rule through the activation is done here, in double precision.
    const { index } = pick;
    const { probabilities } = await this.predict(batch, signal);
    const directions = activationGradients(probabilities, this.classes, index, activation);
    const along: GradientOptions = { ...options, of: { value: logit, pick: { directions } } };
    const answer = await this.differentiated.of(batch, along, signal);
    return { ...answer, scores: answer.scores.map((_, k) => probabilities[k * this.classes + index]!) };
  }

  /** What {@link gradients} runs where nothing has to be done in double precision. */
  readonly differentiate: SampleRuns['differentiate'] = (batch, options, signal) =>
    this.differentiated.of(batch, options, signal);

  /** The same subject, whose runs somebody else makes. It shares this one's sessions and is not disposed. */
  answeredBy(runs: SampleRuns): ModelSubject {
    return new ModelSubject(this.parts, this.places, this.options, this.sessions, runs);
  }

  /**
   * The subject that a target is asked of: this one, or, where the target brings nodes of its own, one whose graph has them.
   * That shares this one's sessions and is not disposed.
   */
  asking(target: Target): ModelSubject {
    const head = headOf(target);
    if (head === undefined) return this;
    this.runs?.unseen();
    const root = this.runs?.root ?? this;
    return remembered(root.grown, head.value, () => root.with(head));
  }

  private with(head: Head): ModelSubject {
    const { graph, facts } = grown(this.places.graph, this.places.facts, head);
    return new ModelSubject(
      { ...this.parts, graph: grown(this.parts.graph, this.parts.facts, head).graph, facts },
      { ...this.places, graph, facts },
      this.options,
      this.sessions,
    );
  }

  /** The same model with other weights of the same shapes, and with sessions of its own: whoever asks disposes it. */
  reweighted(weights: WeightReplacement, options: Reweighting = {}): ModelSubject {
    const graph = (g: Graph): Graph => (weights.size === 0 ? g : withWeights(g, weights));
    const parts = { ...this.parts, graph: graph(this.parts.graph) };
    return new ModelSubject(
      parts,
      { ...this.places, graph: graph(this.places.graph) },
      { ...this.options, ...options },
    );
  }

  async dispose(): Promise<void> {
    await this.sessions.dispose();
  }

  /** What is fed to a graph made from this model's: a batch `[n, …]`, and zeros for the other inputs. */
  feeds(graph: Graph, batch: FloatTensor, n: number): Record<string, Tensor> {
    return feedsOf(this, graph, batch, n);
  }

  /** Frees the sessions that are not in use; the next question opens them again. */
  async rest(): Promise<void> {
    await this.sessions.rest();
  }
}

/** A batch that the model insists on costs as much as it is large. */
function fixedBatchNote({ dynamicBatch, batch }: Facts): string[] {
  if (dynamicBatch || batch < 2) return [];
  return [
    `The model computes ${batch} inputs at a time, and its graph allows no other number: one input costs as much as ${batch}. Exported with a free batch it would be faster.`,
  ];
}
