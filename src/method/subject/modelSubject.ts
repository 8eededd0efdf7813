import { LensError, throwIfCancelled } from '../../base/errors.js';
import { floatTensor, formatDims, sameDims, toFloat32, type FloatTensor, type Tensor } from '../../base/tensor.js';
import { namedLike } from '../../gradient/sweep/alike.js';
import type { GradientGraph, GradientRequest, SeedKind } from '../../gradient/request.js';
import { prune, withWeights } from '../../graph/edits.js';
import type { Facts, ValueFact } from '../../graph/facts.js';
import { findLayer } from '../../graph/layers/findLayer.js';
import { indexOf, type Graph } from '../../graph/graph.js';
import type { Layer, WeightReplacement } from '../../graph/layers/layer.js';
import type { ScoreKind } from '../../result/recipe.js';
import { chooseBatch, concatBatches, freeMemory, limitsHere, sampleCost, sliceBatch } from '../../session/batches.js';
import { dimsOf, zeros } from '../../session/probe.js';
import type { GraphForms, ProviderReport } from '../../session/session.js';
import {
  activate,
  activationGradients,
  asType,
  cutPiece,
  project,
  seedFeed,
  targetScores,
  withSources,
} from './pieces.js';
import { sampleDims, toSamples } from './samples.js';
import { findScores, type ScorePlaces } from './scores.js';
import type { GradientAnswer, GradientOptions, InputSpec, ScoreAt, Subject, Target } from './subject.js';
import type { Reweighting, SubjectOptions, SubjectParts } from './parts.js';
import { SubjectSessions } from './sessions.js';
import { isDistribution } from '../target/targets.js';

export type { Reweighting, SubjectOptions, SubjectParts } from './parts.js';

