import { toNumbers } from '../../base/tensor.js';
import { Algebra } from '../emit/algebra.js';
import { answerFor } from '../rules/registry.js';
import type { Ref, Rule, RuleContext } from '../rule.js';
import { scatterFlat } from '../rules/shared/scatterFlat.js';

/** Named sets of backward rules that stand in for the registered ones. */
const SETS: Readonly<Record<string, () => ReadonlyMap<string, Rule>>> = {
  // Springenberg et al. 2015, "Striving for Simplicity": only positive gradients pass, where the unit is on.
  guided_backprop: () => rectifiers((a, dy, on) => a.mask(on(), a.op('Relu', [dy]))),
  // Zeiler & Fergus 2014, "Visualizing and Understanding Convolutional Networks": the rectifier is applied to the gradient alone.
  deconvnet: () => rectifiers((a, dy) => a.op('Relu', [dy])),
  // The slope of a softplus in place of the step: gradients also reach units that are off, for optimisation of pictures.
  smooth_relu: () => rectifiers((a, dy, _on, x) => a.mul(dy, a.sigmoid(a.mul(x, SHARPNESS)))),
  // Shrikumar et al. 2017, "Learning Important Features Through Propagating Activation Differences", rescale rule.
  deeplift_rescale: () =>
    new Map([...DIFFERENCES.map((op) => [op, rescale(op)] as const), ['MaxPool', rescaleMaxPool]]),
};

const SHARPNESS = 4;

export const RULE_SETS: readonly string[] = Object.keys(SETS);

/**
 * A named set of rules for {@link GradientRequest.overrides}. `deeplift_rescale` wants the samples in the first half of
 * the batch and their baselines in the second half; its gradients are multipliers.
 */
export function ruleSet(name: string): ReadonlyMap<string, Rule> {
  const make = SETS[name];
  if (make === undefined) throw new Error(`There is no set of gradient rules named "${name}"`);
  return make();
}

type Rectifier = (a: Algebra, dy: Ref, on: () => Ref, x: Ref) => Ref;

/** The same rule for everything that rectifies: Relu, and Clip from 0 (ReLU6). Other operators keep their own gradient. */
function rectifiers(back: Rectifier): ReadonlyMap<string, Rule> {
  const relu: Rule = (c) => {
    const a = new Algebra(c);
    return [back(a, c.outputGradients[0]!, () => a.greater(c.outputs[0]!, 0), c.inputs[0]!)];
  };
  const clip: Rule = (c) => {
    const low = c.inputs[1] === undefined ? undefined : c.constant(c.inputs[1]);
    if (low === undefined || toNumbers(low)[0] !== 0) return registered('Clip', c);
    const a = new Algebra(c);
    const y = c.outputs[0]!;
    const high = c.inputs[2];
    const on = (): Ref => (high === undefined ? a.greater(y, 0) : a.and(a.greater(y, 0), a.less(y, high)));
    return [back(a, c.outputGradients[0]!, on, c.inputs[0]!)];
  };
  return new Map([
    ['Relu', relu],
    ['Clip', clip],
  ]);
}

function registered(op: string, c: RuleContext): ReturnType<Rule> {
  const answer = answerFor('', op, c.opset);
  if (answer.kind !== 'rule') throw new Error(`${op} has no rule`);
  return answer.rule(c);
}

const DIFFERENCES = [
  'Relu',
  'LeakyRelu',
  'Elu',
  'Selu',
  'Celu',
  'Softplus',
  'Sigmoid',
  'Tanh',
  'Clip',
  'HardSigmoid',
  'HardSwish',
  'Gelu',
  'Erf',
  'Softsign',
  'Mish',
  'Swish',
];
const NEAR = 1e-6;

/** The two halves of the batch exchanged: for a sample its baseline, for a baseline its sample. */
function partner(a: Algebra, v: Ref): Ref {
  return a.concat(a.emit.ops('Split', [v], 2, { axis: 0, num_outputs: 2 }).reverse(), 0);
}

/** dx = dy · Δy/Δx, and the gradient where Δx is next to nothing. */
function rescale(op: string): Rule {
  return (c) => {
    const a = new Algebra(c);
    const [x, y, dy] = [c.inputs[0]!, c.outputs[0]!, c.outputGradients[0]!];
    const dx = a.sub(x, partner(a, x));
    const near = a.less(a.abs(dx), NEAR);
    const ratio = a.div(a.sub(y, partner(a, y)), a.where(near, 1, dx));
    const plain = registered(op, c)[0];
    if (typeof plain !== 'string') return [undefined];
    return [a.where(near, plain, a.mul(dy, ratio))];
  };
}

/** y - y' is split in two terms, one for the place of each maximum, and divided by the difference of the inputs there. */
function rescaleMaxPool(c: RuleContext): ReturnType<Rule> {
  const a = new Algebra(c);
  const [x, y, dy] = [c.inputs[0]!, c.outputs[0]!, c.outputGradients[0]!];
  const [xd, yd] = [c.dims(x), c.dims(y)];
  const other = partner(a, y);
  const most = a.op('Max', [y, other]);
  const own = c.output(1);
  // An index counts through the whole batch: within its sample it is the same number for both halves.
  const size = a.joined(xd.slice(1)).base;
  const sample = a.mul(a.iota(xd[0]!, xd.length, 0), a.integer(size));
  const theirs = a.add(partner(a, a.op('Mod', [own, a.integer(size)])), sample);
  const terms = a.add(
    scatterFlat(a, xd, own, a.mul(dy, a.sub(most, other)), yd),
    scatterFlat(a, xd, theirs, a.mul(dy, a.sub(y, most)), yd),
  );
  const dx = a.sub(x, partner(a, x));
  const near = a.less(a.abs(dx), 1e-7);
  return [a.where(near, 0, a.div(terms, a.where(near, 1, dx)))];
}
