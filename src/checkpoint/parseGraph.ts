import { LensError } from '../base/errors.js';
import type { Context } from './context.js';
import type { AttributeProto, FunctionProto, GraphProto, NodeProto, StoredTensor, ValueInfo } from './model.js';
import { parseEntry, parseSparse, parseTensor } from './parseTensor.js';
import { normalDomain, parseOpset, parseValueInfo } from './parseTypes.js';
import { Fields, malformed, type Span } from './wire.js';

const DEEPEST = 64;

/** A graph while it is read. */
export interface GraphParts {
  name: string;
  doc: string;
  nodes: NodeProto[];
  initializers: StoredTensor[];
  inputs: ValueInfo[];
  outputs: ValueInfo[];
  valueInfo: ValueInfo[];
}

export function emptyGraph(): GraphParts {
  return { name: '', doc: '', nodes: [], initializers: [], inputs: [], outputs: [], valueInfo: [] };
}

/** GraphProto, from one span or several. */
export function parseGraph(context: Context, spans: readonly Span[], depth: number): GraphProto {
  const parts = emptyGraph();
  for (const span of spans) {
    const f = new Fields(context.window, span);
    while (f.next()) parseGraphField(context, f, parts, depth);
  }
  return parts;
}

/** One field of GraphProto. */
export function parseGraphField(context: Context, f: Fields, parts: GraphParts, depth: number): void {
  if (depth > DEEPEST) throw malformed(`graphs are nested more than ${DEEPEST} deep`);
  switch (f.field) {
    case 1:
      parts.nodes.push(parseNode(context, f.span(), depth));
      break;
    case 2:
      parts.name = f.text();
      break;
    case 5:
      parts.initializers.push(parseTensor(context, [f.span()]));
      break;
    case 10:
      parts.doc = f.text();
      break;
    case 11:
      parts.inputs.push(parseValueInfo(context, f.span()));
      break;
    case 12:
      parts.outputs.push(parseValueInfo(context, f.span()));
      break;
    case 13:
      parts.valueInfo.push(parseValueInfo(context, f.span()));
      break;
    case 15: {
      const dense = parseSparse(context, [f.span()]);
      if (dense === undefined) {
        throw new LensError(
          'unsupported',
          'checkpoint/sparse',
          'The model holds a sparse initializer that is too large to be made dense.',
        );
      }
      parts.initializers.push(dense);
      break;
    }
    default:
      f.skip();
  }
}

/** Of a node that has none, as most: one for all. */
const NO_METADATA: ReadonlyMap<string, string> = new Map();

export function parseNode(context: Context, span: Span, depth: number): NodeProto {
  const f = new Fields(context.window, span);
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes: AttributeProto[] = [];
  let metadata: Map<string, string> | undefined;
  let name = '';
  let op = '';
  let domain = '';
  let overload = '';
  let doc = '';
  while (f.next()) {
    switch (f.field) {
      case 1:
        inputs.push(f.text());
        break;
      case 2:
        outputs.push(f.text());
        break;
      case 3:
        name = f.text();
        break;
      case 4:
        op = f.text();
        break;
      case 5:
        attributes.push(parseAttribute(context, f.span(), depth));
        break;
      case 6:
        doc = f.text();
        break;
      case 7:
        domain = normalDomain(f.text());
        break;
      case 8:
        overload = f.text();
        break;
      case 9:
        (metadata ??= new Map()).set(...parseEntry(context, f.span()));
        break;
      default:
        f.skip();
    }
  }
  if (op === '') throw malformed('a node names no operator');
  return { name, op, domain, overload, inputs, outputs, attributes, doc, metadata: metadata ?? NO_METADATA };
}

/** An attribute with more numbers than this is no attribute. */
const MOST_NUMBERS = 1 << 22;

function limited<T>(list: T[], value: T): void {
  if (list.push(value) > MOST_NUMBERS) throw malformed('an attribute holds millions of numbers');
}

const KINDS = [
  '',
  'float',
  'int',
  'string',
  'tensor',
  'graph',
  'floats',
  'ints',
  'strings',
  'tensors',
  'graphs',
] as const;
/** Kind of an attribute by the field that holds its value, for old files that do not say the type. */
const KIND_OF_FIELD: Readonly<Record<number, number>> = {
  2: 1,
  3: 2,
  4: 3,
  5: 4,
  6: 5,
  7: 6,
  8: 7,
  9: 8,
  10: 9,
  11: 10,
  14: 13,
  15: 14,
  22: 11,
  23: 12,
};

