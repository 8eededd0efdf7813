import { operatorsWith } from '../../graph/operators/operators.js';
import { Algebra } from '../emit/algebra.js';
import { axisOf, range, type Dims } from '../dims.js';
import { answerFor } from '../rules/registry.js';
import type { Ref, Rule, RuleContext } from '../rule.js';
import { matrixProduct } from '../rules/linear.js';
import { reduced } from '../rules/reduction.js';
import { scatterFlat } from '../rules/shared/scatterFlat.js';

/**
 * DeepLIFT's rescale rule (Shrikumar, Greenside, Kundaje 2017, arXiv:1704.02685) for a graph that computes a sample and
 * its baseline side by side (`twoPasses.ts`): in place of the slope of the tangent the slope of the secant, Δy/Δx, so that the
 * multipliers times Δx add up to Δy exactly. The paper knows elementwise functions and linear layers; products, quotients
 * and normalisations are split likewise: Δ(ab) = Δa·(b + b')/2 + Δb·(a + a')/2.
 *
 * @param twin name of a value in the baseline's pass
 */
export function secantRules(twin: (value: string) => string): ReadonlyMap<string, Rule> {
  const both = (value: Ref): readonly [Ref, Ref] => [value, twin(value)];
  return new Map<string, Rule>([
    ...CURVES.map((op) => [op, elementwise(op, both)] as const),
    ['Mul', (c) => product(c, both)],
    ['Div', (c) => quotient(c, both)],
    ['MatMul', (c) => matmul(c, both)],
    ['MaxPool', (c) => maxPool(c, both)],
    ['ReduceMax', (c) => reduceMax(c, both)],
    ['Softmax', (c) => softmax(c, both)],
    ['LayerNormalization', (c) => layerNormalisation(c, both)],
    ['InstanceNormalization', (c) => instanceNormalisation(c, both)],
  ]);
}

type Both = (value: Ref) => readonly [Ref, Ref];
type Contributions = (Ref | undefined)[];

/** Functions of one number. An exponent is a parameter, as a slope is. */
const CURVES = [...operatorsWith((o) => o.elementwise === 'curve'), 'Pow'];

/** Differences of the input below this are nothing but rounding: there the tangent is taken. */
const NEAR = 1e-6;

/** dx = dy · Δy/Δx. Operators with parameters (PRelu, Pow, Clip) have their data first. */
function elementwise(op: string, both: Both): Rule {
  return (c) => {
    const tangent = registered(op, c);
    if (typeof tangent[0] !== 'string') return tangent;
    const a = new Algebra(c);
    const [x, x0] = both(c.inputs[0]!);
    const [y, y0] = both(c.outputs[0]!);
    const dx = a.sub(x, x0);
    const near = a.less(a.abs(dx), NEAR);
    const secant = a.mul(c.outputGradients[0]!, a.div(a.sub(y, y0), a.where(near, 1, dx)));
    return [a.where(near, tangent[0], secant)];
  };
}

function registered(op: string, c: RuleContext): ReturnType<Rule> {
  const answer = answerFor('', op, c.opset);
  return answer.kind === 'rule' ? answer.rule(c) : c.refuse(`it has no gradient rule`);
}

/** The mean of a value over both passes. */
function middle(a: Algebra, [v, v0]: readonly [Ref, Ref]): Ref {
  return v === v0 ? v : a.mul(a.add(v, v0), 0.5);
}

/** y = p·q: dp = dy·(q + q')/2 */
function product(c: RuleContext, both: Both): Contributions {
  const a = new Algebra(c);
  const [dy, [p, q], y] = [c.outputGradients[0]!, c.inputs as [Ref, Ref], c.outputs[0]!];
  return [
    c.wants(0) ? a.sumLike(a.mul(dy, middle(a, both(q))), y, p) : undefined,
    c.wants(1) ? a.sumLike(a.mul(dy, middle(a, both(p))), y, q) : undefined,
  ];
}

/** y = p/q = p·r: dp = dy·(r + r')/2, dq = dy·(p + p')/2 · Δr/Δq, and Δr/Δq = -1/(q·q') without a limit to take. */
function quotient(c: RuleContext, both: Both): Contributions {
  const a = new Algebra(c);
  const [dy, [p, q], y] = [c.outputGradients[0]!, c.inputs as [Ref, Ref], c.outputs[0]!];
  const [q1, q0] = both(q);
  const r = (v: Ref): Ref => a.op('Reciprocal', [v]);
  return [
    c.wants(0) ? a.sumLike(a.mul(dy, q1 === q0 ? r(q1) : a.mul(a.add(r(q1), r(q0)), 0.5)), y, p) : undefined,
    c.wants(1) ? a.sumLike(a.neg(a.div(a.mul(dy, middle(a, both(p))), a.mul(q1, q0))), y, q) : undefined,
  ];
}

function matmul(c: RuleContext, both: Both): Contributions {
  const a = new Algebra(c);
  const [p, q] = c.inputs as [Ref, Ref];
  const wants = [c.wants(0), c.wants(1)] as const;
  const [pm, qm] = [wants[1] ? middle(a, both(p)) : p, wants[0] ? middle(a, both(q)) : q];
  return matrixProduct(a, c.outputGradients[0]!, {
    left: { value: pm, dims: c.dims(p) },
    right: { value: qm, dims: c.dims(q) },
    wants,
  });
}

