import type { Window } from '../../../gradient/emit/window.js';

/** Sizes of a convolution over pictures. */
export interface Convolution extends Window {
  readonly batch: number;
  /** Channels of the whole input and of the whole output. */
  readonly channels: number;
  readonly filters: number;
  readonly group: number;
}

/** How the groups of a convolution lie in blocks. */
export interface Grouping {
  /** Groups after joining: each takes and gives whole blocks. */
  readonly groups: number;
  /** How many of the model's groups are one of them; what they do not share is 0. */
  readonly joined: number;
  /** Channels in and out of one joined group, filled up. */
  readonly inside: number;
  readonly outside: number;
}

/** Joined groups multiply the work by their number: beyond this the plain form is faster. */
const MOST = 8;

/**
 * Dense groups of whole blocks, or undefined where a convolution has none that pays.
 *
 * @param most how many groups may be joined
 */
export function grouping(s: Convolution, block: number, most = MOST): Grouping | undefined {
  const full = (n: number): number => Math.ceil(n / block) * block;
  const [cg, kg] = [s.channels / s.group, s.filters / s.group];
  if (s.group === 1) return { groups: 1, joined: 1, inside: full(cg), outside: full(kg) };
  let joined = 1;
  while ((joined * cg) % block !== 0 || (joined * kg) % block !== 0) joined++;
  if (joined >= s.group) {
    if (s.group > most) return undefined;
    return { groups: 1, joined: s.group, inside: full(s.channels), outside: full(s.filters) };
  }
  const groups = Math.ceil(s.group / joined);
  // The last group may be filled up, as far as the layout fills up the channels anyway.
  const fits = groups * joined * cg === full(s.channels) && groups * joined * kg === full(s.filters);
  if (joined > most || !fits) return undefined;
  return { groups, joined, inside: joined * cg, outside: joined * kg };
}

/** One filter for each channel, which ONNX Runtime has an own kernel for. */
export function isDepthwise(s: Convolution): boolean {
  return s.group > 1 && s.channels === s.group && s.filters === s.group;
}

/** Elements along an axis from the first that a window touches to the last, padding included. */
export function reachOf(s: Window, axis: number): number {
  return (s.output[axis]! - 1) * s.strides[axis]! + s.dilations[axis]! * (s.kernel[axis]! - 1) + 1;
}

/** Whether forward pass and both gradients have a blocked form. */
export function hasBlockedForm(s: Convolution, block: number): boolean {
  if (s.kernel.length !== 2 || s.channels === 0 || s.filters === 0) return false;
  if ([...s.input, ...s.output, s.batch].some((d) => d < 1) || [...s.begin, ...s.end].some((p) => p < 0)) return false;
  // Windows that see nothing but padding along an axis.
  if (s.kernel.some((_, i) => reachOf(s, i) <= s.begin[i]!)) return false;
  return isDepthwise(s) || grouping(s, block) !== undefined;
}

/** How the taps of a kernel reach the elements stride·m + ρ of the input, along one axis. */
export interface Phase {
  /** Places of the kernel, last first: they lie at rising offsets, `step` apart. Empty: nothing reaches this phase. */
  readonly places: readonly number[];
  readonly step: number;
  /** Zeros to put in front of and behind the places, so that no padding is negative. */
  readonly before: number;
  readonly after: number;
  /** Padding of dy. */
  readonly begin: number;
  readonly end: number;
}

/** Elements m of each phase; the last of a phase may lie behind the input. */
export function cellsOf(s: Window, axis: number): number {
  return Math.ceil(s.input[axis]! / s.strides[axis]!);
}

/** dx[stride·m + ρ] = Σ over places t of w[t]·dy[m + (ρ + begin - t·dilation) / stride], where that is whole. */
export function phasesOf(s: Window, axis: number): Phase[] {
  const [kernel, stride, dilation] = [s.kernel[axis]!, s.strides[axis]!, s.dilations[axis]!];
  const [begin, outputs, cells] = [s.begin[axis]!, s.output[axis]!, cellsOf(s, axis)];
  return Array.from({ length: stride }, (_, rho) => {
    const places: number[] = [];
    for (let t = kernel - 1; t >= 0; t--) if ((rho + begin - t * dilation) % stride === 0) places.push(t);
    if (places.length === 0) return { places, step: 1, before: 0, after: 0, begin: 0, end: 0 };
    const offset = (t: number): number => (rho + begin - t * dilation) / stride;
    const step = places.length > 1 ? offset(places[1]!) - offset(places[0]!) : 1;
    const low = offset(places[0]!);
    const high = offset(places.at(-1)!);
    const before = Math.max(0, Math.ceil(low / step));
    const after = Math.max(0, Math.ceil((outputs - cells - high) / step));
    return {
      places,
      step,
      before,
      after,
      begin: before * step - low,
      end: cells - outputs + high + after * step,
    };
  });
}
