import { rename } from '../../graph/edits.js';
import type { Facts } from '../../graph/facts.js';
import { indexOf, type Graph } from '../../graph/graph.js';
import { buildGradient } from './engine.js';

export interface ExportRequest {
  /** The value whose elements are the targets: the logits. */
  readonly score: string;
  /** The value to differentiate with respect to; by default the graph's first input. */
  readonly wrt?: string;
  /** What is said about the origin in the file's metadata, e.g. the source model's name and hash. */
  readonly origin?: Readonly<Record<string, string>>;
}

/**
 * A gradient graph to be kept as a file: the model's own inputs and `target` (int64 `[batch]`), outputs `score`
 * (`[batch]`) and `gradient` (the shape of `wrt`), and nothing else. Inner values of the model that have one of these
 * names are renamed; where an input has it, ours gets an underscore.
 */
export function exportGradient(
  graph: Graph,
  facts: Facts,
  request: ExportRequest,
): { readonly graph: Graph; readonly notes: readonly string[] } {
  const wrt = request.wrt ?? graph.inputs[0]?.name ?? '';
  const built = buildGradient(graph, facts, { score: { value: request.score, seed: 'index' }, wrt: [wrt], keep: [] });
  const inputs = new Set(graph.inputs.map((i) => i.name));
  const taken = new Set(indexOf(built.graph).names);
  const names = new Map<string, string>();
  const free = (name: string): string => {
    let other = name;
    while (taken.has(other)) other += '_';
    taken.add(other);
    return other;
  };
  const claim = (value: string, name: string): void => {
    if (inputs.has(name)) names.set(value, free(name));
    else {
      if (taken.has(name)) names.set(name, free(name));
      names.set(value, name);
    }
  };
  claim(built.seed!, 'target');
  claim(built.score, 'score');
  claim(built.gradients.get(wrt)!, 'gradient');
  const metadata = new Map(graph.metadata);
  const origin: Record<string, string> = { tool: 'ONNX Lens', score: request.score, wrt, ...request.origin };
  for (const [key, value] of Object.entries(origin)) metadata.set(`onnx_lens.gradient.${key}`, value);
  if (built.notes.length > 0) metadata.set('onnx_lens.gradient.notes', built.notes.join(' '));
  return { graph: { ...rename(built.graph, names), name: `${graph.name}_gradient`, metadata }, notes: built.notes };
}
