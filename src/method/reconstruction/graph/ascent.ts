import { createHash } from 'node:crypto';
import { LensError } from '../../../base/errors.js';
import { buildGradient } from '../../../gradient/sweep/engine.js';
import { namedLike } from '../../../gradient/sweep/namedLike.js';
import { addNodes, prune, withOutputs } from '../../../graph/edits.js';
import { dimsAt, type Facts, type ValueFact } from '../../../graph/facts.js';
import { indexOf, type Graph, type GraphNode } from '../../../graph/graph.js';
import { operator } from '../../../graph/operators/operators.js';
import type { GraphForms } from '../../../session/session.js';
import type { ModelSubject } from '../../subject/modelSubject.js';
import { grown } from '../../target/head.js';
import { writeInput, type PictureSpace } from '../space.js';
import { facetSite, writeSimilarity } from './diversity.js';
import { rectifierOf, valuesRead, withoutRectifiers, writeObjective, type Measure, type Term } from './objective.js';
import { parameterDims, writeImage, type ImageOptions, type ImageSize } from './image.js';
import { totalVariation, type VariationKind } from './variation.js';
import { writeBlur, writeViews, type ViewOptions, type Views } from './views.js';
import { Writer, type RealType, type Value } from './writer.js';

/** What is taken off the objective, for each picture: weights of sums over it. */
export interface Penalties {
  readonly variation: number;
  readonly variationKind: VariationKind;
  /** Of the mean squared distance to `anchor`. */
  readonly near: number;
  /** Planes `[C, H, W]` that pictures are held near, or plain colours, `[C]`. */
  readonly anchor: Float32Array;
  /** Of the mean of all planes: pictures stay dark. */
  readonly dark: number;
}

/** Everything of a question that becomes a graph. */
export interface AscentPlan {
  readonly space: PictureSpace;
  /** Pictures that are made at once. */
  readonly pictures: number;
  /** Views of each at every step. */
  readonly samples: number;
  /** Whether planes are colours from 0 to 1, or the channels of the model's own input. */
  readonly colours: boolean;
  readonly image: ImageOptions;
  readonly views: ViewOptions;
  readonly terms: readonly Term[];
  readonly measure: Measure;
  /** Rectifiers that the number comes out of let everything through. */
  readonly beforeRectifier: boolean;
  readonly penalties: Penalties;
  /** Pictures that are made at once are to differ. */
  readonly diverse?: boolean;
  /** Standard deviation, in pixels, of a Gaussian over the gradient of pixels. */
  readonly gradientBlur: number;
  readonly type?: RealType;
}

/** One graph for all steps: what is optimised and the views go in; objective, gradient and pictures come out. */
export interface AscentGraph {
  /** Tells the graph apart from others of the model. */
  readonly key: string;
  readonly graph: Graph;
  readonly forms: GraphForms;
  /** The input that is optimised, and its dimensions. */
  readonly parameter: Value;
  readonly views: Views;
  /** `[pictures, 1]`: by how much the likeness to the other pictures is taken off each. */
  readonly diversity?: Value;
  /** `[pictures · samples]`: what each view adds to the objective, whose sum over a picture's views is that picture's. */
  readonly score: string;
  readonly gradient: string;
  /** `[pictures, C, H, W]` */
  readonly picture: string;
  /** The gradient of the pictures themselves. */
  readonly slope: string;
  readonly batch: number;
  readonly notes: readonly string[];
}

/** Samples that the model computes at once: all views of all pictures, unless its batch is fixed. */
export function batchOf({ facts }: Pick<ModelSubject, 'facts'>, pictures: number, samples: number): number {
  if (facts.dynamicBatch) return pictures * samples;
  if (facts.batch % pictures === 0) return facts.batch;
  throw new LensError(
    'unsupported',
    'reconstruction/batch',
    `The model computes ${facts.batch} inputs at a time: ${pictures} pictures cannot be made at once.`,
    { hint: 'Make one picture at a time, or export the model with a free batch.' },
  );
}

