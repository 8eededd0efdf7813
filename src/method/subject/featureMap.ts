import { dimsAt, type Facts } from '../../graph/facts.js';
import type { Subject } from './subject.js';
import { sampleDims } from './samples.js';

/** How a value of the model lies over the picture: channels of a grid, also where it is a list of patch tokens. */
export interface FeatureMap {
  readonly kind: 'NCHW' | 'NHWC' | 'tokens';
  readonly channels: number;
  /** Sizes along the axes of space of what is no picture; `height` is then all of them but the last. */
  readonly space?: readonly number[];
  readonly height: number;
  readonly width: number;
  /** Leading tokens that belong to no patch: class, distillation, registers. */
  readonly skipped: number;
  /** Offset of an element in a sample's data. */
  at(channel: number, y: number, x: number): number;
}

/** The most tokens beside the patches: one class token, or one and some registers. */
const MOST_EXTRA = 16;

/**
 * The feature map of a value: `[n, C, h, w]`, of volumes and signals `[n, C, d, h, w]` and `[n, C, w]`, `[n, h, w, C]` or `[n, tokens, C]`. Undefined where it has no place in the
 * picture: vectors, attention matrices.
 */
export function featureMapOf(
  subject: Pick<Subject, 'facts' | 'graph' | 'input'>,
  value: string,
): FeatureMap | undefined {
  const { facts } = subject;
  const fact = facts.get(value);
  if (fact === undefined || !samplesInFront(facts, value)) return undefined;
  const dims = sampleDims(fact, facts);
  const space = spaceOf(subject.input);
  if (space.length !== 2) return dims.length === space.length + 1 ? spaceMap(dims, space) : undefined;
  if (dims.length === 3) return gridMap(dims as [number, number, number], subject);
  if (dims.length === 2) return tokenMap(dims as [number, number], subject);
  return undefined;
}

/** Windows and heads folded into the batch tear the picture apart. */
function samplesInFront(facts: Facts, value: string): boolean {
  const fact = facts.get(value)!;
  return facts.dynamicBatch ? fact.base[0] === 0 && fact.slope[0] === 1 : dimsAt(fact, facts.batch)[0] === facts.batch;
}

function gridMap([a, b, c]: [number, number, number], subject: Pick<Subject, 'input'>): FeatureMap | undefined {
  const { height: H, width: W } = subject.input;
  // How far a grid is from the picture's proportions; patches that do not divide the side leave some slack.
  const skew = (h: number, w: number): number => Math.abs(Math.log((h / w) * (W / H)));
  const last = skew(b, c) <= skew(a, b);
  const [height, width] = last ? [b, c] : [a, b];
  if (height > H || width > W || skew(height, width) > Math.log(1.5)) return undefined;
  const channels = last ? a : c;
  return last
    ? { kind: 'NCHW', channels, height, width, skipped: 0, at: (k, y, x) => (k * height + y) * width + x }
    : { kind: 'NHWC', channels, height, width, skipped: 0, at: (k, y, x) => (y * width + x) * channels + k };
}

/** Sizes of the input along its axes of space. */
function spaceOf({ axes, shape, height, width }: Subject['input']): readonly number[] {
  return axes === undefined || shape === undefined ? [height, width] : shape.filter((_, i) => axes[i] !== 'C');
}

/** A grid over the slices, rows and columns of a volume, or over a signal. Strides may differ from axis to axis. */
function spaceMap(dims: readonly number[], space: readonly number[]): FeatureMap | undefined {
  const fits = (sizes: readonly number[]): boolean => sizes.every((s, i) => s <= space[i]!);
  /** How unevenly the axes were made smaller. */
  const uneven = (sizes: readonly number[]): number => {
    const shares = sizes.map((s, i) => Math.log(s / space[i]!));
    return Math.max(...shares) - Math.min(...shares);
  };
  const [first, last] = [dims.slice(1), dims.slice(0, -1)];
  const inFront = fits(first) && (!fits(last) || uneven(first) <= uneven(last));
  if (!inFront && !fits(last)) return undefined;
  const sizes = inFront ? first : last;
  const channels = inFront ? dims[0]! : dims.at(-1)!;
  const width = sizes.at(-1)!;
  const height = sizes.slice(0, -1).reduce((a, b) => a * b, 1);
  const common = { channels, space: sizes, height, width, skipped: 0 };
  return inFront
    ? { kind: 'NCHW', ...common, at: (k, y, x) => (k * height + y) * width + x }
    : { kind: 'NHWC', ...common, at: (k, y, x) => (y * width + x) * channels + k };
}

function tokenMap(
  [tokens, channels]: [number, number],
  subject: Pick<Subject, 'facts' | 'graph' | 'input'>,
): FeatureMap | undefined {
  const grid = tokenGrid(tokens, subject);
  if (grid === undefined) return undefined;
  const [height, width] = grid;
  const skipped = tokens - height * width;
  return {
    kind: 'tokens',
    channels,
    height,
    width,
    skipped,
    at: (k, y, x) => (skipped + y * width + x) * channels + k,
  };
}

/** Rows and columns of patches: those of a convolution that cuts the picture into as many, else a square. */
function tokenGrid(
  tokens: number,
  { facts, graph, input }: Pick<Subject, 'facts' | 'graph' | 'input'>,
): [number, number] | undefined {
  let best: [number, number] | undefined;
  for (const node of graph.nodes) {
    if (node.op !== 'Conv') continue;
    const fact = facts.get(node.outputs[0] ?? '');
    const dims = fact === undefined ? [] : dimsAt(fact, facts.batch);
    if (dims.length !== 4) continue;
    const [h, w] = [dims[2]!, dims[3]!];
    const extra = tokens - h * w;
    if (extra >= 0 && extra <= MOST_EXTRA && h * w > 1 && (best === undefined || h * w > best[0] * best[1]))
      best = [h, w];
  }
  if (best !== undefined) return best;
  const side = Math.floor(Math.sqrt(tokens));
  const square = input.height === input.width && side > 1 && tokens - side * side <= 2;
  return square ? [side, side] : undefined;
}

/** A sample of the value as `[C, h, w]`, tokens of no patch left out. */
export function toPlanes(map: FeatureMap, sample: ArrayLike<number>): Float32Array {
  const { channels, height, width } = map;
  const out = new Float32Array(channels * height * width);
  let i = 0;
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) out[i++] = sample[map.at(c, y, x)]!;
  return out;
}
