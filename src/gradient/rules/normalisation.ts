import { Algebra } from '../emit/algebra.js';
import { axisOf, fixed, ONE, range, type Dim, type Dims } from '../dims.js';
import { isBlocked } from '../layout/gradientForms.js';
import { rule, type Ref, type RuleContext, type RuleEntry } from '../rule.js';

/** [1, C, 1, 1, …] */
function perChannel(a: Algebra, v: Ref, dims: Dims): Ref {
  return a.reshape(
    v,
    dims.map((d, i) => (i === 1 ? d : ONE)),
  );
}

/** y = scale·(x - mean)/√(var + ε) + B, with statistics that are weights: a factor for each channel. */
function batchNormalization(c: RuleContext): (Ref | undefined)[] {
  if (c.attributes.int('training_mode', 0) === 1)
    c.refuse('it runs in training mode, in which the samples of a batch depend on each other');
  const a = new Algebra(c);
  const [x, scale, , mean, variance] = c.inputs as [Ref, Ref, Ref, Ref, Ref];
  const dy = c.outputGradients[0]!;
  const dims = c.dims(x);
  const others = range(dims.length).filter((i) => i !== 1);
  const deviation = a.sqrt(a.add(variance, c.attributes.float('epsilon', 1e-5)));
  const factor = a.div(scale, deviation);
  const sum = (g: Ref): Ref => a.reduceSum(g, others, false);
  const centred = (): Ref => a.sub(x, perChannel(a, mean, dims));
  return [
    c.wants(0) ? scaled(a, dy, factor, dims) : undefined,
    c.wants(1) ? a.div(sum(a.mul(dy, centred())), deviation) : undefined,
    c.wants(2) ? sum(dy) : undefined,
    c.wants(3) ? a.neg(a.mul(sum(dy), factor)) : undefined,
    // d var = -½ · scale · Σ dy(x - mean) / (var + ε)^(3/2)
    c.wants(4) ? a.mul(a.div(a.mul(sum(a.mul(dy, centred())), factor), a.square(deviation)), -0.5) : undefined,
  ];
}

/**
 * The gradient of a node whose statistics are those of the batch itself: outputs 1 and 2 have to be its mean and variance over
 * all axes but the channels', as momentum 0 makes them. With r = 1/√(var + ε) and x̂ = (x - mean)·r over n elements,
 * dx = scale·r·(dy - Σdy/n - x̂·Σ(dy·x̂)/n) (Ioffe & Szegedy 2015, arXiv 1502.03167). Samples depend on each other in it: it
 * is no answer to what one input does, and serves training alone. Nodes in inference form keep their own rule.
 */
export function batchNormalizationInTraining(c: RuleContext): (Ref | undefined)[] {
  if (c.attributes.int('training_mode', 0) !== 1) return batchNormalization(c);
  const a = new Algebra(c);
  const [x, scale] = c.inputs as [Ref, Ref];
  const [, mean, variance] = c.outputs;
  const dy = c.outputGradients[0];
  if (mean === undefined || variance === undefined || dy === undefined || c.attributes.float('momentum', 0.9) !== 0)
    c.refuse('its statistics are not those of the batch');
  const dims = c.dims(x);
  const others = range(dims.length).filter((i) => i !== 1);
  const each = (v: Ref): Ref => perChannel(a, v, dims);
  const r = a.div(1, a.sqrt(a.add(variance, c.attributes.float('epsilon', 1e-5))));
  const centred = a.sub(x, each(mean));
  const sum = a.reduceSum(dy, others, false);
  const projection = a.mul(a.reduceSum(a.mul(dy, centred), others, false), r);
  const dx = (): Ref => {
    const n = a.count(
      others.map((i) => dims[i]!),
      dy,
    );
    const factor = a.mul(scale, r);
    const share = a.div(factor, n);
    const pull = a.add(a.mul(centred, each(a.mul(a.mul(projection, r), share))), each(a.mul(sum, share)));
    return a.sub(a.mul(dy, each(factor)), pull);
  };
  return [c.wants(0) ? dx() : undefined, c.wants(1) ? projection : undefined, c.wants(2) ? sum : undefined];
}

/** A factor for each channel. In the blocked layout a depthwise convolution keeps it there, where a broadcast would not. */
function scaled(a: Algebra, dy: Ref, factor: Ref, dims: Dims): Ref {
  if (!isBlocked(a.c.provider, a.emit.type(dy), dims)) return a.mul(dy, perChannel(a, a.castLike(factor, dy), dims));
  const each = (v: Ref): Ref => a.reshape(v, [dims[1]!, ONE, ONE, ONE]);
  const attributes = { kernel_shape: [1, 1], group: dims[1]!.base };
  // Behind a rectifier the factor becomes part of the convolution in front of it, or else of the mask.
  const mask = a.emit.rectified.get(dy);
  const again = mask && a.emit.scalable.get(mask.dy);
  if (mask !== undefined && again !== undefined) return a.mul(again(factor), mask.inside);
  if (mask !== undefined) return a.mul(mask.dy, a.op('Conv', [mask.inside, each(factor)], attributes));
  return a.op('Conv', [dy, each(factor)], attributes);
}