/** What does not depend on the numbers of a request, for all providers. */
export function writeAscent(subject: ModelSubject, plan: AscentPlan): AscentGraph {
  const { space, pictures, terms } = plan;
  const head = writeObjective(subject, terms, plan.measure);
  const read = valuesRead(subject, terms);
  const rectifiers = plan.beforeRectifier ? read.flatMap((v) => rectifierOf(subject.graph, v) ?? []) : [];
  requireReal(subject, space.input);
  const { graph: scored, facts: known } = grown(withoutRectifiers(subject.graph, rectifiers), subject.facts, head);
  const batch = batchOf(subject, pictures, plan.samples);

  const front = new Writer(indexOf(scored).names, plan.type);
  const channels = plan.colours ? space.colours : space.order.length;
  const size: ImageSize = { pictures, channels, height: space.height, width: space.width };
  const parameter = front.input('lens_parameter', parameterDims(plan.image, size));
  const picture = writeImage(front, parameter, plan.image, size);
  const { seen, feeds } = writeViews(front, front.repeat(picture, batch / pictures), plan.views);
  writeInput(front, known, space, seen, plan.colours);

  const back = new Writer([...indexOf(scored).names, ...namesOf(front)], front.type);
  const number: Value = { name: head.value, dims: [batch, 1] };
  const score = known.get(head.value)?.type === back.type ? number : back.cast(number, back.type);
  const diversity = plan.diverse === true && pictures > 1 ? back.input('lens_diversity', [pictures, 1]) : undefined;
  const like =
    diversity && back.mul(writeSimilarity(back, known, facetSite(subject, terms), { pictures, batch }), diversity);
  const total = writeTotal(back, plan, { score, picture, batch, like });
  const joined: Graph = {
    ...scored,
    inputs: [...front.inputs, ...back.inputs, ...scored.inputs.filter((i) => i.name !== space.input)],
    nodes: [...front.nodes, ...scored.nodes, ...back.nodes],
    weights: new Map([...scored.weights, ...[...front.weights, ...back.weights].map((w) => [w.name, w] as const)]),
    described: [],
  };
  // Only what the objective needs: what else the model computes has facts of other sizes.
  const graph = prune(joined, [total.name, picture.name]);
  const facts = atBatch(known, batch, new Map([...front.facts, ...back.facts]));
  const build = (provider?: string): ReturnType<typeof buildGradient> =>
    buildGradient(graph, facts, {
      score: { value: total.name, seed: 'sum' },
      wrt: [...new Set([parameter.name, picture.name])],
      keep: [picture.name],
      ...(provider === undefined ? {} : { provider }),
    });
  const made = build();
  const gradient = made.gradients.get(parameter.name)!;
  const slope = made.gradients.get(picture.name)!;
  const finish = (of: Graph, name: string): { graph: Graph; gradient: string } => blurred(of, name, parameter, plan);
  const done = finish(made.graph, gradient);
  const answering = (of: ReturnType<typeof finish>): Graph =>
    withOutputs(of.graph, [...new Set([made.score, of.gradient, picture.name, slope])]);
  return {
    key: `ascent ${keyOf(plan, head.value, [front, back])}`,
    graph: answering(done),
    forms: (provider) =>
      answering(provider === 'cpu' ? done : finish(namedLike(build(provider), made).graph, gradient)),
    parameter,
    views: feeds,
    ...(diversity === undefined ? {} : { diversity }),
    score: made.score,
    gradient: done.gradient,
    picture: picture.name,
    slope,
    batch,
    notes: made.notes,
  };
}

