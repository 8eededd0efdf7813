import { Algebra } from '../../emit/algebra.js';
import { isOne, ONE, type Dim } from '../../dims.js';
import type { Ref, RuleContext } from '../../rule.js';

/**
 * y = Σ x₁[term₁]·x₂[term₂]… is linear in each operand: dxᵢ sums dy and the other operands over every label that is not
 * in termᵢ, and repeats the result along labels that stand in termᵢ alone.
 */
export function einsum(c: RuleContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const operands = c.inputs as readonly Ref[];
  const shapes = operands.map((x) => c.dims(x));
  const { terms, result } = parse(
    c,
    c.attributes.string('equation', ''),
    shapes.map((s) => s.length),
    c.dims(c.outputs[0]!).length,
  );
  const sizes = new Map<string, Dim>();
  terms.forEach((term, k) =>
    [...term].forEach((label, i) => {
      const d = shapes[k]![i]!;
      if (!sizes.has(label) || isOne(sizes.get(label)!)) sizes.set(label, d);
    }),
  );
  return operands.map((_, k) => {
    if (!c.wants(k)) return undefined;
    const term = terms[k]!;
    const others = terms.filter((_, i) => i !== k);
    const present = [...term].filter((l) => result.includes(l) || others.some((t) => t.includes(l)));
    const equation = `${[result, ...others].join(',')}->${present.join('')}`;
    let g = a.op('Einsum', [c.outputGradients[0]!, ...operands.filter((_, i) => i !== k)], { equation });
    const full = [...term].map((l) => sizes.get(l)!);
    if (present.length < term.length) {
      g = a.expand(
        a.reshape(
          g,
          [...term].map((l) => (present.includes(l) ? sizes.get(l)! : ONE)),
        ),
        full,
      );
    }
    return a.sumTo(g, full, shapes[k]!);
  });
}

/** Letters of each operand and of the result; an ellipsis becomes letters that the equation does not use. */
function parse(
  c: RuleContext,
  equation: string,
  ranks: readonly number[],
  resultRank: number,
): { terms: string[]; result: string } {
  const [left = '', right] = equation.replaceAll(' ', '').split('->');
  const raw = left.split(',');
  const free = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('').filter((l) => !equation.includes(l));
  const widths = raw.map((t, i) => (t.includes('...') ? ranks[i]! - (t.length - 3) : 0));
  const width = Math.max(0, ...widths);
  const dots = free.slice(0, width).join('');
  const terms = raw.map((t, i) => t.replace('...', dots.slice(width - widths[i]!)));
  if (terms.some((t) => new Set(t).size !== t.length))
    c.refuse('it takes a diagonal (a repeated label in one operand)');
  const implicit = [...new Set(raw.join('').replaceAll('.', ''))]
    .filter((l) => raw.join('').split(l).length === 2)
    .sort();
  const result = right === undefined ? dots + implicit.join('') : right.replace('...', dots);
  if (result.length !== resultRank) c.refuse(`its equation "${equation}" does not fit its result`);
  return { terms, result };
}
