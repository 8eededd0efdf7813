import { LensError } from '../../../base/errors.js';
import { sizeOf } from '../../../base/tensor.js';
import { operator } from '../../../graph/operators/operators.js';
import { indexOf, type Graph, type GraphNode } from '../../../graph/graph.js';
import { makeAttributes } from '../../../graph/attributes.js';
import { featureMapOf } from '../../subject/featureMap.js';
import type { ModelSubject } from '../../subject/modelSubject.js';
import { factOf, sampleDims } from '../../subject/samples.js';
import { HeadBuilder, type Head, type Ref } from '../../target/head.js';
import { isOneScore, numberOf, type Target } from '../../target/target.js';

/**
 * What a picture is to be full of. `target`: anything that can be explained, a class, a difference, a channel, a neuron;
 * `layer`: the mean square of all activations of a layer, which strengthens whatever is seen there already (Mordvintsev et
 * al. 2015, DeepDream); `direction`: how far activations go along a direction, by their angle to it; `inversion`: how near
 * activations are to those of another picture, less their squared distance over the squared length of what is wanted
 * (Mahendran and Vedaldi 2015, arXiv:1412.0035).
 */
export type Objective =
  | { readonly kind: 'target'; readonly target: Target }
  | { readonly kind: 'layer'; readonly value: string }
  | {
      readonly kind: 'direction';
      readonly value: string;
      /** As long as the layer has channels, or elements. */
      readonly direction: Float32Array;
    }
  | { readonly kind: 'inversion'; readonly value: string; /** A sample of it, flat. */ readonly wanted: Float32Array };

export interface Term {
  readonly weight: number;
  readonly objective: Objective;
}

/** `score`: the number itself; `log_probability`: of a class, the logarithm of its probability. */
export type Measure = 'score' | 'log_probability';

/** Below this cosine a direction is not followed less (Lucid). */
const LEAST_COSINE = 0.1;
const POWER = 2;
const LITTLE = 1e-12;

/** The nodes behind a model that compute the weighted sum of several objectives, `[n, 1]`. */
export function writeObjective(subject: ModelSubject, terms: readonly Term[], measure: Measure): Head {
  const scores = subject.scoreValue('logit').value;
  const b = new HeadBuilder(subject.facts, scores, JSON.stringify(['objective', measure, terms.map(textOf)]));
  let sum: Ref | undefined;
  for (const { weight, objective } of terms) {
    const number = written(b, subject, objective, measure);
    const part = weight === 1 ? number : b.mul(number, weight);
    sum = sum === undefined ? part : b.add(sum, part);
  }
  if (sum === undefined) throw new Error('There is nothing to maximise');
  return b.done(sum);
}

function written(b: HeadBuilder, subject: ModelSubject, objective: Objective, measure: Measure): Ref {
  switch (objective.kind) {
    case 'target': {
      const { target } = objective;
      if (measure === 'log_probability') return logProbability(b, subject, target);
      if (target.head !== undefined) return b.join(target.head);
      return b.of(numberOf(target, subject.scoreValue('logit').value));
    }
    case 'layer': {
      const rows = b.rows(objective.value);
      return b.mul(b.reduce('ReduceSum', b.mul(rows, rows)), 1 / sizeOf(rows.dims));
    }
    case 'direction':
      return along(b, subject, objective);
    case 'inversion': {
      const { wanted } = objective;
      const away = b.sub(b.rows(objective.value), b.constant(wanted));
      const length = wanted.reduce((sum, v) => sum + v * v, 0);
      return b.mul(b.reduce('ReduceSum', b.mul(away, away)), -1 / Math.max(length, LITTLE));
    }
  }
}

/**
 * The logarithm of a class's probability.
 *
 * @throws LensError `reconstruction/no-probability` for what is no class, or has none
 */
function logProbability(b: HeadBuilder, subject: ModelSubject, target: Target): Ref {
  const { value } = subject.scoreValue('logit');
  if (!isOneScore(target) || !makesProbability(subject)) {
    throw new LensError('usage', 'reconstruction/no-probability', `"${target.label}" has no probability.`, {
      hint: 'Leave objective=score for it.',
    });
  }
  const rows = b.rows(value);
  if (subject.activation === 'softmax')
    return b.take(b.op('LogSoftmax', [rows], rows.dims, { axis: 1 }), [target.index]);
  const one = b.take(rows, [target.index]);
  // log σ(z) = -softplus(-z)
  if (subject.activation === 'sigmoid') return b.mul(b.op('Softplus', [b.mul(one, -1)]), -1);
  return b.op('Log', [b.add(one, b.number(LITTLE))]);
}

