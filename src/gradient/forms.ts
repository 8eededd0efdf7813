import type { ElementType } from '../base/tensor.js';
import type { Dims } from './dims.js';

/**
 * Where several forms give the same gradient, the choice is made here, per provider and shape, with its reason. Times
 * are of ONNX Runtime 1.30 on the CPU, one thread, as ratios to the forward operator.
 */

/** Channels of one block of ONNX Runtime's NCHWc layout: 16 with AVX-512, 8 with AVX2. */
const BLOCK = 16;

export interface ConvolutionShape {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padsBegin: readonly number[];
  readonly padsEnd: readonly number[];
  readonly input: readonly number[];
  readonly output: readonly number[];
  readonly group: number;
  /** Channels of the input, of one group. */
  readonly channels: number;
  /** Channels of the output, of all groups. */
  readonly filters: number;
}

/**
 * `flipped`: a Conv with the kernel turned round. It runs in the blocked NCHWc layout like the forward one (1.0), where
 * ConvTranspose never does (1.3, depthwise 3.5). It exists for stride 1 as long as no padding would become negative.
 * `transposed`: ConvTranspose, which is the definition, for everything else (strided 1.0 to 1.9).
 */
export function inputGradientForm(
  s: ConvolutionShape,
  provider: string,
): 'flipped' | 'transposed' | 'phases' | 'spaced' {
  if (s.strides.some((x) => x !== 1))
    return isSpaced(s, provider) ? 'spaced' : inPhases(s, provider) ? 'phases' : 'transposed';
  const pads = turnedPads(s);
  if ([...pads.begin, ...pads.end].some((p) => p < 0)) return 'transposed';
  if (forgetsPadding(provider, { input: s.output, kernel: s.kernel, ...pads })) return 'transposed';
  return 'flipped';
}

/**
 * WebGPU takes a Conv whose kernel is as large as its input, padded only at the end, for a matrix product and forgets the
 * padding (seen in 1.30): no gradient is ever written as one.
 */
export function forgetsPadding(
  provider: string,
  s: {
    readonly input: readonly number[];
    readonly kernel: readonly number[];
    readonly begin: readonly number[];
    readonly end: readonly number[];
  },
): boolean {
  return (
    provider === 'webgpu' &&
    s.kernel.every((k, i) => k === s.input[i]) &&
    s.begin.every((p) => p === 0) &&
    s.end.some((p) => p > 0)
  );
}

/**
 * `phases` for the first layer of a network (few input channels, a large strided kernel): ConvTranspose spends its time on
 * writing overlapping columns, one blocked convolution does not.
 */
function inPhases(s: ConvolutionShape, provider: string): boolean {
  const count = s.strides.reduce((p, k) => p * k, 1);
  const cells = phaseCells({ strides: s.strides, begin: s.padsBegin, input: s.input });
  return (
    provider === 'cpu' &&
    s.group === 1 &&
    s.channels * count <= 16 &&
    s.dilations.every((d) => d === 1) &&
    s.kernel.every((k, i) => k > s.strides[i]!) &&
    cells.every((q, i) => q >= s.output[i]!)
  );
}

/**
 * `spaced` for strided depthwise kernels: zeros between the elements, then the flipped kernel in the blocked layout. Takes
 * 0.75 of the time of ConvTranspose, which works off such a kernel channel by channel.
 */
function isSpaced(s: ConvolutionShape, provider: string): boolean {
  const pads = turnedPads(s);
  return (
    provider === 'cpu' &&
    s.kernel.length === 2 &&
    s.channels === 1 &&
    s.filters === s.group &&
    s.group >= BLOCK &&
    [...pads.begin, ...pads.end].every((p) => p >= 0)
  );
}

/** Steps of the stride that the padded input takes. */
export function phaseCells(s: {
  readonly strides: readonly number[];
  readonly begin: readonly number[];
  readonly input: readonly number[];
}): number[] {
  return s.strides.map((k, i) => Math.ceil((s.begin[i]! + s.input[i]!) / k));
}

/** Padding of the flipped convolution: dilation × (kernel - 1) - padding. */
export function turnedPads(s: Omit<ConvolutionShape, 'output' | 'channels' | 'filters'>): {
  begin: number[];
  end: number[];
} {
  const reach = s.kernel.map((k, i) => s.dilations[i]! * (k - 1));
  return { begin: reach.map((r, i) => r - s.padsBegin[i]!), end: reach.map((r, i) => r - s.padsEnd[i]!) };
}

/**
 * `indices`: MaxPool with its second output, then ScatterElements. Exact on ties, any shape, cheap in large batches.
 * WebGPU has no indices at all ("not supported yet" at run time).
 */
export function maxPoolForm(provider: string): 'indices' | 'windows' {
  return provider === 'webgpu' ? 'windows' : 'indices';
}

/**
 * Whether a picture-shaped value is likely to lie in the blocked NCHWc layout on the CPU. Convolutions, same-shape Add
 * and Mul, Sigmoid and Relu stay in it; comparisons, Where and scalars do not, and cost two reorders beside their own pass
 * (29 of 88 ms in mobilenet_v2). Masks and affine maps are then written as depthwise 1×1 convolutions.
 */
export function isBlocked(provider: string, type: ElementType, dims: Dims): boolean {
  const channels = dims[1];
  return (
    provider === 'cpu' &&
    type === 'float32' &&
    dims.length === 4 &&
    channels !== undefined &&
    channels.slope === 0 &&
    channels.base > 0 &&
    channels.base % BLOCK === 0
  );
}
