import type { ElementType, Tensor } from '../base/tensor.js';

/**
 * What a probe run taught about one value. A model whose batch dimension is free is probed at two batch sizes, so that
 * each dimension is known as `base + slope × batch`; where the batch is fixed every slope is 0.
 */
export interface ValueFact {
  readonly type: ElementType;
  readonly base: readonly number[];
  readonly slope: readonly number[];
  /** The value itself where it is small, integer and equal at every batch size: shapes, axes, indices. */
  readonly constant?: Tensor;
}

/** Facts about every value of a graph, weights and inputs included. A value that was never computed is absent. */
export interface Facts {
  /** Whether the model's batch dimension is free. */
  readonly dynamicBatch: boolean;
  /** The batch size of the model when it is fixed, else 1. */
  readonly batch: number;
  get(value: string): ValueFact | undefined;
}

/** Dimensions of a value at a batch size. */
export function dimsAt(fact: ValueFact, batch: number): number[] {
  return fact.base.map((b, i) => b + fact.slope[i]! * batch);
}

/** Whether no dimension depends on the batch. */
export function isStatic(fact: ValueFact): boolean {
  return fact.slope.every((s) => s === 0);
}
