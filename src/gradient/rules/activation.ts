import { Algebra } from '../emit/algebra.js';
import { MICROSOFT, rule, type Ref, type RuleContext, type RuleEntry } from '../rule.js';
import { affine, rectified } from '../layout/blocked.js';
import { unary } from './unary.js';

const ROOT_HALF = Math.SQRT1_2;
const NORMAL = 1 / Math.sqrt(2 * Math.PI);
const GELU = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

/** dx = condition ? dy · inside : dy · outside; the condition is read from y, so that the forward node may stay fused. */
function piecewise(op: string, domain: string, parts: (a: Algebra, dy: Ref, c: RuleContext) => Ref): RuleEntry {
  const entry = rule(op, (c) => [parts(new Algebra(c), c.outputGradients[0]!, c)]);
  return domain === '' ? entry : { ...entry, domain };
}

/** Φ(x) + x·φ(x), with Φ the distribution function of the normal and φ its density. */
export function geluExact(a: Algebra, x: Ref): Ref {
  const phi = a.mul(a.add(a.op('Erf', [a.mul(x, ROOT_HALF)]), 1), 0.5);
  return a.add(phi, a.mul(x, a.mul(a.exp(a.mul(a.square(x), -0.5)), NORMAL)));
}

/** y = x/2 · (1 + tanh u), u = √(2/π)·(x + 0.044715x³): y' = (1 + t)/2 + x/2 · (1 - t²) · u' */
export function geluTanh(a: Algebra, x: Ref): Ref {
  const x2 = a.square(x);
  const t = a.tanh(a.mul(x, a.mul(a.add(a.mul(x2, CUBIC), 1), GELU)));
  const inner = a.mul(a.add(a.mul(x2, 3 * CUBIC), 1), GELU);
  return a.mul(a.add(a.add(t, 1), a.mul(a.mul(x, inner), a.sub(1, a.square(t)))), 0.5);
}

/** y = x·σ(αx): y' = σ + α·y·(1 - σ) */
export function swish(a: Algebra, x: Ref, y: Ref, alpha: number): Ref {
  const s = a.sigmoid(a.mul(x, alpha));
  return a.add(s, a.mul(a.mul(y, a.sub(1, s)), alpha));
}