const makesProbability = (subject: ModelSubject): boolean =>
  subject.classifier && (subject.activation !== 'none' || subject.scoreName('logit') === 'probability');

/** Whether the logarithm of a probability can be asked for. */
export function hasProbability(subject: ModelSubject, objective: Objective): boolean {
  return objective.kind === 'target' && isOneScore(objective.target) && makesProbability(subject);
}

/** dot · max(.1, cos)², at each place of a feature map, and their mean. */
function along(b: HeadBuilder, subject: ModelSubject, { value, direction }: Objective & { kind: 'direction' }): Ref {
  const size = sizeOf(sampleDims(factOf(subject.facts, value), subject.facts));
  const map = featureMapOf(subject, value);
  const rows = b.rows(value);
  const flat = direction.length === size;
  if (!flat && (map === undefined || direction.length !== map.channels)) {
    throw new LensError(
      'usage',
      'reconstruction/direction',
      `The direction has ${direction.length} numbers; the layer has ${map === undefined ? '' : `${map.channels} channels and `}${size} values.`,
    );
  }
  const channels = flat ? size : map!.channels;
  const places = flat ? 1 : map!.height * map!.width;
  const offsets = flat
    ? Array.from({ length: size }, (_, i) => i)
    : Array.from({ length: places * channels }, (_, i) => {
        const [place, channel] = [Math.floor(i / channels), i % channels];
        return map!.at(channel, Math.floor(place / map!.width), place % map!.width);
      });
  const x = b.reshape(b.take(rows, offsets), [places, channels]);
  const length = Math.hypot(...direction);
  const dot = b.op('MatMul', [x, b.constant(direction, [channels, 1])], [places, 1]);
  const squares = b.op(
    'MatMul',
    [b.mul(x, x), b.constant(new Float32Array(channels).fill(1), [channels, 1])],
    [places, 1],
  );
  const norm = b.op('Sqrt', [b.add(squares, b.constant([LITTLE], [1, 1]))]);
  const cosine = b.mul(b.div(dot, norm), b.constant([1 / Math.max(length, LITTLE)], [1, 1]));
  const held = b.op('Max', [cosine, b.constant([LEAST_COSINE], [1, 1])]);
  const each = b.mul(dot, b.op('Pow', [held, b.constant([POWER], [1, 1])]));
  return b.mul(b.reduce('ReduceSum', b.reshape(each, [places])), 1 / places);
}

function textOf({ weight, objective }: Term): unknown {
  switch (objective.kind) {
    case 'target': {
      const { index, weights, unit, head } = objective.target;
      const pick = unit?.pick;
      const direction =
        pick !== undefined && pick !== 'sum' && 'direction' in pick
          ? Array.from(pick.direction.data as Float32Array)
          : pick;
      return [weight, index, weights === undefined ? 0 : Array.from(weights), unit?.value, direction, head?.value];
    }
    case 'layer':
      return [weight, objective.value];
    case 'direction':
      return [weight, objective.value, Array.from(objective.direction)];
    case 'inversion':
      return [weight, objective.value, Array.from(objective.wanted)];
  }
}

/** The values that objectives read from a model. */
export function valuesRead(subject: ModelSubject, terms: readonly Term[]): string[] {
  return terms.map(({ objective }) =>
    objective.kind === 'target' ? numberOf(objective.target, subject.scoreValue('logit').value).value : objective.value,
  );
}

/**
 * The rectifier that a value comes out of, perhaps through means and what only moves elements about: behind one, a unit that
 * is off has no gradient.
 */
export function rectifierOf(graph: Graph, value: string): GraphNode | undefined {
  const index = indexOf(graph);
  let at = value;
  for (;;) {
    const node = index.producer(at);
    const input = node?.inputs[0];
    if (node === undefined || input === undefined || input === '') return undefined;
    const row = operator(node);
    if (row.cuts === true) return node;
    if (row.averages !== true && row.keepsOrder !== true && row.flops !== 0) return undefined;
    at = input;
  }
}

/** The graph in which some rectifiers let everything through. */
export function withoutRectifiers(graph: Graph, rectifiers: readonly GraphNode[]): Graph {
  const names = new Set(rectifiers.map((n) => n.name));
  if (names.size === 0) return graph;
  const nodes = graph.nodes.map((node): GraphNode =>
    names.has(node.name)
      ? { ...node, op: 'Identity', domain: '', inputs: node.inputs.slice(0, 1), attributes: makeAttributes({}) }
      : node,
  );
  return { ...graph, nodes };
}
