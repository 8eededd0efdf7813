import { readFileSync } from 'node:fs';
import { floatTensor, int64Tensor, sizeOf } from '../../../src/base/tensor.js';
import type { AttributeInput } from '../../../src/graph/attributes.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { Graph, GraphNode } from '../../../src/graph/graph.js';
import { inMemory, type StoredTensor, type ValueInfo } from '../../../src/graph/values.js';

const SOURCE = 'models/birds/net.py';

interface Scope {
  readonly path: string;
  readonly type: string;
}

interface Frame {
  readonly line: number;
  readonly code: string;
}

/**
 * Writes down a network as PyTorch's exporter does: each node with the module that it stands in and the line of `net.py`
 * that it comes from, each weight under its module's name. The layers are then found in the code, as with any export.
 */
export class Trace {
  private readonly source = readFileSync(SOURCE, 'utf8').split('\n');
  private readonly nodes: GraphNode[] = [];
  private readonly weights = new Map<string, StoredTensor>();
  private readonly counts = new Map<string, number>();
  private readonly scopes: Scope[];
  private readonly frames: Frame[] = [];

  /** @param type class of the network in `net.py` */
  constructor(type: string) {
    this.scopes = [{ path: '', type: `net.${type}` }];
  }

  /** Within a part of the module that stands here; a class of `net.py` goes by its name, one of PyTorch by its address. */
  module<T>(name: string, type: string, body: () => T): T {
    this.scopes.push({ path: this.path(name), type: type.includes('.') ? type : `net.${type}` });
    try {
      return body();
    } finally {
      this.scopes.pop();
    }
  }

  /** On a line of the class that stands here, told by its text. */
  line<T>(code: string, body: () => T): T {
    const owner = this.scopes.findLast(({ type }) => type.startsWith('net.'))!.type.slice('net.'.length);
    const start = this.source.findIndex((text) => text.startsWith(`class ${owner}(`));
    const next = this.source.findIndex((text, i) => i > start && text.startsWith('class '));
    const end = next < 0 ? this.source.length : next;
    const found = this.source.flatMap((text, i) => (i > start && i < end && text.trim() === code ? [i + 1] : []));
    if (start < 0 || found.length !== 1)
      throw new Error(`${found.length} lines of ${owner} in ${SOURCE} read "${code}", not one.`);
    this.frames.push({ line: found[0]!, code });
    try {
      return body();
    } finally {
      this.frames.pop();
    }
  }

  /** A parameter of the module that stands here, all of one value; kernels and matrices are drawn when training begins. */
  weight(name: string, dims: readonly number[], value = 0): string {
    return this.add(inMemory(this.path(name), floatTensor(dims, new Float32Array(sizeOf(dims)).fill(value))));
  }

  /** Whole numbers: a shape, a list of axes. */
  integers(values: readonly number[], dims: readonly number[] = [values.length]): string {
    return this.add(inMemory(this.fresh('val'), int64Tensor(dims, values)));
  }

  /** A number of the network that nobody learns. */
  constant(value: number): string {
    return this.add(inMemory(this.fresh('val'), floatTensor([], Float32Array.of(value))));
  }

  /** A node with one output. @param name what PyTorch calls the operation */
  call(
    name: string,
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeInput | undefined>> = {},
  ): string {
    return this.calls(name, op, inputs, attributes, [this.fresh(name)])[0]!;
  }

  /** A node with as many outputs as names are given. */
  calls(
    name: string,
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeInput | undefined>>,
    outputs: readonly string[],
  ): readonly string[] {
    const node = makeNode(op, `node_${outputs[0]!}`, inputs, attributes, outputs);
    const text = (parts: readonly string[]): string => `[${parts.map((part) => `'${part}'`).join(', ')}]`;
    const trace = this.frames.map(({ line, code }) => `File "${SOURCE}", line ${line}, in forward\n    ${code}`);
    const metadata = new Map([
      ['pkg.torch.onnx.class_hierarchy', text([...this.scopes.map(({ type }) => type), `aten.${name}`])],
      ['pkg.torch.onnx.name_scopes', text([...this.scopes.map(({ path }) => path), outputs[0]!])],
      ['pkg.torch.onnx.stack_trace', trace.join('\n  ')],
    ]);
    this.nodes.push({ ...node, metadata });
    return outputs;
  }

  /** The network with what is fed to it and what it answers. */
  graph(
    name: string,
    input: { readonly name: string; readonly dims: NonNullable<ValueInfo['dims']> },
    output: { readonly name: string; readonly value: string; readonly dims: NonNullable<ValueInfo['dims']> },
  ): Graph {
    const to = (value: string): string => (value === output.value ? output.name : value);
    return {
      name,
      irVersion: 10,
      opset: 20,
      opsets: new Map(),
      inputs: [{ ...input, type: 'float32' }],
      outputs: [{ name: output.name, dims: output.dims, type: 'float32' }],
      nodes: this.nodes.map((n) => ({ ...n, inputs: n.inputs.map(to), outputs: n.outputs.map(to) })),
      weights: this.weights,
      metadata: new Map(),
    };
  }

  /** A name for a value that nobody has yet: `relu`, `relu_1` … */
  fresh(name: string): string {
    const n = this.counts.get(name) ?? 0;
    this.counts.set(name, n + 1);
    return n === 0 ? name : `${name}_${n}`;
  }

  private path(name: string): string {
    const { path } = this.scopes.at(-1)!;
    return path === '' ? name : `${path}.${name}`;
  }

  private add(weight: StoredTensor): string {
    this.weights.set(weight.name, weight);
    return weight.name;
  }
}
