// Small models that answer maps, written byte by byte: a file for the workbench needs no library.
import fs from 'node:fs';
import path from 'node:path';

/** A number of the protobuf wire format. */
function varint(value) {
  const bytes = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) | 128);
  }
}
const int = (field, value) => Buffer.concat([varint(field * 8), varint(value)]);
const bytes = (field, value) => {
  const data = Buffer.from(value);
  return Buffer.concat([varint(field * 8 + 2), varint(data.length), data]);
};
const message = (field, ...parts) => bytes(field, Buffer.concat(parts));
const each = (field, values) => values.map((value) => bytes(field, value));

const FLOAT = 1;
const tensor = (name, dims, values) => [
  ...dims.map((d) => int(1, d)),
  int(2, FLOAT),
  bytes(8, name),
  bytes(9, Buffer.from(Float32Array.from(values).buffer)),
];
const int64 = (...values) => Buffer.from(BigInt64Array.from(values.map(BigInt)).buffer);
const ints = (name, values) => message(5, bytes(1, name), ...values.map((v) => int(8, v)), int(20, 7));
const node = (op, inputs, output, ...attributes) =>
  message(1, ...each(1, inputs), bytes(2, output), bytes(3, output), bytes(4, op), ...attributes);
const value = (field, name, dims) =>
  message(
    field,
    bytes(1, name),
    message(2, message(1, int(1, FLOAT), message(2, ...dims.map((d) => message(1, int(1, d)))))),
  );
const entry = (key, text) => message(14, bytes(1, key), bytes(2, text));

const SIDE = 64;

/**
 * A convolution, a rectifier, a convolution of single places: channels that are `[red, green, blue, bias]` of the mean colour
 * of 3×3 pixels, once rectified.
 *
 * @param stride 2: a map of half the side
 */
function model(output, channels, { stride = 1 } = {}) {
  const hidden = channels.length;
  const first = channels.flatMap((c) => c.slice(0, 3).flatMap((w) => Array(9).fill(w / 9)));
  const second = channels.flatMap((_, i) => channels.map((__, j) => Number(i === j)));
  const side = SIDE / stride;
  return Buffer.concat([
    int(1, 9),
    message(
      7,
      node('Conv', ['x', 'w1', 'b1'], 'mean', ints('pads', [1, 1, 1, 1]), ints('strides', [stride, stride])),
      node('Relu', ['mean'], 'seen'),
      node('Conv', ['seen', 'w2'], output),
      bytes(2, output),
      message(5, ...tensor('w1', [hidden, 3, 3, 3], first)),
      message(
        5,
        ...tensor(
          'b1',
          [hidden],
          channels.map((c) => c[3]),
        ),
      ),
      message(5, ...tensor('w2', [hidden, hidden, 1, 1], second)),
      value(11, 'x', [1, 3, SIDE, SIDE]),
      value(12, output, [1, hidden, side, side]),
    ),
    message(8, int(2, 18)),
  ]);
}

/**
 * A detector with masks: two boxes at each of 4×4 places, of what is bright there and of what is red, each with two
 * coefficients; and two prototypes over 32×32 places, bright and red.
 */
function detectorWithMasks() {
  const cells = 4;
  const places = cells * cells;
  // x, y, width, height, two scores, two coefficients.
  const rows = 8;
  const sees = [[], [], [], [], [0.2, 0.2, 0.2], [0.6, -0.3, -0.3], [], []];
  const start = [0, 0, 30, 26, 0, 0.1, 1, 0.4];
  const offsets = Array.from({ length: rows * places }, (_, i) => {
    const place = i % places;
    const middle = (v) => ((v + 0.5) * SIDE) / cells;
    const row = Math.floor(i / places);
    return row === 0 ? middle(place % cells) : row === 1 ? middle(Math.floor(place / cells)) : start[row];
  });
  const window = SIDE / cells;
  const seen = sees.flatMap((c) => [0, 1, 2].flatMap((k) => Array(window * window).fill((c[k] ?? 0) / window ** 2)));
  const colours = [
    [1, 1, 1],
    [2, -1, -1],
  ].flatMap((c) => c.flatMap((w) => Array(9).fill(w / 9)));
  const shape = message(5, int(1, 3), int(2, 7), bytes(8, 'shape'), bytes(9, int64(0, rows, places)));
  return Buffer.concat([
    int(1, 9),
    message(
      7,
      node('Conv', ['x', 'w1'], 'cells', ints('strides', [window, window])),
      node('Reshape', ['cells', 'shape'], 'list'),
      node('Add', ['list', 'offsets'], 'output0'),
      node('Conv', ['x', 'w2', 'b2'], 'output1', ints('pads', [1, 1, 1, 1]), ints('strides', [2, 2])),
      bytes(2, 'detector'),
      message(5, ...tensor('w1', [rows, 3, window, window], seen)),
      message(5, ...tensor('offsets', [1, rows, places], offsets)),
      message(5, ...tensor('w2', [2, 3, 3, 3], colours)),
      message(5, ...tensor('b2', [2], [-1.7, 0.1])),
      shape,
      value(11, 'x', [1, 3, SIDE, SIDE]),
      value(12, 'output0', [1, rows, places]),
      value(12, 'output1', [1, 2, SIDE / 2, SIDE / 2]),
    ),
    message(8, int(2, 18)),
    entry('names', "{0: 'bright', 1: 'red'}"),
    entry('stride', '16'),
    entry('task', 'segment'),
  ]);
}

/** Writes `signal.onnx`, which takes eight numbers and no picture. */
export function writeSignalModel(folder) {
  const graph = message(
    7,
    node('Relu', ['x'], 'y'),
    bytes(2, 'signal'),
    value(11, 'x', [1, 8]),
    value(12, 'y', [1, 8]),
  );
  const file = path.join(folder, 'signal.onnx');
  fs.writeFileSync(file, Buffer.concat([int(1, 9), graph, message(8, int(2, 18))]));
}

/**
 * Writes `segments.onnx`, four classes by colour over 32×32 places with their names, `depth.onnx`, a number at each of
 * 64×64, and `masks.onnx`, a detector with masks.
 */
export function writeMapModels(folder) {
  const classes = [
    [-1, -1, -1, 1.5],
    [1, 1, 1, -1.2],
    [2, -1, -1, 0.3],
    [-1, 2, -1, 0.3],
  ];
  const write = (name, content) => fs.writeFileSync(path.join(folder, name), content);
  write('segments.onnx', model('segmentation', classes, { stride: 2 }));
  write('segments.lens.json', JSON.stringify({ labels: ['dark', 'bright', 'red', 'green'] }));
  write('depth.onnx', model('depth', [[0.3, 0.6, 0.1, 0.1]]));
  write('masks.onnx', detectorWithMasks());
}
