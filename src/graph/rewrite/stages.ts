import type { ValueInfo } from '../../checkpoint/model.js';
import { prune } from '../edits.js';
import type { Graph } from '../graph.js';

/** A part of a graph that is run after those before it, whose values it is fed with. */
export interface Stage {
  readonly graph: Graph;
  /** What it computes: its outputs. */
  readonly wanted: readonly string[];
  /** Values of earlier stages that it reads: its inputs beside those of the whole graph. */
  readonly fed: readonly string[];
}

/**
 * A graph cut into stages, so that each value is computed once though few are held at a time.
 *
 * @param groups what each stage is to compute, in the order of the nodes
 * @param infoOf type and sizes of a value; one of which they are not known, or that is one of several outputs of its
 * node, is computed again where it is read
 */
export function stagesOf(
  graph: Graph,
  groups: readonly (readonly string[])[],
  infoOf: (value: string) => ValueInfo | undefined,
): Stage[] {
  const single = new Set(
    graph.nodes.flatMap(({ outputs }) => {
      const [first, ...others] = outputs.filter((o) => o !== '');
      return first !== undefined && others.length === 0 ? [first] : [];
    }),
  );
  const held = new Map<string, ValueInfo>();
  return groups.map((wanted): Stage => {
    const rest = {
      ...graph,
      inputs: [...graph.inputs, ...held.values()],
      nodes: graph.nodes.filter(({ outputs }) => !outputs.some((o) => held.has(o))),
    };
    const stage = prune(rest, wanted);
    const fed = stage.inputs.flatMap(({ name }) => (held.has(name) ? [name] : []));
    for (const value of wanted) {
      const info = single.has(value) ? infoOf(value) : undefined;
      if (info !== undefined) held.set(value, info);
    }
    return { graph: stage, wanted, fed };
  });
}

/** The number of the last stage that is fed with a value; absent where none is. */
export function lastReaders(stages: readonly Stage[]): ReadonlyMap<string, number> {
  return new Map(stages.flatMap(({ fed }, k) => fed.map((value) => [value, k] as const)));
}
