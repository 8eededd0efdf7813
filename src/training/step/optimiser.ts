import type { Algebra } from '../../gradient/emit/algebra.js';
import type { Ref } from '../../gradient/rule.js';
import type { Optimiser } from './step.js';

/** Values that all updates of a step share. */
export interface UpdateScalars {
  /** The learning rate. */
  readonly rate: Ref;
  /** 1 - β₁ᵗ and √(1 - β₂ᵗ) of Adam. */
  readonly first?: Ref;
  readonly second?: Ref;
}

/** One weight before and after a step. */
export interface WeightUpdate {
  readonly weight: Ref;
  readonly gradient: Ref;
  /** Share of the weight that decays; 0 where it does not. */
  readonly decay: number;
  /** Momentum, or Adam's first moment. */
  readonly momentum: Ref | undefined;
  /** Adam's second moment. */
  readonly second: Ref | undefined;
}

export interface Updated {
  readonly weight: Ref;
  readonly momentum?: Ref;
  readonly second?: Ref;
}

export const DEFAULTS = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;

/** Whether an optimiser keeps a first and a second moment of each gradient. */
export function momentsOf(optimiser: Optimiser): { readonly momentum: boolean; readonly second: boolean } {
  return optimiser.kind === 'sgd'
    ? { momentum: (optimiser.momentum ?? 0) !== 0, second: false }
    : { momentum: true, second: true };
}

/**
 * What Adam divides its moments by, of the count t of this update: 1 - β₁ᵗ and √(1 - β₂ᵗ), computed in double precision:
 * 1 - 0.999 has lost three digits in single.
 */
export function biasCorrections(
  a: Algebra,
  optimiser: Exclude<Optimiser, { kind: 'sgd' }>,
  step: Ref,
): Required<Omit<UpdateScalars, 'rate'>> {
  const count = a.cast(step, 'float64');
  const rest = (beta: number): Ref => a.sub(1, a.pow(beta, count));
  const like = (v: Ref): Ref => a.castLike(v, step);
  return {
    first: like(rest(optimiser.beta1 ?? DEFAULTS.beta1)),
    second: like(a.sqrt(rest(optimiser.beta2 ?? DEFAULTS.beta2))),
  };
}

/** Writes one update, with the formulas of PyTorch's optimisers. */
export function writeUpdate(a: Algebra, optimiser: Optimiser, scalars: UpdateScalars, w: WeightUpdate): Updated {
  return optimiser.kind === 'sgd' ? descent(a, optimiser, scalars, w) : adam(a, optimiser, scalars, w);
}

/** v ← μ·v + g, w ← w - η·v; with Nesterov w ← w - η·(g + μ·v). g includes the decay λ·w. */
function descent(
  a: Algebra,
  { momentum = 0, nesterov = false }: Extract<Optimiser, { kind: 'sgd' }>,
  { rate }: UpdateScalars,
  w: WeightUpdate,
): Updated {
  const g = withDecay(a, w);
  if (w.momentum === undefined) return { weight: a.sub(w.weight, a.mul(g, rate)) };
  const v = a.add(a.mul(w.momentum, momentum), g);
  const way = nesterov ? a.add(g, a.mul(v, momentum)) : v;
  return { weight: a.sub(w.weight, a.mul(way, rate)), momentum: v };
}

/**
 * m ← β₁·m + (1-β₁)·g, v ← β₂·v + (1-β₂)·g², w ← w - η/(1-β₁ᵗ) · m / (√v/√(1-β₂ᵗ) + ε) (Kingma & Ba 2015). Adam counts the
 * decay to the gradient, AdamW shrinks the weight by η·λ before (Loshchilov & Hutter 2019).
 */
function adam(
  a: Algebra,
  { kind, ...o }: Exclude<Optimiser, { kind: 'sgd' }>,
  { rate, first, second }: UpdateScalars,
  w: WeightUpdate,
): Updated {
  if (first === undefined || second === undefined || w.momentum === undefined || w.second === undefined)
    throw new Error('Adam needs its moments and the count of the step');
  const { beta1, beta2, epsilon } = { ...DEFAULTS, ...o };
  const apart = kind === 'adamw' && w.decay !== 0;
  const g = kind === 'adam' ? withDecay(a, w) : w.gradient;
  const weight = apart ? a.mul(w.weight, a.sub(1, a.mul(rate, w.decay))) : w.weight;
  const m = a.add(a.mul(w.momentum, beta1), a.mul(g, 1 - beta1));
  const v = a.add(a.mul(w.second, beta2), a.mul(a.square(g), 1 - beta2));
  const length = a.add(a.div(a.sqrt(v), second), epsilon);
  return { weight: a.sub(weight, a.mul(a.div(m, length), a.div(rate, first))), momentum: m, second: v };
}

function withDecay(a: Algebra, { gradient, weight, decay }: WeightUpdate): Ref {
  return decay === 0 ? gradient : a.add(gradient, a.mul(weight, decay));
}
