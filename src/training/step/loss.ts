import type { Algebra } from '../../gradient/emit/algebra.js';
import { fixed, type Dim } from '../../gradient/dims.js';
import type { Ref } from '../../gradient/rule.js';
import { numbers } from '../../gradient/emit/tape.js';
import type { Loss } from './step.js';

/** A loss and its gradient by the logits, with which the sweep begins. */
export interface WrittenLoss {
  /** Scalar. */
  readonly loss: Ref;
  /** `[batch, classes]` */
  readonly gradient: Ref;
}

export interface LossOperands {
  /** `[batch, classes]` */
  readonly logits: Ref;
  /** `[batch, classes]` */
  readonly target: Ref;
  readonly batch: Dim;
  readonly classes: number;
  readonly classWeights: readonly number[] | undefined;
}

/** Writes a loss as a mean over the batch, as PyTorch has it. */
export function writeLoss(a: Algebra, loss: Loss, operands: LossOperands): WrittenLoss {
  return loss.kind === 'cross-entropy'
    ? crossEntropy(a, operands, loss.smoothing ?? 0)
    : binaryCrossEntropy(a, operands);
}

/**
 * L = -Σₙ Σ_c w_c·t′_nc·log softmax(z)_nc / Σₙ Σ_c w_c·t_nc with t′ = (1 - s)·t + s/K (Szegedy et al. 2016). Without class
 * weights the denominator is the size of the batch. dL/dz = (softmax(z)·Σ_c w_c·t′_c - w·t′) / denominator.
 */
function crossEntropy(a: Algebra, o: LossOperands, smoothing: number): WrittenLoss {
  const { logits, target, classes } = o;
  const smooth = smoothing === 0 ? target : a.add(a.mul(target, 1 - smoothing), smoothing / classes);
  const weights = weightRow(a, o);
  const wanted = weights === undefined ? smooth : a.mul(smooth, weights);
  const logarithms = a.op('LogSoftmax', [logits], { axis: 1 });
  const sum = a.neg(a.reduceSum(a.mul(wanted, logarithms), [0, 1], false));
  const whole = weights === undefined ? a.count([o.batch], logits) : a.reduceSum(a.mul(target, weights), [0, 1], false);
  const difference = a.sub(a.mul(a.exp(logarithms), a.reduceSum(wanted, [1])), wanted);
  return { loss: a.div(sum, whole), gradient: a.div(difference, whole) };
}

/**
 * L = mean over samples and classes of w_c·(max(z, 0) - z·t + log(1 + e^-|z|)), which is -t·log σ(z) - (1-t)·log(1-σ(z))
 * where no exponential overflows. dL/dz = w·(σ(z) - t) / (N·K).
 */
function binaryCrossEntropy(a: Algebra, o: LossOperands): WrittenLoss {
  const { logits, target } = o;
  const weights = weightRow(a, o);
  const weighted = (v: Ref): Ref => (weights === undefined ? v : a.mul(v, weights));
  const tail = a.log(a.add(a.exp(a.neg(a.abs(logits))), 1));
  const each = weighted(a.add(a.sub(a.op('Relu', [logits]), a.mul(logits, target)), tail));
  const count = a.count([o.batch, fixed(o.classes)], logits);
  return {
    loss: a.reduce('ReduceMean', each, [0, 1], false),
    gradient: a.div(weighted(a.sub(a.sigmoid(logits), target)), count),
  };
}

/** The class weights as `[1, classes]`. */
function weightRow(a: Algebra, { logits, classWeights, classes }: LossOperands): Ref | undefined {
  if (classWeights === undefined || classWeights.every((w) => w === 1)) return undefined;
  return a.emit.constant(numbers(a.emit.type(logits), [1, classes], classWeights));
}
