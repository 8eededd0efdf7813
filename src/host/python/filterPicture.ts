import { colormap } from '../../result/colormap.js';
import type { Rgb } from '../../base/picture.js';
import type { LayerWeights } from '../../result/weights.js';

/** Of the picture in a tooltip. */
const WIDTH = 320;
const HEIGHT = 160;
const GAP = 1;

/** The first filters of a layer as one small picture; `undefined` for what makes none (a bias). */
export function filterPicture(
  { shown, page, channelOrder, statistics }: LayerWeights,
  background: number,
): Rgb | undefined {
  const { data, dims } = page.values;
  const { view } = shown;
  if (view === 'vector' || data.length === 0) return undefined;
  if (view === 'matrix' || view === 'position')
    return drawn({ rows: dims[0]!, columns: dims[1]!, height: 1, width: 1, gap: 0 }, background, (row, column) => {
      const value = data[row * dims[1]! + column]!;
      return signed(value, statistics?.magnitude ?? largest(data));
    });
  const [count = 1, planes = 1, height = 1, width = 1] = dims;
  const size = height * width;
  if (view === 'rgb') {
    return flow(count, height, width, background, (index, y, x) => {
      const from = index * planes * size;
      const most = largest(data.subarray(from, from + planes * size));
      return [0, 1, 2].map((c) => {
        const plane = channelOrder === 'BGR' ? 2 - c : c;
        return Math.round(127.5 + (127.5 * data[from + plane * size + y * width + x]!) / most);
      }) as [number, number, number];
    });
  }
  const most = statistics?.magnitude ?? largest(data);
  return flow(count * planes, height, width, background, (index, y, x) =>
    signed(data[index * size + y * width + x]!, most),
  );
}

type Color = readonly [number, number, number];

function flow(
  count: number,
  height: number,
  width: number,
  background: number,
  color: (index: number, y: number, x: number) => Color,
): Rgb {
  const columns = Math.max(1, Math.min(count, Math.ceil(Math.sqrt((count * WIDTH * height) / (HEIGHT * width)))));
  const rows = Math.ceil(count / columns);
  return drawn({ rows, columns, height, width, gap: GAP }, background, (row, column, y, x) => {
    const index = row * columns + column;
    return index < count ? color(index, y, x) : undefined;
  });
}

interface Cells {
  readonly rows: number;
  readonly columns: number;
  readonly height: number;
  readonly width: number;
  readonly gap: number;
}

/** Cells side by side, each pixel as large as the tooltip has room for. */
function drawn(
  { rows, columns, height, width, gap }: Cells,
  background: number,
  color: (row: number, column: number, y: number, x: number) => Color | undefined,
): Rgb {
  const scale = Math.max(
    1,
    Math.floor(Math.min(WIDTH / (columns * (width + gap)), HEIGHT / (rows * (height + gap)), 12)),
  );
  const [pitchX, pitchY] = [width * scale + gap, height * scale + gap];
  const total = { width: Math.min(WIDTH, columns * pitchX), height: Math.min(HEIGHT, rows * pitchY) };
  const data = new Uint8Array(3 * total.width * total.height).fill(background);
  for (let py = 0; py < total.height; py++) {
    for (let px = 0; px < total.width; px++) {
      const [y, x] = [Math.floor((py % pitchY) / scale), Math.floor((px % pitchX) / scale)];
      if (y >= height || x >= width) continue;
      const found = color(Math.floor(py / pitchY), Math.floor(px / pitchX), y, x);
      if (found !== undefined) data.set(found, 3 * (py * total.width + px));
    }
  }
  return { ...total, data };
}

function signed(value: number, most: number): Color {
  const { table } = colormap('RdBu');
  const at = 3 * Math.max(0, Math.min(255, Math.round(127.5 + (127.5 * value) / (most || 1)) || 0));
  return [table[at]!, table[at + 1]!, table[at + 2]!];
}

function largest(values: Float32Array): number {
  let most = 0;
  for (const value of values) if (Math.abs(value) > most && Math.abs(value) < Infinity) most = Math.abs(value);
  return most || 1;
}
