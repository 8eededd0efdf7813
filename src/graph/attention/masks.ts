import { castFloating, floatTensor, type Tensor } from '../../base/tensor.js';
import { inMemory, type StoredTensor, type ValueInfo } from '../../checkpoint/model.js';
import { makeNode } from '../edits.js';
import type { Facts, ValueFact } from '../facts.js';
import { indexOf, type Graph, type GraphNode } from '../graph.js';
import { Names } from '../names.js';
import { product } from './axes.js';
import type { AttentionSite, LeadAxis } from './site.js';

/** A graph in which every head of some attention has a factor: with ones it answers what it answered before. */
export interface MaskedGraph {
  readonly graph: Graph;
  readonly facts: Facts;
  /** By site: the matrix with the factors in it, which gathers the values. */
  readonly matrices: ReadonlyMap<AttentionSite, string>;
  /** By site: the input that takes the factors, where they are fed: of what {@link maskOf} makes. */
  readonly masks: ReadonlyMap<AttentionSite, string>;
}

/**
 * Multiplies the matrices of some sites, head by head, right before they gather values.
 *
 * @param stored factors that stay as they are; those of other sites are fed
 */
export function withMasks(
  graph: Graph,
  facts: Facts,
  sites: readonly AttentionSite[],
  stored: ReadonlyMap<AttentionSite, Tensor> = new Map(),
): MaskedGraph {
  const names = new Names(indexOf(graph).names);
  const [matrices, masks] = [new Map<AttentionSite, string>(), new Map<AttentionSite, string>()];
  const [weights, inputs]: [StoredTensor[], ValueInfo[]] = [[], []];
  const added = new Map<string, ValueFact>();
  const byGather = new Map<string, AttentionSite[]>();
  for (const site of sites) {
    const known = byGather.get(site.gather.node.name);
    if (known === undefined) byGather.set(site.gather.node.name, [site]);
    else known.push(site);
  }
  const nodes = graph.nodes.flatMap((node): GraphNode[] => {
    const here = byGather.get(node.name) ?? [];
    const read = [...node.inputs];
    const before = here.map((site) => {
      const mask = names.make('head_mask');
      const masked = names.make('masked_attention');
      const fact = facts.get(site.matrix)!;
      const tensor = stored.get(site);
      if (tensor === undefined) {
        inputs.push({ name: mask, type: fact.type, dims: declared(site, facts) });
        masks.set(site, mask);
      } else weights.push(inMemory(mask, tensor));
      added.set(mask, maskFact(site, facts));
      added.set(masked, fact);
      matrices.set(site, masked);
      read[site.gather.operands.indexOf(site.operand)] = masked;
      return makeNode('Mul', masked, [site.matrix, mask]);
    });
    return here.length === 0 ? [node] : [...before, { ...node, inputs: read }];
  });
  return {
    graph: {
      ...graph,
      nodes,
      inputs: [...graph.inputs, ...inputs],
      weights: new Map([...graph.weights, ...weights.map((w) => [w.name, w] as const)]),
    },
    facts: {
      dynamicBatch: facts.dynamicBatch,
      batch: facts.batch,
      get: (value) => added.get(value) ?? facts.get(value),
    },
    matrices,
    masks,
  };
}

/**
 * Factors of a site's heads as an array that multiplies its matrix at a batch of `n`.
 *
 * @param factor of each head
 */
export function maskOf(site: AttentionSite, facts: Facts, n: number, factor: (head: number) => number): Tensor {
  const batch = facts.dynamicBatch ? n : facts.batch;
  const axes = headAxes(site).map(({ axis, factors }) => ({
    axis,
    factors: factors.map((f) => (f.role === 'batch' ? { ...f, size: batch } : f)),
  }));
  const dims = Array.from({ length: site.lead.length + 2 }, (_, axis) =>
    product(axes.find((a) => a.axis === axis)?.factors.map((f) => f.size) ?? []),
  );
  const out = floatTensor(dims);
  const digits = axes.flatMap((a) => a.factors);
  for (let i = 0; i < out.data.length; i++) {
    let [rest, step, head] = [i, 1, 0];
    for (const { role, size } of digits.toReversed()) {
      if (role === 'heads') {
        head += (rest % size) * step;
        step *= size;
      }
      rest = Math.floor(rest / size);
    }
    out.data[i] = factor(head);
  }
  const { type } = facts.get(site.matrix)!;
  return type === 'float32' ? out : castFloating(out, type as 'float16' | 'float64' | 'bfloat16');
}

function headAxes({ lead }: AttentionSite): readonly LeadAxis[] {
  return lead.filter((l) => l.factors.some((f) => f.role === 'heads'));
}

function maskFact(site: AttentionSite, facts: Facts): ValueFact {
  const { type } = facts.get(site.matrix)!;
  const all = Array.from({ length: site.lead.length + 2 }, (_, axis) => {
    const factors = headAxes(site).find((a) => a.axis === axis)?.factors ?? [];
    const size = product(factors.map((f) => f.size));
    const grows = facts.dynamicBatch && factors.some((f) => f.role === 'batch');
    return grows ? { base: 0, slope: size / facts.batch } : { base: size, slope: 0 };
  });
  return { type, base: all.map((a) => a.base), slope: all.map((a) => a.slope) };
}

function declared(site: AttentionSite, facts: Facts): (number | string)[] {
  const { base, slope } = maskFact(site, facts);
  return base.map((size, i) => (slope[i] === 0 ? size : `heads_of_batch_${slope[i]}`));
}
