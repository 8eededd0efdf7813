import { floatTensor, type FloatTensor } from '../../base/tensor.js';
import type { LeadRole } from '../../graph/attention/site.js';
import type { AttentionMatrices } from '../../result/attention.js';
import type { Subject } from '../subject/subject.js';
import type { ScoreAt } from '../target/target.js';
import type { ModelAttention } from './layers.js';
import { normsOf, tokensBehind } from './norms.js';
import { statisticsOf } from './statistics.js';
import { valuesIn } from './values.js';

type Layer = ModelAttention['layers'][number];

/** A value of one sample `[1, …]` as a layer's matrices, `[windows, heads, queries, keys]`. */
export function arranged({ site }: Layer, sample: FloatTensor): FloatTensor {
  const { windows, heads, queries, keys } = site;
  // As samples are cut out: what shares the batch's axis stands in front.
  const shared = site.lead.find((l) => l.factors.some((f) => f.role === 'batch'));
  const order: { role: LeadRole | 'query' | 'key'; size: number }[] = [];
  const push = (axis: number): void => {
    if (axis === site.queryAxis) order.push({ role: 'query', size: queries });
    else if (axis === site.keyAxis) order.push({ role: 'key', size: keys });
    else order.push(...(site.lead.find((l) => l.axis === axis)?.factors ?? []).filter((f) => f.role !== 'batch'));
  };
  if (shared !== undefined) push(shared.axis);
  const rank = site.lead.length + 2;
  for (let axis = 0; axis < rank; axis++) if (axis !== shared?.axis) push(axis);
  // As most exporters write it: nothing has to be moved.
  const usual = ['windows', 'heads', 'query', 'key'].filter((role) => order.some((o) => o.role === role));
  if (order.map((o) => o.role).join() === usual.join() && sample.data.length === windows * heads * queries * keys)
    return floatTensor([windows, heads, queries, keys], sample.data);
  const strides = new Map<string, number>();
  let stride = 1;
  for (const { role, size } of order.reverse()) {
    strides.set(role, stride);
    stride *= size;
  }
  if (stride !== sample.data.length) throw new Error(`${sample.data.length} numbers are no ${stride} of an attention`);
  const step = (role: string): number => strides.get(role) ?? 0;
  const out = floatTensor([windows, heads, queries, keys]);
  let at = 0;
  for (let w = 0; w < windows; w++)
    for (let h = 0; h < heads; h++)
      for (let q = 0; q < queries; q++) {
        const from = w * step('windows') + h * step('heads') + q * step('query');
        const along = step('key');
        for (let k = 0; k < keys; k++) out.data[at++] = sample.data[from + k * along]!;
      }
  return out;
}

/**
 * All matrices of one picture, in one run, with what is said of each head.
 *
 * @param tensor batch 1
 */
export async function matricesOf(
  subject: Subject,
  attention: ModelAttention,
  layers: readonly Layer[],
  tensor: FloatTensor,
  signal: AbortSignal,
): Promise<AttentionMatrices[]> {
  const behind = layers.map((layer) => tokensBehind(attention, layer));
  const names = [...new Set([...layers.map((l) => l.value), ...behind.flatMap((v) => v ?? [])])];
  const values =
    attention.graph === subject.graph
      ? await subject.values(tensor, names, signal)
      : await valuesIn(subject, attention, names, tensor, signal);
  return layers.map((layer, i) => {
    const weights = arranged(layer, values.get(layer.value)!);
    const tokens = values.get(behind[i] ?? '');
    return {
      layer: layer.name,
      weights,
      ...statisticsOf(layer, weights),
      ...(tokens === undefined ? {} : normsOf(layer, tokens)),
    };
  });
}

/**
 * Matrices and how the score follows them, `[windows, heads, queries, keys]` each, in one run; and how it follows other values,
 * `[1, …]`.
 */
export async function matricesAndGradients(
  subject: Subject,
  attention: ModelAttention,
  layers: readonly Layer[],
  tensor: FloatTensor,
  { of, also = [] }: { readonly of: ScoreAt; readonly also?: readonly string[] },
  signal: AbortSignal,
): Promise<{
  readonly weights: readonly FloatTensor[];
  readonly gradients: readonly FloatTensor[];
  readonly others: ReadonlyMap<string, FloatTensor>;
  readonly notes: readonly string[];
}> {
  const names = [...new Set(layers.map((l) => l.value))];
  const { graph, facts } = attention;
  const own =
    graph === subject.graph
      ? {}
      : { rules: { key: attention.key, make: () => ({ graph, facts, overrides: new Map() }) } };
  const answer = await subject.gradients(tensor, { of, wrt: [...names, ...also], values: names, ...own }, signal);
  return {
    weights: layers.map((l) => arranged(l, answer.values.get(l.value)!)),
    gradients: layers.map((l) => arranged(l, answer.gradients.get(l.value)!)),
    others: new Map(also.map((name) => [name, answer.gradients.get(name)!])),
    notes: answer.notes,
  };
}
