import { float } from '../../graph/attributes.js';
import { Algebra } from '../emit/algebra.js';
import { range } from '../dims.js';
import { expand, MICROSOFT, refusal, type Expansion, type NodeContext, type Ref, type RuleEntry } from '../rule.js';
import { activated } from './shared/fused.js';

const GELU = Math.sqrt(2 / Math.PI);

/** x/2·(1 + erf(x/√2)), as one operator where the opset has it. */
function gelu(a: Algebra, x: Ref): Ref {
  if (a.c.opset >= 20) return a.op('Gelu', [x]);
  return a.mul(a.mul(x, 0.5), a.add(a.op('Erf', [a.mul(x, Math.SQRT1_2)]), 1));
}

/** x/2·(1 + tanh(√(2/π)(x + 0.044715x³))) */
function fastGelu(a: Algebra, x: Ref): Ref {
  if (a.c.opset >= 20) return a.op('Gelu', [x], { approximate: 'tanh' });
  const inner = a.mul(x, a.mul(a.add(a.mul(a.square(x), 0.044715), 1), GELU));
  return a.mul(a.mul(x, 0.5), a.add(a.tanh(inner), 1));
}

/** x·scale / √(mean x² + ε) */
function rms(a: Algebra, x: Ref, rank: number, scale: Ref, epsilon: number): Ref {
  const r = a.sqrt(a.add(a.reduceMean(a.square(x), [rank - 1]), epsilon));
  return a.mul(a.div(x, r), scale);
}

/** The sum that is normalised: input + skip + bias, also an output. */
function skipped(a: Algebra, [x, skip, bias]: readonly (Ref | undefined)[]): Ref {
  const sum = a.add(x!, skip!);
  return bias === undefined ? sum : a.add(sum, bias);
}

function skipLayerNormalization(c: NodeContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const [x, skip, gamma, beta, bias] = c.inputs as [Ref, Ref, Ref, Ref?, Ref?];
  const sum = skipped(a, [x, skip, bias]);
  const [y, mean, r] = c.emit.ops('LayerNormalization', [sum, gamma, beta], 3, {
    axis: -1,
    epsilon: float(c.attributes.float('epsilon', 1e-12)),
  });
  return [y, mean, r, sum];
}

function fusedMatMul(c: NodeContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const [A, B] = c.inputs as [Ref, Ref];
  const turned = (x: Ref, last: string, lead: string): Ref => {
    const rank = c.dims(x).length;
    let perm = range(rank);
    // transBatch moves the first axis to the place before the last.
    if (c.attributes.int(lead, 0) === 1) perm = [...perm.slice(1, -1), 0, rank - 1];
    if (c.attributes.int(last, 0) === 1 && rank > 1) perm = [...perm.slice(0, -2), perm.at(-1)!, perm.at(-2)!];
    return a.transpose(x, perm);
  };
  return [
    a.mul(
      a.matmul(turned(A, 'transA', 'transBatchA'), turned(B, 'transB', 'transBatchB')),
      c.attributes.float('alpha', 1),
    ),
  ];
}

function fusedGemm(c: NodeContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const y = a.op('Gemm', c.inputs, {
    alpha: float(c.attributes.float('alpha', 1)),
    beta: float(c.attributes.float('beta', 1)),
    transA: c.attributes.int('transA', 0),
    transB: c.attributes.int('transB', 0),
  });
  return [activated(a, y)];
}

const WITH_BIAS =
  (activation: (a: Algebra, x: Ref) => Ref): Expansion =>
  (c) => {
    const a = new Algebra(c);
    const [x, bias] = c.inputs as [Ref, Ref?];
    return [activation(a, bias === undefined ? x : a.add(x, bias))];
  };

export const microsoftRules: readonly RuleEntry[] = (
  [
    expand('BiasGelu', WITH_BIAS(gelu)),
    expand('FastGelu', WITH_BIAS(fastGelu)),
    expand('SkipLayerNormalization', skipLayerNormalization),
    expand('SkipSimplifiedLayerNormalization', (c) => {
      const a = new Algebra(c);
      const [x, skip, gamma, bias] = c.inputs as [Ref, Ref, Ref, Ref?];
      const sum = skipped(a, [x, skip, bias]);
      return [rms(a, sum, c.dims(x).length, gamma, c.attributes.float('epsilon', 1e-5)), undefined, undefined, sum];
    }),
    expand('FusedMatMul', fusedMatMul),
    expand('TransposeMatMul', fusedMatMul),
    expand('FusedGemm', fusedGemm),
    refusal('EmbedLayerNormalization', 'it looks words up by number'),
    refusal('MatMulNBits', 'its weights are packed in a few bits each'),
    refusal('NhwcConv', 'it is written for one kind of device; export the model without device-specific optimisation'),
    refusal(
      'NhwcFusedConv',
      'it is written for one kind of device; export the model without device-specific optimisation',
    ),
    refusal('GroupNorm', 'it is written for one kind of device; export the model without device-specific optimisation'),
    refusal(
      'SkipGroupNorm',
      'it is written for one kind of device; export the model without device-specific optimisation',
    ),
  ] satisfies RuleEntry[]
).map((entry) => ({ ...entry, domain: MICROSOFT }));
