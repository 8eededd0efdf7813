import type { Graph } from '../graph/graph.js';
import { windowAxes } from '../graph/measure/windowAxes.js';
import type { ModelValue } from './modelValue.js';

/**
 * What the axes of a model's input are. One letter for each: `N` the batch, `C` channels, `W`, `H`, `D` and before them
 * `T`, `U`… the axes of space, the last of them `W`: `NCHW`, `HWC`, `NHW`, `NCDHW`, `NW` for a plain vector.
 */
export interface InputAxes {
  readonly axes: string;
  /** A convolution shows it. */
  readonly seen?: true;
  /** Where the shape alone does not tell: what was assumed, as a sentence. */
  readonly guess?: string;
}

type Dims = readonly (number | string)[];

/** Numbers of channels that pictures have. */
const COLOURS: readonly unknown[] = [1, 3, 4];

/** Axes of space from the last one on. */
const SPACE = 'WHDTUVXYZ';

/** Fewer rows or columns than this are no picture. */
const LEAST_SIDE = 8;

/** Names that exporters give free dimensions. */
const BATCH = /^(n|b|bs|batch.*|.*batch|unk.*|none|\?)$/i;
const HEIGHT = /^(h|.*height.*|rows?)$/i;
const WIDTH = /^(w|.*width.*|col(umn)?s?)$/i;

/** Letters for axes of space, as many as asked for: `W`, `HW`, `DHW`. */
export function spaceLetters(count: number): string {
  return Array.from({ length: count }, (_, i) => SPACE[count - 1 - i]).join('');
}

/**
 * The axes of an input: as the first convolution sees them, else by their names and sizes. Undefined where the rank is not
 * known, or higher than there are letters.
 *
 * @param outputs tell whether a batch comes out again
 */
export function inputAxes(
  input: ModelValue,
  outputs: readonly ModelValue[] = [],
  graph?: Graph,
): InputAxes | undefined {
  const { dims, name } = input;
  if (dims === undefined || dims.length > SPACE.length) return undefined;
  const seen = graph === undefined || dims.length < 2 ? undefined : windowAxes(graph, name, dims.length);
  const batched = isBatched(dims, outputs);
  const roles = seen?.filter((r) => r !== 'other').length === dims.length ? seen : undefined;
  if (roles !== undefined) {
    const letters = [...spaceLetters(roles.filter((r) => r === 'space').length)];
    return {
      axes: roles.map((r) => (r === 'batch' ? 'N' : r === 'channel' ? 'C' : letters.shift()!)).join(''),
      seen: true,
    };
  }
  return byShape(dims, batched);
}

/** Whether the first axis is a batch: true or false where something tells. */
function isBatched(dims: Dims, outputs: readonly ModelValue[]): boolean | undefined {
  const [first] = dims;
  if (typeof first === 'string' && (HEIGHT.test(first) || WIDTH.test(first))) return false;
  if (typeof first === 'string' && BATCH.test(first)) return true;
  const known = outputs.filter((o) => o.dims !== undefined);
  if (first !== '' && first !== undefined && known.some((o) => o.dims![0] === first)) return true;
  return known.length > 0 && dims.length > 1 && known.every((o) => o.dims!.length === 1) ? false : undefined;
}

function byShape(dims: Dims, batched: boolean | undefined): InputAxes {
  const rank = dims.length;
  const last = dims.at(-1);
  if (rank === 0) return { axes: '' };
  if (rank === 1) return { axes: batched === true || typeof dims[0] === 'string' ? 'N' : 'W' };
  if (rank === 2) return { axes: batched === false && isSide(dims[0]) && isSide(dims[1]) ? 'HW' : 'NW' };
  if (rank === 3) return threeAxes(dims as [number | string, number | string, number | string], batched);
  if (batched === false) {
    const letters = spaceLetters(rank - 1);
    return { axes: COLOURS.includes(last) && !COLOURS.includes(dims[0]) ? `${letters}C` : `C${letters}` };
  }
  const letters = spaceLetters(rank - 2);
  return { axes: COLOURS.includes(last) && !COLOURS.includes(dims[1]) ? `N${letters}C` : `NC${letters}` };
}

function threeAxes(
  dims: readonly [number | string, number | string, number | string],
  batched: boolean | undefined,
): InputAxes {
  const [a, b, c] = dims;
  if (batched !== true) {
    if (COLOURS.includes(c) && isSide(a) && isSide(b)) return { axes: 'HWC' };
    if ((a === 3 || a === 4 || (a === 1 && batched === false)) && isSide(b) && isSide(c)) return { axes: 'CHW' };
    if (batched === false) return { axes: 'DHW' };
  }
  const [height, width] = [typeof b === 'number' ? b : 0, typeof c === 'number' ? c : 0];
  const named = (typeof b === 'string' && HEIGHT.test(b)) || (typeof c === 'string' && WIDTH.test(c));
  const square = height >= LEAST_SIDE && width >= LEAST_SIDE && Math.max(height, width) <= 4 * Math.min(height, width);
  if (named || square)
    return { axes: 'NHW', guess: 'The input has one value for each row and column: a grey picture is taken.' };
  return { axes: typeof b === 'number' && typeof c === 'number' && c < b ? 'NWC' : 'NCW' };
}

function isSide(size: number | string | undefined): boolean {
  return typeof size === 'string' || (typeof size === 'number' && size >= LEAST_SIDE);
}

/**
 * The dimensions that a picture of this input would have as `[N, C, H, W]` or `[N, H, W, C]`, absent axes as 1; undefined
 * where the input is no picture: a vector, a signal, a volume.
 */
export function asPicture(
  dims: Dims,
  axes: string,
): { readonly dims: Dims; readonly layout?: 'NCHW' | 'NHWC' } | undefined {
  const at = (letter: string): number | string => (axes.includes(letter) ? dims[axes.indexOf(letter)]! : 1);
  if (!axes.includes('H') || !axes.includes('W') || axes.includes('D')) return undefined;
  // Of four axes the sizes, and the person, still have a say.
  if (axes === 'NCHW' || axes === 'NHWC') return { dims };
  const [n, c, h, w] = ['N', 'C', 'H', 'W'].map(at) as [
    number | string,
    number | string,
    number | string,
    number | string,
  ];
  return axes.endsWith('C') ? { dims: [n, h, w, c], layout: 'NHWC' } : { dims: [n, c, h, w], layout: 'NCHW' };
}

/** Sizes of a sample along the input's own axes, from those of its picture. */
export function sampleShape(
  axes: string,
  sizes: { readonly channels: number; readonly height: number; readonly width: number },
): number[] {
  const size: Readonly<Record<string, number>> = { C: sizes.channels, H: sizes.height, W: sizes.width };
  return [...axes].filter((letter) => letter !== 'N').map((letter) => size[letter] ?? 1);
}