function parseAttribute(context: Context, span: Span, depth: number): AttributeProto {
  const f = new Fields(context.window, span);
  let name = '';
  let ref: string | undefined;
  let code = 0;
  let seen = 0;
  let float = 0;
  let int = 0n;
  let string = '';
  const floats: number[] = [];
  const ints: bigint[] = [];
  const strings: string[] = [];
  const tensor: Span[] = [];
  const graph: Span[] = [];
  const sparse: Span[] = [];
  const tensors: StoredTensor[] = [];
  const graphs: GraphProto[] = [];
  while (f.next()) {
    seen = KIND_OF_FIELD[f.field] ?? seen;
    switch (f.field) {
      case 1:
        name = f.text();
        break;
      case 2:
        float = f.float32();
        break;
      case 3:
        int = f.bigint();
        break;
      case 4:
        string = f.text();
        break;
      case 5:
        tensor.push(f.span());
        break;
      case 6:
        graph.push(f.span());
        break;
      case 7:
        f.repeatedFloat32((v) => limited(floats, v));
        break;
      case 8:
        f.repeatedInt((v) => limited(ints, v));
        break;
      case 9:
        strings.push(f.text());
        break;
      case 10:
        tensors.push(parseTensor(context, [f.span()]));
        break;
      case 11:
        graphs.push(parseGraph(context, [f.span()], depth + 1));
        break;
      case 20:
        code = f.int();
        break;
      case 21:
        ref = f.text();
        break;
      case 22:
        sparse.push(f.span());
        break;
      default:
        f.skip();
    }
  }
  if (code === 0) code = seen;
  const base = ref === undefined || ref === '' ? { name } : { name, ref };
  switch (KINDS[code]) {
    case 'float':
      return { ...base, type: 'float', value: float };
    case 'int':
      return { ...base, type: 'int', value: int };
    case 'string':
      return { ...base, type: 'string', value: string };
    case 'floats':
      return { ...base, type: 'floats', value: floats };
    case 'ints':
      return { ...base, type: 'ints', value: ints };
    case 'strings':
      return { ...base, type: 'strings', value: strings };
    case 'tensors':
      return { ...base, type: 'tensors', value: tensors };
    case 'graphs':
      return { ...base, type: 'graphs', value: graphs };
    case 'tensor':
      if (tensor.length > 0) return { ...base, type: 'tensor', value: parseTensor(context, tensor) };
      break;
    case 'graph':
      if (graph.length > 0) return { ...base, type: 'graph', value: parseGraph(context, graph, depth + 1) };
      break;
    default:
  }
  if (code === 11 && sparse.length > 0) {
    const dense = parseSparse(context, sparse);
    if (dense !== undefined) return { ...base, type: 'tensor', value: dense };
  }
  if (ref === undefined && code < 11) throw malformed(`the attribute "${name}" has no value`);
  return { ...base, type: 'other', value: OTHER[code] ?? `type ${code}` };
}

const OTHER: Readonly<Record<number, string>> = {
  4: 'tensor',
  5: 'graph',
  11: 'sparse tensor',
  12: 'sparse tensors',
  13: 'type',
  14: 'types',
};

export function parseFunction(context: Context, span: Span): FunctionProto {
  const f = new Fields(context.window, span);
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes: string[] = [];
  const defaults: AttributeProto[] = [];
  const nodes: NodeProto[] = [];
  const opsets = new Map<string, number>();
  let name = '';
  let domain = '';
  let overload = '';
  while (f.next()) {
    switch (f.field) {
      case 1:
        name = f.text();
        break;
      case 4:
        inputs.push(f.text());
        break;
      case 5:
        outputs.push(f.text());
        break;
      case 6:
        attributes.push(f.text());
        break;
      case 7:
        nodes.push(parseNode(context, f.span(), 1));
        break;
      case 9:
        opsets.set(...parseOpset(context, f.span()));
        break;
      case 10:
        domain = normalDomain(f.text());
        break;
      case 11:
        defaults.push(parseAttribute(context, f.span(), 1));
        break;
      case 13:
        overload = f.text();
        break;
      default:
        f.skip();
    }
  }
  return { name, domain, overload, inputs, outputs, attributes, defaults, nodes, opsets };
}
