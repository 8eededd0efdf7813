import type { ElementType } from '../../base/tensor.js';
import { isOne, type Dims } from '../dims.js';
import type { Window } from '../emit/window.js';

/**
 * Where several forms give the same gradient, the choice is made here, per provider and shape, with its reason. Times
 * are of ONNX Runtime 1.30 on the CPU, one thread, as ratios to the forward operator.
 */

/** Channels of one block of ONNX Runtime's NCHWc layout: 16 with AVX-512, 8 with AVX2. */
export const BLOCK = 16;

export interface ConvolutionShape extends Window {
  readonly group: number;
  /** Channels of the input, of one group. */
  readonly channels: number;
  /** Channels of the output, of all groups. */
  readonly filters: number;
}

export type InputGradientForm = 'flipped' | 'transposed' | 'spaced' | 'phases' | 'phasesAtOnce' | 'factored';

/**
 * `flipped`: a Conv with the kernel turned round. It runs in the blocked NCHWc layout like the forward one (1.0), where
 * ConvTranspose never does (1.3, depthwise 3.5). It exists for stride 1 as long as no padding would become negative.
 * `transposed`: ConvTranspose, which is the definition, for everything else (strided 1.0 to 1.9). The other forms are for
 * strides on the CPU, see below.
 */
export function inputGradientForm(s: ConvolutionShape, provider: string): InputGradientForm {
  if (s.strides.some((x) => x !== 1)) {
    if (isSpaced(s, provider)) return 'spaced';
    return stridedForm(s, provider);
  }
  const pads = turnedPads(s);
  if ([...pads.begin, ...pads.end].some((p) => p < 0)) return 'transposed';
  if (forgetsPadding(provider, { input: s.output, kernel: s.kernel, ...pads })) return 'transposed';
  return 'flipped';
}

export type WeightGradientForm = 'exchanged' | 'taps';

/** Kernels with more places than that are cheaper in one convolution. */
const MOST_TAPS = 25;

/**
 * `exchanged`: one Conv in which batch and channels have changed places, with dy as its kernel: the definition. `taps`: for
 * each place of the kernel the product of dy with x moved there, 0.5 of its time on 16×16 channels at 32×32 and 0.8 on
 * 64×64 at 8×8, since ONNX Runtime unrolls a kernel as large as a picture column by column. A large kernel over few channels
 * (7×7 over 3: 1.25) and WebGPU keep the convolution.
 */
