import { LensError } from '../base/errors.js';
import type { GraphNode } from './graph.js';
import { capturedByAttributes } from './nested.js';

/** Values a node reads: its inputs, and what graphs inside it take from the scope around them. */
export function readsOf(node: GraphNode): readonly string[] {
  const captured = capturedByAttributes(node.attributes.list);
  return captured.length === 0 ? node.inputs : [...node.inputs, ...captured];
}

/**
 * The nodes in topological order: the given one where it already is, else Kahn's algorithm, earliest node first.
 * `known` says whether a value needs no node (inputs, weights).
 * @throws LensError `graph/cycle`, `graph/unresolved`, `graph/duplicate`
 */
export function inOrder(nodes: readonly GraphNode[], known: (value: string) => boolean): readonly GraphNode[] {
  const producers = new Map<string, number>();
  nodes.forEach((node, i) => {
    for (const output of node.outputs) {
      if (output === '') continue;
      if (producers.has(output) || known(output)) {
        throw new LensError(
          'input',
          'graph/duplicate',
          `The value "${output}" is made twice: ${describe(node)} makes it again.`,
          { hint: 'The model breaks the ONNX rules: export it again.' },
        );
      }
      producers.set(output, i);
    }
  });
  const sourceOf = (node: GraphNode, value: string): number | undefined => {
    if (value === '' || known(value)) return undefined;
    const source = producers.get(value);
    if (source === undefined) throw unresolved(node, value);
    return source;
  };
  // Every node is looked at, so that one that reads what nothing makes is found.
  let sorted = true;
  nodes.forEach((node, i) => {
    for (const value of readsOf(node)) if ((sourceOf(node, value) ?? -1) >= i) sorted = false;
  });
  if (sorted) return nodes;
  const needs = nodes.map((node) => new Set(readsOf(node).flatMap((value) => sourceOf(node, value) ?? [])));
  return sort(nodes, needs);
}

function sort(nodes: readonly GraphNode[], needs: readonly ReadonlySet<number>[]): readonly GraphNode[] {
  const waiting = needs.map((s) => s.size);
  const readers: number[][] = nodes.map(() => []);
  needs.forEach((sources, i) => sources.forEach((s) => readers[s]!.push(i)));
  const ready = new MinHeap();
  waiting.forEach((n, i) => {
    if (n === 0) ready.push(i);
  });
  const order: GraphNode[] = [];
  for (let i = ready.pop(); i !== undefined; i = ready.pop()) {
    order.push(nodes[i]!);
    for (const r of readers[i]!) if (--waiting[r]! === 0) ready.push(r);
  }
  if (order.length < nodes.length) throw cycle(nodes, needs, waiting);
  return order;
}

/** Names one cycle: from any node that never became ready, walk back over others of its kind until one repeats. */
function cycle(
  nodes: readonly GraphNode[],
  needs: readonly ReadonlySet<number>[],
  waiting: readonly number[],
): LensError {
  let at = waiting.findIndex((n) => n > 0);
  const seen = new Map<number, number>();
  const walk: number[] = [];
  while (!seen.has(at)) {
    seen.set(at, walk.length);
    walk.push(at);
    at = [...needs[at]!].find((s) => waiting[s]! > 0)!;
  }
  const loop = walk.slice(seen.get(at)).map((i) => describe(nodes[i]!));
  const shown = loop.length > 5 ? [...loop.slice(0, 5), '…'] : loop;
  return new LensError('input', 'graph/cycle', `The graph has a cycle: ${shown.join(' ← ')}.`, {
    hint: 'The model breaks the ONNX rules: export it again.',
  });
}

export function unresolved(node: GraphNode, value: string): LensError {
  return new LensError('input', 'graph/unresolved', `${describe(node)} reads "${value}", which nothing makes.`, {
    hint: 'The model is incomplete: export it again.',
  });
}

export function describe(node: Pick<GraphNode, 'op' | 'name'>): string {
  return `${node.op} "${node.name}"`;
}

/** Smallest number first. */
class MinHeap {
  private readonly items: number[] = [];

  push(value: number): void {
    const a = this.items;
    let i = a.push(value) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (a[parent]! <= a[i]!) break;
      [a[parent], a[i]] = [a[i]!, a[parent]!];
      i = parent;
    }
  }

  pop(): number | undefined {
    const a = this.items;
    const top = a[0];
    const last = a.pop();
    if (top === undefined || last === undefined || a.length === 0) return top;
    a[0] = last;
    for (let i = 0; ;) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) if (child < a.length && a[child]! < a[least]!) least = child;
      if (least === i) return top;
      [a[least], a[i]] = [a[i]!, a[least]!];
      i = least;
    }
  }
}
