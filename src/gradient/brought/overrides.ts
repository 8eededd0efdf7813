import { toNumbers } from '../../base/tensor.js';
import { Algebra } from '../emit/algebra.js';
import { answerFor } from '../rules/registry.js';
import type { Ref, Rule, RuleContext } from '../rule.js';

/** Named sets of backward rules that stand in for the registered ones. */
const SETS: Readonly<Record<string, () => ReadonlyMap<string, Rule>>> = {
  // Springenberg et al. 2015, "Striving for Simplicity": only positive gradients pass, where the unit is on.
  guided_backprop: () => rectifiers((a, dy, on) => a.mask(on(), a.op('Relu', [dy]))),
  // Zeiler & Fergus 2014, "Visualizing and Understanding Convolutional Networks": the rectifier is applied to the gradient alone.
  deconvnet: () => rectifiers((a, dy) => a.op('Relu', [dy])),
};

/**
 * A named set of rules for {@link GradientRequest.overrides}.
 *
 * @throws Error where no set has that name
 */
export function ruleSet(name: string): ReadonlyMap<string, Rule> {
  const make = SETS[name];
  if (make === undefined) throw new Error(`There is no set of gradient rules named "${name}"`);
  return make();
}

type Rectifier = (a: Algebra, dy: Ref, on: () => Ref) => Ref;

/** The same rule for everything that rectifies: Relu, and Clip from 0 (ReLU6). Other operators keep their own gradient. */
function rectifiers(back: Rectifier): ReadonlyMap<string, Rule> {
  const relu: Rule = (c) => {
    const a = new Algebra(c);
    return [back(a, c.outputGradients[0]!, () => a.greater(c.outputs[0]!, 0))];
  };
  const clip: Rule = (c) => {
    const low = c.inputs[1] === undefined ? undefined : c.constant(c.inputs[1]);
    if (low === undefined || toNumbers(low)[0] !== 0) return registered('Clip', c);
    const a = new Algebra(c);
    const y = c.outputs[0]!;
    const high = c.inputs[2];
    const on = (): Ref => (high === undefined ? a.greater(y, 0) : a.and(a.greater(y, 0), a.less(y, high)));
    return [back(a, c.outputGradients[0]!, on)];
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
