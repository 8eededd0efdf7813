import { Algebra } from '../emit/algebra.js';
import { rule, zeros, type Ref, type RuleContext, type RuleEntry } from '../rule.js';

/** An entry for y = f(x) elementwise, given f'(x). */
export function unary(
  op: string,
  derivative: (a: Algebra, x: Ref, y: Ref, c: RuleContext) => Ref,
  domain = '',
): RuleEntry {
  const entry = rule(op, (c) => {
    const a = new Algebra(c);
    return [a.mul(c.outputGradients[0]!, derivative(a, c.inputs[0]!, c.outputs[0]!, c))];
  });
  return domain === '' ? entry : { ...entry, domain };
}

const TWO_OVER_ROOT_PI = 2 / Math.sqrt(Math.PI);

export const unaryRules: readonly RuleEntry[] = [
  // dx = -dy
  rule('Neg', (c) => [c.emit.op('Neg', [c.outputGradients[0]])]),
  // dx = dy · sign(x)
  unary('Abs', (a, x) => a.sign(x)),
  // dx = -dy · y²
  unary('Reciprocal', (a, _x, y) => a.neg(a.square(y))),
  // dx = dy / (2y)
  unary('Sqrt', (a, _x, y) => a.div(0.5, y)),
  unary('Exp', (_a, _x, y) => y),
  unary('Log', (a, x) => a.div(1, x)),
  unary('Sin', (a, x) => a.op('Cos', [x])),
  unary('Cos', (a, x) => a.neg(a.op('Sin', [x]))),
  // 1 + tan²
  unary('Tan', (a, _x, y) => a.add(1, a.square(y))),
  // 1 / √(1 - x²)
  unary('Asin', (a, x) => a.div(1, a.sqrt(a.sub(1, a.square(x))))),
  unary('Acos', (a, x) => a.div(-1, a.sqrt(a.sub(1, a.square(x))))),
  unary('Atan', (a, x) => a.div(1, a.add(1, a.square(x)))),
  unary('Sinh', (a, x) => a.op('Cosh', [x])),
  unary('Cosh', (a, x) => a.op('Sinh', [x])),
  // 1 - tanh²
  unary('Tanh', (a, _x, y) => a.sub(1, a.square(y))),
  unary('Asinh', (a, x) => a.div(1, a.sqrt(a.add(a.square(x), 1)))),
  unary('Acosh', (a, x) => a.div(1, a.sqrt(a.sub(a.square(x), 1)))),
  unary('Atanh', (a, x) => a.div(1, a.sub(1, a.square(x)))),
  // 2/√π · exp(-x²)
  unary('Erf', (a, x) => a.mul(TWO_OVER_ROOT_PI, a.exp(a.neg(a.square(x))))),
  // Constant almost everywhere.
  ...zeros('Sign', 'Floor', 'Ceil', 'Round', 'Hardmax'),
];
