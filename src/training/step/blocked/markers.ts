import { Algebra } from '../../../gradient/emit/algebra.js';
import { leftOver, windowOf, type Window } from '../../../gradient/emit/window.js';
import { rectified } from '../../../gradient/layout/blocked.js';
import type { Ref, Rule, RuleContext } from '../../../gradient/rule.js';
import { batchNormalizationInTraining } from '../../../gradient/rules/normalisation.js';
import { answerFor } from '../../../gradient/rules/registry.js';
import { hasBlockedForm, type Convolution } from './geometry.js';

/**
 * Nodes that stand for a gradient until `lowered` writes it in the blocked layout. No runtime knows them.
 * - convolution: (dy, x, W) -> dx, dW, db
 * - normalisation: (dy, x, scale, batch mean) -> dx, dscale, dbias
 * - max pooling: (dy, x, y) -> dx
 */
export const MARKERS = {
  convolution: 'TrainingConvolutionGradient',
  normalisation: 'TrainingNormalisationGradient',
  maxPool: 'TrainingMaxPoolGradient',
} as const;

/**
 * Backward rules that leave the gradients of convolutions, normalisations and poolings as markers, where there is a blocked
 * form of them; elsewhere they are those of the plain form.
 *
 * @param batch samples of a step
 */
export function markerRules(block: number, batch: number): ReadonlyMap<string, Rule> {
  const conv: Rule = (c) => {
    const s = isPicture(c) ? convolutionOf(c, batch) : undefined;
    if (s === undefined || !hasBlockedForm(s, block)) return plain('Conv', c);
    const [x, weight] = c.inputs as [Ref, Ref];
    const out = c.emit.ops(MARKERS.convolution, [c.outputGradients[0], x, weight], 3, attributesOf(s));
    c.emit.settle(out[0]!, c.dims(x));
    return [0, 1, 2].map((i) => (c.wants(i) ? out[i] : undefined));
  };
  const norm: Rule = (c) => {
    const [x, scale] = c.inputs as [Ref, Ref];
    const [dy] = c.outputGradients;
    if (!isPicture(c) || !trains(c) || dy === undefined) return batchNormalizationInTraining(c);
    const out = c.emit.ops(MARKERS.normalisation, [dy, x, scale, c.outputs[1]], 3);
    c.emit.settle(out[0]!, c.dims(x));
    return [0, 1, 2].map((i) => (c.wants(i) ? out[i] : undefined));
  };
  const maxPool: Rule = (c) => {
    const [dy] = c.outputGradients;
    const s = isPicture(c) && c.outputs[1] === undefined ? poolOf(c) : undefined;
    if (s === undefined || dy === undefined) return plain('MaxPool', c);
    const [x, y] = [c.inputs[0]!, c.outputs[0]!];
    const safe = c.through(x)?.op === 'Relu';
    // Masked here, dy has fewer elements than behind.
    const masked = safe ? rectified(new Algebra(c), dy, y, c.dims(y)) : dy;
    const dx = c.emit.op(MARKERS.maxPool, [masked, x, y], { ...attributesOf(s), safe: safe ? 1 : 0 });
    c.emit.settle(dx, c.dims(x));
    if (safe) c.emit.vanishing.add(dx);
    return [dx];
  };
  const averagePool: Rule = (c) => {
    const [dy] = c.outputGradients;
    const s = isPicture(c) ? poolOf(c) : undefined;
    const channels = isPicture(c) ? c.dims(c.inputs[0]!)[1]! : undefined;
    const even =
      s !== undefined &&
      ([...s.begin, ...s.end].every((p) => p === 0) || c.attributes.int('count_include_pad', 0) === 1);
    if (s === undefined || channels === undefined || !even || leftOver(s).some((r) => r < 0) || dy === undefined)
      return plain('AveragePool', c);
    // A mean is a convolution whose weights are all the same.
    const size = s.kernel.reduce((p, k) => p * k, 1);
    const a = new Algebra(c);
    const count = channels.base;
    const weight = a.tensor([count, 1, ...s.kernel], Array<number>(count * size).fill(1 / size), dy);
    const [dx] = c.emit.ops(MARKERS.convolution, [dy, c.inputs[0]!, weight], 3, { ...attributesOf(s), group: count });
    c.emit.settle(dx!, c.dims(c.inputs[0]!));
    return [dx];
  };
  return new Map([
    ['Conv', conv],
    ['BatchNormalization', norm],
    ['MaxPool', maxPool],
    ['AveragePool', averagePool],
  ]);
}

function plain(op: string, c: RuleContext): ReturnType<Rule> {
  const answer = answerFor('', op, c.opset);
  if (answer.kind !== 'rule') throw new Error(`${op} has no rule`);
  return answer.rule(c);
}

/** Whether the first input is [n, c, h, w] in float32 with fixed channels and sizes. */
function isPicture(c: RuleContext): boolean {
  const x = c.inputs[0]!;
  const dims = c.dims(x);
  return c.type(x) === 'float32' && dims.length === 4 && dims.slice(1).every((d) => d.slope === 0 && d.base > 0);
}

/** Whether a BatchNormalization answers with the statistics of the batch itself. */
function trains(c: RuleContext): boolean {
  return (
    c.attributes.int('training_mode', 0) === 1 &&
    c.attributes.float('momentum', 0.9) === 0 &&
    c.outputs[1] !== undefined &&
    c.outputs[2] !== undefined
  );
}

function space(c: RuleContext, v: Ref): number[] {
  return c
    .dims(v)
    .slice(2)
    .map((d) => d.base);
}

function convolutionOf(c: RuleContext, batch: number): Convolution {
  const [x, weight] = c.inputs as [Ref, Ref];
  const s = windowOf(c, space(c, weight), space(c, x), space(c, c.outputs[0]!));
  return {
    ...s,
    batch,
    channels: c.dims(x)[1]!.base,
    filters: c.dims(weight)[0]!.base,
    group: c.attributes.int('group', 1),
  };
}

function poolOf(c: RuleContext): Window | undefined {
  const kernel = c.attributes.ints('kernel_shape');
  if (kernel?.length !== 2) return undefined;
  return windowOf(c, kernel, space(c, c.inputs[0]!), space(c, c.outputs[0]!));
}

/** What the window of a marker is made of again. */
function attributesOf(s: Window & { readonly group?: number }): Record<string, number | readonly number[]> {
  return {
    kernel_shape: s.kernel,
    strides: s.strides,
    dilations: s.dilations,
    pads: [...s.begin, ...s.end],
    output: s.output,
    group: s.group ?? 1,
  };
}