/** x normalised over some axes to mean 0 and variance 1: x̂ = (x - μ)·r with r = 1/√(σ² + ε). */
interface Standardised {
  readonly normal: Ref;
  readonly r: Ref;
}

function standardise(
  a: Algebra,
  x: Ref,
  axes: readonly number[],
  epsilon: number,
  known?: { mean: Ref; r: Ref },
): Standardised {
  const centred = a.sub(x, known?.mean ?? a.reduceMean(x, axes));
  const r = known?.r ?? a.div(1, a.sqrt(a.add(a.reduceMean(a.square(centred), axes), epsilon)));
  return { normal: a.mul(centred, r), r };
}

/** dx = r·(g - mean g - x̂·mean(g·x̂)), where g is the gradient of x̂ */
function standardiseBack(a: Algebra, g: Ref, { normal, r }: Standardised, axes: readonly number[]): Ref {
  const projection = a.mul(normal, a.reduceMean(a.mul(g, normal), axes));
  return a.mul(r, a.sub(a.sub(g, a.reduceMean(g, axes)), projection));
}

/** y = scale·x̂ + bias, per sample and channel. */
function instanceNormalization(c: RuleContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const [x, scale] = c.inputs as [Ref, Ref];
  const dy = c.outputGradients[0]!;
  const dims = c.dims(x);
  const axes = range(dims.length).slice(2);
  const s = standardise(a, x, axes, c.attributes.float('epsilon', 1e-5));
  return [
    c.wants(0) ? standardiseBack(a, a.mul(dy, perChannel(a, scale, dims)), s, axes) : undefined,
    c.wants(1) ? a.reduceSum(a.mul(dy, s.normal), [0, ...axes], false) : undefined,
    c.wants(2) ? a.reduceSum(dy, [0, ...axes], false) : undefined,
  ];
}

/** y = scale·x̂ + bias over groups of channels; scale and bias per group (opset 18) or per channel (21). */
function groupNormalization(c: RuleContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const [x, scale] = c.inputs as [Ref, Ref];
  const dy = c.outputGradients[0]!;
  const dims = c.dims(x);
  const groups = c.attributes.int('num_groups', 1);
  const channels = dims[1]!.base;
  const each = channels / groups;
  const grouped = [dims[0]!, fixed(groups), fixed(each), a.joined(dims.slice(2))];
  const perGroup = c.dims(scale)[0]!.base === groups && groups !== channels;
  const parameter = [ONE, fixed(groups), perGroup ? ONE : fixed(each), ONE];
  const axes = [2, 3];
  const s = standardise(a, a.reshape(x, grouped), axes, c.attributes.float('epsilon', 1e-5));
  const g = a.reshape(dy, grouped);
  const back = (v: Ref): Ref => a.reshapeLike(a.sumTo(v, grouped, parameter), scale);
  return [
    c.wants(0) ? a.reshape(standardiseBack(a, a.mul(g, a.reshape(scale, parameter)), s, axes), dims) : undefined,
    c.wants(1) ? back(a.mul(g, s.normal)) : undefined,
    c.wants(2) ? back(g) : undefined,
  ];
}

/** y = scale·x̂ + bias over the axes from `axis` on. Mean and 1/σ are outputs that the operator computes anyway. */
function layerNormalization(c: RuleContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const [x, scale, bias] = c.inputs as [Ref, Ref, Ref | undefined];
  const dy = c.outputGradients[0]!;
  const dims = c.dims(x);
  const axes = range(dims.length).slice(axisOf(c.attributes.int('axis', -1), dims.length));
  const known = c.type(x) === 'float32' || c.type(x) === 'float64' ? { mean: c.output(1), r: c.output(2) } : undefined;
  const double = known !== undefined && c.type(known.mean) !== c.type(x);
  const s = standardise(a, x, axes, c.attributes.float('epsilon', 1e-5), double ? undefined : known);
  return [
    c.wants(0) ? standardiseBack(a, a.mul(dy, scale), s, axes) : undefined,
    c.wants(1) ? a.sumTo(a.mul(dy, s.normal), dims, c.dims(scale)) : undefined,
    bias !== undefined && c.wants(2) ? a.sumTo(dy, dims, c.dims(bias)) : undefined,
  ];
}

