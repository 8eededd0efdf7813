import { floatTensor } from '../../base/tensor.js';
import { readBlock } from '../../session/weightArray.js';
import type { KernelPage, WeightPage, WeightView } from '../../result/weights.js';
import type { ShownWeight } from './view.js';

const DEFAULTS: Readonly<Record<WeightView, readonly [rows: number, columns: number]>> = {
  rgb: [256, 3],
  kernels: [64, 64],
  depthwise: [1024, 1],
  matrix: [256, 256],
  position: [256, 256],
  vector: [4096, 1],
};

/** The most numbers of one page. */
const MOST = 1 << 24;

/**
 * Part of a weight for drawing. What lies outside is cut off.
 *
 * @param order rows in the order in which they are shown, where it is not that of the file
 */
export async function pageOf(
  { entry, array }: ShownWeight,
  wanted: KernelPage | undefined,
  order: Uint32Array | undefined,
  signal?: AbortSignal,
): Promise<WeightPage> {
  const { view, shape } = entry;
  const [outputs = 1, inputs = 1, ...kernel] = shape;
  const [rowCount, columnCount] = DEFAULTS[view];
  const page = wanted ?? { rowFrom: 0, rowCount, columnFrom: 0, columnCount };
  const whole = view === 'rgb' || view === 'depthwise' || view === 'vector';
  const [columnFrom, columns] = whole ? [0, inputs] : cut(page.columnFrom, page.columnCount, inputs);
  const area = kernel.reduce((a, b) => a * b, 1);
  const most = Math.max(1, Math.floor(MOST / Math.max(1, columns * area)));
  const [rowFrom, count] = cut(page.rowFrom, Math.min(most, page.rowCount), outputs);
  const rows = Int32Array.from({ length: count }, (_, i) => order?.[rowFrom + i] ?? rowFrom + i);
  const dims = view === 'vector' ? [count] : [count, columns, ...kernel];
  const values = floatTensor(dims);
  const rest = shape.slice(1).map((d, i) => (i === 0 ? columns : d));
  const start = shape.slice(1).map((_, i) => (i === 0 ? columnFrom : 0));
  const step = rest.reduce((a, b) => a * b, 1);
  // Rows that follow one another in the file are read together.
  for (let i = 0; i < count;) {
    let n = 1;
    while (i + n < count && rows[i + n] === rows[i]! + n) n++;
    values.data.set(await readBlock(array, [rows[i]!, ...start], [n, ...rest], signal), i * step);
    i += n;
  }
  return { rows, columns: Int32Array.from({ length: columns }, (_, i) => columnFrom + i), values };
}

function cut(from: number, count: number, size: number): [from: number, count: number] {
  const start = Math.min(Math.max(0, Math.trunc(from)), Math.max(0, size - 1));
  return [start, Math.min(Math.max(0, Math.trunc(count)), size - start)];
}
