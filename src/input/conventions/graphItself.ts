import { firstNodes } from '../../graph/measure/firstNodes.js';
import type { ColorOrder, PartialSettings } from '../settings.js';
import { chooseInput, detectLayout } from '../shape.js';
import type { Convention } from './convention.js';

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
    if (found === undefined) return [];
    const origin = {
      kind: 'metadata',
      detail: `the graph's own first nodes (${found.operators.join(', ')})`,
    } as const;
    const fitting = RANGES.filter((range) => isPlausible(found, range));
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