/** y - y' in two terms, one for the place of each maximum, divided by the difference of the inputs there. */
function maxPool(c: RuleContext, both: Both): Contributions {
  const a = new Algebra(c);
  const dy = c.outputGradients[0]!;
  const [[x, x0], [y, y0], [at, at0]] = [both(c.inputs[0]!), both(c.outputs[0]!), both(c.outputs[1]!)];
  const [xd, yd] = [c.dims(x), c.dims(y)];
  const most = a.op('Max', [y, y0]);
  const terms = a.add(
    scatterFlat(a, xd, at, a.mul(dy, a.sub(most, y0)), yd),
    scatterFlat(a, xd, at0, a.mul(dy, a.sub(y, most)), yd),
  );
  const dx = a.sub(x, x0);
  const near = a.less(a.abs(dx), 1e-7);
  return [a.where(near, 0, a.div(terms, a.where(near, 1, dx)))];
}

/** The same where the maximum is found by comparing: those that attain it share its term. */
function reduceMax(c: RuleContext, both: Both): Contributions {
  const { a, dy, x, axes } = reduced(c);
  const x0 = both(x)[1];
  const top = (v: Ref): Ref => a.reduce('ReduceMax', v, axes, true);
  const [y, y0] = [top(x), top(x0)];
  const most = a.op('Max', [y, y0]);
  const term = (v: Ref, peak: Ref, difference: Ref): Ref => {
    const hit = a.castLike(a.equal(v, peak), dy);
    return a.mul(hit, a.div(a.mul(dy, difference), a.reduceSum(hit, axes)));
  };
  const terms = a.add(term(x, y, a.sub(most, y0)), term(x0, y0, a.sub(y, most)));
  const dx = a.sub(x, x0);
  const near = a.less(a.abs(dx), 1e-7);
  return [a.where(near, 0, a.div(terms, a.where(near, 1, dx)))];
}

/** y = e·r with e = exp(x - m), r = 1/Σe and one m for both passes, which cancels: the rules of Exp, Mul and Reciprocal. */
function softmax(c: RuleContext, both: Both): Contributions {
  const a = new Algebra(c);
  const dy = c.outputGradients[0]!;
  const [x, x0] = both(c.inputs[0]!);
  const axis = axisOf(c.attributes.int('axis', -1), c.dims(x).length);
  const top = (v: Ref): Ref => a.reduce('ReduceMax', v, [axis], true);
  const m = a.op('Max', [top(x), top(x0)]);
  const [e, e0] = [a.exp(a.sub(x, m)), a.exp(a.sub(x0, m))];
  const [r, r0] = [e, e0].map((v) => a.op('Reciprocal', [a.reduceSum(v, [axis])])) as [Ref, Ref];
  const dr = a.reduceSum(a.mul(dy, middle(a, [e, e0])), [axis]);
  // Δr/ΔΣ = -r·r'
  const de = a.sub(a.mul(dy, middle(a, [r, r0])), a.mul(dr, a.mul(r, r0)));
  const dx = a.sub(x, x0);
  const near = a.less(a.abs(dx), NEAR);
  return [a.mul(de, a.where(near, e, a.div(a.sub(e, e0), a.where(near, 1, dx))))];
}

/**
 * y = d·r with d = x - mean(x), r = (v + ε)^-½, v = mean(d²), scaled by γ outside: Δv = mean(Δd·(d + d')) and
 * Δr/Δv = -r²r'²/(r + r').
 */
function normalisation(c: RuleContext, g: Ref, both: Both, axes: readonly number[], epsilon: number): Ref {
  const a = new Algebra(c);
  const parts = (x: Ref): { d: Ref; r: Ref } => {
    const d = a.sub(x, a.reduceMean(x, axes));
    return { d, r: a.op('Reciprocal', [a.sqrt(a.add(a.reduceMean(a.square(d), axes), epsilon))]) };
  };
  const [x, x0] = both(c.inputs[0]!);
  const [one, two] = [parts(x), parts(x0)];
  const d = middle(a, [one.d, two.d]);
  const dr = a.reduceSum(a.mul(g, d), axes);
  const slope = a.neg(a.div(a.square(a.mul(one.r, two.r)), a.add(one.r, two.r)));
  const size = a.count(
    axes.map((i) => c.dims(x)[i]!),
    x,
  );
  // Δv/Δd = (d + d')/n = 2 · middle / n
  const throughVariance = a.mul(a.div(a.mul(a.mul(dr, slope), 2), size), d);
  const dd = a.add(a.mul(g, middle(a, [one.r, two.r])), throughVariance);
  return a.sub(dd, a.reduceMean(dd, axes));
}

function layerNormalisation(c: RuleContext, both: Both): Contributions {
  const a = new Algebra(c);
  const dims: Dims = c.dims(c.inputs[0]!);
  const axis = axisOf(c.attributes.int('axis', -1), dims.length);
  const g = a.mul(c.outputGradients[0]!, c.inputs[1]!);
  const axes = range(dims.length).filter((i) => i >= axis);
  return [normalisation(c, g, both, axes, c.attributes.float('epsilon', 1e-5))];
}

function instanceNormalisation(c: RuleContext, both: Both): Contributions {
  const a = new Algebra(c);
  const rank = c.dims(c.inputs[0]!).length;
  const scale = a.op('Unsqueeze', [c.inputs[1]!, c.emit.ints(range(rank - 2).map((i) => i + 1))]);
  const g = a.mul(c.outputGradients[0]!, scale);
  return [normalisation(c, g, both, range(rank).slice(2), c.attributes.float('epsilon', 1e-5))];
}
