import { toNumbers } from '../../base/tensor.js';
import { Algebra } from '../emit/algebra.js';
import { sameShape } from '../dims.js';
import { isBlocked } from '../layout/gradientForms.js';
import { affine, isSpread, rectified, spreadOver } from '../layout/blocked.js';
import { rule, type Ref, type RuleContext, type RuleEntry } from '../rule.js';

/** A gradient in the output's dimensions, summed back to input i. */
function back(c: RuleContext, a: Algebra, i: number, gradient: () => Ref): Ref | undefined {
  return c.wants(i) ? a.sumLike(gradient(), c.outputs[0]!, c.inputs[i]!) : undefined;
}

function two(
  op: string,
  da: (a: Algebra, dy: Ref, x: readonly Ref[], y: Ref, c: RuleContext) => Ref,
  db: typeof da,
): RuleEntry {
  return rule(op, (c) => {
    const a = new Algebra(c);
    const dy = c.outputGradients[0]!;
    const x = c.inputs as readonly Ref[];
    const y = c.outputs[0]!;
    return [back(c, a, 0, () => da(a, dy, x, y, c)), back(c, a, 1, () => db(a, dy, x, y, c))];
  });
}

/** y = a·b; and x·σ(x) in one: dx = dy·σ·(1 - y + x), which takes three passes less than through Mul and Sigmoid. */
function product(c: RuleContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const dy = c.outputGradients[0]!;
  const [p, q] = c.inputs as [Ref, Ref];
  const y = c.outputs[0]!;
  const gate = (x: Ref, s: Ref): boolean => {
    const maker = x === s ? undefined : c.through(s);
    return maker?.op === 'Sigmoid' && maker.domain === '' && maker.inputs[0] === x && sameShape(c.dims(x), c.dims(y));
  };
  for (const [i, x, s] of [
    [0, p, q],
    [1, q, p],
  ] as const) {
    if (!c.wants(i) || !gate(x, s)) continue;
    // x - y = x·(1 - σ). In the blocked layout 1 - y + x is one convolution with something added.
    const dx = a.mul(dy, a.mul(s, a.add(affine(a, y, c.dims(y), -1, 1), x)));
    return i === 0 ? [dx] : [undefined, dx];
  }
  for (const [i, x, f] of [
    [0, p, q],
    [1, q, p],
  ] as const) {
    const slope = c.wants(i) && sameShape(c.dims(x), c.dims(y)) ? errorGate(c, x, f) : undefined;
    if (slope === undefined) continue;
    // The constant goes into the exponent: one pass less.
    const bell = a.exp(a.sub(Math.log(slope.k * TWO_OVER_ROOT_PI), a.square(slope.v)));
    const dx = a.mul(dy, a.add(f, a.mul(x, bell)));
    return i === 0 ? [dx] : [undefined, dx];
  }
  // A gate for each channel (squeeze and excitation), spread over the positions within the blocked layout.
  for (const [i, x, g] of [
    [0, p, q],
    [1, q, p],
  ] as const) {
    const dims = c.dims(x);
    if (!isSpread(c.dims(g), dims) || !isBlocked(c.provider, c.type(x), dims)) continue;
    const size = dims[2]!.base * dims[3]!.base;
    const gradients: (Ref | undefined)[] = [];
    gradients[i] = c.wants(i) ? a.mul(dy, spreadOver(a, g, dims)) : undefined;
    gradients[1 - i] = c.wants(1 - i) ? a.mul(a.op('GlobalAveragePool', [a.mul(dy, x)]), size) : undefined;
    return gradients;
  }
  return [back(c, a, 0, () => a.mul(dy, q)), back(c, a, 1, () => a.mul(dy, p))];
}

const TWO_OVER_ROOT_PI = 2 / Math.sqrt(Math.PI);

/** f = 1 + erf(v) with v = k·x: how exporters write GELU, x·f/2. d(x·f)/dx = f + x·k·2/√π·exp(-v²) */
function errorGate(c: RuleContext, x: Ref, f: Ref): { v: Ref; k: number } | undefined {
  const number = (v: Ref | undefined): number | undefined => {
    const t = v === undefined ? undefined : c.constant(v);
    return t === undefined || t.dims.length > 1 || t.data.length !== 1 ? undefined : toNumbers(t)[0];
  };
  const sum = c.through(f);
  if (sum?.op !== 'Add' || sum.domain !== '') return undefined;
  const one = sum.inputs.findIndex((i) => number(i) === 1);
  const erf = one < 0 ? undefined : c.through(sum.inputs[1 - one]!);
  if (erf?.op !== 'Erf' || erf.domain !== '') return undefined;
  const v = erf.inputs[0]!;
  const scaled = c.through(v);
  if (scaled === undefined || scaled.domain !== '' || scaled.inputs[0] !== x) return undefined;
  const factor = number(scaled.inputs[1]);
  if (factor === undefined || factor <= 0) return undefined;
  if (scaled.op === 'Div') return { v, k: 1 / factor };
  return scaled.op === 'Mul' ? { v, k: factor } : undefined;
}

