import { bitsOf, sizeOf } from '../../base/tensor.js';
import { dimsAt, type Facts } from '../facts.js';
import type { Graph } from '../graph.js';
import { readsOf } from '../order.js';

/** Bytes that the values of a graph take in one run at the facts' batch size, weights aside. */
export interface ActivationBytes {
  /** Of all values together. */
  readonly total: number;
  /** Of those that are alive at once, at most: a value is given back behind its last reader, outputs never. */
  readonly peak: number;
}

export function activationBytes(graph: Graph, facts: Facts): ActivationBytes {
  const reads = graph.nodes.map((node) => new Set(readsOf(node)));
  const lastReader = new Map<string, number>();
  reads.forEach((values, i) => {
    for (const value of values) lastReader.set(value, i);
  });
  const kept = new Set(graph.outputs.map((o) => o.name));
  const bytes = (value: string): number => (graph.weights.has(value) ? 0 : bytesOf(value, facts));
  let alive = graph.inputs.reduce((sum, input) => sum + bytes(input.name), 0);
  let [total, peak] = [alive, alive];
  graph.nodes.forEach((node, i) => {
    for (const output of node.outputs) {
      alive += bytes(output);
      total += bytes(output);
    }
    peak = Math.max(peak, alive);
    for (const value of reads[i]!) if (lastReader.get(value) === i && !kept.has(value)) alive -= bytes(value);
  });
  return { total, peak };
}

/** Bytes of one value at the facts' batch size; 0 where its shape is unknown. */
export function bytesOf(value: string, facts: Facts): number {
  const fact = facts.get(value);
  return fact === undefined ? 0 : Math.ceil((sizeOf(dimsAt(fact, facts.batch)) * bitsOf(fact.type)) / 8);
}