/** y = scale·x·r with r = 1/√(mean x² + ε): dx = r·(g - x·r²·mean(g·x)) */
function rmsNormalization(c: RuleContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const [x, scale] = c.inputs as [Ref, Ref];
  const dy = c.outputGradients[0]!;
  const dims = c.dims(x);
  const axes = range(dims.length).slice(axisOf(c.attributes.int('axis', -1), dims.length));
  const r = a.div(1, a.sqrt(a.add(a.reduceMean(a.square(x), axes), c.attributes.float('epsilon', 1e-5))));
  const g = a.mul(dy, scale);
  const pull = a.mul(a.square(r), a.reduceMean(a.mul(g, x), axes));
  return [
    c.wants(0) ? a.mul(r, a.sub(g, a.mul(x, pull))) : undefined,
    c.wants(1) ? a.sumTo(a.mul(dy, a.mul(x, r)), dims, c.dims(scale)) : undefined,
  ];
}

/** y = (x - μ)/(σ + 1e-9): dx = (g - mean g - z·mean(g·z)·(σ + 1e-9)/σ) / (σ + 1e-9), z = y */
function meanVariance(c: RuleContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const x = c.inputs[0]!;
  const y = c.outputs[0]!;
  const g = c.outputGradients[0]!;
  const axes = c.attributes.ints('axes', [0, 2, 3]).map((k) => axisOf(k, c.dims(x).length));
  const sigma = a.sqrt(a.reduceMean(a.square(a.sub(x, a.reduceMean(x, axes))), axes));
  const whole = a.add(sigma, 1e-9);
  const pull = a.mul(a.mul(y, a.reduceMean(a.mul(g, y), axes)), a.div(whole, sigma));
  return [a.div(a.sub(a.sub(g, a.reduceMean(g, axes)), pull), whole)];
}

/** p = 1: y = x/Σ|x|. p = 2: y = x/√Σx², dx = (dy - y·Σ dy·y)/‖x‖ */
function lpNormalization(c: RuleContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const x = c.inputs[0]!;
  const y = c.outputs[0]!;
  const dy = c.outputGradients[0]!;
  const axes = [axisOf(c.attributes.int('axis', -1), c.dims(x).length)];
  const pull = a.reduceSum(a.mul(dy, y), axes);
  const one = c.attributes.int('p', 2) === 1;
  const norm = one ? a.reduceSum(a.abs(x), axes) : a.sqrt(a.reduceSum(a.square(x), axes));
  return [a.where(a.equal(norm, 0), 0, a.div(a.sub(dy, a.mul(one ? a.sign(x) : y, pull)), norm))];
}

/** y = x·S^-β, S = bias + α/n·Σ over neighbouring channels of x²: dx = dy·S^-β - 2αβ/n·x·Σ over those that see x of dy·x·S^(-β-1) */
function localResponse(c: RuleContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const x = c.inputs[0]!;
  const dims = c.dims(x);
  const [alpha, beta, bias] = [
    c.attributes.float('alpha', 1e-4),
    c.attributes.float('beta', 0.75),
    c.attributes.float('bias', 1),
  ];
  const n = c.attributes.int('size', 1);
  const channels = dims[1]!.base;
  const flat: Dim[] = [dims[0]!, dims[1]!, a.joined(dims.slice(2))];
  const band = range(channels).flatMap((i) =>
    range(channels).map((j) => (j >= i - Math.floor((n - 1) / 2) && j <= i + Math.ceil((n - 1) / 2) ? 1 : 0)),
  );
  const B = a.tensor([channels, channels], band, x);
  const [v, g] = [a.reshape(x, flat), a.reshape(c.outputGradients[0]!, flat)];
  const s = a.add(a.mul(a.matmul(B, a.square(v)), alpha / n), bias);
  const power = a.pow(s, -beta);
  const seen = a.matmul(a.transpose(B, [1, 0]), a.div(a.mul(a.mul(g, v), power), s));
  return [a.reshape(a.sub(a.mul(g, power), a.mul(a.mul(v, seen), (2 * alpha * beta) / n)), dims)];
}

export const normalisationRules: readonly RuleEntry[] = [
  rule('BatchNormalization', batchNormalization),
  rule('InstanceNormalization', instanceNormalization),
  rule('GroupNormalization', groupNormalization),
  rule('LayerNormalization', layerNormalization),
  rule('RMSNormalization', rmsNormalization),
  // ONNX Runtime's own, in the default domain.
  rule('SimplifiedLayerNormalization', rmsNormalization),
  rule('MeanVarianceNormalization', meanVariance),
  rule('LpNormalization', lpNormalization),
  rule('LRN', localResponse),
];