export const activationRules: readonly RuleEntry[] = [
  // y = max(x, 0)
  piecewise('Relu', '', (a, dy, c) =>
    a.emit.vanishing.has(dy) ? dy : rectified(a, dy, c.outputs[0]!, c.dims(c.outputs[0]!)),
  ),
  // y = x > 0 ? x : αx. With α > 0, x and y have one sign.
  piecewise('LeakyRelu', '', (a, dy, c) => {
    const alpha = c.attributes.float('alpha', 0.01);
    return a.where(a.greater(alpha > 0 ? c.outputs[0]! : c.inputs[0]!, 0), dy, a.mul(dy, alpha));
  }),
  // y = x > 0 ? x : α(eˣ - 1): y' = y + α below 0
  piecewise('Elu', '', (a, dy, c) => {
    const alpha = c.attributes.float('alpha', 1);
    return a.where(a.greater(alpha > 0 ? c.outputs[0]! : c.inputs[0]!, 0), dy, a.mul(dy, a.add(c.outputs[0]!, alpha)));
  }),
  // y = γ(x > 0 ? x : α(eˣ - 1)): y' = γ above 0, y + γα below
  piecewise('Selu', '', (a, dy, c) => {
    const alpha = c.attributes.float('alpha', 1.6732631921768188);
    const gamma = c.attributes.float('gamma', 1.0507010221481323);
    return a.mul(dy, a.where(a.greater(c.inputs[0]!, 0), gamma, a.add(c.outputs[0]!, gamma * alpha)));
  }),
  // y = max(0, x) + min(0, α(e^(x/α) - 1)): y' = 1 above 0, y/α + 1 below
  piecewise('Celu', '', (a, dy, c) => {
    const alpha = c.attributes.float('alpha', 1);
    return a.mul(dy, a.where(a.greater(c.inputs[0]!, 0), 1, a.add(a.div(c.outputs[0]!, alpha), 1)));
  }),
  piecewise('ThresholdedRelu', '', (a, dy, c) => a.mask(a.greater(c.inputs[0]!, c.attributes.float('alpha', 1)), dy)),
  // y = x < -λ ? x + bias : x > λ ? x - bias : 0
  piecewise('Shrink', '', (a, dy, c) => a.mask(a.greater(a.abs(c.inputs[0]!), c.attributes.float('lambd', 0.5)), dy)),
  // y = x > 0 ? x : slope·x
  rule('PRelu', (c) => {
    const a = new Algebra(c);
    const dy = c.outputGradients[0]!;
    const [x, slope] = c.inputs as [Ref, Ref];
    const positive = a.greater(x, 0);
    return [
      c.wants(0) ? a.sumLike(a.where(positive, dy, a.mul(dy, slope)), c.outputs[0]!, x) : undefined,
      c.wants(1) ? a.sumLike(a.where(positive, 0, a.mul(dy, x)), c.outputs[0]!, slope) : undefined,
    ];
  }),
  // σ(1 - σ)
  unary('Sigmoid', (a, _x, y, c) => a.mul(y, affine(a, y, c.dims(y), -1, 1))),
  // y = max(0, min(1, αx + β))
  piecewise('HardSigmoid', '', (a, dy, c) => {
    const y = c.outputs[0]!;
    return a.mask(a.and(a.greater(y, 0), a.less(y, 1)), a.mul(dy, c.attributes.float('alpha', 0.2)));
  }),
  // y = x · max(0, min(1, x/6 + 1/2)): y' = 0 below -3, 1 above 3, x/3 + 1/2 between
  piecewise('HardSwish', '', (a, dy, c) => {
    const x = c.inputs[0]!;
    const inner = a.where(a.greater(x, -3), a.add(a.mul(x, 1 / 3), 0.5), 0);
    return a.mul(dy, a.where(a.less(x, 3), inner, 1));
  }),
  // ln(1 + eˣ)' = σ
  unary('Softplus', (a, x) => a.sigmoid(x)),
  // x/(1 + |x|): 1/(1 + |x|)²
  unary('Softsign', (a, x) => a.div(1, a.square(a.add(a.abs(x), 1)))),
  unary('Swish', (a, x, y, c) => swish(a, x, y, c.attributes.float('alpha', 1))),
  // y = x·t, t = tanh(softplus x): y' = t + x(1 - t²)σ
  unary('Mish', (a, x) => {
    const t = a.tanh(a.op('Softplus', [x]));
    return a.add(t, a.mul(a.mul(x, a.sub(1, a.square(t))), a.sigmoid(x)));
  }),
  unary('Gelu', (a, x, _y, c) =>
    c.attributes.string('approximate', 'none') === 'tanh' ? geluTanh(a, x) : geluExact(a, x),
  ),
  unary('Gelu', geluExact, MICROSOFT),
  unary('QuickGelu', (a, x, y, c) => swish(a, x, y, c.attributes.float('alpha', 1.702)), MICROSOFT),
  // dx = y·(dy - Σ dy·y)
  rule('Softmax', (c) => {
    const a = new Algebra(c);
    const y = c.outputs[0]!;
    const axis = axisAttribute(c);
    const g = a.mul(c.outputGradients[0]!, y);
    return [a.sub(g, a.mul(y, a.reduceSum(g, [axis])))];
  }),
  // dx = dy - eʸ · Σ dy
  rule('LogSoftmax', (c) => {
    const a = new Algebra(c);
    const dy = c.outputGradients[0]!;
    return [a.sub(dy, a.mul(a.exp(c.outputs[0]!), a.reduceSum(dy, [axisAttribute(c)])))];
  }),
];

function axisAttribute(c: RuleContext): number {
  const axis = c.attributes.int('axis', -1);
  return axis < 0 ? axis + c.dims(c.outputs[0]!).length : axis;
}
