import { float } from '../../graph/attributes.js';
import { operatorsWith } from '../../graph/operators/operators.js';
import { Algebra } from '../emit/algebra.js';
import { axisOf, range } from '../dims.js';
import { total } from '../emit/contributions.js';
import { answerFor } from '../rules/registry.js';
import { answersShares } from './gates.js';
import type { NewAttributes, Ref, Rule, RuleContext } from '../rule.js';

/**
 * Layer-wise relevance propagation as backward rules. Relevance is carried as R = value · g, with g in the place of the
 * gradient, so that everything linear keeps its own rule and a sum over branches stays a sum; the relevance of the input
 * is input · g.
 *
 * - `epsilon` (Bach et al. 2015): R_i = Σ_j a_i w_ij / (z_j + ε sign z_j) · R_j, i.e. dx = Wᵀ(dy · z/(z + ε sign z)).
 * - `z_plus` (Montavon et al. 2017; α1β0): only contributions a_i w_ij above zero count, and share all of R_j.
 * - `epsilon_plus`: z_plus for convolutions, epsilon for the linear layers above them.
 *
 * Activations pass relevance on as it is. In transformers attention weights, gates and the scale of a normalisation are
 * taken as constants (Ali et al. 2022, "XAI for Transformers: Better Explanations through Conservative Propagation").
 */
export const LRP_PRESETS = ['epsilon', 'z_plus', 'epsilon_plus'] as const;
export type LrpPreset = (typeof LRP_PRESETS)[number];

/** What is known of a graph beside its operators. */
export interface Weighing {
  /** Nodes whose shares weigh something that is computed, see {@link gatesOf}. */
  readonly gates: ReadonlySet<string>;
  /** Products whose first factor weighs the second. */
  readonly weighed: ReadonlySet<string>;
}

export function lrpRules(preset: LrpPreset, epsilon: number, { gates, weighed }: Weighing): ReadonlyMap<string, Rule> {
  const stable: Rule = (c) => epsilonRule(c, epsilon);
  const dense = preset === 'z_plus' ? positiveRule : stable;
  const spatial = preset === 'epsilon' ? stable : positiveRule;
  const constants: Rule = () => [];
  return new Map<string, Rule>([
    ['Conv', spatial],
    ['ConvTranspose', spatial],
    ['Gemm', dense],
    ['MatMul', dense],
    ...PASSED_ON.map((op) => [op, passOn] as const),
    ...HELD.map((op) => [op, constants] as const),
    // A share that weighs nothing is a score: it passes relevance on as an activation does.
    ...SHARES.map((op): [string, Rule] => [op, (c) => (gates.has(c.node.name) ? [] : passOn(c))]),
    ['Mul', (c) => (weighed.has(c.node.name) ? [undefined, registered(c)[1]] : registered(c))],
    ['Div', (c) => [registered(c)[0]]],
    ['LayerNormalization', layerNormalisation],
    ['InstanceNormalization', instanceNormalisation],
  ]);
}

/** What only weights something else: parts of gates and variances. */
const HELD = ['Erf', 'Sqrt', 'Reciprocal', 'Exp', 'Pow'];
/** Attention and gates, where they weigh something. */
const SHARES = operatorsWith(answersShares);
/** Activations: relevance goes through. The gradient of Relu says the same. */
const PASSED_ON = operatorsWith(
  (o) => o.activation === true && o.op !== 'Relu' && !HELD.includes(o.op) && !answersShares(o),
);

const TINY = 1e-9;

function registered(c: RuleContext): ReturnType<Rule> {
  const answer = answerFor('', c.node.op, c.opset);
  return answer.kind === 'rule' ? answer.rule(c) : c.refuse('it has no gradient rule');
}

/** The node's own rule, with another gradient of the output and, where given, other inputs of the same dimensions. */
function withOther(c: RuleContext, dy: Ref, inputs: readonly (Ref | undefined)[] = c.inputs): ReturnType<Rule> {
  const original = new Map(inputs.map((v, i) => [v, c.inputs[i]]));
  const other = Object.create(c, {
    outputGradients: { value: [dy] },
    inputs: { value: inputs },
    fact: { value: (v: Ref) => c.fact(original.get(v) ?? v) },
    dims: { value: (v: Ref) => c.dims(original.get(v) ?? v) },
    constant: { value: (v: Ref) => (original.get(v) === v || !original.has(v) ? c.constant(v) : undefined) },
  }) as RuleContext;
  return registered(other);
}

