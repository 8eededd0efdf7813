import { inMemory, type StoredTensor, type ValueInfo } from '../../../../src/checkpoint/model.js';
import { Random } from '../../../../src/base/random.js';
import { floatTensor, int64Tensor, sizeOf, type Tensor } from '../../../../src/base/tensor.js';
import { makeNode } from '../../../../src/graph/edits.js';
import type { Graph, GraphNode } from '../../../../src/graph/graph.js';
import { SIDE } from '../tinyNet.js';

export const KINDS = ['cat', 'dog', 'hen'];

/** Prototypes of masks, over 8×8 places. */
export const PROTOTYPES = 3;

export interface DetectorNet {
  /**
   * v8: a box and the scores; v5: an objectness between them; obb: an angle behind them, segment: coefficients; xyxy rows end
   * to end. In outputs of their own: ssd, corners in shares and a Softmax with nothing as its first class; detr, middles in
   * shares and logits with nothing as their last; suppressed, corners from the top with a score and a class for each.
   */
  readonly head?: 'v8' | 'v5' | 'obb' | 'segment' | 'end2end' | 'ssd' | 'detr' | 'suppressed';
  readonly fixed?: boolean;
}

/** A seeded detector of two scales, smooth everywhere: 8×8 and 4×4 candidates of a 16×16 picture. */
export function detectorNet({ head = 'v8', fixed = false }: DetectorNet = {}): Graph {
  const random = new Random(23);
  const weights = new Map<string, StoredTensor>();
  const nodes: GraphNode[] = [];
  let made = 0;
  const put = (tensor: Tensor): string => {
    const name = `w${made++}`;
    weights.set(name, inMemory(name, tensor));
    return name;
  };
  const draw = (dims: readonly number[], scale: number): string =>
    put(
      floatTensor(
        dims,
        Float32Array.from({ length: sizeOf(dims) }, () => scale * random.normal()),
      ),
    );
  const add = (
    op: string,
    inputs: string[],
    attributes: Parameters<typeof makeNode>[3] = {},
    name?: string,
  ): string => {
    const given = name ?? `${op.toLowerCase()}${made++}`;
    nodes.push(makeNode(op, given, inputs, attributes));
    return given;
  };
  const number = (...values: number[]): string => put(floatTensor([1, values.length, 1], Float32Array.from(values)));
  const conv = (x: string, from: number, to: number, stride: number, name: string): string =>
    add(
      'Tanh',
      [
        add(
          'Conv',
          [x, draw([to, from, 3, 3], 1.2 / Math.sqrt(from * 9)), draw([to], 0.1)],
          { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [stride, stride] },
          `${name}.conv`,
        ),
      ],
      {},
      name,
    );
  const stem = conv('x', 3, 8, 2, 'stem');
  const fine = conv(stem, 8, 8, 1, 'fine');
  const coarse = conv(fine, 8, 8, 2, 'coarse');
  const behind = head === 'obb' ? 1 : head === 'segment' ? PROTOTYPES : 0;
  const pair = head === 'ssd' || head === 'detr';
  const ranked = head === 'end2end' || head === 'suppressed';
  const extra = head === 'v5' || pair ? 1 : behind;
  const outputs = [
    [fine, 8],
    [coarse, 4],
  ].map(([map, side]) => {
    const [grid, stride] = [side as number, SIDE / (side as number)];
    const count = grid * grid;
    const rows = 4 + KINDS.length + extra;
    const branch = (size: number, name: string, scale: number): string =>
      add('Reshape', [
        add(
          'Conv',
          [conv(map as string, 8, 8, 1, `${name}${grid}`), draw([size, 8, 1, 1], scale), draw([size], 0.3)],
          {},
        ),
        put(int64Tensor([3], [0, size, count])),
      ]);
    const split = (x: string, from: number, to: number): string =>
      add('Slice', [x, put(int64Tensor([1], [from])), put(int64Tensor([1], [to])), put(int64Tensor([1], [1]))]);
    const middles = put(
      floatTensor(
        [1, 2, count],
        Float32Array.from(
          { length: 2 * count },
          (_, i) => ((i < count ? i % grid : Math.floor((i - count) / grid)) + 0.5) * stride,
        ),
      ),
    );
    const box = branch(4, 'box', 0.3);
    const middle = add('Add', [add('Mul', [split(box, 0, 2), number(stride)]), middles]);
    const sides = add('Mul', [add('Exp', [split(box, 2, 4)]), number(2 * stride)]);
    const rest = branch(rows - 4, 'class', 0.7);
    const scores = pair ? rest : add('Sigmoid', [behind > 0 ? split(rest, 0, KINDS.length) : rest]);
    return [middle, sides, scores, ...(behind > 0 ? [split(rest, KINDS.length, KINDS.length + behind)] : [])];
  });
  const scales = outputs.map((parts) => add('Concat', parts, { axis: 1 }));
  let out = add('Concat', scales, { axis: 2 }, 'raw');
  let dims: number[] = [4 + KINDS.length + extra, 80];
  if (ranked) {
    // Rows of the best ten: corners, score, class.
    const axis = put(int64Tensor([1], [1]));
    const split = (from: number, to: number): string =>
      add('Slice', [out, put(int64Tensor([1], [from])), put(int64Tensor([1], [to])), axis]);
    const half = add('Mul', [split(2, 4), number(0.5)]);
    const corners = add('Concat', [add('Sub', [split(0, 2), half]), add('Add', [split(0, 2), half])], { axis: 1 });
    const scores = split(4, 7);
    const best = add('ReduceMax', [scores, axis], { keepdims: 1 });
    const which = add('Cast', [add('ArgMax', [scores], { axis: 1, keepdims: 1 })], { to: 1 });
    const table = add('Transpose', [add('Concat', [corners, best, which], { axis: 1 })], { perm: [0, 2, 1] });
    nodes.push({
      ...makeNode('TopK', 'topk', [add('Squeeze', [best, axis]), put(int64Tensor([1], [10]))], { axis: 1 }),
      outputs: ['top', 'order'],
    });
    const order = add('Expand', [
      add('Unsqueeze', ['order', put(int64Tensor([1], [2]))]),
      put(int64Tensor([3], [1, 1, 6])),
    ]);
    out = add('GatherElements', [table, order], { axis: 1 }, 'rows');
    dims = [10, 6];
  }
  const batch = fixed ? 1 : 'batch';
  const info = (name: string, ...own: number[]): ValueInfo => ({ name, type: 'float32', dims: [batch, ...own] });
  const parts: ValueInfo[] = [];
  if (pair) {
    const axis = put(int64Tensor([1], [1]));
    const split = (from: number, to: number): string =>
      add('Slice', [out, put(int64Tensor([1], [from])), put(int64Tensor([1], [to])), axis]);
    const shares = (from: number, to: number): string => add('Mul', [split(from, to), number(1 / SIDE)]);
    const half = add('Mul', [shares(2, 4), number(0.5)]);
    const corners = (): string =>
      add('Concat', [add('Sub', [shares(0, 2), half]), add('Add', [shares(0, 2), half])], { axis: 1 });
    const rows = (x: string, name?: string): string => add('Transpose', [x], { perm: [0, 2, 1] }, name);
    rows(head === 'ssd' ? corners() : shares(0, 4), head === 'ssd' ? 'boxes' : 'pred_boxes');
    const logits = rows(split(4, 8), head === 'ssd' ? 'logits' : 'pred_logits');
    if (head === 'ssd') add('Softmax', [logits], { axis: 2 }, 'scores');
    parts.push(info(head === 'ssd' ? 'boxes' : 'pred_boxes', 80, 4));
    parts.push(info(head === 'ssd' ? 'scores' : 'pred_logits', 80, KINDS.length + 1));
  }
  if (head === 'suppressed') {
    const axis = put(int64Tensor([1], [2]));
    const column = (from: number, to: number): string =>
      add('Slice', [out, put(int64Tensor([1], [from])), put(int64Tensor([1], [to])), axis]);
    const corners = add('Concat', [column(1, 2), column(0, 1), column(3, 4), column(2, 3)], { axis: 2 });
    add('Mul', [corners, put(floatTensor([1], Float32Array.of(1 / SIDE)))], {}, 'detection_boxes');
    add('Squeeze', [column(4, 5), axis], {}, 'detection_scores');
    const first = put(floatTensor([1], Float32Array.of(1)));
    add('Add', [add('Squeeze', [column(5, 6), axis]), first], {}, 'detection_classes');
    parts.push(info('detection_boxes', 10, 4), info('detection_scores', 10), info('detection_classes', 10));
  }
  const prototypes =
    head === 'segment'
      ? [
          add(
            'Conv',
            [conv(stem, 8, 8, 1, 'proto'), draw([PROTOTYPES, 8, 1, 1], 0.7), draw([PROTOTYPES], 0.3)],
            {},
            'protos',
          ),
        ]
      : [];
  const metadata = new Map([
    ['task', head === 'obb' ? 'obb' : head === 'segment' ? 'segment' : 'detect'],
    ...(head === 'end2end' ? [['end2end', 'True'] as const] : []),
  ]);
  return {
    name: 'detector',
    irVersion: 9,
    opset: 18,
    opsets: new Map(),
    inputs: [{ name: 'x', type: 'float32', dims: [batch, 3, SIDE, SIDE] }],
    outputs: parts.length > 0 ? parts : [info(out, ...dims), ...prototypes.map((name) => info(name, PROTOTYPES, 8, 8))],
    nodes,
    weights,
    metadata: parts.length > 0 ? new Map() : metadata,
  };
}
