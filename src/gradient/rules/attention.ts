import { Algebra } from '../emit/algebra.js';
import { fixed, ONE, type Dim, type Dims } from '../dims.js';
import { expand, MICROSOFT, refusal, rule, type NodeContext, type Ref, type RuleEntry } from '../rule.js';

/** Heads as `[batch, heads, length, width]`. */
interface Heads {
  readonly value: Ref;
  readonly dims: Dims;
}

export interface AttentionParts {
  readonly q: Heads;
  readonly k: Heads;
  readonly v: Heads;
  readonly scale: number;
  readonly softcap: number;
  /** Added to the scores, broadcasting to `[batch, heads, queries, keys]`. */
  readonly biases: readonly Ref[];
  readonly causal: boolean;
  /** Keys in front of the first query. */
  readonly offset: number;
}

/** A score that softmax turns to nothing, and still finite so that a row of nothing but these gives no NaN. */
export function lowest(c: NodeContext, like: Ref): number {
  return c.type(like) === 'float16' ? -65504 : -3.4028234663852886e38;
}

/** softmax(softcap(Q·Kᵀ·scale) + masks)·V; answers the result `[batch, heads, queries, width]` and the probabilities. */
export function attend(a: Algebra, p: AttentionParts): { result: Ref; dims: Dims; stages: readonly Ref[] } {
  const [batch, heads, queries] = p.q.dims as [Dim, Dim, Dim];
  const keys = p.k.dims[2]!;
  const repeat = (h: Heads): Ref => {
    const times = heads.base / h.dims[1]!.base;
    if (times === 1) return h.value;
    // Grouped queries: each key head serves several query heads.
    const [b, g, l, w] = h.dims as [Dim, Dim, Dim, Dim];
    const wide = a.expand(a.reshape(h.value, [b, g, ONE, l, w]), [b, g, fixed(times), l, w]);
    return a.reshape(wide, [b, heads, l, w]);
  };
  const raw = a.mul(a.matmul(p.q.value, a.transpose(repeat(p.k), [0, 1, 3, 2])), p.scale);
  // ONNX Runtime limits the scores before it masks them.
  const capped = p.softcap > 0 ? a.mul(a.tanh(a.div(raw, p.softcap)), p.softcap) : raw;
  let scores = capped;
  for (const bias of p.biases) scores = a.add(scores, bias);
  if (p.causal) scores = a.add(scores, causalMask(a, queries, keys, p.offset, raw));
  const probabilities = a.op('Softmax', [scores], { axis: -1 });
  return {
    result: a.matmul(probabilities, repeat(p.v)),
    dims: [batch, heads, queries, p.v.dims[3]!],
    stages: [raw, scores, capped, probabilities],
  };
}

/** 0 where a query may look, else the lowest number. */
function causalMask(a: Algebra, queries: Dim, keys: Dim, offset: number, like: Ref): Ref {
  const rows = Array.from({ length: queries.base }, (_, i) =>
    Array.from({ length: keys.base }, (_k, j) => (j <= i + offset ? 0 : lowest(a.c, like))),
  );
  return a.tensor([queries.base, keys.base], rows.flat(), like);
}

/** A mask of booleans as something to add. */
function additive(a: Algebra, mask: Ref, like: Ref): Ref {
  if (a.emit.type(mask) !== 'bool') return a.castLike(mask, like);
  const zero = a.emit.scalar(0, like);
  return a.where(mask, zero, lowest(a.c, like));
}

/** `[batch, length, heads·width]` as heads. */
export function splitHeads(a: Algebra, x: Ref, dims: Dims, heads: number): Heads {
  const [b, l, w] = dims as [Dim, Dim, Dim];
  const width = fixed(w.base / heads);
  const out = a.transpose(a.reshape(x, [b, l, fixed(heads), width]), [0, 2, 1, 3]);
  return { value: out, dims: [b, fixed(heads), l, width] };
}

export function mergeHeads(a: Algebra, x: Ref, dims: Dims): Ref {
  const [b, h, l, w] = dims as [Dim, Dim, Dim, Dim];
  return a.reshape(a.transpose(x, [0, 2, 1, 3]), [b, l, fixed(h.base * w.base)]);
}

/** ai.onnx Attention (opset 23 and later). */
function attention(c: NodeContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const [Q, K, V, mask, pastKey, pastValue, lengths] = c.inputs as [Ref, Ref, Ref, Ref?, Ref?, Ref?, Ref?];
  for (const side of ['left_window_size', 'right_window_size'])
    if (c.attributes.int(side, -1) >= 0) c.refuse('it attends within a sliding window');
  const flat = c.dims(Q).length === 3;
  const heads = (x: Ref, name: string): Heads =>
    flat ? splitHeads(a, x, c.dims(x), c.attributes.int(name, 1)) : { value: x, dims: c.dims(x) };
  const q = heads(Q, 'q_num_heads');
  const withPast = (past: Ref | undefined, h: Heads): Heads => {
    if (past === undefined) return h;
    const length = { base: c.dims(past)[2]!.base + h.dims[2]!.base, slope: 0 };
    return { value: a.concat([past, h.value], 2), dims: [h.dims[0]!, h.dims[1]!, length, h.dims[3]!] };
  };
  const k = withPast(pastKey, heads(K, 'kv_num_heads'));
  const v = withPast(pastValue, heads(V, 'kv_num_heads'));
  const biases = mask === undefined ? [] : [additive(a, mask, Q)];
  if (lengths !== undefined) {
    const shown = a.less(a.iota(k.dims[2]!, 4, 3), a.reshape(lengths, [c.dims(lengths)[0]!, ONE, ONE, ONE]));
    biases.push(a.where(shown, a.emit.scalar(0, Q), lowest(c, Q)));
    if (c.attributes.int('is_causal', 0) === 1) c.refuse('it is causal and has keys of differing length');
  }
  const { result, dims, stages } = attend(a, {
    q,
    k,
    v,
    biases,
    scale: c.attributes.has('scale') ? c.attributes.float('scale', 1) : 1 / Math.sqrt(q.dims[3]!.base),
    softcap: c.attributes.float('softcap', 0),
    causal: c.attributes.int('is_causal', 0) === 1,
    offset: pastKey === undefined ? 0 : c.dims(pastKey)[2]!.base,
  });
  const mode = c.attributes.int('qk_matmul_output_mode', 0);
  return [flat ? mergeHeads(a, result, dims) : result, k.value, v.value, stages[mode]];
}

