import { indexOf } from '../../graph/graph.js';
import { operator } from '../../graph/operators/operators.js';
import { dimsOf } from '../../graph/attention/products.js';
import { weightsOf } from '../../graph/attention/weights.js';
import type { FloatTensor } from '../../base/tensor.js';
import type { AttentionLayer } from '../../result/attention.js';
import type { ModelAttention } from './layers.js';

/** So many nodes between the gathered values and the sum that they join. */
const FAR = 24;
/** Beyond median + so many robust standard deviations, and so many medians, a norm is an outlier. */
const DEVIATIONS = 3;
const TIMES = 2;
/** A median absolute deviation as a standard deviation of normal numbers. */
const ROBUST = 1.4826;

/**
 * The value that a layer's attention is added to: tokens as they leave it, `[batch, tokens, channels]`. Undefined where
 * there is no such sum, or its tokens are not those of the queries.
 */
export function tokensBehind(
  { graph, facts }: ModelAttention,
  layer: ModelAttention['layers'][number],
): string | undefined {
  const index = indexOf(graph);
  const weight = weightsOf(graph);
  let value = layer.site.gather.output;
  for (let far = 0; far < FAR; far++) {
    const [next] = index.consumers(value).filter((n) => operator(n).shapeOnly !== true);
    if (next === undefined) return undefined;
    const output = next.outputs[0]!;
    const other = next.op === 'Add' ? next.inputs.find((v) => v !== value) : undefined;
    if (other !== undefined && !weight(other)) {
      const [a, b] = [dimsOf(facts, other), dimsOf(facts, output)];
      const adds = a !== undefined && b !== undefined && a.length === b.length && a.every((d, i) => d === b[i]);
      if (adds) return b.length === 3 && b[1] === layer.queries && layer.windows === 1 ? output : undefined;
    }
    value = output;
  }
  return undefined;
}

/**
 * L2 norms of tokens over their channels, and the tokens whose norm stands out: such tokens hold something about the whole
 * picture (Darcet et al. 2023, arXiv:2309.16588), and attention to them says nothing about their place.
 *
 * @param tokens `[1, tokens, channels]`
 */
export function normsOf(
  layer: Pick<AttentionLayer, 'from'>,
  tokens: FloatTensor,
): { readonly norms: Float32Array; readonly outliers: readonly number[] } {
  const [, n = 0, width = 0] = tokens.dims;
  const norms = new Float32Array(n);
  for (let t = 0; t < n; t++) {
    let sum = 0;
    for (let c = 0; c < width; c++) sum += tokens.data[t * width + c]! ** 2;
    norms[t] = Math.sqrt(sum);
  }
  const placed = [...norms.keys()].filter((t) => layer.from === undefined || layer.from.cells[t]! >= 0);
  const middle = median(placed.map((t) => norms[t]!));
  const spread = ROBUST * median(placed.map((t) => Math.abs(norms[t]! - middle)));
  const bound = Math.max(middle + DEVIATIONS * spread, TIMES * middle);
  return { norms, outliers: placed.filter((t) => norms[t]! > bound) };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  if (sorted.length === 0) return 0;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
