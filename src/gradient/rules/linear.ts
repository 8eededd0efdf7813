import { float } from '../../graph/attributes.js';
import { Algebra } from '../emit/algebra.js';
import { broadcast, fixed, ONE, type Dim } from '../dims.js';
import { rule, type Ref, type RuleContext, type RuleEntry } from '../rule.js';
import { einsum } from './shared/einsum.js';

/** The two sides of a matrix product, and whose gradient is wanted. */
export interface Factors {
  readonly left: Factor;
  readonly right: Factor;
  readonly wants: readonly [left: boolean, right: boolean];
}

interface Factor {
  readonly value: Ref;
  readonly dims: readonly Dim[];
}

/** Y = A·B, with leading dimensions broadcast: dA = dY·Bᵀ, dB = Aᵀ·dY, summed over what was repeated. */
export function matrixProduct(a: Algebra, dy: Ref, { left: A, right: B, wants }: Factors): (Ref | undefined)[] {
  const [aDims, bDims] = [A.dims, B.dims];
  // Vectors become a row on the left and a column on the right.
  const [row, column] = [aDims.length === 1, bDims.length === 1];
  const ad = row ? [ONE, aDims[0]!] : aDims;
  const bd = column ? [bDims[0]!, ONE] : bDims;
  const lead = broadcast(ad.slice(0, -2), bd.slice(0, -2));
  const yd = [...lead, ad.at(-2)!, bd.at(-1)!];
  const g = row || column ? a.reshape(dy, yd) : dy;
  const left = row ? a.reshape(A.value, ad) : A.value;
  const right = column ? a.reshape(B.value, bd) : B.value;
  let da: Ref | undefined;
  let db: Ref | undefined;
  if (wants[0]) {
    const full = [...broadcast(yd.slice(0, -2), bd.slice(0, -2)), ad.at(-2)!, ad.at(-1)!];
    da = a.sumTo(a.matmul(g, a.transposeLast(right, bd.length)), full, ad);
    if (row) da = a.reshape(da, aDims);
  }
  if (wants[1]) {
    if (bd.length === 2 && ad.length > 2) {
      // One matrix for all: the leading dimensions are rows of one product, so that nothing has to be summed after it.
      const rows = a.joined(ad.slice(0, -1));
      const flatA = a.reshape(left, [rows, ad.at(-1)!]);
      db = a.matmul(a.transpose(flatA, [1, 0]), a.reshape(g, [rows, bd[1]!]));
    } else {
      const full = [...broadcast(yd.slice(0, -2), ad.slice(0, -2)), bd.at(-2)!, bd.at(-1)!];
      db = a.sumTo(a.matmul(a.transposeLast(left, ad.length), g), full, bd);
    }
    if (column) db = a.reshape(db, bDims);
  }
  return [da, db];
}

/** Y = α·A'·B' + β·C, where ' is an optional transposition. */
function gemm(c: RuleContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const dy = c.outputGradients[0]!;
  const [A, B, C] = c.inputs as [Ref, Ref, Ref | undefined];
  const transA = c.attributes.int('transA', 0);
  const transB = c.attributes.int('transB', 0);
  const alpha = c.attributes.float('alpha', 1);
  const beta = c.attributes.float('beta', 1);
  const product = (p: Ref, tp: number, q: Ref, tq: number): Ref =>
    a.op('Gemm', [p, q], { transA: tp, transB: tq, alpha: alpha === 1 ? undefined : float(alpha) });
  return [
    // dA' = α·dY·B'ᵀ
    !c.wants(0) ? undefined : transA === 0 ? product(dy, 0, B, 1 - transB) : product(B, transB, dy, 1),
    // dB' = α·A'ᵀ·dY
    !c.wants(1) ? undefined : transB === 0 ? product(A, 1 - transA, dy, 0) : product(dy, 1, A, transA),
    C === undefined || !c.wants(2) ? undefined : a.mul(a.sumLike(dy, c.outputs[0]!, C), beta),
  ];
}

export const linearRules: readonly RuleEntry[] = [
  rule('MatMul', (c) => {
    const [A, B] = c.inputs as [Ref, Ref];
    return matrixProduct(new Algebra(c), c.outputGradients[0]!, {
      left: { value: A, dims: c.dims(A) },
      right: { value: B, dims: c.dims(B) },
      wants: [c.wants(0), c.wants(1)],
    });
  }),
  rule('Gemm', gemm),
  rule('Einsum', einsum),
  // det A: cofactors, for the small matrices of geometric transforms.
  rule('Det', (c) => {
    const a = new Algebra(c);
    const x = c.inputs[0]!;
    const dims = c.dims(x);
    const n = dims.at(-1)!.base;
    const lead = dims.slice(0, -2);
    const dy = a.reshape(c.outputGradients[0]!, [...lead, ONE]);
    const flat = a.reshape(x, [...lead, fixed(n * n)]);
    const pick = (of: (i: number, j: number) => readonly [number, number]): Ref => {
      const at = (k: number): number => ((k % n) + n) % n;
      const indices = Array.from({ length: n * n }, (_, k) => of(Math.floor(k / n), k % n)).map(
        ([i, j]) => at(i) * n + at(j),
      );
      return a.op('Gather', [flat, c.emit.ints(indices)], { axis: lead.length });
    };
    if (n === 1) return [a.expand(a.reshape(dy, [...lead, ONE, ONE]), dims)];
    if (n === 2) {
      const signs = a.tensor([4], [1, -1, -1, 1], x);
      return [
        a.reshape(
          a.mul(
            dy,
            a.mul(
              signs,
              pick((i, j) => [i + 1, j + 1]),
            ),
          ),
          dims,
        ),
      ];
    }
    if (n !== 3) c.refuse(`the determinant of ${n}×${n} matrices is differentiated up to 3×3 only`);
    const minor = a.sub(
      a.mul(
        pick((i, j) => [i + 1, j + 1]),
        pick((i, j) => [i + 2, j + 2]),
      ),
      a.mul(
        pick((i, j) => [i + 1, j + 2]),
        pick((i, j) => [i + 2, j + 1]),
      ),
    );
    return [a.reshape(a.mul(dy, minor), dims)];
  }),
];