/** com.microsoft Attention: queries, keys and values by one matrix. `inputs` are those of that operator. */
export function packedAttention(c: NodeContext, inputs: readonly (Ref | undefined)[] = c.inputs): (Ref | undefined)[] {
  const a = new Algebra(c);
  const [x, weight, bias, maskIndex, past, attentionBias] = inputs as [Ref, Ref, Ref?, Ref?, Ref?, Ref?];
  if (past !== undefined) c.refuse('it continues from earlier keys and values');
  const heads = c.attributes.int('num_heads', 1);
  const projected = bias === undefined ? a.matmul(x, weight) : a.add(a.matmul(x, weight), bias);
  const total = c.dims(weight)[1]!.base;
  const sizes = c.attributes.ints('qkv_hidden_sizes', [total / 3, total / 3, total / 3]);
  const parts = c.emit.ops('Split', [projected, c.emit.ints(sizes)], 3, { axis: 2 });
  const [q, k, v] = parts.map((p, i) => splitHeads(a, p, [...c.dims(x).slice(0, 2), fixed(sizes[i]!)], heads)) as [
    Heads,
    Heads,
    Heads,
  ];
  return [attended(a, [q, k, v], { bias: attentionBias, mask: maskIndex, like: x })];
}

/** What com.microsoft's two operators do with queries, keys and values, as `[batch, length, heads·width]`. */
function attended(
  a: Algebra,
  [q, k, v]: readonly [Heads, Heads, Heads],
  { bias, mask, like }: { readonly bias: Ref | undefined; readonly mask: Ref | undefined; readonly like: Ref },
): Ref {
  const { attributes } = a.c;
  const biases = bias === undefined ? [] : [bias];
  if (mask !== undefined) biases.push(keyMask(a, mask, like));
  const { result, dims } = attend(a, {
    q,
    k,
    v,
    biases,
    softcap: 0,
    offset: 0,
    causal: attributes.int('unidirectional', 0) === 1,
    scale: attributes.float('scale', 0) || 1 / Math.sqrt(q.dims[3]!.base),
  });
  return mergeHeads(a, result, dims);
}

/** A mask `[batch, keys]` of ones and zeros, as something to add. */
function keyMask(a: Algebra, mask: Ref, like: Ref): Ref {
  const dims = a.c.dims(mask);
  if (dims.length !== 2) a.c.refuse('its mask is not given per key');
  const shown = a.op('Greater', [a.cast(mask, 'int64'), a.integer(0)]);
  const filler = a.c.attributes.float('mask_filter_value', -10000);
  return a.where(a.reshape(shown, [dims[0]!, ONE, ONE, dims[1]!]), a.emit.scalar(0, like), filler);
}

function multiHeadAttention(c: NodeContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const [Q, K, V, bias, mask, attentionBias, pastKey] = c.inputs as [Ref, Ref?, Ref?, Ref?, Ref?, Ref?, Ref?];
  if (K === undefined || V === undefined || c.dims(K).length !== 3 || c.dims(V).length !== 3)
    return c.refuse('its queries, keys and values are packed together');
  if (pastKey !== undefined) c.refuse('it continues from earlier keys and values');
  const heads = c.attributes.int('num_heads', 1);
  const widths = [Q, K, V].map((x) => c.dims(x)[2]!.base);
  const biasParts = bias === undefined ? undefined : c.emit.ops('Split', [bias, c.emit.ints(widths)], 3, { axis: 0 });
  const [q, k, v] = [Q, K, V].map((x, i) =>
    splitHeads(a, biasParts === undefined ? x : a.add(x, biasParts[i]!), c.dims(x), heads),
  ) as [Heads, Heads, Heads];
  return [attended(a, [q, k, v], { bias: attentionBias, mask, like: Q }), k.value, v.value];
}

export const attentionRules: readonly RuleEntry[] = [
  expand('Attention', attention),
  // A rotation: the gradient is rotated the other way, which is by -sin.
  rule('RotaryEmbedding', (c) => {
    const [, cos, sin, positions] = c.inputs;
    const names = ['interleaved', 'num_heads', 'rotary_embedding_dim'] as const;
    const attributes = Object.fromEntries(
      names.map((n) => [n, c.attributes.has(n) ? c.attributes.int(n, 0) : undefined]),
    );
    return [c.emit.op('RotaryEmbedding', [c.outputGradients[0], cos, c.emit.op('Neg', [sin]), positions], attributes)];
  }),
  expand('Attention', (c) => packedAttention(c), { domain: MICROSOFT }),
  expand('MultiHeadAttention', multiHeadAttention, { domain: MICROSOFT }),
  refusal('GroupQueryAttention', 'it continues from earlier keys and values', { domain: MICROSOFT }),
  refusal('RotaryEmbedding', 'only the standard operator of opset 23 is differentiated', { domain: MICROSOFT }),
];