/** d(a^b)/da = b · a^(b-1), with the usual exponents written out. */
function powerBase(a: Algebra, dy: Ref, [base, exponent]: readonly Ref[], y: Ref, c: RuleContext): Ref {
  const known = c.constant(exponent!);
  const b = known === undefined || toNumbers(known).length !== 1 ? undefined : toNumbers(known)[0]!;
  if (b === 0) return a.mul(dy, 0);
  if (b === 1) return dy;
  if (b === 2) return a.mul(dy, a.mul(base!, 2));
  if (b === 3) return a.mul(dy, a.mul(a.square(base!), 3));
  if (b === 0.5) return a.mul(dy, a.div(0.5, y));
  if (b === -1) return a.mul(dy, a.neg(a.square(y)));
  if (b !== undefined) return a.mul(dy, a.mul(a.pow(base!, b - 1), b));
  const e = a.castLike(exponent!, base!);
  // b = 0 gives 0 even where a^(b-1) is infinite.
  return a.mul(dy, a.where(a.equal(e, 0), 0, a.mul(e, a.pow(base!, a.sub(e, 1)))));
}

/** d(a^b)/db = y · ln a, and 0 at a = 0. */
function powerExponent(a: Algebra, dy: Ref, [base]: readonly Ref[], y: Ref): Ref {
  const zero = a.equal(base!, 0);
  return a.castLike(a.mul(dy, a.mul(y, a.where(zero, 0, a.log(a.where(zero, 1, base!))))), dy);
}

/** Min and Max: the inputs that attain the extremum share the gradient equally, as in PyTorch. */
function extremum(op: string): RuleEntry {
  return rule(op, (c) => {
    const a = new Algebra(c);
    const dy = c.outputGradients[0]!;
    if (c.inputs.length === 1) return [dy];
    const hits = c.inputs.map((x) => a.castLike(a.equal(x!, c.outputs[0]!), dy));
    const share = a.div(dy, a.sum(hits));
    return hits.map((hit, i) => back(c, a, i, () => a.mul(share, hit)));
  });
}

export const arithmeticRules: readonly RuleEntry[] = [
  two(
    'Add',
    (_a, dy) => dy,
    (_a, dy) => dy,
  ),
  two(
    'Sub',
    (_a, dy) => dy,
    (a, dy) => a.neg(dy),
  ),
  rule('Mul', product),
  // d(a/b)/db = -y/b
  two(
    'Div',
    (a, dy, x) => a.div(dy, x[1]!),
    (a, dy, x, y) => a.neg(a.div(a.mul(dy, y), x[1]!)),
  ),
  two('Pow', powerBase, powerExponent),
  // y = a - b·k with k = (a - y)/b a whole number
  two(
    'Mod',
    (_a, dy) => dy,
    (a, dy, x, y) => a.neg(a.mul(dy, a.op('Round', [a.div(a.sub(x[0]!, y), x[1]!)]))),
  ),
  rule('Sum', (c) => {
    const a = new Algebra(c);
    return c.inputs.map((_, i) => back(c, a, i, () => c.outputGradients[0]!));
  }),
  rule('Mean', (c) => {
    const a = new Algebra(c);
    const share = a.mul(c.outputGradients[0]!, 1 / c.inputs.length);
    return c.inputs.map((_, i) => back(c, a, i, () => share));
  }),
  extremum('Max'),
  extremum('Min'),
  // y = condition ? a : b
  rule('Where', (c) => {
    const a = new Algebra(c);
    const dy = c.outputGradients[0]!;
    const condition = c.inputs[0]!;
    return [undefined, back(c, a, 1, () => a.where(condition, dy, 0)), back(c, a, 2, () => a.where(condition, 0, dy))];
  }),
  // Strictly inside the limits, read from y so that a fused Conv + Clip stays fused; as PyTorch's relu6 and hardtanh.
  rule('Clip', (c) => {
    const a = new Algebra(c);
    const dy = c.outputGradients[0]!;
    const y = c.outputs[0]!;
    const [, low, high] = c.inputs;
    const number = (v: Ref | undefined): number | undefined => {
      const t = v === undefined ? undefined : c.constant(v);
      return t === undefined ? undefined : toNumbers(t)[0];
    };
    const top = number(high);
    // A rectifier: ReLU, ReLU6.
    if (number(low) === 0 && (high === undefined || (top !== undefined && top > 0)) && !c.wants(1) && !c.wants(2))
      return [rectified(a, dy, y, c.dims(y), top)];
    const inside = [
      low === undefined ? undefined : a.greater(y, low),
      high === undefined ? undefined : a.less(y, high),
    ].filter((m) => m !== undefined);
    if (inside.length === 0) return [dy];
    const dx = a.mask(inside.length === 2 ? a.and(inside[0]!, inside[1]!) : inside[0]!, dy);
    const limit = (i: number, beyond: (bound: Ref) => Ref): Ref | undefined =>
      c.wants(i) ? a.reduceAll(a.mask(beyond(c.inputs[i]!), dy), c.dims(y)) : undefined;
    return [c.wants(0) ? dx : undefined, limit(1, (b) => a.equal(y, b)), limit(2, (b) => a.equal(y, b))];
  }),
];