/** dx = dy · y/x; next to zero the slope. The relevance x · dx is y · dy. */
function passOn(c: RuleContext): ReturnType<Rule> {
  const a = new Algebra(c);
  const [x, y, dy] = [c.inputs[0]!, c.outputs[0]!, c.outputGradients[0]!];
  const slope = registered(c)[0];
  const near = a.less(a.abs(x), TINY);
  const ratio = a.mul(dy, a.div(y, a.where(near, 1, x)));
  return [typeof slope === 'string' ? a.where(near, slope, ratio) : ratio];
}

/** y = (x - mean)·r with r taken as a constant: dx = r·(g - mean(g)), where γ is in g already. */
function heldNormalisation(c: RuleContext, g: Ref, axes: readonly number[]): ReturnType<Rule> {
  const a = new Algebra(c);
  const x = c.inputs[0]!;
  const centred = a.sub(x, a.reduceMean(x, axes));
  const variance = a.reduceMean(a.square(centred), axes);
  const r = a.op('Reciprocal', [a.sqrt(a.add(variance, c.attributes.float('epsilon', 1e-5)))]);
  return [a.mul(r, a.sub(g, a.reduceMean(g, axes)))];
}

function layerNormalisation(c: RuleContext): ReturnType<Rule> {
  const rank = c.dims(c.inputs[0]!).length;
  const axis = axisOf(c.attributes.int('axis', -1), rank);
  const g = new Algebra(c).mul(c.outputGradients[0]!, c.inputs[1]!);
  return heldNormalisation(
    c,
    g,
    range(rank).filter((i) => i >= axis),
  );
}

function instanceNormalisation(c: RuleContext): ReturnType<Rule> {
  const a = new Algebra(c);
  const rank = c.dims(c.inputs[0]!).length;
  const scale = a.op('Unsqueeze', [c.inputs[1]!, c.emit.ints(range(rank - 2).map((i) => i + 1))]);
  return heldNormalisation(c, a.mul(c.outputGradients[0]!, scale), range(rank).slice(2));
}

/** ε with the sign of z. */
function signed(a: Algebra, z: Ref, epsilon: number): Ref {
  return a.where(a.less(z, 0), a.neg(a.emit.scalar(epsilon, z)), a.emit.scalar(epsilon, z));
}

function epsilonRule(c: RuleContext, epsilon: number): ReturnType<Rule> {
  if (epsilon === 0) return registered(c);
  const a = new Algebra(c);
  const z = c.outputs[0]!;
  return withOther(c, a.mul(c.outputGradients[0]!, a.div(z, a.add(z, signed(a, z, epsilon)))));
}

/** z⁺ = a⁺W⁺ + a⁻W⁻, without the bias; dx = W⁺ᵀs where a > 0 and W⁻ᵀs elsewhere, with s = R/z⁺ and R = y · dy. */
function positiveRule(c: RuleContext): ReturnType<Rule> {
  // A product of two computed values has no weights to choose from.
  if (!c.wants(0) || c.wants(1)) return registered(c);
  const a = new Algebra(c);
  const [x, w] = c.inputs as [Ref, Ref];
  const plus = (v: Ref): Ref => a.op('Relu', [v]);
  const minus = (v: Ref): Ref => a.neg(a.op('Relu', [a.neg(v)]));
  const [wPlus, wMinus] = [plus(w), minus(w)];
  const attributes = attributesOf(c);
  const z = a.add(a.op(c.node.op, [plus(x), wPlus], attributes), a.op(c.node.op, [minus(x), wMinus], attributes));
  const relevance = a.mul(c.outputs[0]!, c.outputGradients[0]!);
  // Nothing positive arrived: there is nobody to give the relevance to.
  const none = a.less(z, TINY);
  const s = a.where(none, 0, a.div(relevance, a.where(none, 1, z)));
  const [up, down] = [wPlus, wMinus].map((part) => {
    const [dx] = withOther(c, s, [x, part]);
    return dx === undefined ? undefined : total(a, [dx], () => c.dims(x));
  });
  if (up === undefined || down === undefined) return c.refuse('no gradient comes back from it');
  return [a.where(a.greater(x, 0), up, down)];
}

function attributesOf(c: RuleContext): NewAttributes {
  const { attributes } = c;
  if (c.node.op === 'MatMul') return {};
  if (c.node.op === 'Gemm') {
    const alpha = attributes.float('alpha', 1);
    const flags = { transA: attributes.int('transA', 0), transB: attributes.int('transB', 0) };
    return { ...flags, alpha: alpha === 1 ? undefined : float(alpha) };
  }
  const lists = ['dilations', 'kernel_shape', 'pads', 'strides', 'output_padding', 'output_shape'];
  return {
    ...Object.fromEntries(lists.map((name) => [name, attributes.ints(name)])),
    auto_pad: attributes.has('auto_pad') ? attributes.string('auto_pad', 'NOTSET') : undefined,
    group: attributes.int('group', 1),
  };
}
