import type { Random } from '../../../src/base/random.js';
import {
  cloneTree,
  field,
  isText,
  isTree,
  messagesOf,
  parseTree,
  treeBytes,
  type Field,
  type Tree,
} from '../protobuf.js';
import { hostileNumber, hostileText, noise, pick, rarely } from '../hostile.js';

/** Changes of a model that leave it a well-formed file. Each says what it did, or nothing where there is nothing to change. */
type Mutation = (random: Random, tree: Tree) => string | undefined;

const of = (tree: Tree, ...kinds: readonly string[]): Tree[] =>
  messagesOf(tree).filter(({ kind }) => kinds.includes(kind));
const textOf = (tree: Tree, number: number): string => {
  const value = tree.fields.find((f) => f.number === number)?.value;
  return value instanceof Uint8Array ? Buffer.from(value).toString() : '';
};
const one = <T>(random: Random, from: readonly T[]): T | undefined =>
  from.length === 0 ? undefined : pick(random, from);
const fieldsWhere = (tree: Tree, wanted: (kind: string, f: Field) => boolean): { of: Tree; f: Field }[] =>
  messagesOf(tree).flatMap((each) => each.fields.filter((f) => wanted(each.kind, f)).map((f) => ({ of: each, f })));

/** Every operator that a swap may put in a node's place: what is cheap, what allocates, what runs graphs. */
const OPERATORS = [
  'Identity Relu Add Mul Div Pow Exp Log Sqrt Softmax LogSoftmax Sigmoid Cast Reshape Transpose Concat Split Slice Gather',
  'GatherND ScatterND ScatterElements Expand Tile Range ConstantOfShape Shape Size NonZero Where TopK Unique Resize Upsample',
  'Pad Conv ConvTranspose MaxPool AveragePool GlobalAveragePool LpPool Gemm MatMul Einsum ReduceMean ReduceSum ArgMax CumSum',
  'BatchNormalization InstanceNormalization LayerNormalization Dropout LSTM GRU RNN If Loop Scan SequenceConstruct SequenceAt',
  'NonMaxSuppression RoiAlign MaxRoiPool MaxUnpool DepthToSpace SpaceToDepth QuantizeLinear DequantizeLinear QLinearConv',
  'RandomNormal RandomUniform Multinomial EyeLike OneHot TfIdfVectorizer StringNormalizer ZipMap DFT STFT GridSample Nope',
]
  .join(' ')
  .split(' ');

const LOCATIONS = [
  '../../../../etc/passwd',
  '/etc/passwd',
  '/dev/zero',
  'model.onnx',
  '.',
  '',
  'a/../../b',
  'C:\\x',
  '\0',
  'missing.bin',
];

