import { firstNodes, type FirstNodes } from '../../graph/measure/firstNodes.js';
import type { ColorOrder, PartialSettings } from '../settings.js';
import { chooseInput, detectLayout } from '../shape.js';
import { takesBytes, type Convention } from './convention.js';
import { normalisedTo, reaches } from './spans.js';

/**
 * Normalisation that is part of the graph: its first nodes subtract, divide or normalise, so that the picture is fed as
 * they want it and is not normalised twice. Which pixel values they want follows from what they make of a photograph:
 * numbers around 0 of about unit spread, or (Caffe) bytes around 0; where several readings are as good, or none is, it is
 * said and nothing is settled.
 */
export const graphItself: Convention = {
  id: 'graph',
  title: "the graph's own first nodes",
  place: 'inside',
  async read({ graph, inputs }) {
    const input = chooseInput(inputs);
    if (graph === undefined || input?.dims?.length !== 4) return [];
    const axis = (detectLayout(input.dims) ?? 'NCHW') === 'NCHW' ? 1 : 3;
    const found = firstNodes(graph, input.name, axis);
    // What only cuts off says less than files do: another convention.
    if (found === undefined || found.operators.length === 0) return [];
    const origin = {
      kind: 'metadata',
      detail: `the graph's own first nodes (${found.operators.join(', ')})`,
    } as const;
    if (takesBytes(input.type)) {
      const channels = axis === 1 ? input.dims[1] : input.dims[3];
      const settings = ofBytes(found, input.type === 'int8' ? [-128, 127] : [0, 255], channels === 1 ? 1 : 3);
      return [{ origin, normalises: true, settings }];
    }
    const fitting = rangesOf(found);
    const [range] = fitting;
    if (range === undefined || fitting.length > 1) {
      const sentence = `The graph begins with ${found.operators.join(', ')} of its input; which pixel values that is meant for is not clear.`;
      return [{ origin, warnings: [sentence] }];
    }
    const color = colourOf(found, range);
    const settings: PartialSettings = { range, mean: [0], std: [1], ...(color === undefined ? {} : { color }) };
    return [{ settings, origin, normalises: true }];
  },
};

type Range = readonly [number, number];
type Affine = { readonly scale: readonly number[]; readonly shift: readonly number[] };

/** Pixel values that models are fed with. */
const RANGES: readonly Range[] = [
  [0, 1],
  [0, 255],
  [-1, 1],
];

/** The pixel values that a photograph has to have for what networks are trained on; the numbers that pass decide between several. */
function rangesOf(found: FirstNodes): readonly Range[] {
  const fitting = RANGES.filter((range) => isPlausible(found, range));
  const { span } = found;
  const passing = span === undefined ? [] : fitting.filter(([low, high]) => reaches(span, low, high));
  return passing.length > 0 ? passing : fitting;
}

/**
 * Bytes as they are, where the first nodes make of them what networks are trained on. Where a network was quantised with
 * its own mean and deviation in front of it, bytes are steps of what comes out of those: they are what the picture is
 * divided into.
 */
function ofBytes({ scale, shift }: FirstNodes, bytes: Range, channels: number): PartialSettings {
  const [s, b] = [scale[0]!, shift[0]!];
  const single = scale.length === 1 && shift.length === 1;
  const ends = { low: s * bytes[0] + b, high: s * bytes[1] + b };
  const normalised = single ? normalisedTo(ends, channels) : undefined;
  if (normalised === undefined) return { range: bytes, mean: [0], std: [1] };
  const { range, mean, std, color } = normalised;
  // ((p - m) / d - b) / s = (p - (m + b d)) / (s d)
  return { range, color, mean: mean.map((m, c) => m + b * std[c]!), std: std.map((d) => s * d) };
}

/** Mean and standard deviation of the pixels of photographs, as shares of the range; ImageNet's are .45 and .23 to .28. */
const MEAN = 0.45;
const SPREAD = 0.27;

/** Whether a photograph in this range leaves the first nodes as what networks are trained on. */
function isPlausible({ scale, shift }: Affine, [low, high]: Range): boolean {
  return scale.every((a, c) => {
    const b = shift[c] ?? shift[0]!;
    const mean = a * (low + MEAN * (high - low)) + b;
    const spread = Math.abs(a) * SPREAD * (high - low);
    const normalised = Math.abs(mean) <= 1 && spread >= 0.15 && spread <= 1.6;
    // Caffe's models subtract the mean of bytes; some graphs turn 0..1 into bytes first.
    const bytes = spread >= 40 && spread <= 90 && (Math.abs(mean) <= 25 || (mean >= 80 && mean <= 150 && a >= 100));
    return normalised || bytes;
  });
}

/** Means of red, green and blue that everybody subtracts, as shares of the range. */
const RED_FIRST: readonly (readonly number[])[] = [
  [0.485, 0.456, 0.406],
  [123.68 / 255, 116.78 / 255, 103.94 / 255],
];

/** The order of the channels, where the subtracted means are those that everybody knows. */
function colourOf({ scale, shift }: Affine, [low, high]: Range): ColorOrder | undefined {
  if (shift.length !== 3) return undefined;
  const means = shift.map((b, c) => (-b / (scale[c] ?? scale[0]!) - low) / (high - low));
  const like = (order: readonly number[]): boolean => order.every((m, c) => Math.abs(m - means[c]!) < 0.012);
  if (RED_FIRST.some(like)) return 'RGB';
  return RED_FIRST.some((order) => like([...order].reverse())) ? 'BGR' : undefined;
}
