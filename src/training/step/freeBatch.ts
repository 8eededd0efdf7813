import { int64Tensor } from '../../base/tensor.js';
import { smallIntegers } from '../../graph/constants.js';
import { makeNode } from '../../graph/edits.js';
import type { Facts } from '../../graph/facts.js';
import type { Graph, GraphNode } from '../../graph/graph.js';
import { indexOf } from '../../graph/graph.js';
import { Names } from '../../graph/names.js';
import { inMemory, type StoredTensor, type ValueInfo } from '../../graph/values.js';

const SYMBOL = 'batch';

/**
 * A model that was exported for one batch size, for any: the first dimension of input and outputs becomes a symbol, and the
 * places in which exporters write the size down are made to follow it: target shapes of Reshape and Expand, and tokens that
 * are joined to every sample. Whether the result computes the same for several samples has to be tried.
 *
 * @param facts of the graph as it is
 */
export function freeBatch(graph: Graph, input: string, facts: Facts): Graph {
  return new Freeing(graph, input, facts).graph();
}

class Freeing {
  private readonly names: Names;
  private readonly weights: Map<string, StoredTensor>;
  private readonly moving: Set<string>;
  private readonly batch: number;
  private size: string | undefined;
  private readonly extra: GraphNode[] = [];

  constructor(
    private readonly of: Graph,
    private readonly input: string,
    private readonly facts: Facts,
  ) {
    this.names = new Names(indexOf(of).names);
    this.weights = new Map(of.weights);
    this.moving = new Set([input]);
    this.batch = facts.batch;
  }

  graph(): Graph {
    const nodes = this.of.nodes.flatMap((node) => {
      const moves = node.inputs.some((v) => this.moving.has(v));
      const made = this.follow(node, moves);
      if (moves || made.length > 1) for (const output of node.outputs) this.moving.add(output);
      return made;
    });
    const free = (v: ValueInfo): ValueInfo =>
      v.dims?.[0] === this.batch ? { ...v, dims: [SYMBOL, ...v.dims.slice(1)] } : v;
    const { described: _, ...rest } = this.of;
    return {
      ...rest,
      nodes: [...this.extra, ...nodes],
      weights: this.weights,
      inputs: this.of.inputs.map((v) => (v.name === this.input ? free(v) : v)),
      outputs: this.of.outputs.map(free),
    };
  }

  private follow(node: GraphNode, moves: boolean): readonly GraphNode[] {
    if (node.domain !== '') return [node];
    if (node.op === 'Reshape' && moves) return [this.reshape(node)];
    if (node.op === 'Expand') return this.expand(node, moves);
    if (node.op === 'Concat' && moves) return this.concat(node);
    return [node];
  }

  private reshape(node: GraphNode): GraphNode {
    const shape = smallIntegers(this.of.weights.get(node.inputs[1] ?? ''));
    const from = this.facts.get(node.inputs[0]!)?.base;
    const [first = 0] = shape ?? [];
    if (shape === undefined || first <= 0 || node.attributes.int('allowzero', 0) !== 0) return node;
    const copies = first === this.batch && from?.[0] === this.batch;
    if (!copies && shape.includes(-1)) return node;
    const name = this.names.make(`${node.name}/shape`);
    this.weights.set(name, inMemory(name, int64Tensor([shape.length], [copies ? 0 : -1, ...shape.slice(1)])));
    return { ...node, inputs: [node.inputs[0]!, name] };
  }

  /** A token that is repeated for each sample, or a value that has the batch already. */
  private expand(node: GraphNode, moves: boolean): readonly GraphNode[] {
    const shape = smallIntegers(this.of.weights.get(node.inputs[1] ?? ''));
    const from = this.facts.get(node.inputs[0]!)?.base;
    const batched = shape !== undefined && shape.length > 1 && shape[0] === this.batch && this.joins(node.outputs[0]!);
    if (!batched || (!moves && from?.length === shape.length && from[0] !== 1)) return [node];
    const name = this.names.make(`${node.name}/shape`);
    return [this.shape(name, shape.slice(1)), { ...node, inputs: [node.inputs[0]!, name] }];
  }

  /** Whether a value is joined to one that moves: a mask or a bias that serves all samples stays as it is. */
  private joins(value: string): boolean {
    return (
      this.moving.has(value) ||
      indexOf(this.of)
        .consumers(value)
        .some((n) => n.op === 'Concat')
    );
  }

  private concat(node: GraphNode): readonly GraphNode[] {
    const rank = this.facts.get(node.outputs[0]!)?.base.length ?? 0;
    const axis = node.attributes.int('axis', 0);
    if (rank < 2 || (axis < 0 ? axis + rank : axis) === 0) return [node];
    const before: GraphNode[] = [];
    const inputs = node.inputs.map((value) => {
      const dims = this.facts.get(value)?.base ?? this.of.weights.get(value)?.dims;
      if (this.moving.has(value) || dims?.[0] !== 1) return value;
      const shape = this.names.make(`${node.name}/shape`);
      const repeated = this.names.make(`${node.name}/repeated`);
      before.push(this.shape(shape, dims.slice(1)), makeNode('Expand', repeated, [value, shape]));
      return repeated;
    });
    return [...before, { ...node, inputs }];
  }

  /** [batch, …rest] as a value. */
  private shape(name: string, rest: readonly number[]): GraphNode {
    if (this.size === undefined) {
      this.size = this.names.make('batch_size');
      this.extra.push(makeNode('Shape', this.size, [this.input], { start: 0, end: 1 }));
    }
    const tail = this.names.make(`${name}/rest`);
    this.weights.set(tail, inMemory(tail, int64Tensor([rest.length], rest)));
    return makeNode('Concat', name, [this.size, tail], { axis: 0 });
  }
}