export function weightGradientForm(kernel: readonly number[], channels: number, provider: string): WeightGradientForm {
  const taps = kernel.reduce((p, k) => p * k, 1);
  return provider === 'cpu' && taps <= (channels < BLOCK ? 9 : MOST_TAPS) ? 'taps' : 'exchanged';
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
 * Whether every phase of a strided convolution fills blocks by itself. Beside another that reads the same value with the
 * same stride, even a 1×1 kernel is then cheaper as the one phase it has than as a ConvTranspose and a sum of the whole
 * (ResNet's shortcuts).
 */
export function hasPhases(s: ConvolutionShape, provider: string): boolean {
  return (
    provider === 'cpu' &&
    s.kernel.length === 2 &&
    s.group === 1 &&
    s.filters >= BLOCK &&
    s.channels % BLOCK === 0 &&
    s.dilations.every((d) => d === 1) &&
    s.strides.some((k) => k > 1)
  );
}

/**
 * `phases` where each phase fills whole blocks by itself: 0.9 of ConvTranspose on 128×28×28 and 0.7 on 512×7×7.
 * `phasesAtOnce` and `factored` for the first layer of a network, whose few channels only fill a block together.
 * ConvTranspose spends its time there on writing overlapping columns.
 */
function stridedForm(s: ConvolutionShape, provider: string): InputGradientForm {
  if (hasPhases(s, provider) && s.kernel.every((k, i) => k > s.strides[i]!)) return 'phases';
  const dense = s.dilations.every((d) => d === 1) && s.kernel.every((k, i) => k >= s.strides[i]!);
  if (provider !== 'cpu' || s.kernel.length !== 2 || s.group !== 1 || s.filters < BLOCK || !dense) return 'transposed';
  const count = s.strides.reduce((p, k) => p * k, 1);
  if (s.channels * count > BLOCK || s.kernel.some((k, i) => k <= s.strides[i]!)) return 'transposed';
  // Multiplications per position and filter. Kernels of a single block run at 0.7 (one convolution) and 0.55 (few
  // channels in as well) of the speed of several blocks.
  const { between, span } = factoredSizes(s, s.channels);
  const [rows, columns] = [phaseTaps(s, 0), phaseTaps(s, 1)];
  const width = columns.high - columns.low + 1;
  const atOnce = (BLOCK * (rows.high - rows.low + 1) * width) / 0.7;
  const inTwo = between * span + (BLOCK * between * width) / 0.55 / s.filters;
  return inTwo < atOnce ? 'factored' : 'phasesAtOnce';
}

/** Channels between the two convolutions of `factored`, filled up to blocks, and the first one's places. */
export function factoredSizes(s: Window, channels: number): { readonly between: number; readonly span: number } {
  const rows = phaseTaps(s, 0);
  const count = s.kernel[1]! * s.strides[0]! * channels;
  return { between: Math.ceil(count / BLOCK) * BLOCK, span: rows.high - rows.low + 1 };
}

/** How the places of a kernel fall into the phases of a stride along one axis. */
export interface PhaseTaps {
  /** Steps of the stride that the input takes. */
  readonly cells: number;
  /** For each phase its places k from the last to the first, and (k - padding - phase) / stride of each. */
  readonly phases: readonly (Span & { readonly places: readonly number[]; readonly offsets: readonly number[] })[];
  /** Largest and smallest offset of all phases, or further where padding would become negative. */
  readonly high: number;
  readonly low: number;
}

interface Span {
  readonly high: number;
  readonly low: number;
}

export function phaseTaps(s: Window, axis: number): PhaseTaps {
  const [kernel, stride, begin] = [s.kernel[axis]!, s.strides[axis]!, s.begin[axis]!];
  const cells = Math.ceil(s.input[axis]! / stride);
  // Zeros in front of and behind the places, so that dy is padded by max(0, offset) and not cropped.
  const span = (offsets: readonly number[]): Span => ({
    high: Math.max(0, ...offsets),
    low: Math.min(cells - s.output[axis]!, ...offsets),
  });
  const phases = Array.from({ length: stride }, (_, phase) => {
    const places: number[] = [];
    for (let k = kernel - 1; k >= 0; k--) if ((k - begin - phase) % stride === 0) places.push(k);
    const offsets = places.map((k) => (k - begin - phase) / stride);
    return { places, offsets, ...span(offsets) };
  });
  return { cells, phases, ...span(phases.flatMap((p) => p.offsets)) };
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

/** Padding of the flipped convolution: dilation × (kernel - 1) - padding. */
export function turnedPads(s: Window): {
  begin: number[];
  end: number[];
} {
  const reach = s.kernel.map((k, i) => s.dilations[i]! * (k - 1));
  return { begin: reach.map((r, i) => r - s.begin[i]!), end: reach.map((r, i) => r - s.end[i]!) };
}

/**
 * `blocked`: comparisons by depthwise convolutions, for what stays in the blocked layout: 2.0 ms where `indices` takes 6.2
 * (3×3 windows, stride 2, 64×112×112), since MaxPool with Indices is a plain loop of 5 ms. Needs a kernel without gaps, and
 * windows without gaps between them.
 * `indices`: MaxPool with its second output, then ScatterElements. Exact on ties, any shape.
 * `windows` for WebGPU, which has no indices at all ("not supported yet" at run time).
 */
export function maxPoolForm(
  provider: string,
  type: ElementType,
  dims: Dims,
  window: Window,
): 'indices' | 'windows' | 'blocked' {
  if (provider === 'webgpu') return 'windows';
  const dense = window.dilations.every((d) => d === 1) && window.kernel.every((k, i) => k >= window.strides[i]!);
  return isBlocked(provider, type, dims) && dense && window.kernel.some((k) => k > 1) ? 'blocked' : 'indices';
}

/**
 * Whether a picture-shaped value is likely to lie in the blocked NCHWc layout on the CPU. Convolutions, same-shape Add
 * and Mul, Sigmoid, HardSigmoid and Relu stay in it; comparisons, Where and scalars do not, and cost two reorders beside
 * their own pass (29 of 88 ms in mobilenet_v2). Masks are then written as HardSigmoid, affine maps as depthwise 1×1
 * convolutions.
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
    channels.base % BLOCK === 0 &&
    // One number for each channel lies the same way in both layouts, and is gone before a reorder has begun.
    !dims.slice(2).every(isOne)
  );
}