/** Opens a model for questions. Runs it once on zeros to see whether its output is a distribution already. */
export async function openSubject(
  parts: SubjectParts,
  options: SubjectOptions = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<ModelSubject> {
  let places = findScores(parts.graph, parts.facts, options.output);
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

/** A model, its sessions and its memory behind the contract of {@link Subject}. */
export class ModelSubject implements Subject {
  readonly graph: Graph;
  readonly facts: Facts;
  readonly layers: readonly Layer[];
  readonly input: InputSpec;
  readonly classes: number;
  /** What must be said beside every result of this model. */
  readonly notes: readonly string[];
  private readonly sessions: SubjectSessions;
  private readonly batchSizes = new Map<string, number>();
  private readonly gradientGraphs = new Map<string, Promise<GradientGraph>>();

  constructor(
    private readonly parts: SubjectParts,
    private readonly places: ScorePlaces,
    private readonly options: SubjectOptions,
  ) {
    this.graph = places.graph;
    this.facts = places.facts;
    this.layers = parts.layers;
    this.input = parts.input;
    this.classes = places.classes;
    const cacheBytes = options.cacheBytes ?? Math.max(512 << 20, freeMemory() * 0.3);
    this.sessions = new SubjectSessions(parts.sessions, { ...options, cacheBytes });
    const others = this.graph.inputs.filter((i) => i.name !== this.input.name);
    this.notes = others.map((i) => `The input "${i.name}" is fed with zeros.`);
  }

  /** What ran, as far as it is known: the newest session's report. */
  get provider(): ProviderReport | undefined {
    return this.sessions.provider;
  }

  /** Dimensions of one sample of the input. */
  get inputDims(): readonly number[] {
    const fact = this.facts.get(this.input.name);
    return fact === undefined ? this.pictureDims : sampleDims(fact, this.facts);
  }

  /** Whether the scores are a plain list of classes. */
  get classifier(): boolean {
    return this.places.classifier;
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

  private activated(values: FloatTensor): { logits: FloatTensor; probabilities: Float64Array } {
    const { activation } = this.places;
    const n = values.dims[0]!;
    const logits = floatTensor([n, this.classes], values.data);
    const probabilities = new Float64Array(logits.data.length);
    for (let k = 0; k < n; k++) {
      const row = logits.data.subarray(k * this.classes, (k + 1) * this.classes);
      probabilities.set(
        this.places.classifier || activation !== 'softmax' ? activate(row, activation) : row,
        k * this.classes,
      );
    }
    return { logits, probabilities };
  }

  scoreAt(target: Target, kind: ScoreKind): ScoreAt {
    if (target.unit !== undefined) return target.unit;
    const { value } = this.scoreValue(kind);
    if (target.weights === undefined) return { value, pick: { index: target.index } };
    return { value, pick: { direction: floatTensor([target.weights.length], target.weights) } };
  }

  async scores(batch: FloatTensor, target: Target, score: ScoreKind, signal: AbortSignal): Promise<Float32Array> {
    const { unit, weights } = target;
    if (unit === undefined && weights === undefined && (target.index < 0 || target.index >= this.classes))
      throw new Error(`There is no score ${target.index}`);
    const { logit } = this.places;
    // The probabilities of a map of classes are the graph's own: only a plain list of classes is activated here.
    const own = unit ?? (weights !== undefined && !this.places.classifier ? this.scoreAt(target, score) : undefined);
    if (own !== undefined) return project((await this.values(batch, [own.value], signal)).get(own.value)!, own.pick);
    return this.scoresOf((await this.values(batch, [logit], signal)).get(logit)!, target, score);
  }

  scoresOf(raw: FloatTensor, target: Target, score: ScoreKind): Float32Array {
    const { logits, probabilities } = this.activated(raw);
    return targetScores(score === 'probability' ? probabilities : logits.data, this.classes, target);
  }

  derived(
    key: string,
    graph: Graph,
    feeds: Readonly<Record<string, Tensor>>,
    signal: AbortSignal,
  ): Promise<Record<string, Tensor>> {
    const outputs = graph.outputs.map((o) => o.name);
    return this.sessions.use({ key: `derived ${key}`, graph }, (session) => session.run(feeds, outputs, signal));
  }

  async values(
    batch: FloatTensor,
    names: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, FloatTensor>> {
    const known = indexOf(this.graph);
    for (const name of names) {
      if (name !== this.input.name && known.producer(name) === undefined)
        throw new Error(`The model computes no value "${name}"`);
    }
    const wanted = [...new Set(names)].filter((name) => name !== this.input.name);
    const out = new Map<string, FloatTensor>();
    if (names.includes(this.input.name)) out.set(this.input.name, batch);
    if (wanted.length === 0) return out;
    const graph = prune(this.graph, wanted);
    const key = `forward ${JSON.stringify(wanted)}`;
    const pieces = await this.inPieces(batch, 'forward', signal, (part, n) =>
      this.sessions.use({ key, graph, samples: n }, async (session) => {
        const raw = await session.run(this.feeds(graph, part, n), wanted, signal);
        return new Map(wanted.map((name) => [name, this.samples(name, raw[name]!, n)]));
      }),
    );
    for (const name of wanted) out.set(name, concatBatches(pieces.map((p) => p.get(name)!)));
    return out;
  }

  async gradients(batch: FloatTensor, options: GradientOptions, signal: AbortSignal): Promise<GradientAnswer> {
    const { of } = options;
    if (
      of.value !== this.places.probability ||
      this.places.activation === 'none' ||
      of.pick === 'sum' ||
      !('index' in of.pick)
    ) {
      return this.differentiate(batch, options, signal);
    }
    // 1 - p is lost in float32 once p is near 1. The chain rule through the activation is done here, in double precision.
    const { index } = of.pick;
    const { probabilities } = await this.predict(batch, signal);
    const directions = activationGradients(probabilities, this.classes, index, this.places.activation);
    const answer = await this.differentiate(
      batch,
      { ...options, of: { value: this.places.logit, pick: { directions } } },
      signal,
    );
    return { ...answer, scores: answer.scores.map((_, k) => probabilities[k * this.classes + index]!) };
  }

  private async differentiate(
    batch: FloatTensor,
    options: GradientOptions,
    signal: AbortSignal,
  ): Promise<GradientAnswer> {
    const { of } = options;
    const wrt = options.wrt ?? [this.input.name];
    const wanted = (options.values ?? []).filter((v) => v !== this.input.name);
    const seed: SeedKind = of.pick === 'sum' ? 'sum' : 'index' in of.pick ? 'index' : 'direction';
    const key = `gradient ${JSON.stringify([of.value, seed, wrt, options.rules ?? '', wanted])}`;
    const request: GradientRequest = {
      score: { value: of.value, seed },
      wrt,
      keep: wanted,
      ...(options.rules === undefined ? {} : { overrides: this.parts.rules(options.rules) }),
    };
    const made = await this.gradientGraph(key, request, wanted);
    const outputs = [made.score, ...wrt.map((v) => made.gradients.get(v)!), ...wanted];
    const forms: GraphForms = async (provider) =>
      provider === 'cpu'
        ? made.graph
        : namedLike(await this.gradientGraph(`${key} ${provider}`, { ...request, provider }, wanted), made).graph;
    const pieces = await this.inPieces(batch, 'gradient', signal, (part, n, from) =>
      this.sessions.use({ key, graph: made.graph, forms, samples: n }, async (session) => {
        const feeds = this.feeds(made.graph, part, n);
        if (made.seed !== undefined) feeds[made.seed] = seedFeed(of, this.factOf(of.value), this.facts, n, from);
        const raw = await session.run(feeds, [...new Set(outputs)], signal);
        return {
          scores: floatTensor([n], toFloat32(raw[made.score]!)),
          gradients: wrt.map((v) => this.samples(v, raw[made.gradients.get(v)!]!, n)),
          values: wanted.map((v) => this.samples(v, raw[v]!, n)),
        };
      }),
    );
    const values = new Map(wanted.map((v, i) => [v, concatBatches(pieces.map((p) => p.values[i]!))]));
    if (options.values?.includes(this.input.name)) values.set(this.input.name, batch);
    return {
      scores: concatBatches(pieces.map((p) => p.scores)).data,
      gradients: new Map(wrt.map((v, i) => [v, concatBatches(pieces.map((p) => p.gradients[i]!))])),
      values,
      notes: made.notes,
    };
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

  /** Frees the sessions that are not in use; the next question opens them again. */
  async rest(): Promise<void> {
    await this.sessions.rest();
  }

  private gradientGraph(key: string, request: GradientRequest, values: readonly string[]): Promise<GradientGraph> {
    let making = this.gradientGraphs.get(key);
    if (making === undefined) {
      making = (async () => {
        const made = await this.parts.differentiate(this.graph, this.facts, request);
        const outputs = [...new Set([made.score, ...made.gradients.values(), ...values])];
        // Only what is fetched: the original outputs would be computed for nothing.
        return { ...made, graph: prune(withSources(made.graph, this.graph, values), outputs) };
      })();
      making.catch(() => this.gradientGraphs.delete(key));
      this.gradientGraphs.set(key, making);
    }
    return making;
  }

  /** Runs a batch of any size in pieces that fit; a model of fixed batch gets the last sample repeated to fill it. */
  private async inPieces<R extends object>(
    batch: FloatTensor,
    kind: 'forward' | 'gradient',
    signal: AbortSignal,
    run: (part: FloatTensor, n: number, from: number) => Promise<R>,
  ): Promise<R[]> {
    const n = batch.dims[0]!;
    const size = this.batchSize(kind);
    const pieces: R[] = [];
    for (let from = 0; from < n; from += size) {
      throwIfCancelled(signal);
      const to = Math.min(n, from + size);
      let part = sliceBatch(batch, from, to);
      const missing = this.facts.dynamicBatch ? 0 : this.facts.batch - (to - from);
      if (missing > 0) {
        const last = sliceBatch(batch, to - 1, to);
        part = concatBatches([part, ...Array.from({ length: missing }, () => last)]);
      }
      const piece = await run(part, part.dims[0]!, from);
      pieces.push(missing > 0 ? cutPiece(piece, to - from) : piece);
    }
    return pieces;
  }

  private get pictureDims(): number[] {
    const { layout, channels, height, width } = this.input;
    return layout === 'NCHW' ? [channels, height, width] : [height, width, channels];
  }

  feeds(graph: Graph, batch: FloatTensor, n: number): Record<string, Tensor> {
    const feeds: Record<string, Tensor> = {};
    const known = new Set(this.graph.inputs.map((i) => i.name));
    for (const input of graph.inputs) {
      if (!known.has(input.name)) continue;
      if (input.name !== this.input.name) {
        feeds[input.name] = zeros(input.type ?? 'float32', dimsOf(input, {}, n), input.name);
        continue;
      }
      const wanted = this.inputDims;
      if (!sameDims(batch.dims.slice(1), wanted)) {
        throw new LensError(
          'input',
          'input/shape',
          `The tensor is ${formatDims(batch.dims.slice(1))}, the model's input "${input.name}" is ${formatDims(wanted)}.`,
        );
      }
      feeds[input.name] = asType(batch, input.type ?? 'float32');
    }
    return feeds;
  }

  private samples(name: string, raw: Tensor, n: number): FloatTensor {
    return toSamples(floatTensor(raw.dims, toFloat32(raw)), this.factOf(name), this.facts, n);
  }

  private factOf(value: string): ValueFact {
    const fact = this.facts.get(value);
    if (fact === undefined)
      throw new LensError('unsupported', 'subject/no-shape', `The shape of "${value}" is not known.`);
    return fact;
  }
}