const MUTATIONS: readonly Mutation[] = [
  (random, tree) => {
    const at = one(
      random,
      fieldsWhere(tree, (_kind, f) => typeof f.value === 'bigint'),
    );
    if (at === undefined) return undefined;
    at.f.value = hostileNumber(random);
    return `a number of a ${at.of.kind}`;
  },
  (random, tree) => {
    const at = one(random, fieldsWhere(tree, isText));
    if (at === undefined) return undefined;
    at.f.value = rarely(random, 6) ? noise(random, 1 + random.below(12)) : Buffer.from(hostileText(random));
    return `a text of a ${at.of.kind}`;
  },
  (random, tree) => {
    // A text from elsewhere in its place: cycles, double names, nodes that read what is made later.
    const texts = fieldsWhere(tree, (kind, f) => kind === 'node' && isText(kind, f));
    const [a, b] = [one(random, texts), one(random, texts)];
    if (a === undefined || b === undefined) return undefined;
    a.f.value = b.f.value;
    return 'a name of another value';
  },
  (random, tree) => {
    const node = one(random, of(tree, 'node'));
    const op = node?.fields.find((f) => f.number === 4);
    if (op === undefined) return undefined;
    const other = pick(random, OPERATORS);
    op.value = Buffer.from(other);
    return `a node became ${other}`;
  },
  (random, tree) => {
    const at = one(
      random,
      messagesOf(tree).filter((each) => each.fields.length > 0),
    );
    if (at === undefined) return undefined;
    const index = random.below(at.fields.length);
    const [gone] = at.fields.splice(index, 1);
    return `a ${at.kind} without its field ${gone!.number}`;
  },
  (random, tree) => {
    const at = one(
      random,
      messagesOf(tree).filter((each) => each.fields.length > 0),
    );
    if (at === undefined) return undefined;
    const chosen = pick(random, at.fields);
    const times = rarely(random, 10) ? 200 : 1 + random.below(3);
    for (let n = 0; n < times; n++)
      at.fields.push({ ...chosen, value: isTree(chosen.value) ? cloneTree(chosen.value) : chosen.value });
    return `a ${at.kind} with its field ${chosen.number} ${times + 1} times`;
  },
  (random, tree) => {
    const graph = one(random, of(tree, 'graph'));
    if (graph === undefined) return undefined;
    random.shuffle(graph.fields);
    return 'a graph in another order';
  },
  (random, tree) => {
    // Anything where something else was: a tensor from another place, a graph as a branch of its own.
    const messages = messagesOf(tree);
    const from = pick(random, messages);
    const to = one(
      random,
      messages.filter(({ kind }) => kind === from.kind && kind !== 'model'),
    );
    if (to === undefined) return undefined;
    to.fields = cloneTree(from).fields;
    return `a ${to.kind} in place of another`;
  },
  (random, tree) => {
    const shape = one(random, of(tree, 'shape'));
    if (shape === undefined) return undefined;
    const dims = Array.from({ length: random.below(rarely(random, 8) ? 70 : 6) }, () =>
      field(1, {
        kind: 'dim',
        fields: rarely(random, 3)
          ? [field(2, pick(random, ['N', '', 'batch', hostileText(random)]))]
          : [field(1, hostileNumber(random))],
      }),
    );
    shape.fields = dims;
    return 'a shape';
  },
  (random, tree) => {
    const tensor = one(random, of(tree, 'tensor'));
    if (tensor === undefined) return undefined;
    tensor.fields = tensor.fields.filter((f) => f.number !== 1);
    for (let n = random.below(5); n >= 0; n--) tensor.fields.push(field(1, hostileNumber(random)));
    return `the sizes of "${textOf(tensor, 8).slice(0, 20)}"`;
  },
  (random, tree) => {
    const tensor = one(random, of(tree, 'tensor'));
    if (tensor === undefined) return undefined;
    const kept = tensor.fields.filter((f) => f.number === 1 || f.number === 2 || f.number === 8);
    const entries = {
      location: pick(random, LOCATIONS),
      offset: String(hostileNumber(random)),
      length: String(hostileNumber(random)),
    };
    const shown = Object.entries(entries).filter(([key]) => key === 'location' || !rarely(random, 3));
    tensor.fields = [
      ...kept,
      ...shown.map(([key, value]) => field(13, { kind: 'entry', fields: [field(1, key), field(2, value)] })),
      field(14, 1),
    ];
    return `weights in "${entries.location}"`;
  },
  (random, tree) => {
    // What is computed with: shapes, axes, repeats, numbers of trips.
    const tensor = one(
      random,
      of(tree, 'tensor').filter((each) => each.fields.some((f) => f.number === 2 && f.value === 7n)),
    );
    if (tensor === undefined) return undefined;
    const raw = tensor.fields.find((f) => f.number === 9 && f.value instanceof Uint8Array);
    if (raw === undefined) {
      const values = tensor.fields.filter((f) => f.number === 7);
      tensor.fields = tensor.fields.filter((f) => f.number !== 7);
      for (let n = 0; n < Math.max(1, values.length); n++) tensor.fields.push(field(7, hostileNumber(random)));
    } else {
      const bytes = Buffer.from(raw.value as Uint8Array);
      for (let at = 0; at + 8 <= bytes.length; at += 8)
        if (rarely(random, 2)) bytes.writeBigInt64LE(BigInt.asIntN(64, hostileNumber(random)), at);
      raw.value = bytes;
    }
    return `the numbers of "${textOf(tensor, 8).slice(0, 20)}"`;
  },
  (random, tree) => {
    const tensor = one(
      random,
      of(tree, 'tensor').filter((each) => each.fields.some((f) => f.number === 9)),
    );
    const raw = tensor?.fields.find((f) => f.number === 9);
    if (tensor === undefined || !(raw?.value instanceof Uint8Array)) return undefined;
    const special = pick(random, [Number.NaN, Infinity, -Infinity, 3.4e38, 1e-45, -0]);
    const bytes = Buffer.from(raw.value);
    for (let at = 0; at + 4 <= bytes.length; at += 4) if (rarely(random, 4)) bytes.writeFloatLE(special, at);
    raw.value = bytes;
    return `weights of ${special}`;
  },
  (random, tree) => {
    const at = one(random, of(tree, 'opset'));
    if (at === undefined) return undefined;
    at.fields = [
      field(1, pick(random, ['', '', 'ai.onnx.ml', 'com.microsoft', 'own', hostileText(random)])),
      field(2, hostileNumber(random)),
    ];
    return 'an opset';
  },
  (random, tree) => {
    const node = one(random, of(tree, 'node'));
    if (node === undefined) return undefined;
    const name = pick(random, [
      'axis',
      'axes',
      'kernel_shape',
      'pads',
      'strides',
      'dilations',
      'group',
      'perm',
      'to',
      'value',
      'body',
      'mode',
      'keepdims',
      'hidden_size',
      'blocksize',
    ]);
    const many = rarely(random, 2);
    const numbers = Array.from({ length: many ? random.below(9) : 1 }, () =>
      field(many ? 8 : 3, hostileNumber(random)),
    );
    node.fields.push(field(5, { kind: 'attribute', fields: [field(1, name), ...numbers, field(20, many ? 7 : 2)] }));
    return `an attribute ${name}`;
  },
  (random, tree) => {
    const graph = one(random, of(tree, 'graph'));
    if (graph === undefined) return undefined;
    const depth = pick(random, [3, 30, 120, 600]);
    deepen(graph, depth, pick(random, ['If', 'Loop', 'Scan', 'Custom']));
    return `graphs in graphs, ${depth} deep`;
  },
  (random, tree) => {
    const graph = tree.fields.find((f) => f.number === 7)?.value;
    if (graph === undefined || !isTree(graph)) return undefined;
    const values = graph.fields
      .filter((f) => f.number === 11 && isTree(f.value))
      .map((f) => textOf(f.value as Tree, 1));
    const length = rarely(random, 8) ? 3000 : pick(random, [20, 300]);
    const op = pick(random, ['Add', 'Concat', 'Mul', 'MatMul']);
    let last = values[0] ?? 'x';
    for (let n = 0; n < length; n++) {
      // Each doubles what was before it, in size or in number.
      const fields = [field(1, last), field(1, last), field(2, `chain${n}`), field(4, op)];
      if (op === 'Concat')
        fields.push(field(5, { kind: 'attribute', fields: [field(1, 'axis'), field(3, 1), field(20, 2)] }));
      graph.fields.push(field(1, { kind: 'node', fields }));
      last = `chain${n}`;
    }
    graph.fields.push(field(12, { kind: 'value', fields: [field(1, last)] }));
    return `a chain of ${length} ${op}`;
  },
  (random, tree) => {
    // A function that calls itself, or two that call each other.
    const call = (name: string): Tree => ({
      kind: 'node',
      fields: [field(1, 'a'), field(2, 'b'), field(4, name), field(7, 'own')],
    });
    const make = (name: string, inner: string): Field =>
      field(25, {
        kind: 'function',
        fields: [
          field(1, name),
          field(4, 'a'),
          field(5, 'b'),
          field(7, call(inner)),
          field(7, call(inner)),
          field(10, 'own'),
        ],
      });
    const two = rarely(random, 2);
    tree.fields.push(make('F', two ? 'G' : 'F'), make('G', two ? 'F' : 'Relu'));
    const node = one(random, of(tree, 'node'));
    if (node === undefined) return undefined;
    node.fields = node.fields.filter((f) => f.number !== 4 && f.number !== 7);
    node.fields.push(field(4, 'F'), field(7, 'own'));
    return 'functions that call themselves';
  },
  (random, tree) => {
    const key = pick(random, [
      'names',
      'task',
      'imgsz',
      'stride',
      'kpt_shape',
      'end2end',
      'labels',
      'Image.BitmapPixelFormat',
      'config',
      hostileText(random),
    ]);
    const value = pick(random, [
      hostileText(random),
      hostileText(random),
      String(hostileNumber(random)),
      '[1e999, -5]',
      "{-1: 'a', 99999999999: 'b'}",
      '{"id2label": {"0": {}}}',
    ]);
    tree.fields.push(field(14, { kind: 'entry', fields: [field(1, key), field(2, value)] }));
    return `metadata ${key.slice(0, 20)}`;
  },
];

