import { LensError } from '../base/errors.js';
import { codeOfType, toRaw } from './elements.js';
import { Message, type FilePart } from './message.js';
import type { AttributeProto, GraphProto, NodeProto, StoredTensor, ValueInfo } from './model.js';
import { readTensor } from './readTensor.js';

/** What can be written: a graph as src/graph has it (this folder does not know that one). */
export interface ModelToWrite {
  readonly name: string;
  readonly irVersion: number;
  readonly opset: number;
  readonly opsets: ReadonlyMap<string, number>;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly nodes: readonly NodeToWrite[];
  readonly weights: ReadonlyMap<string, StoredTensor>;
  readonly metadata: ReadonlyMap<string, string>;
  readonly described?: readonly ValueInfo[];
  readonly path?: string;
}

type NodeToWrite = Omit<NodeProto, 'overload' | 'attributes'> & {
  readonly attributes: { readonly list: readonly AttributeProto[] };
};

/** Where the bytes of a weight go. */
export type Placement =
  | { readonly kind: 'inline' }
  | { readonly kind: 'part'; readonly part: FilePart }
  | { readonly kind: 'external'; readonly location: string; readonly offset: number; readonly length: number };

/** IR 8 has everything a plain graph needs; ONNX Runtime 1.30 reads up to 13, and 14 brought nothing that is written here. */
const OLDEST_IR = 8;
const NEWEST_IR = 13;

const TYPE_CODES = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
  tensors: 9,
  graphs: 10,
} as const;

/** Writes ModelProto and what is in it. */
export class Encoder {
  constructor(
    private readonly keepMetadata: boolean,
    private readonly place: (weight: StoredTensor) => Placement,
  ) {}

  async model(graph: ModelToWrite, weights: ReadonlyMap<string, StoredTensor>): Promise<Message> {
    const m = new Message();
    m.int(1, Math.min(Math.max(graph.irVersion, OLDEST_IR), NEWEST_IR));
    m.text(2, 'onnx-lens');
    const g = new Message();
    for (const node of graph.nodes) g.message(1, await this.node({ ...node, attributes: node.attributes.list }));
    g.text(2, graph.name === '' ? 'graph' : graph.name);
    for (const [name, weight] of weights) g.message(5, await this.tensor(weight, name, this.place(weight)));
    for (const value of graph.inputs) g.message(11, this.value(value));
    for (const value of graph.outputs) g.message(12, this.value(value));
    for (const value of graph.described ?? []) g.message(13, this.value(value));
    m.message(7, g);
    for (const [domain, version] of [['', graph.opset] as const, ...graph.opsets]) {
      if (domain === '' && version !== graph.opset) continue;
      const o = new Message();
      o.text(1, domain);
      o.int(2, version);
      m.message(8, o);
    }
    if (this.keepMetadata) this.entries(m, 14, graph.metadata);
    return m;
  }

  private async node(node: Omit<NodeProto, 'overload'>): Promise<Message> {
    const m = new Message();
    for (const input of node.inputs) m.text(1, input);
    for (const output of node.outputs) m.text(2, output);
    if (node.name !== '') m.text(3, node.name);
    m.text(4, node.op);
    for (const a of node.attributes) m.message(5, await this.attribute(a, node));
    if (node.domain !== '') m.text(7, node.domain);
    if (this.keepMetadata) {
      if (node.doc !== '') m.text(6, node.doc);
      this.entries(m, 9, node.metadata);
    }
    return m;
  }

  private async attribute(a: AttributeProto, node: { readonly op: string; readonly name: string }): Promise<Message> {
    const m = new Message();
    m.text(1, a.name);
    if (a.type === 'other') {
      throw new LensError(
        'unsupported',
        'checkpoint/attribute',
        `The attribute "${a.name}" of ${node.op} "${node.name}" (${a.value}) cannot be written.`,
      );
    }
    switch (a.type) {
      case 'float':
        m.float(2, a.value);
        break;
      case 'int':
        m.int(3, a.value);
        break;
      case 'string':
        m.text(4, a.value);
        break;
      case 'tensor':
        m.message(5, await this.tensor(a.value, a.value.name, { kind: 'inline' }));
        break;
      case 'graph':
        m.message(6, await this.graph(a.value));
        break;
      // ONNX declares these two unpacked; every parser takes both forms, but what is written should be plain.
      case 'floats':
        for (const v of a.value) m.float(7, v);
        break;
      case 'ints':
        for (const v of a.value) m.int(8, v);
        break;
      case 'strings':
        for (const v of a.value) m.text(9, v);
        break;
      case 'tensors':
        for (const v of a.value) m.message(10, await this.tensor(v, v.name, { kind: 'inline' }));
        break;
      case 'graphs':
        for (const v of a.value) m.message(11, await this.graph(v));
        break;
    }
    m.int(20, TYPE_CODES[a.type]);
    return m;
  }

  /** A nested graph. Its tensors are written inline: they are small, and shape constants among them must be. */
  private async graph(graph: GraphProto): Promise<Message> {
    const m = new Message();
    for (const node of graph.nodes) m.message(1, await this.node(node));
    m.text(2, graph.name === '' ? 'body' : graph.name);
    for (const w of graph.initializers) m.message(5, await this.tensor(w, w.name, { kind: 'inline' }));
    for (const value of graph.inputs) m.message(11, this.value(value));
    for (const value of graph.outputs) m.message(12, this.value(value));
    return m;
  }

  private async tensor(stored: StoredTensor, name: string, placement: Placement): Promise<Message> {
    const m = new Message();
    m.ints(1, stored.dims);
    m.int(2, codeOfType(stored.type));
    if (name !== '') m.text(8, name);
    if (placement.kind === 'external') {
      this.entries(
        m,
        13,
        new Map([
          ['location', placement.location],
          ['offset', String(placement.offset)],
          ['length', String(placement.length)],
        ]),
      );
      m.int(14, 1);
    } else if (placement.kind === 'part') m.bytes(9, placement.part);
    else {
      const tensor = await readTensor(stored);
      if (Array.isArray(tensor.data)) for (const s of tensor.data) m.text(6, s);
      else m.bytes(9, toRaw(tensor));
    }
    return m;
  }

  private value(value: ValueInfo): Message {
    const m = new Message();
    m.text(1, value.name);
    if (value.type === undefined) return m;
    const tensor = new Message();
    tensor.int(1, codeOfType(value.type));
    if (value.dims !== undefined) {
      const shape = new Message();
      for (const dim of value.dims) {
        const d = new Message();
        if (typeof dim === 'number') d.int(1, dim);
        else if (dim !== '') d.text(2, dim);
        shape.message(1, d);
      }
      tensor.message(2, shape);
    }
    const type = new Message();
    type.message(1, tensor);
    if (value.denotation !== undefined && this.keepMetadata) type.text(6, value.denotation);
    m.message(2, type);
    return m;
  }

  private entries(m: Message, field: number, entries: ReadonlyMap<string, string>): void {
    for (const [key, value] of entries) {
      const e = new Message();
      e.text(1, key);
      e.text(2, value);
      m.message(field, e);
    }
  }
}
