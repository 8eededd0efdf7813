import { isFloating, toNumbers } from '../../base/tensor.js';
import { Algebra } from '../emit/algebra.js';
import { rule, zeros, type Ref, type RuleContext, type RuleEntry } from '../rule.js';

/** Between floating types the gradient is cast back; whole numbers that stand for real ones keep a floating gradient. */
function cast(c: RuleContext): (Ref | undefined)[] {
  const type = c.type(c.inputs[0]!);
  return [isFloating(type) ? new Algebra(c).cast(c.outputGradients[0]!, type) : c.outputGradients[0]];
}

/** Inference: y = x. In training it would be random. */
function dropout(c: RuleContext): (Ref | undefined)[] {
  const training = c.inputs[2];
  if (training !== undefined) {
    const known = c.constant(training);
    if (known === undefined || toNumbers(known)[0] !== 0) {
      const ratio =
        c.inputs[1] === undefined
          ? 0.5
          : toNumbers(c.constant(c.inputs[1]) ?? c.refuse('it may drop values at random'))[0];
      if (ratio !== 0) c.refuse('it drops values at random (training mode)');
    }
  }
  return [c.outputGradients[0]];
}

export const identityRules: readonly RuleEntry[] = [
  rule('Identity', (c) => [c.outputGradients[0]]),
  rule('Dropout', dropout),
  rule('Cast', cast),
  rule('CastLike', cast),
  // Comparisons, logic and what makes values from nothing: no gradient passes.
  ...zeros(
    'Equal',
    'Greater',
    'GreaterOrEqual',
    'Less',
    'LessOrEqual',
    'And',
    'Or',
    'Xor',
    'Not',
    'IsNaN',
    'IsInf',
    'BitwiseAnd',
    'BitwiseOr',
    'BitwiseXor',
    'BitwiseNot',
    'BitShift',
    'BitCast',
    'Constant',
    'RandomNormal',
    'RandomNormalLike',
    'RandomUniform',
    'RandomUniformLike',
    'Multinomial',
    'Bernoulli',
    'BlackmanWindow',
    'HammingWindow',
    'HannWindow',
    'MelWeightMatrix',
    'StringConcat',
    'StringNormalizer',
    'StringSplit',
    'RegexFullMatch',
    'TfIdfVectorizer',
    'ImageDecoder',
    'SequenceLength',
    'OptionalHasElement',
  ),
];