/** The share of each view in the objective of its picture, `[batch, 1]`: its score, less what the picture itself costs. */
function writeTotal(
  w: Writer,
  { pictures, penalties: p }: AscentPlan,
  {
    score,
    picture,
    batch,
    like,
  }: { readonly score: Value; readonly picture: Value; readonly batch: number; readonly like: Value | undefined },
): Value {
  const views = batch / pictures;
  let total = w.mul(score, 1 / views);
  const costs: Value[] = [];
  const [, channels, height, width] = picture.dims as [number, number, number, number];
  const area = channels * height * width;
  if (p.variation !== 0) costs.push(w.mul(totalVariation(w, picture, p.variationKind), p.variation));
  if (p.near !== 0) {
    const dims = p.anchor.length === channels ? [1, channels, 1, 1] : [1, channels, height, width];
    const away = w.sub(picture, w.constant(p.anchor, dims));
    costs.push(w.mul(w.sumEach(w.square(away)), p.near / area));
  }
  if (p.dark !== 0) costs.push(w.mul(w.sumEach(picture), p.dark / area));
  if (like !== undefined) costs.push(like);
  for (const cost of costs) {
    const share = w.reshape(w.mul(cost, 1 / views), [pictures, 1]);
    total = w.sub(total, w.repeat(share, views));
  }
  return total;
}

function blurred(
  graph: Graph,
  gradient: string,
  { dims }: Value,
  { gradientBlur, image, type }: AscentPlan,
): { graph: Graph; gradient: string } {
  if (gradientBlur <= 0 || image.kind !== 'pixels') return { graph, gradient };
  const w = new Writer(indexOf(graph).names, type);
  const out = writeBlur(w, w.known(gradient, dims), gradientBlur);
  return { graph: addNodes(graph, w.nodes, { weights: w.weights }), gradient: out.name };
}

/** What is known of a model's values at one size of the batch, and of those around it. */
function atBatch(facts: Facts, batch: number, own: ReadonlyMap<string, ValueFact>): Facts {
  const known = new Map<string, ValueFact | undefined>();
  return {
    dynamicBatch: false,
    batch,
    get(value) {
      const mine = own.get(value);
      if (mine !== undefined) return mine;
      if (!known.has(value)) {
        const fact = facts.get(value);
        const base = fact === undefined ? [] : dimsAt(fact, facts.dynamicBatch ? batch : facts.batch);
        known.set(value, fact && { ...fact, base, slope: base.map(() => 0) });
      }
      return known.get(value);
    },
  };
}

/**
 * Whole numbers have no gradient; but where all that reads them is a cast, the numbers that it casts may as well be real.
 *
 * @throws LensError `unsupported` `gradient/integer-value`
 */
function requireReal({ graph, facts }: ModelSubject, input: string): void {
  const type = facts.get(input)?.type;
  if (type === undefined || type.startsWith('float') || type === 'bfloat16') return;
  const readers = indexOf(graph).consumers(input);
  const other = readers.find((node) => !(operator(node).readThrough === true && node.op === 'Cast'));
  if (other === undefined) return;
  throw new LensError(
    'unsupported',
    'gradient/integer-value',
    `The model takes whole numbers (${type}), which ${other.op} "${other.name}" reads as such: they have no gradient.`,
    { hint: 'Use the model before it was quantised.' },
  );
}

const namesOf = (w: Writer): string[] => [
  ...w.nodes.flatMap((n: GraphNode) => [n.name, ...n.outputs]),
  ...w.weights.map((v) => v.name),
  ...w.inputs.map((v) => v.name),
];

function keyOf(plan: AscentPlan, head: string, writers: readonly Writer[]): string {
  const { pictures, samples, colours, beforeRectifier, gradientBlur, space } = plan;
  const hash = createHash('sha256');
  hash.update(JSON.stringify([head, pictures, samples, colours, beforeRectifier, gradientBlur, space]));
  for (const w of writers) {
    hash.update(JSON.stringify(w.nodes.map((n) => [n.op, n.inputs, n.outputs])));
    for (const { name, dims } of [...w.inputs, ...w.weights]) hash.update(`${name} ${JSON.stringify(dims)}`);
    for (const { at } of w.weights) {
      const data = at.kind === 'memory' ? at.tensor.data : [];
      if (ArrayBuffer.isView(data)) hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  }
  return hash.digest('hex');
}