/** Wraps a graph into nodes that hold it, so many times. */
function deepen(graph: Tree, depth: number, op: string): void {
  let inner: Tree = { kind: 'graph', fields: [field(2, 'innermost')] };
  for (let n = 0; n < depth; n++) {
    const names = op === 'If' ? ['then_branch', 'else_branch'].slice(0, n % 20 === 0 ? 2 : 1) : ['body'];
    const attributes = names.map((name, i) =>
      field(5, {
        kind: 'attribute',
        fields: [field(1, name), field(6, i === 0 ? inner : { kind: 'graph', fields: [] }), field(20, 5)],
      }),
    );
    const node: Tree = { kind: 'node', fields: [field(1, 'c'), field(2, `d${n}`), field(4, op), ...attributes] };
    inner = {
      kind: 'graph',
      fields: [field(1, node), field(2, `g${n}`), field(12, { kind: 'value', fields: [field(1, `d${n}`)] })],
    };
  }
  graph.fields.push(...inner.fields.filter((f) => f.number === 1));
}

/** A model with one to three changes of its structure, and what they were. */
export function restructured(random: Random, bytes: Uint8Array): { bytes: Uint8Array; what: string } {
  const tree = parseTree(bytes);
  const done: string[] = [];
  for (let n = pick(random, [1, 1, 2, 3]); n > 0; n--) {
    const what = pick(random, MUTATIONS)(random, tree);
    if (what !== undefined) done.push(what);
  }
  return { bytes: treeBytes(tree), what: done.join(', ') || 'nothing' };
}
